package hub

import (
	"context"
	"time"

	"yinbo/live"
)

// Bounds of the chats that wait to be kept.
const (
	sayTime  = 5 * time.Second
	sayWait  = 10 * time.Millisecond // for others to come along
	sayBatch = 256                   // messages of a transaction
	sayQueue = 4096                  // waiting; beyond that the node is too slow for what is said
)

// saying is a message and who is to be told that it is kept.
type saying struct {
	live.Saying
	c  *conn
	id string
}

// say hands a message to the keeper; false when too many wait.
func (h *Hub) say(s saying) bool {
	select {
	case h.sayings <- s:
		return true
	default:
		return false
	}
}

// keep keeps what is said, many messages a transaction. What waits when the node
// ends is answered as not kept.
func (h *Hub) keep(ctx context.Context) {
	batch := make([]saying, 0, sayBatch)
	for {
		batch = batch[:0]
		select {
		case <-ctx.Done():
			return
		case s := <-h.sayings:
			batch = append(batch, s)
		}
		for late := time.After(sayWait); len(batch) < sayBatch; {
			select {
			case s := <-h.sayings:
				batch = append(batch, s)
				continue
			case <-late:
			case <-ctx.Done():
			}
			break
		}
		h.sayAll(ctx, batch)
		clear(batch)
	}
}

// sayAll keeps a batch and answers each after the commit.
func (h *Hub) sayAll(ctx context.Context, batch []saying) {
	ctx, cancel := context.WithTimeout(ctx, sayTime)
	defer cancel()
	all := make([]live.Saying, len(batch))
	for i, s := range batch {
		all[i] = s.Saying
	}
	_, err := h.Rooms.SayAll(ctx, all)
	if err != nil {
		h.Log.Error("chats not kept", "messages", len(all), "error", err)
	}
	for _, s := range batch {
		switch {
		case err != nil:
			s.c.answer(s.id, "unavailable")
		case s.Held:
			s.c.answer(s.id, "chat.held")
		default:
			s.c.ack(s.id)
		}
	}
}
