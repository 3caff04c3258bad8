package hub

import (
	"context"
	"math/rand/v2"
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

// A drain sends sockets away in batches: a node that lets go of everyone at once
// makes the others take everyone at once.
const (
	batchEvery = 50 * time.Millisecond
	leastBatch = 50 // sockets
)

// Drain refuses newcomers, tells everyone when to come back, some at a time over
// the window, and waits until the sockets are closed or ctx ends.
func (h *Hub) Drain(ctx context.Context) {
	h.mu.Lock()
	h.closing = true
	h.mu.Unlock()
	look := time.NewTicker(batchEvery)
	defer look.Stop()
	_, conns := h.open()
	batch := max(leastBatch, len(conns)*int(batchEvery)/int(h.Window)+1)
	for h.Sockets() > 0 {
		n := min(batch, len(conns))
		h.sendAway(conns[:n])
		conns = conns[n:]
		select {
		case <-ctx.Done():
			h.cut()
			return
		case <-look.C:
		}
	}
}

// sendAway says good-bye, after what has happened.
func (h *Hub) sendAway(conns []*conn) {
	for _, c := range conns {
		c.mu.Lock()
		r, s := c.room, c.shard
		c.mu.Unlock()
		bye := func() { c.bye("draining", comeBack(leastBack)) }
		if r == nil || s == nil {
			bye()
			continue
		}
		r.mu.Lock()
		r.catchShards()
		r.mu.Unlock()
		s.do(bye)
	}
}
