package hub

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"

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
	Tick   time.Duration // how long talk and state are gathered; default 100 ms
	Pulse  time.Duration // how often counts are reported; default 2 s
	Join   time.Duration // how long a socket may take to join; default 5 s
	Idle   time.Duration // how long a room that nobody is in is kept; default 30 s
}

// Hub serves sockets.
type Hub struct {
	Deps
	salt     []byte // guests are told apart by a hash that only this node can make
	upgrader websocket.Upgrader

	mu      sync.Mutex
	rooms   map[string]*room
	banks   map[string]*bank
	conns   map[*conn]struct{} // every open socket, joined or not
	closing bool

	running sync.WaitGroup
	ctx     context.Context
	cancel  context.CancelFunc
}

// bank is where a bank's viewers are found for private events.
type bank struct {
	opening     sync.Mutex
	unsubscribe func() // nil until subscribed; guarded by opening

	viewers map[string][]*conn // guarded by the hub's mu
}

// New makes a hub.
func New(d Deps) *Hub {
	if d.Tick == 0 {
		d.Tick = 100 * time.Millisecond
	}
	if d.Pulse == 0 {
		d.Pulse = 2 * time.Second
	}
	if d.Join == 0 {
		d.Join = 5 * time.Second
	}
	if d.Idle == 0 {
		d.Idle = 30 * time.Second
	}
	h := &Hub{Deps: d, salt: make([]byte, 32), rooms: map[string]*room{}, banks: map[string]*bank{}, conns: map[*conn]struct{}{},
		upgrader: websocket.Upgrader{HandshakeTimeout: 5 * time.Second, ReadBufferSize: 1024, WriteBufferSize: 4096, WriteBufferPool: &sync.Pool{}}}
	rand.Read(h.salt)
	h.ctx, h.cancel = context.WithCancel(context.Background())
	return h
}

// Sockets is how many are open.
func (h *Hub) Sockets() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return int64(len(h.conns))
}

// ServeHTTP upgrades and serves a socket until it ends. The origin must be the
// same host, or none.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	if h.closing {
		h.mu.Unlock()
		w.Header().Set("Retry-After", "1")
		http.Error(w, "draining", http.StatusServiceUnavailable)
		return
	}
	h.running.Add(1)
	h.mu.Unlock()
	defer h.running.Done()
	ws, err := h.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the upgrader has answered
	}
	if tcp, ok := ws.NetConn().(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(sendSpace) // refused, it is as large as the kernel likes
	}
	c := newConn(h, ws, r)
	h.mu.Lock()
	h.conns[c] = struct{}{}
	closing := h.closing
	h.mu.Unlock()
	if closing { // since a moment ago: Drain has not seen this one
		c.bye("draining", comeBack(leastBack))
	}
	c.serve()
	h.mu.Lock()
	delete(h.conns, c)
	h.mu.Unlock()
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

var (
	errClosing = errors.New("hub: closing")
	errRetired = errors.New("hub: room retired meanwhile")
)

// maxPerViewer is how many sockets a viewer may have; the oldest gives way.
const maxPerViewer = 5

// enlist makes a viewer's socket reachable for private events. It returns when
// the bank's are heard here.
func (h *Hub) enlist(c *conn) error {
	bankID := c.who.Bank.ID
	h.mu.Lock()
	b, known := h.banks[bankID]
	if !known {
		b = &bank{viewers: map[string][]*conn{}}
		h.banks[bankID] = b
	}
	var oldest *conn
	if c.who.Kind == auth.Viewer {
		mine := append(b.viewers[c.who.ID], c)
		if len(mine) > maxPerViewer {
			oldest, mine = mine[0], mine[1:]
		}
		b.viewers[c.who.ID] = mine
	}
	h.mu.Unlock()
	if oldest != nil {
		oldest.bye("replaced", nil)
	}
	b.opening.Lock()
	defer b.opening.Unlock()
	if b.unsubscribe != nil {
		return nil
	}
	unsubscribe, err := h.Bus.Subscribe(bus.BankChannel(bankID), func(m bus.Message) { h.private(b, m) })
	if err == nil {
		b.unsubscribe = unsubscribe
	}
	return err
}

// strike takes a socket off the list. A bank's subscription stays: banks are few.
func (h *Hub) strike(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.banks[c.who.Bank.ID]
	mine := slices.DeleteFunc(slices.Clone(b.viewers[c.who.ID]), func(x *conn) bool { return x == c })
	if len(mine) == 0 {
		delete(b.viewers, c.who.ID)
	} else {
		b.viewers[c.who.ID] = mine
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
		if r := c.in.Load(); r != nil {
			r.private(c, m.Event)
		}
	}
}
