package hub

import (
	"encoding/json"

	"yinbo/live"
)

// ringSize is how many facts are kept for those who come back.
const ringSize = 1000

type fact struct {
	seq   int64
	event json.RawMessage
}

// fact puts a fact in its place, with the lock held; one that comes early waits
// for those before it.
func (r *room) fact(seq int64, event json.RawMessage, kind string) {
	switch {
	case seq <= r.last:
		return
	case seq > r.last+1:
		r.early[seq] = event
		poke(r.refill)
		return
	}
	r.append(seq, event, kind)
	for next, ok := r.early[r.last+1]; ok; next, ok = r.early[r.last+1] {
		delete(r.early, r.last+1)
		r.append(r.last+1, next, kindOf(next))
	}
	poke(r.wake)
}

func (r *room) append(seq int64, event json.RawMessage, kind string) {
	r.last = seq
	r.ring = append(r.ring, fact{seq, event})
	if len(r.ring) >= 2*ringSize {
		r.ring = append(r.ring[:0:0], r.ring[len(r.ring)-ringSize:]...)
	}
	r.gathered.facts = append(r.gathered.facts, event)
	r.ended = r.ended || kind == live.FactEnded
}

func kindOf(event json.RawMessage) string {
	var head struct{ Kind string }
	_ = json.Unmarshal(event, &head) // our own encoding
	return head.Kind
}
