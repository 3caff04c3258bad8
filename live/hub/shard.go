package hub

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"yinbo/internal/auth"
	"yinbo/live"
)

// shard writes to its part of a room's sockets, on a goroutine of its own: a hot
// room uses every core. What it is to do comes in order, so that a socket that is
// added between two frames gets the second and not the first.
type shard struct {
	room *room

	mu   sync.Mutex
	todo []func()
	wake chan struct{}

	// The goroutine's own.
	conns []*conn
	seq   int64 // of the last fact written
}

func newShard(r *room) *shard { return &shard{room: r, wake: make(chan struct{}, 1)} }

// do has the shard call f after what it was asked for before.
func (s *shard) do(f func()) {
	s.mu.Lock()
	s.todo = append(s.todo, f)
	s.mu.Unlock()
	poke(s.wake)
}

func (s *shard) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		s.mu.Lock()
		todo := s.todo
		s.todo = nil
		s.mu.Unlock()
		for _, f := range todo {
			f()
		}
	}
}

// add takes a socket that has the facts up to seq, as all here have by now: of
// frames before that nothing is told to a room that nobody is in.
func (s *shard) add(c *conn, seq int64) {
	s.seq = seq
	c.place = place{index: len(s.conns)}
	s.conns = append(s.conns, c)
	s.payOff(c) // the figures may have changed since its picture was made
}

func (s *shard) remove(c *conn) {
	if c.index >= len(s.conns) || s.conns[c.index] != c {
		return
	}
	last := len(s.conns) - 1
	s.conns[c.index] = s.conns[last]
	s.conns[c.index].index = c.index
	s.conns[last] = nil
	s.conns = s.conns[:last]
	if cap(s.conns) > 1024 && last < cap(s.conns)/4 {
		s.conns = slices.Clone(s.conns)
	}
}

// write gives a frame to all.
func (s *shard) write(f *frame) {
	var t tally
	for _, c := range s.conns {
		c.step(s, f, &t)
	}
	s.seq = f.seq
	s.room.hub.stats.add(t)
	f.written()
}

// step gives a socket as much of a frame as it can take.
func (c *conn) step(s *shard, f *frame, t *tally) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	take, steps := all, &c.hub.steps
	switch q := c.out.bytes; {
	case c.behind:
		take = none
		if c.passed += f.factBytes; c.passed > steps.cut {
			c.slow()
			return
		}
	case q <= steps.talk:
	case q <= steps.state:
		take = quiet
	case q <= steps.fact:
		take = facts
	default:
		if take = none; f.facts > 0 {
			c.behind, c.seq, c.passed = true, s.seq, f.factBytes
		}
	}
	c.lags = c.lags || take < quiet
	if take < all {
		f.leftOut(take, t)
	}
	if m, events := f.as(take); m != nil {
		c.share(m)
		t.frames, t.events, t.bytes = t.frames+1, t.events+int64(events), t.bytes+f.bytes
	}
}

// eased goes on with a socket from which something was left out, and which has
// read everything else.
func (s *shard) eased(c *conn) {
	if c.index >= len(s.conns) || s.conns[c.index] != c {
		return
	}
	if !c.behind {
		s.payOff(c)
		return
	}
	s.remove(c)
	from := &since{Epoch: s.room.epoch, Seq: c.seq}
	if !s.room.hub.work(func() { s.room.again(c, from) }) {
		c.bye("slow", comeBack(time.Second))
	}
}

// payOff gives the latest state to a socket that lacks some of it.
func (s *shard) payOff(c *conn) {
	m := s.room.figures(s.seq)
	if m == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		c.share(m)
	}
}

// private gives an event to one of the sockets, in a frame that names the last
// fact that it was given.
func (s *shard) private(c *conn, event json.RawMessage) {
	if c.index >= len(s.conns) || s.conns[c.index] != c || c.behind { // it reads its own things again once it is let in
		return
	}
	if c.tell(encode(eventsFrame{Type: "events", Seq: s.seq, Events: []json.RawMessage{event}})) {
		s.room.hub.stats.add(tally{frames: 1, events: 1, bytes: int64(len(event))})
	}
}

// board gives the board to the hosts.
func (s *shard) board(event json.RawMessage) {
	raw := encode(eventsFrame{Type: "events", Seq: s.seq, Events: []json.RawMessage{event}})
	for _, c := range s.conns {
		if c.host && !c.behind {
			c.tell(raw)
		}
	}
}

// dismiss ends the sockets of those whom the room's rules no longer let in.
func (s *shard) dismiss(rules *live.Rules) {
	now := s.room.hub.now()
	for _, c := range s.conns {
		if c.who.kind == auth.Viewer && rules.Banned(c.who.id, now) {
			c.bye("banned", nil)
		}
	}
}

// end ends all sockets.
func (s *shard) end() {
	for _, c := range s.conns {
		c.bye("ended", nil)
	}
}
