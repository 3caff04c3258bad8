package hub

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
)

// Talk that a tick carries at most; a share of it is kept for those who run the
// room, so that a crowd cannot drown them.
const (
	talkATick  = 40
	staffATick = 8
)

// sample is a tick's talk: of too much, each message is as likely to pass as any
// other of its kind, and those that pass keep their order.
type sample struct {
	crowd, staff reservoir
	came         int
}

// reservoir keeps some of what comes.
type reservoir struct {
	kept []spoken
	seen int
}

type spoken struct {
	order int
	event json.RawMessage
}

func (r *reservoir) add(s spoken, most int) {
	r.seen++
	if len(r.kept) < most {
		r.kept = append(r.kept, s)
		return
	}
	if out := rand.IntN(r.seen); out < most {
		r.kept = append(slices.Delete(r.kept, out, out+1), s)
	}
}

func (s *sample) add(event json.RawMessage, staff bool) {
	s.came++
	if staff {
		s.staff.add(spoken{s.came, event}, staffATick)
	} else {
		s.crowd.add(spoken{s.came, event}, talkATick-staffATick)
	}
}

func (s *sample) len() int { return len(s.crowd.kept) + len(s.staff.kept) }

func (s *sample) all() []json.RawMessage {
	both := slices.SortedFunc(slices.Values(append(s.crowd.kept, s.staff.kept...)), func(a, b spoken) int { return a.order - b.order })
	events := make([]json.RawMessage, len(both))
	for i, k := range both {
		events[i] = k.event
	}
	return events
}
