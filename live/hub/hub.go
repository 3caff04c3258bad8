package hub

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"yinbo/internal/auth"
	"yinbo/internal/id"
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
}

// Hub serves sockets.
type Hub struct {
	Deps
	node     string
	salt     []byte // guests are told apart by a hash that only this node can make
	upgrader websocket.Upgrader

	mu      sync.Mutex
	rooms   map[string]*room
	banks   map[string]*bank
	closing bool

	sockets atomic.Int64
	running sync.WaitGroup
	ctx     context.Context
	cancel  context.CancelFunc
}

// bank is where a bank's viewers are found for private events.
type bank struct {
	unsubscribe func()
	viewers     map[string][]*conn
	conns       int
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
	h := &Hub{Deps: d, node: id.New("node"), salt: make([]byte, 32), rooms: map[string]*room{}, banks: map[string]*bank{},
		upgrader: websocket.Upgrader{HandshakeTimeout: 5 * time.Second, ReadBufferSize: 1024, WriteBufferSize: 4096, WriteBufferPool: &sync.Pool{}}}
	rand.Read(h.salt)
	h.ctx, h.cancel = context.WithCancel(context.Background())
	return h
}

// Sockets is how many are open.
func (h *Hub) Sockets() int64 { return h.sockets.Load() }

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
	h.sockets.Add(1)
	defer h.sockets.Add(-1)
	newConn(h, ws, r).serve()
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

// enlist makes a viewer's socket reachable for private events.
func (h *Hub) enlist(c *conn) error {
	bankID := c.who.Bank.ID
	h.mu.Lock()
	b, known := h.banks[bankID]
	if !known {
		b = &bank{viewers: map[string][]*conn{}}
		h.banks[bankID] = b
	}
	b.conns++
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
	if known {
		return nil
	}
	unsubscribe, err := h.Bus.Subscribe(bus.BankChannel(bankID), func(m bus.Message) { h.private(bankID, m) })
	h.mu.Lock()
	b.unsubscribe = unsubscribe
	if err != nil {
		delete(h.banks, bankID)
	}
	h.mu.Unlock()
	return err
}

// strike takes a socket off the list. A bank's subscription stays: banks are few.
func (h *Hub) strike(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	b, ok := h.banks[c.who.Bank.ID]
	if !ok {
		return
	}
	b.conns--
	mine := b.viewers[c.who.ID]
	for i, x := range mine {
		if x == c {
			mine = append(mine[:i:i], mine[i+1:]...)
			break
		}
	}
	if len(mine) == 0 {
		delete(b.viewers, c.who.ID)
	} else {
		b.viewers[c.who.ID] = mine
	}
}

func (h *Hub) private(bankID string, m bus.Message) {
	if m.Class != bus.Private {
		return
	}
	h.mu.Lock()
	var to []*conn
	if b, ok := h.banks[bankID]; ok {
		to = append(to, b.viewers[m.Viewer]...)
	}
	h.mu.Unlock()
	for _, c := range to {
		c.private(m.Event)
	}
}
