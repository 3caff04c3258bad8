package hub

import (
	"context"
	"sync"
	"time"
)

// The wheel turns by a slot every turnEvery; what is further away than a whole
// turn comes up early, and is put back.
const (
	turnEvery = 50 * time.Millisecond
	slots     = 1024
)

// wheel is the hub's one timer: for each socket the next time at which somebody
// must look at it.
type wheel struct {
	mu    sync.Mutex
	begin time.Time
	at    int64 // slots that came up
	slots [slots]*conn
}

// timer is a socket's place in the wheel, guarded by its lock.
type timer struct {
	prev, next *conn
	slot       int64 // 0: in none
}

func newWheel() *wheel { return &wheel{begin: time.Now(), at: 1} }

// set moves a socket to a time, unless it is to come up sooner.
func (w *wheel) set(c *conn, t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	slot := max(int64(t.Sub(w.begin)/turnEvery)+1, w.at+1)
	slot = min(slot, w.at+slots-1)
	if c.timer.slot != 0 {
		if c.timer.slot <= slot {
			return
		}
		w.remove(c)
	}
	c.timer.slot = slot
	head := &w.slots[slot%slots]
	c.timer.next = *head
	if *head != nil {
		(*head).timer.prev = c
	}
	*head = c
}

// drop forgets a socket.
func (w *wheel) drop(c *conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.timer.slot != 0 {
		w.remove(c)
	}
}

func (w *wheel) remove(c *conn) {
	if c.timer.prev != nil {
		c.timer.prev.timer.next = c.timer.next
	} else {
		w.slots[c.timer.slot%slots] = c.timer.next
	}
	if c.timer.next != nil {
		c.timer.next.timer.prev = c.timer.prev
	}
	c.timer = timer{}
}

// up takes out those whose time has come.
func (w *wheel) up(now time.Time, due []*conn) []*conn {
	w.mu.Lock()
	defer w.mu.Unlock()
	for until := int64(now.Sub(w.begin) / turnEvery); w.at < until; {
		w.at++
		for c := w.slots[w.at%slots]; c != nil; c = w.slots[w.at%slots] {
			w.remove(c)
			due = append(due, c)
		}
	}
	return due
}

// run turns the wheel.
func (w *wheel) run(ctx context.Context) {
	t := time.NewTicker(turnEvery)
	defer t.Stop()
	var due []*conn
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			due = w.up(now, due[:0])
			for _, c := range due {
				if next := c.due(now); !next.IsZero() {
					w.set(c, next)
				}
			}
			clear(due)
		}
	}
}
