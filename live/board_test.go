package live

import (
	"errors"
	"testing"
	"time"
)

// A count stands for as long as it was dear; who asks for a fresh one gets it.
func TestADearCountStandsForAWhile(t *testing.T) {
	var all boards
	b := &all.of("room_1").counts
	counts := 0
	count := func() (counted, error) {
		counts++
		time.Sleep(20 * time.Millisecond) // what a count takes, not a wait for anything
		return counted{at: time.Unix(int64(counts), 0)}, nil
	}
	start := time.Now()
	for time.Since(start) < 150*time.Millisecond {
		if _, err := b.get(false, count); err != nil {
			t.Fatal(err)
		}
	}
	if counts != 1 {
		t.Errorf("counted %d times within the time that a count stands", counts)
	}
	if c, err := b.get(true, count); err != nil || c.at.Unix() != 2 {
		t.Errorf("%v %v", c.at, err)
	}
	for end := time.Now().Add(10 * time.Second); counts < 3; {
		if _, err := b.get(false, count); err != nil || time.Now().After(end) {
			t.Fatal(counts, err)
		}
	}
	failed := errors.New("away")
	if _, err := b.get(true, func() (counted, error) { return counted{}, failed }); !errors.Is(err, failed) {
		t.Error(err)
	}
	if c, err := b.get(false, count); err != nil || c.at.Unix() != 3 {
		t.Errorf("a failure replaced the count: %v %v", c.at, err)
	}
	if &all.of("room_1").counts != b || &all.of("room_2").counts == b {
		t.Error("rooms share a count")
	}
}
