package flash

import (
	"context"
	"sync"
	"time"

	"yinbo/internal/fault"
)

// lookout reads a sale's row for all who need to know how it is now. Whoever
// comes while a read is under way shares the next one, so that each learns what
// was committed before it came, and thousands cost one small read together.
type lookout struct {
	mu      sync.Mutex
	next    *sighting
	running bool
}

type sighting struct {
	done chan struct{}
	row  row
	err  error
}

// readEvery keeps reads of one sale on one node apart.
const readEvery = 2 * time.Millisecond

// look gives the row as it is after the call. An error is 503 unavailable.
func (s *Sales) look(ctx context.Context, sl *sale) (row, error) {
	l := &sl.lookout
	l.mu.Lock()
	if l.next == nil {
		l.next = &sighting{done: make(chan struct{})}
	}
	seen := l.next
	if !l.running {
		l.running = true
		s.busy.Add(1)
		go s.keepLooking(sl)
	}
	l.mu.Unlock()
	select {
	case <-seen.done:
	case <-ctx.Done():
		return row{}, fault.New(fault.Unavailable, "unavailable").After(time.Second).Because(ctx.Err())
	}
	if seen.err != nil {
		return row{}, fault.New(fault.Unavailable, "unavailable").After(time.Second).Because(seen.err)
	}
	return seen.row, nil
}

func (s *Sales) keepLooking(sl *sale) {
	defer s.busy.Done()
	l := &sl.lookout
	for {
		l.mu.Lock()
		seen := l.next
		if l.next = nil; seen == nil {
			l.running = false
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
		known := sl.current()
		ctx, cancel := context.WithTimeout(context.Background(), commitWait)
		if seen.row, seen.err = readSale(ctx, s.DB, known.Bank, known.ID); seen.err == nil {
			sl.learn(seen.row)
		}
		cancel()
		close(seen.done)
		time.Sleep(readEvery)
	}
}
