package hub

import (
	"context"
	"crypto/rand"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"
	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"

	"yinbo/internal/auth"
	"yinbo/live"
	"yinbo/live/bus"
)

// Tokens knows access tokens; *auth.Service is one.
type Tokens interface {
	Authenticate(ctx context.Context, token string) (auth.Principal, error)
}

// Deps is what Hub stands on.
type Deps struct {
	Rooms  *live.Rooms
	Bus    bus.Bus
	Tokens Tokens
	Log    *slog.Logger
	Config
}

// Hub serves sockets.
type Hub struct {
	Deps
	salt     []byte // guests are told apart by a hash that only this node can make
	upgrader websocket.Upgrader
	ping     shared
	born     time.Time
	shards   int // of a room
	steps    steps
	door     *rate.Limiter
	wheel    *wheel
	jobs     chan func()
	sayings  chan saying
	stats    stats

	begun   sync.Once
	pollers []*poller
	turn    atomic.Uint32 // counts the sockets over them

	mu        sync.Mutex
	rooms     map[string]*room
	banks     map[string]*bank
	conns     map[*conn]struct{} // every open socket, joined or not
	addresses map[string]int     // sockets by the client's address
	closing   bool

	sockets sync.WaitGroup
	working sync.WaitGroup // what may wait for the database
	running sync.WaitGroup
	ctx     context.Context
	cancel  context.CancelFunc
	turning context.Context // of the wheel
	still   context.CancelFunc
}

// bank is where a bank's viewers are found for private events.
type bank struct {
	opening     sync.Mutex
	unsubscribe func() // nil until subscribed; guarded by opening

	viewers map[string][]*conn // guarded by the hub's mu
}

// How much may wait for the database at a time: sockets that join, chats.
const (
	workers  = 16
	jobQueue = 16 << 10
)

// New makes a hub. Nothing runs before the first socket.
func New(d Deps) *Hub {
	d.Config = d.withDefaults()
	h := &Hub{Deps: d, salt: make([]byte, 32), born: time.Now(), shards: runtime.GOMAXPROCS(0), steps: stepsOf(d.Backlog),
		rooms: map[string]*room{}, banks: map[string]*bank{}, conns: map[*conn]struct{}{}, addresses: map[string]int{},
		ping: framed(ws.OpPing, nil), door: rate.NewLimiter(rate.Limit(d.Accepts), d.Accepts), wheel: newWheel(),
		jobs: make(chan func(), jobQueue), sayings: make(chan saying, sayQueue)}
	h.upgrader = websocket.Upgrader{ReadBufferSize: 1, WriteBufferSize: 4096, WriteBufferPool: &sync.Pool{}, CheckOrigin: h.sameOrigin}
	rand.Read(h.salt)
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.turning, h.still = context.WithCancel(context.Background())
	return h
}

// begin starts what serves sockets.
func (h *Hub) begin() {
	if !h.Parked {
		h.pollers = newPollers(min(2, h.shards))
	}
	for _, p := range h.pollers {
		h.running.Go(p.run)
	}
	h.running.Go(func() { h.wheel.run(h.turning) })
	h.working.Go(func() { h.keep(h.ctx) })
	for range workers {
		h.working.Go(func() {
			for {
				select {
				case <-h.ctx.Done():
					return
				case job := <-h.jobs:
					job()
				}
			}
		})
	}
}

// work has a worker do what may wait for the database; false when too much waits.
func (h *Hub) work(job func()) bool {
	select {
	case h.jobs <- job:
		return true
	default:
		return false
	}
}

// millis is a time on the hub's own clock.
func (h *Hub) millis(t time.Time) int64 { return t.Sub(h.born).Milliseconds() }

// Sockets is how many are open.
func (h *Hub) Sockets() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return int64(len(h.conns))
}

// room finds the room's part of this node, or opens it.
func (h *Hub) room(ctx context.Context, roomID string) (*room, error) {
	h.mu.Lock()
	if h.closing {
		h.mu.Unlock()
		return nil, errClosing
	}
	r, open := h.rooms[roomID]
	if !open {
		r = newRoom(h, roomID)
		h.rooms[roomID] = r
	}
	h.mu.Unlock()
	if err := r.open(ctx); err != nil {
		h.forget(r)
		return nil, err
	}
	return r, nil
}

// forget takes a room off the list, if it is still that one.
func (h *Hub) forget(r *room) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.rooms[r.id] == r {
		delete(h.rooms, r.id)
	}
}

// enlist makes a viewer's socket reachable for private events. It returns when
// the bank's are heard here. The oldest of too many sockets gives way.
func (h *Hub) enlist(c *conn, r *room) error {
	if c.who.kind != auth.Viewer {
		return nil
	}
	h.mu.Lock()
	b, known := h.banks[r.bank]
	if !known {
		b = &bank{viewers: map[string][]*conn{}}
		h.banks[r.bank] = b
	}
	var oldest *conn
	mine := append(slices.Clip(b.viewers[c.who.id]), c)
	if len(mine) > h.PerViewer {
		oldest, mine = mine[0], mine[1:]
	}
	b.viewers[c.who.id] = mine
	h.mu.Unlock()
	if oldest != nil {
		oldest.bye("replaced", nil)
	}
	b.opening.Lock()
	defer b.opening.Unlock()
	if b.unsubscribe != nil {
		return nil
	}
	unsubscribe, err := h.Bus.Subscribe(bus.BankChannel(r.bank), func(m bus.Message) { h.private(b, m) })
	if err == nil {
		b.unsubscribe = unsubscribe
	}
	return err
}

// strike takes a socket off the list. A bank's subscription stays: banks are few.
func (h *Hub) strike(c *conn, r *room) {
	if c.who.kind != auth.Viewer {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.banks[r.bank]
	mine := slices.DeleteFunc(slices.Clone(b.viewers[c.who.id]), func(x *conn) bool { return x == c })
	if len(mine) == 0 {
		delete(b.viewers, c.who.id)
	} else {
		b.viewers[c.who.id] = mine
	}
}

func (h *Hub) private(b *bank, m bus.Message) {
	if m.Class != bus.Private {
		return
	}
	h.mu.Lock()
	to := slices.Clone(b.viewers[m.Viewer])
	h.mu.Unlock()
	for _, c := range to {
		c.private(m.Event)
	}
}

// open is what is open now.
func (h *Hub) open() ([]*room, []*conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Values(h.rooms)), slices.Collect(maps.Keys(h.conns))
}

// cut closes what would not go.
func (h *Hub) cut() {
	_, conns := h.open()
	for _, c := range conns {
		c.shut()
	}
}

// Close ends everything and waits for every goroutine: first what waits for the
// database, then the sockets, then their rooms, whose last words are counts.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closing = true
	banks := slices.Collect(maps.Values(h.banks))
	h.mu.Unlock()
	h.cancel()
	h.cut()
	h.sockets.Wait()
	h.working.Wait()
	rooms, _ := h.open()
	for _, r := range rooms {
		r.close()
	}
	for _, b := range banks {
		b.opening.Lock()
		if b.unsubscribe != nil {
			b.unsubscribe()
		}
		b.opening.Unlock()
	}
	for _, p := range h.pollers {
		p.close()
	}
	h.still()
	h.running.Wait()
}
