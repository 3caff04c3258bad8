package review

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Whoever has more room gets more, by less than a lead off their part; nobody
// gets more than fits, and no lead is lost.
func TestSharesAreInProportionToRoom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		free := rapid.SliceOfN(rapid.IntRange(0, 300), 1, 30).Draw(t, "free")
		n := rapid.IntRange(0, 2000).Draw(t, "leads")
		seats, room := make([]seat, len(free)), 0
		for i, f := range free {
			seats[i].free, room = f, room+f
		}
		share(n, seats)
		given := 0
		for _, s := range seats {
			given += s.count
			if s.count > s.free || s.count < 0 {
				t.Fatalf("%d given where %d are free", s.count, s.free)
			}
			if n < room && math.Abs(float64(s.count)-float64(n)*float64(s.free)/float64(room)) >= 1 {
				t.Fatalf("%d of %d for a room of %d in %d", s.count, n, s.free, room)
			}
		}
		if given != min(n, room) {
			t.Fatalf("%d of %d were given, %d fit", given, n, room)
		}
		order := deal(seats)
		for i, s := range seats {
			got := 0
			for _, who := range order {
				if who == i {
					got++
				}
			}
			if got != s.count {
				t.Fatalf("dealt %d of %d", got, s.count)
			}
		}
	})
}

// One by one comes to the same as all at once: rounding is carried on.
func TestSharesOfSinglesAreInProportionToo(t *testing.T) {
	seats := []seat{{free: 90}, {free: 9}, {free: 1}}
	got := make([]int, 3)
	for range 1000 {
		share(1, seats)
		for i, s := range seats {
			got[i] += s.count
		}
	}
	if !slices.Equal(got, []int{900, 90, 10}) {
		t.Errorf("%v", got)
	}
}
