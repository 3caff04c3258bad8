package words

import (
	"testing"
	"unicode/utf8"
)

// Folding what is folded changes nothing, whatever comes in.
func FuzzFold(f *testing.F) {
	for _, s := range []string{"", "敏 感 词", "ＶＸ ① 貸款", "İıſK", "\xff", "한글 ᄀ", "ﷺ", "\u0345ͅΑ", "ǅ", "䉑"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := fold(s)
		if !utf8.Valid(once.text) || len(once.runes) != len(once.at) || len(once.runes) != len(once.gap) || len(once.runes) != utf8.RuneCount(once.text) {
			t.Fatalf("%q folds to %q", s, once.text)
		}
		if again := fold(string(once.text)); string(again.text) != string(once.text) {
			t.Fatalf("%q: %q, then %q", s, once.text, again.text)
		}
		if len(once.runes) > 0 && len(once.runes) <= MaxLen && New([]Word{{s, Hold}}).Judge(s) != Hold {
			t.Fatalf("%q is not found in itself", s)
		}
		Promises(s)
	})
}
