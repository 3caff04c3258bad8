package hub

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/gorilla/websocket"
)

// tick writes a frame whenever a tick has passed and there is something to say;
// at once when there is a fact.
func (r *room) tick(ctx context.Context) {
	t := time.NewTicker(r.hub.Tick)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		case <-t.C:
		}
		r.flush()
	}
}

func (r *room) flush() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.write()
}

// write sends what was gathered, with the lock held.
func (r *room) write() {
	events := r.facts
	light := len(events) == 0
	for _, key := range r.order {
		events = append(events, r.states[key])
	}
	events = append(events, r.talk...)
	board := r.board
	r.facts, r.talk, r.talked, r.order, r.board = nil, nil, 0, nil, nil
	r.sent = r.last
	clear(r.states)
	if len(events) > 0 && len(r.conns) > 0 {
		raw := encode(eventsFrame{Type: "events", Seq: r.last, Events: events})
		shared, err := websocket.NewPreparedMessage(websocket.TextMessage, raw)
		if err != nil {
			r.hub.Log.Error("frame not prepared", "error", err)
			return
		}
		for c := range r.conns {
			if !c.send(outgoing{shared: shared, size: len(raw), light: light}) {
				r.owing[c] = struct{}{}
			}
		}
	}
	r.payOff()
	if board != nil {
		raw := encode(eventsFrame{Type: "events", Seq: r.last, Events: []json.RawMessage{board}})
		for c := range r.conns {
			if c.host {
				c.send(outgoing{own: raw, light: true})
			}
		}
	}
	if r.ended {
		r.ended = false
		for c := range r.conns {
			c.bye("ended", nil)
		}
	}
}

// payOff gives the latest state to those from whom some of it was kept while they
// were slow or away, once they can take it. Called with the lock held.
func (r *room) payOff() {
	if len(r.latest) == 0 || len(r.owing) == 0 {
		return
	}
	events := make([]json.RawMessage, 0, len(r.latest))
	for _, key := range slices.Sorted(maps.Keys(r.latest)) {
		events = append(events, r.latest[key])
	}
	raw := encode(eventsFrame{Type: "events", Seq: r.sent, Events: events})
	for c := range r.owing {
		if c.keepsUp() {
			delete(r.owing, c)
			c.send(outgoing{own: raw, light: true})
		}
	}
}
