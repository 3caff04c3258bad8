package live

import (
	"sync"
	"time"
)

// A count stands for patience times what it took, so that counting costs no more
// than a tenth of one connection, however large the room is: what some thousand
// orders come to is counted anew each second, of 100,000 every few.
const patience = 9

// keep is the last count of something.
type keep[T any] struct {
	mu   sync.Mutex
	last T
	took time.Duration
	when time.Time // of this process; zero for never
}

// get gives the last count while it stands, unless a fresh one is asked for.
func (k *keep[T]) get(fresh bool, count func() (T, error)) (T, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !fresh && !k.when.IsZero() && time.Since(k.when) < patience*k.took {
		return k.last, nil
	}
	start := time.Now()
	v, err := count()
	if err == nil {
		k.last, k.when, k.took = v, time.Now(), time.Since(start)
	}
	return v, err
}

// board is what was last counted of one room. Items are apart: they take longest.
type board struct {
	counts keep[counted]
	items  keep[[]ItemFigure]
	looked time.Time
}

// counted is the part of a board that is counted at once.
type counted struct {
	at           time.Time
	trade        Trade
	pace, before Pace
	sources      map[string]int64
	later        int64
	followers    Followers
}

// boards keep the last counts of the rooms that somebody runs on this node.
type boards struct {
	mu   sync.Mutex
	kept map[string]*board
}

// forget is after how long without a look a room's counts are dropped.
const forget = 10 * time.Minute

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
