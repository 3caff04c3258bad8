package hub

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"yinbo/internal/id"
	"yinbo/live"
	"yinbo/live/bus"
)

// Bounds of a room's part of a node.
const (
	ringSize  = 1000 // facts kept for those who come back
	talkATick = 40   // beyond this, talk is sampled
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
	node        string // under which this opening of the room is counted

	mu      sync.Mutex
	conns   map[*conn]struct{}
	owing   map[*conn]struct{} // those of them who lack some of the latest state
	hosts   int
	ring    []fact
	last    int64                     // number of the last fact in the ring
	sent    int64                     // number of the last fact written to those who are here
	early   map[int64]json.RawMessage // facts that came before their turn
	facts   []json.RawMessage         // to go out in the next frame, in order
	states  map[string]json.RawMessage
	order   []string                   // of the states' keys
	latest  map[string]json.RawMessage // every state, for those who missed it
	talk    []json.RawMessage
	talked  int // this tick, for the sampling
	board   json.RawMessage
	ended   bool
	mutes   map[string]time.Time
	words   []string             // replaced, never changed
	spoke   map[string]time.Time // who said something, and when
	viewers int64                // over all nodes
	likes   int64                // committed
	liked   int64                // here, not reported yet
	came    map[string]struct{}
	idle    time.Time // since when nobody is here

	picture    []byte // as of pictureSeq
	pictureSeq int64
	pictureAt  time.Time
	painting   sync.Mutex
}

func newRoom(h *Hub, roomID string) *room {
	return &room{hub: h, id: roomID, node: id.New("node"), wake: make(chan struct{}, 1), refill: make(chan struct{}, 1),
		conns: map[*conn]struct{}{}, owing: map[*conn]struct{}{},
		early: map[int64]json.RawMessage{}, states: map[string]json.RawMessage{}, came: map[string]struct{}{},
		latest: map[string]json.RawMessage{}, spoke: map[string]time.Time{}, idle: time.Now()}
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
	unsubscribe, err := r.listen(ctx)
	if err != nil { // those who wait for this one try anew
		r.mu.Lock()
		r.retired = true
		r.mu.Unlock()
		return err
	}
	run, stop := context.WithCancel(r.hub.ctx)
	r.unsubscribe, r.stop, r.opened = unsubscribe, stop, true
	r.hub.running.Go(func() { r.tick(run) })
	r.hub.running.Go(func() { r.report(run) })
	return nil
}

func (r *room) listen(ctx context.Context) (unsubscribe func(), err error) {
	if _, err := r.hub.Rooms.Pulse(ctx, r.id); err != nil {
		return nil, err // a room that does not exist costs no subscription
	}
	unsubscribe, err = r.hub.Bus.Subscribe(bus.RoomChannel(r.id), r.hear)
	if err != nil {
		return nil, err
	}
	if err := r.load(ctx); err != nil {
		unsubscribe()
		return nil, err
	}
	return unsubscribe, nil
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
	r.ring = nil // of what came while the log was read; it is in the log, or after it
	for _, l := range log {
		r.fact(l.Seq, l.Event, l.Kind)
	}
	r.facts, r.sent, r.ended = nil, r.last, false // nobody is here yet
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
	r.states[key], r.latest[key] = event, event
}

// say samples: of a tick's talk each message is as likely to pass as any other,
// and those that pass keep their order.
func (r *room) say(event json.RawMessage) {
	r.talked++
	if len(r.talk) < talkATick {
		r.talk = append(r.talk, event)
		return
	}
	if out := rand.IntN(r.talked); out < talkATick {
		r.talk = append(slices.Delete(r.talk, out, out+1), event)
	}
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
