package promo

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"yinbo/internal/money"
)

func TestSharesAddUpToTheFen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 300).Draw(t, "shares")
		most := money.Fen(rapid.Int64Range(1, 50_000).Draw(t, "most"))
		total := money.Fen(rapid.Int64Range(n, n*int64(most)).Draw(t, "total"))
		shares := split(total, n, most, func(below int64) int64 { return rapid.Int64Range(0, below-1).Draw(t, "draw") })
		var sum money.Fen
		for _, s := range shares {
			if sum += s; s < 1 || s > most {
				t.Fatalf("a share of %d, the most is %d", s, most)
			}
		}
		if sum != total || int64(len(shares)) != n {
			t.Fatalf("%d shares of %d together, not %d of %d", len(shares), sum, n, total)
		}
	})
}

// Nobody gains by being early: over many packets each place has its part.
func TestNoPlaceOfARedPacketIsBetter(t *testing.T) {
	const n, total, packets = 10, 10_000, 4_000
	var sums [n]money.Fen
	for range packets {
		for i, s := range split(total, n, total, chance) {
			sums[i] += s
		}
	}
	const fair = packets * total / n
	// The standard deviation of a share is below its mean: 5 of them, over 4,000.
	for i, sum := range sums {
		if off := sum - fair; off > fair*8/100 || off < -fair*8/100 {
			t.Errorf("place %d has %d of %d: %v", i, sum, fair, sums)
		}
	}
	if slices.Max(sums[:]) == slices.Min(sums[:]) {
		t.Error("nothing was drawn")
	}
}
