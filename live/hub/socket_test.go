package hub_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"log/slog"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"yinbo/internal/clock"
	"yinbo/internal/testkit"
	"yinbo/live/bus"
	"yinbo/live/hub"
	"yinbo/live/livetest"
)

// way is how hubs are reached and wait for clients.
var way = struct{ parked, tls bool }{}

// all runs the whole suite by pollers, then by a goroutine each, then under TLS,
// where there are goroutines too: under the race detector that is enough of them.
type all struct{ *testing.M }

func (m all) Run() int {
	code := m.M.Run()
	way.parked = true
	if !raced {
		code = max(code, m.M.Run())
	}
	way.tls = true
	return max(code, m.M.Run())
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(all{m}) }

// node is a hub behind a real listener.
type node struct {
	*hub.Hub
	url string
}

// stage is one bank with its rooms on SQLite, and a node that serves them.
func stage(t testing.TB) (*livetest.Stage, *node) {
	s := livetest.New(t, testkit.SQLite(t, clock.System{}), bus.NewMemory())
	return s, serve(t, s, s.Bus)
}

// serve starts a node on a bus of its own choice.
func serve(t testing.TB, s *livetest.Stage, b bus.Bus, change ...func(*hub.Deps)) *node {
	d := hub.Deps{Rooms: s.Node(b), Bus: b, Tokens: s, Log: slog.New(slog.DiscardHandler),
		Config: hub.Config{Tick: 20 * time.Millisecond, Pulse: 250 * time.Millisecond, Parked: way.parked}}
	for _, c := range change {
		c(&d)
	}
	h := hub.New(d)
	web := httptest.NewUnstartedServer(h)
	if way.tls {
		web.StartTLS()
	} else {
		web.Start()
	}
	t.Cleanup(func() {
		h.Close()
		web.Close()
	})
	return &node{h, "ws" + strings.TrimPrefix(web.URL, "http")}
}

// frame is any frame from the server.
type frame struct {
	Type      string           `json:"type"`
	Epoch     string           `json:"epoch"`
	Seq       int64            `json:"seq"`
	ID        string           `json:"id"`
	Code      string           `json:"code"`
	Message   string           `json:"message"`
	Reason    string           `json:"reason"`
	Reconnect *int             `json:"reconnect_ms"`
	Recovered *bool            `json:"recovered"`
	State     map[string]any   `json:"state"`
	Events    []map[string]any `json:"events"`
	raw       string
}

// socket is a client that keeps every frame it got.
type socket struct {
	t  testing.TB
	ws *websocket.Conn

	mu     sync.Mutex
	frames []frame
	err    error // why it ended

	done chan struct{} // closed when it has ended
}

// dial opens a socket that listens.
func (n *node) dial(t testing.TB) *socket {
	t.Helper()
	return listen(t, n.open(t, &websocket.Dialer{}))
}

func (n *node) open(t testing.TB, d *websocket.Dialer) *websocket.Conn {
	t.Helper()
	ws, answer, err := trusting(d).DialContext(testkit.Context(t), n.url, nil)
	if err != nil {
		t.Fatalf("dial: %v %+v", err, answer)
	}
	t.Cleanup(func() { ws.Close() })
	return ws
}

// trusting takes a test server's certificate for good.
func trusting(d *websocket.Dialer) *websocket.Dialer {
	d.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	return d
}

// narrow is a dialer whose sockets hold little that was not read.
func narrow() *websocket.Dialer {
	return &websocket.Dialer{NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err == nil {
			err = c.(*net.TCPConn).SetReadBuffer(128 << 10)
		}
		return c, err
	}}
}

func listen(t testing.TB, ws *websocket.Conn) *socket {
	s := &socket{t: t, ws: ws, done: make(chan struct{})}
	go s.read()
	t.Cleanup(func() {
		ws.Close()
		<-s.done
	})
	return s
}

