package play

import (
	"context"
	"sync"
	"time"
)

// tellEvery is how often a node tells a room a count that changes.
const tellEvery = 500 * time.Millisecond

// tallies lets many changes wait for one count.
type tallies struct {
	mu      sync.Mutex
	waiting map[string]*time.Timer // by what is counted
	closed  bool
	running sync.WaitGroup
}

// tally counts and tells some time from now what changed now, together with what
// changes until then.
func (g *Games) tally(what string, tell func(context.Context) error) {
	t := &g.tallies
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || t.waiting[what] != nil {
		return
	}
	t.running.Add(1)
	t.waiting[what] = time.AfterFunc(tellEvery, func() {
		defer t.running.Done()
		t.mu.Lock()
		delete(t.waiting, what)
		t.mu.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := tell(ctx); err != nil {
			g.Log.WarnContext(ctx, "count not told", "of", what, "error", err)
		}
	})
}

// Close lets counts under way finish and begins no more.
func (g *Games) Close() {
	t := &g.tallies
	t.mu.Lock()
	t.closed = true
	for what, timer := range t.waiting {
		if timer.Stop() {
			t.running.Done()
			delete(t.waiting, what)
		}
	}
	t.mu.Unlock()
	t.running.Wait()
}
