package reach_test

import (
	"testing"

	"yinbo/internal/reach"
)

func TestStopWordsAreKnownHoweverTheyAreWritten(t *testing.T) {
	for answer, want := range map[string]bool{
		"T": true, "t": true, "Ｔ": true, "ｔｄ": true, " T D ": true, "T。": true, "拒收": true, "拒 收！": true, "退订": true, "\u3000退订\n": true, "R": true,
		"": false, "TT": false, "不拒收": false, "谢谢": false, "T1": false, "订": false, "TDT": false,
	} {
		if reach.IsStop(answer) != want {
			t.Errorf("%q: want %t", answer, want)
		}
	}
}

func FuzzIsStop(f *testing.F) {
	f.Add("Ｔ")
	f.Fuzz(func(t *testing.T, s string) {
		if reach.IsStop(s) != reach.IsStop(" "+s+"。") {
			t.Errorf("%q: marks about it change it", s)
		}
	})
}
