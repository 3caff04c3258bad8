package money_test

import (
	"testing"

	"pgregory.net/rapid"

	"yinbo/internal/money"
)

func TestOverflowIsRefused(t *testing.T) {
	if _, err := money.Add(money.Limit, 1); err == nil {
		t.Error("Add let a sum past the limit")
	}
	if _, err := money.Fen(1 << 40).Times(1 << 40); err == nil {
		t.Error("Times let a product past the limit")
	}
	if got, err := money.Fen(-250).Times(3); err != nil || got != -750 {
		t.Errorf("-250 × 3 = %d, %v", got, err)
	}
}

func TestBpsRoundsHalfAwayFromZero(t *testing.T) {
	for _, c := range []struct{ fen, bps, want int64 }{
		{10_000, 60, 60}, {83, 60, 0}, {84, 60, 1}, {-84, 60, -1}, {250, 200, 5}, {125, 200, 3}, {0, 500, 0},
	} {
		if got, err := money.Fen(c.fen).Bps(c.bps); err != nil || got != money.Fen(c.want) {
			t.Errorf("%d at %d bps = %d, %v; want %d", c.fen, c.bps, got, err, c.want)
		}
	}
}

func TestSplitPartsSumToTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := money.Fen(rapid.Int64Range(0, 1e12).Draw(t, "fen"))
		ws := rapid.SliceOfN(rapid.Int64Range(0, 1e9), 1, 20).Draw(t, "weights")
		weights := make([]money.Fen, len(ws))
		for i, w := range ws {
			weights[i] = money.Fen(w)
		}
		weights[0]++
		parts, err := money.Split(f, weights)
		if err != nil {
			t.Fatal(err)
		}
		sum, err := money.Add(parts...)
		if err != nil || sum != f {
			t.Fatalf("parts %v sum to %d, want %d", parts, sum, f)
		}
		for _, p := range parts {
			if p < 0 {
				t.Fatalf("negative part in %v", parts)
			}
		}
	})
}

func TestYuanComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := money.Fen(rapid.Int64Range(-1e12, 1e12).Draw(t, "fen"))
		back, err := money.ParseYuan(f.Yuan())
		if err != nil || back != f {
			t.Fatalf("%d wrote %s and read %d: %v", f, f.Yuan(), back, err)
		}
	})
	for _, bad := range []string{"", "1.2", "1.234", "1e3", ".50", "abc", "--1.00", "99999999999999999.00"} {
		if _, err := money.ParseYuan(bad); err == nil {
			t.Errorf("accepted %q", bad)
		}
	}
}

func TestSplitWithinKeepsEachPartWithinItsWeight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights, sum := []money.Fen{}, money.Fen(0)
		for range rapid.IntRange(1, 8).Draw(t, "n") {
			w := money.Fen(rapid.Int64Range(0, 12).Draw(t, "weight"))
			weights, sum = append(weights, w), sum+w
		}
		f := money.Fen(rapid.Int64Range(0, int64(sum)+1).Draw(t, "f"))
		parts, err := money.SplitWithin(f, weights)
		if (err != nil) != (sum == 0 || f > sum) {
			t.Fatalf("%d over %v: %v, %v", f, weights, parts, err)
		}
		for i, p := range parts {
			if p < 0 || p > weights[i] {
				t.Fatalf("%d over %v: %v", f, weights, parts)
			}
			f -= p
		}
		if err == nil && f != 0 {
			t.Fatalf("%d is left of %v", f, parts)
		}
	})
}
