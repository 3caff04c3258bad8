package hub

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

// spread is over how long those who are sent away come back.
const spread = 3 * time.Second

// comeBack is a time in milliseconds, at least least, that differs for everyone.
func comeBack(least time.Duration) *int {
	ms := int((least + time.Duration(rand.Int64N(int64(spread)))).Milliseconds())
	return &ms
}

// Drain refuses newcomers, tells everyone when to come back, and waits until the
// sockets are closed or ctx ends.
func (h *Hub) Drain(ctx context.Context) {
	h.mu.Lock()
	h.closing = true
	rooms := slices.Collect(maps.Values(h.rooms))
	h.mu.Unlock()
	for _, r := range rooms {
		r.mu.Lock()
		r.write()
		for c := range r.conns {
			c.bye("draining", comeBack(200*time.Millisecond))
		}
		r.mu.Unlock()
	}
	for h.sockets.Load() > 0 {
		select {
		case <-ctx.Done():
			h.cut()
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// cut closes what would not go.
func (h *Hub) cut() {
	h.mu.Lock()
	rooms := slices.Collect(maps.Values(h.rooms))
	h.mu.Unlock()
	for _, r := range rooms {
		r.mu.Lock()
		for c := range r.conns {
			c.ws.Close()
		}
		r.mu.Unlock()
	}
}

// Close ends everything and waits for every goroutine.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closing = true
	rooms := slices.Collect(maps.Values(h.rooms))
	banks := slices.Collect(maps.Values(h.banks))
	h.mu.Unlock()
	h.cut()
	for _, r := range rooms {
		r.close()
	}
	for _, b := range banks {
		if b.unsubscribe != nil {
			b.unsubscribe()
		}
	}
	h.cancel()
	h.running.Wait()
}
