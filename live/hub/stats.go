package hub

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// Stats is what a hub did since it was made, and does now.
type Stats struct {
	Sockets int64            // open now
	Frames  int64            // written with events in them
	Events  int64            // in those frames, for each socket
	Bytes   int64            // of those frames
	Dropped map[string]int64 // events that were left out, by class, for slow sockets; talk also where a room was too loud
	Cut     map[string]int64 // sockets that the hub ended, by reason
	Refused map[string]int64 // connections not taken, by reason
	Tick    time.Duration    // how long a room's last tick was
}

// tally is a part of the stats that a shard adds up before it adds it to them.
type tally struct{ frames, events, bytes, talk, states, facts int64 }

type stats struct {
	frames, events, bytes, talk, states, facts, width atomic.Int64

	mu       sync.Mutex
	cuts     map[string]int64
	refusals map[string]int64
}

func (s *stats) add(t tally) {
	s.frames.Add(t.frames)
	s.events.Add(t.events)
	s.bytes.Add(t.bytes)
	s.talk.Add(t.talk)
	s.states.Add(t.states)
	s.facts.Add(t.facts)
}

func (s *stats) cut(reason string) { s.count(&s.cuts, reason) }

func (s *stats) refuse(reason string) { s.count(&s.refusals, reason) }

func (s *stats) count(in *map[string]int64, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if *in == nil {
		*in = map[string]int64{}
	}
	(*in)[reason]++
}

// Stats reads them.
func (h *Hub) Stats() Stats {
	s := &h.stats
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{Sockets: h.Sockets(), Frames: s.frames.Load(), Events: s.events.Load(), Bytes: s.bytes.Load(),
		Dropped: map[string]int64{"talk": s.talk.Load(), "state": s.states.Load(), "fact": s.facts.Load()},
		Cut:     maps.Clone(s.cuts), Refused: maps.Clone(s.refusals), Tick: time.Duration(s.width.Load())}
}
