package hub

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"
)

// tick writes what is gathered: facts at once, talk and state when a tick has
// passed since the last frame. While the shards still write a frame nothing new
// is begun: what comes meanwhile shares the next one.
func (r *room) tick(ctx context.Context) {
	next := time.NewTimer(0)
	defer next.Stop()
	due := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		case <-next.C:
			due = true
		}
		if !r.waits(due) {
			continue
		}
		if !r.settle(ctx) {
			return
		}
		r.flush()
		due = false
		next.Reset(r.width())
	}
}

// waits tells whether there is something to write now.
func (r *room) waits(due bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.gathered.facts) > 0 || due && !r.gathered.empty()
}

// settle waits until the shards have written the last frame.
func (r *room) settle(ctx context.Context) bool {
	for r.writing.Load() > 0 {
		select {
		case <-ctx.Done():
			return false
		case <-r.settled:
		}
	}
	return true
}

// width is how long the next tick is: as configured, unless the last frame took
// more than two thirds of that to be written.
func (r *room) width() time.Duration {
	spent := time.Duration(r.spent.Load())
	width := max(r.hub.Tick, min(spent*3/2, r.hub.Widest))
	r.hub.stats.width.Store(int64(width))
	return width
}

func (r *room) flush() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.write()
}

// write hands what was gathered to the shards, with the lock held.
func (r *room) write() {
	g := r.gathered
	r.gathered = gathered{}
	r.sent = r.last
	if !g.empty() && r.inside > 0 {
		f := newFrame(r, g)
		r.writing.Add(1)
		for _, s := range r.shards {
			s.do(func() { s.write(f) })
		}
	}
	if r.ended {
		r.ended = false
		for _, s := range r.shards {
			s.do(s.end)
		}
	}
}

// gathered is what happened since the last frame.
type gathered struct {
	facts  []json.RawMessage // in order
	states map[string]json.RawMessage
	order  []string // of the states' keys
	talk   sample
}

func (g *gathered) empty() bool { return len(g.facts)+len(g.order)+g.talk.len() == 0 }

func (g *gathered) state(key string, event json.RawMessage) {
	if g.states == nil {
		g.states = map[string]json.RawMessage{}
	}
	if _, there := g.states[key]; !there {
		g.order = append(g.order, key)
	}
	g.states[key] = event
}

// part is how much of a frame a socket gets.
type part int

const (
	none  part = iota
	facts      // and nothing else
	quiet      // facts and states
	all
)

// frame is what happened in a tick, for everybody: encoded once, and once more for
// each step down that somebody takes.
type frame struct {
	seq       int64
	events    []json.RawMessage // facts, then states, then talk
	facts     int               // how many of them are
	states    int
	factBytes int
	bytes     int64 // of the whole

	parts [all + 1]struct {
		once     sync.Once
		prepared shared
	}
	room  *room
	left  atomic.Int32 // shards that still write it
	begun time.Time
}

func newFrame(r *room, g gathered) *frame {
	f := &frame{room: r, seq: r.last, events: g.facts, facts: len(g.facts), states: len(g.order), begun: time.Now()}
	for _, e := range g.facts {
		f.factBytes += len(e)
	}
	for _, key := range g.order {
		f.events = append(f.events, g.states[key])
	}
	f.events = append(f.events, g.talk.all()...)
	for _, e := range f.events {
		f.bytes += int64(len(e))
	}
	f.left.Store(int32(len(r.shards)))
	return f
}

// as gives a part of the frame and how many events it has; nil when there are none.
func (f *frame) as(p part) (shared, int) {
	n := 0
	switch p {
	case facts:
		n = f.facts
	case quiet:
		n = f.facts + f.states
	case all:
		n = len(f.events)
	}
	if n == 0 {
		return nil, 0
	}
	made := &f.parts[p]
	made.once.Do(func() { made.prepared = prepare(eventsFrame{Type: "events", Seq: f.seq, Events: f.events[:n]}) })
	return made.prepared, n
}

// leftOut counts what a part leaves out.
func (f *frame) leftOut(p part, t *tally) {
	t.talk += int64(len(f.events) - f.facts - f.states)
	if p < quiet {
		t.states += int64(f.states)
	}
	if p < facts {
		t.facts += int64(f.facts)
	}
}

// written notes that a shard has written the frame.
func (f *frame) written() {
	if f.left.Add(-1) > 0 {
		return
	}
	f.room.spent.Store(int64(time.Since(f.begun)))
	f.room.writing.Add(-1)
	poke(f.room.settled)
}
