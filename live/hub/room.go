package hub

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"yinbo/live"
	"yinbo/live/bus"
)

// Bounds of a room's part of a node.
const (
	ringSize  = 1000 // facts kept for those who come back
	talkATick = 40   // beyond this, talk is sampled
	closeIdle = 30 * time.Second
)

type fact struct {
	seq   int64
	event json.RawMessage
}

// room is what this node knows of a room that has sockets here.
type room struct {
	hub *Hub
	id  string

	opening     sync.Mutex
	opened      bool
	retired     bool // guarded by mu: nobody enters any more
	bank, epoch string
	unsubscribe func()
	stop        context.CancelFunc
	wake        chan struct{}
	refill      chan struct{}

	mu      sync.Mutex
	conns   map[*conn]struct{}
	hosts   int
	ring    []fact
	last    int64                     // number of the last fact in the ring
	early   map[int64]json.RawMessage // facts that came before their turn
	facts   []json.RawMessage         // to go out in the next frame, in order
	states  map[string]json.RawMessage
	order   []string // of the states' keys
	talk    []json.RawMessage
	talked  int // this tick, for the sampling
	board   json.RawMessage
	ended   bool
	mutes   map[string]time.Time
	words   []string
	viewers int64 // over all nodes
	likes   int64 // committed
	liked   int64 // here, not reported yet
	came    map[string]struct{}
	idle    time.Time // since when nobody is here

	picture    []byte // as of pictureSeq
	pictureSeq int64
	pictureAt  time.Time
	painting   sync.Mutex
}

func newRoom(h *Hub, id string) *room {
	return &room{hub: h, id: id, wake: make(chan struct{}, 1), refill: make(chan struct{}, 1), conns: map[*conn]struct{}{},
		early: map[int64]json.RawMessage{}, states: map[string]json.RawMessage{}, came: map[string]struct{}{}, idle: time.Now()}
}

// open loads the room and begins to listen, once. It listens before it reads
// the log, so that no fact falls between.
func (r *room) open(ctx context.Context) error {
	r.opening.Lock()
	defer r.opening.Unlock()
	if r.opened {
		return nil
	}
	r.mu.Lock()
	retired := r.retired
	r.mu.Unlock()
	if retired {
		return errRetired
	}
	unsubscribe, err := r.hub.Bus.Subscribe(bus.RoomChannel(r.id), r.hear)
	if err != nil {
		return err
	}
	if err := r.load(ctx); err != nil {
		unsubscribe()
		return err
	}
	run, stop := context.WithCancel(r.hub.ctx)
	r.unsubscribe, r.stop, r.opened = unsubscribe, stop, true
	r.hub.running.Go(func() { r.tick(run) })
	r.hub.running.Go(func() { r.report(run) })
	return nil
}

func (r *room) load(ctx context.Context) error {
	rooms := r.hub.Rooms
	p, err := rooms.Pulse(ctx, r.id)
	if err != nil {
		return err
	}
	mutes, err := rooms.Mutes(ctx, r.id)
	if err != nil {
		return err
	}
	words, err := rooms.Words(ctx, r.id)
	if err != nil {
		return err
	}
	from := max(0, p.Seq-ringSize)
	log, err := rooms.FactsSince(ctx, r.id, from, ringSize+100)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bank, r.epoch, r.viewers, r.likes, r.mutes, r.words, r.last = p.Bank, p.Epoch, p.Viewers, p.Likes, mutes, words, from
	for _, l := range log {
		r.append(l.Seq, l.Event, l.Kind)
	}
	r.facts = nil // nobody is here yet
	r.ended = false
	return nil
}

// hear takes in what the bus brings.
func (r *room) hear(m bus.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch m.Class {
	case bus.Fact:
		r.fact(m.Seq, m.Event, m.Kind)
	case bus.State:
		r.state(m.Kind+"/"+m.Key, m.Event)
	case bus.Talk:
		r.say(m.Event)
	case bus.Control:
		poke(r.refill)
	}
}

// fact puts a fact in its place; one that comes early waits for those before it.
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
	if seq != r.last+1 {
		return
	}
	r.last = seq
	r.ring = append(r.ring, fact{seq, event})
	if len(r.ring) > ringSize {
		r.ring = append(r.ring[:0:0], r.ring[len(r.ring)-ringSize:]...)
	}
	r.facts = append(r.facts, event)
	r.ended = r.ended || kind == live.FactEnded
}

func kindOf(event json.RawMessage) string {
	var head struct{ Kind string }
	_ = json.Unmarshal(event, &head) // our own encoding
	return head.Kind
}

func (r *room) state(key string, event json.RawMessage) {
	if _, there := r.states[key]; !there {
		r.order = append(r.order, key)
	}
	r.states[key] = event
}

// say samples: of a tick with too much talk, the first and then ever fewer pass.
func (r *room) say(event json.RawMessage) {
	r.talked++
	if len(r.talk) < talkATick {
		r.talk = append(r.talk, event)
		return
	}
	if r.talked%(len(r.talk)/talkATick+2) == 0 {
		r.talk[r.talked%talkATick] = event
	}
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

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
	clear(r.states)
	if len(events) > 0 && len(r.conns) > 0 {
		raw := encode(eventsFrame{Type: "events", Seq: r.last, Events: events})
		shared, err := websocket.NewPreparedMessage(websocket.TextMessage, raw)
		if err != nil {
			r.hub.Log.Error("frame not prepared", "error", err)
			return
		}
		for c := range r.conns {
			c.send(outgoing{shared: shared, size: len(raw), light: light})
		}
	}
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
