package live

import (
	"sync"
	"time"
)

// counted is the part of a board that is counted.
type counted struct {
	at           time.Time
	trade        Trade
	items        []ItemFigure
	pace, before Pace
	sources      map[string]int64
}

// A count stands for patience times what it took, so that counting costs no more
// than a tenth of one connection, however large the room is: a board of some
// thousand orders is counted anew each second, one of 100,000 every few.
const patience = 9

// boards keep the last counts of the rooms that somebody runs on this node.
type boards struct {
	mu   sync.Mutex
	kept map[string]*board
}

// forget is after how long without a look a room's count is dropped.
const forget = 10 * time.Minute

// board is the last count of one room.
type board struct {
	mu     sync.Mutex
	last   counted
	took   time.Duration
	when   time.Time // of this process; zero for never
	looked time.Time
}

// of gives a room's, and drops those that nobody looks at.
func (b *boards) of(room string) *board {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.kept == nil {
		b.kept = map[string]*board{}
	}
	now := time.Now()
	one, known := b.kept[room]
	if !known {
		for other, x := range b.kept {
			if now.Sub(x.looked) > forget {
				delete(b.kept, other)
			}
		}
		one = &board{}
		b.kept[room] = one
	}
	one.looked = now
	return one
}

// kept gives the last count while it stands.
func (b *board) kept(count func() (counted, error)) (counted, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.when.IsZero() && time.Since(b.when) < patience*b.took {
		return b.last, nil
	}
	return b.again(count)
}

// fresh counts.
func (b *board) fresh(count func() (counted, error)) (counted, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.again(count)
}

func (b *board) again(count func() (counted, error)) (counted, error) {
	start := time.Now()
	c, err := count()
	if err == nil {
		b.last, b.when, b.took = c, time.Now(), time.Since(start)
	}
	return c, err
}
