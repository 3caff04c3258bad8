package hub

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"yinbo/internal/id"
	"yinbo/live"
	"yinbo/live/bus"
)

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
	wake        chan struct{} // something was gathered
	refill      chan struct{} // something is to be read anew
	settled     chan struct{} // a frame is written
	node        string        // under which this opening of the room is counted
	shards      []*shard

	frames *rate.Limiter // what the room's clients may send together
	chats  *rate.Limiter

	rules   atomic.Pointer[live.Rules]
	liked   atomic.Int64 // here, not reported yet
	writing atomic.Int64 // frames that the shards have not written yet
	spent   atomic.Int64 // nanoseconds that the last one took

	mu        sync.Mutex
	inside    int // sockets
	hosts     int // of them
	next      int // counts the sockets over the shards
	ring      []fact
	last      int64                     // number of the last fact in the ring
	sent      int64                     // number of the last fact handed to the shards
	early     map[int64]json.RawMessage // facts that came before their turn
	gathered  gathered                  // since the last frame
	latest    map[string]json.RawMessage
	owed      owed
	returns   returns
	orders    reservoir         // tickers since the last that went out
	tickerAt  time.Time         // when that was
	ended     bool              // after the next frame
	spoke     map[string]spoke  // who said something
	viewers   int64             // over all nodes
	likes     int64             // committed
	came      map[string]string // visitors and their source, not reported yet
	watched   time.Duration     // by all together, not reported yet
	watchedAt time.Time
	idle      time.Time // since when nobody is here

	painting sync.Mutex
	picture  picture
}

func newRoom(h *Hub, roomID string) *room {
	r := &room{hub: h, id: roomID, frames: rate.NewLimiter(rate.Limit(h.Frames), h.Frames), chats: rate.NewLimiter(rate.Limit(h.Chats), h.Chats), node: id.New("node"), wake: make(chan struct{}, 1), refill: make(chan struct{}, 1),
		settled: make(chan struct{}, 1), early: map[int64]json.RawMessage{}, latest: map[string]json.RawMessage{},
		spoke: map[string]spoke{}, came: map[string]string{}, idle: time.Now(), watchedAt: time.Now()}
	for range h.shards {
		r.shards = append(r.shards, newShard(r))
	}
	return r
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
	run, stop := context.WithCancel(context.Background()) // until close
	r.unsubscribe, r.stop, r.opened = unsubscribe, stop, true
	r.hub.running.Go(func() { r.tick(run) })
	r.hub.running.Go(func() { r.report(run) })
	for _, s := range r.shards {
		r.hub.running.Go(func() { s.run(run) })
	}
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
	rules, err := rooms.Rules(ctx, r.id)
	if err != nil {
		return err
	}
	r.rules.Store(rules)
	from := max(0, p.Seq-ringSize)
	log, err := rooms.FactsSince(ctx, r.id, from, ringSize+100)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bank, r.epoch, r.viewers, r.likes, r.last = p.Bank, p.Epoch, p.Viewers, p.Likes, from
	r.ring = nil // of what came while the log was read; it is in the log, or after it
	for _, l := range log {
		r.fact(l.Seq, l.Event, l.Kind)
	}
	r.gathered.facts, r.sent, r.ended = nil, r.last, false // nobody is here yet
	for _, s := range r.shards {
		s.seq = r.last
	}
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
		r.say(m)
	case bus.Control:
		poke(r.refill)
	}
}

// state notes the latest of a figure, with the lock held.
func (r *room) state(key string, event json.RawMessage) {
	r.gathered.state(key, event)
	r.latest[key] = event
	r.owed.prepared = nil
	poke(r.wake)
}

// say takes talk in, with the lock held. Purchases wait for each other: a room
// that sells fast would speak of nothing else.
func (r *room) say(m bus.Message) {
	if m.Kind == live.TalkTicker {
		r.orders.add(spoken{r.orders.seen, m.Event}, tickersAtOnce)
		r.tickers()
		return
	}
	r.gathered.talk.add(m.Event, m.Key == live.TalkStaff)
	poke(r.wake)
}

// Purchases that are shown: a few in every tickerEvery.
const (
	tickerEvery   = 5 * time.Second
	tickersAtOnce = 3
)

// tickers shows the purchases that wait, when their time has come; the lock is
// held.
func (r *room) tickers() {
	if len(r.orders.kept) == 0 || time.Since(r.tickerAt) < tickerEvery {
		return
	}
	for _, s := range r.orders.kept {
		r.gathered.talk.add(s.event, false)
	}
	r.orders, r.tickerAt = reservoir{}, time.Now()
	poke(r.wake)
}

// owed is the latest of every figure, in a frame for those who lack some.
type owed struct {
	seq      int64
	prepared shared
}

// figures gives the latest of every figure to one who has the facts up to seq;
// nil when there are none.
func (r *room) figures(seq int64) shared {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.latest) == 0 {
		return nil
	}
	if r.owed.prepared == nil || r.owed.seq != seq {
		events := make([]json.RawMessage, 0, len(r.latest))
		for _, key := range slices.Sorted(maps.Keys(r.latest)) {
			events = append(events, r.latest[key])
		}
		r.owed = owed{seq, prepare(eventsFrame{Type: "events", Seq: seq, Events: events})}
	}
	return r.owed.prepared
}

// again lets in a socket that facts have passed by, as one that comes back.
func (r *room) again(c *conn, from *since) {
	ctx, cancel := context.WithTimeout(r.hub.ctx, enterTime)
	defer cancel()
	if err := r.admit(ctx, c, from); err != nil {
		r.hub.Log.Warn("slow viewer not let in anew", "room", r.id, "error", err)
		c.bye("slow", comeBack(time.Second))
	}
}

// private hands an event to the shard of one of the sockets here. Before a
// socket has entered it is told nothing: it reads its own things again once it has.
func (c *conn) private(event json.RawMessage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.shard; s != nil {
		s.do(func() { s.private(c, event) })
	}
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