func (s *socket) read() {
	defer close(s.done)
	for {
		_, raw, err := s.ws.ReadMessage()
		var f frame
		if err == nil {
			err = json.Unmarshal(raw, &f)
			f.raw = string(raw)
		}
		s.mu.Lock()
		if err != nil {
			s.err = err
		} else {
			s.frames = append(s.frames, f)
		}
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// join opens a socket and enters a room; token "" is a guest.
func (n *node) join(t testing.TB, room, token string) *socket {
	t.Helper()
	s := n.dial(t)
	s.joins(room, token, nil)
	return s
}

// joins enters a room and gives the answer.
func (s *socket) joins(room, token string, since any) frame {
	s.t.Helper()
	s.say(joinFrame(room, token, since))
	return s.gets("joined")
}

func joinFrame(room, token string, since any) map[string]any {
	f := map[string]any{"type": "join", "room": room, "token": nil, "since": since}
	if token != "" {
		f["token"] = token
	}
	return f
}

func (s *socket) say(f any) {
	s.t.Helper()
	if err := s.ws.WriteJSON(f); err != nil {
		s.t.Fatalf("say: %v", err)
	}
}

func (s *socket) text(raw string) {
	s.t.Helper()
	if err := s.ws.WriteMessage(websocket.TextMessage, []byte(raw)); err != nil {
		s.t.Fatalf("say: %v", err)
	}
}

func (s *socket) all() []frame {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]frame(nil), s.frames...)
}

// finds waits for a frame that fits.
func (s *socket) finds(what string, fits func(frame) bool) frame {
	s.t.Helper()
	var found frame
	seen := 0
	await(s.t, what, func() bool {
		all := s.all()
		for _, f := range all[seen:] {
			if fits(f) {
				found = f
				return true
			}
		}
		seen = len(all)
		return false
	})
	return found
}

// gets waits for a frame of a type.
func (s *socket) gets(kind string) frame {
	s.t.Helper()
	return s.finds(kind, func(f frame) bool { return f.Type == kind })
}

// answered waits for the ack or error that bears an id; "" is an ack's code.
func (s *socket) answered(id, code string) {
	s.t.Helper()
	f := s.finds("the answer to "+id, func(f frame) bool { return f.ID == id && (f.Type == "ack" || f.Type == "error") })
	if f.Code != code || (code == "") != (f.Type == "ack") || code != "" && f.Message == "" {
		s.t.Errorf("%s was answered by %s, not %q", id, f.raw, code)
	}
}

// events are all of a kind, in the order they came; "" for all.
func (s *socket) events(kind string) []map[string]any {
	var out []map[string]any
	for _, f := range s.all() {
		for _, e := range f.Events {
			if kind == "" || e["kind"] == kind {
				out = append(out, e)
			}
		}
	}
	return out
}

// hears waits for an event whose fields are as given.
func (s *socket) hears(kind string, fields map[string]any) map[string]any {
	s.t.Helper()
	var found map[string]any
	await(s.t, kind, func() bool {
		for _, e := range s.events(kind) {
			same := true
			for k, v := range fields {
				same = same && e[k] == v
			}
			if same {
				found = e
				return true
			}
		}
		return false
	})
	return found
}

// ends waits until the server has closed the socket.
func (s *socket) ends() {
	s.t.Helper()
	select {
	case <-s.done:
	case <-time.After(bound):
		s.t.Fatal("the socket is still open")
	}
}

// count tells how many frames of a type came.
func (s *socket) count(kind string) (n int) {
	for _, f := range s.all() {
		if f.Type == kind {
			n++
		}
	}
	return n
}

// bound is how long a test waits for anything.
const bound = 20 * time.Second

func await(t testing.TB, what string, done func() bool) {
	t.Helper()
	limit := time.After(bound)
	look := time.NewTicker(3 * time.Millisecond)
	defer look.Stop()
	for !done() {
		select {
		case <-limit:
			t.Fatalf("waited in vain for %s", what)
		case <-look.C:
		}
	}
}

// facts are the numbers of a socket's facts, as they came; everything else must
// bear none.
func (s *socket) facts() []int64 {
	var seqs []int64
	for _, e := range s.events("") {
		if seq, ok := e["seq"].(float64); ok {
			seqs = append(seqs, int64(seq))
		}
	}
	return seqs
}
