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

// leastBack is when the first of them may: another node must know of them.
const leastBack = 200 * time.Millisecond

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
	h.mu.Unlock()
	rooms, conns := h.open()
	for _, r := range rooms {
		r.flush() // the good-bye comes after what has happened
	}
	for _, c := range conns {
		c.bye("draining", comeBack(leastBack))
	}
	for h.Sockets() > 0 {
		select {
		case <-ctx.Done():
			h.cut()
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// open is what is open now.
func (h *Hub) open() ([]*room, []*conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Values(h.rooms)), slices.Collect(maps.Keys(h.conns))
}

// cut closes what would not go.
func (h *Hub) cut() {
	_, conns := h.open()
	for _, c := range conns {
		c.ws.Close()
	}
}

// Close ends everything and waits for every goroutine.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closing = true
	banks := slices.Collect(maps.Values(h.banks))
	h.mu.Unlock()
	h.cancel() // what asks the database for a socket, and the rooms' goroutines
	h.cut()
	h.running.Wait()
	rooms, _ := h.open()
	for _, r := range rooms {
		r.close()
	}
	for _, b := range banks {
		b.opening.Lock()
		if b.unsubscribe != nil {
			b.unsubscribe()
		}
		b.opening.Unlock()
	}
}
