package hub_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"yinbo/internal/auth"
	"yinbo/internal/db"
	"yinbo/live/bus"
	"yinbo/live/hub"
	"yinbo/live/livetest"
)

// answers dials and tells how the door answered.
func answers(t *testing.T, n *node, origin string) int {
	t.Helper()
	head := http.Header{}
	if origin != "" {
		head.Set("Origin", origin)
	}
	ws, answer, err := trusting(&websocket.Dialer{}).Dial(n.url, head)
	if err == nil {
		t.Cleanup(func() { ws.Close() })
	}
	if answer == nil {
		t.Fatal(err)
	}
	return answer.StatusCode
}

func TestAnAddressHasSoManySocketsAndNoMore(t *testing.T) {
	s, _ := stage(t)
	n := serve(t, s, s.Bus, func(d *hub.Deps) { d.PerAddress = 2 })
	one := n.dial(t)
	answers(t, n, "")
	if code := answers(t, n, ""); code != http.StatusTooManyRequests {
		t.Errorf("the third was answered by %d", code)
	}
	await(t, "both to be in", func() bool { return n.Sockets() == 2 })
	one.ws.Close()
	await(t, "the first to be gone", func() bool { return n.Sockets() == 1 })
	if code := answers(t, n, ""); code != http.StatusSwitchingProtocols {
		t.Errorf("in the place of the first: %d", code)
	}
}

func TestPagesOfConfiguredHostsMayConnect(t *testing.T) {
	s, _ := stage(t)
	n := serve(t, s, s.Bus, func(d *hub.Deps) { d.Origins = []string{"shop.example"} })
	for origin, want := range map[string]int{"https://shop.example": 101, "https://evil.example": 403, "null": 403} {
		if code := answers(t, n, origin); code != want {
			t.Errorf("%s was answered by %d", origin, code)
		}
	}
}

// Connections are accepted at a pace; those who would wait too long are told so.
func TestTooManyNewcomersAreToldToComeLater(t *testing.T) {
	t.Parallel()
	s, _ := stage(t)
	n := serve(t, s, s.Bus, func(d *hub.Deps) { d.Accepts = 2 })
	var all sync.WaitGroup
	var mu sync.Mutex
	codes := map[int]int{}
	for range 20 {
		all.Go(func() {
			ws, answer, err := trusting(&websocket.Dialer{}).Dial(n.url, nil)
			if err == nil {
				defer ws.Close()
			}
			mu.Lock()
			defer mu.Unlock()
			codes[answer.StatusCode]++
			if answer.StatusCode == 503 && answer.Header.Get("Retry-After") == "" {
				t.Error("not told when to come back")
			}
		})
	}
	all.Wait()
	if codes[101] < 2 || codes[101] > 12 || codes[101]+codes[503] != 20 {
		t.Errorf("answers: %v", codes)
	}
}

// dated gives tokens a time at which they expire.
type dated struct {
	*livetest.Stage
	mu    sync.Mutex
	until map[string]time.Time
}

func (d *dated) Authenticate(ctx context.Context, token string) (auth.Principal, error) {
	p, err := d.Stage.Authenticate(ctx, token)
	d.mu.Lock()
	defer d.mu.Unlock()
	p.Until = d.until[token]
	return p, err
}

// Who shows a new token in time goes on; who does not is told, and may come back.
func TestATokenThatExpiresIsRenewedOnTheSocket(t *testing.T) {
	t.Parallel()
	s, _ := stage(t)
	d := &dated{Stage: s, until: map[string]time.Time{}}
	n := serve(t, s, s.Bus, func(x *hub.Deps) { x.Tokens, x.Grace = d, 300*time.Millisecond })
	room := s.Live(t)
	_, lazy := s.Viewer(t, s.Bank, "懒")
	_, brisk := s.Viewer(t, s.Bank, "勤")
	_, other := s.Viewer(t, s.Bank, "别人")
	soon := time.Now().Add(500 * time.Millisecond)
	d.mu.Lock()
	d.until = map[string]time.Time{lazy: soon, brisk: soon, other: soon.Add(time.Hour)}
	d.mu.Unlock()
	a, b := n.join(t, room, lazy), n.join(t, room, brisk)
	b.say(map[string]any{"type": "auth", "id": "a1", "token": other})
	b.answered("a1", "auth.forbidden")
	b.say(map[string]any{"type": "auth", "id": "a2", "token": "nonsense"})
	b.answered("a2", "auth.required")
	d.mu.Lock()
	d.until[brisk] = soon.Add(time.Hour)
	d.mu.Unlock()
	b.say(map[string]any{"type": "auth", "id": "a3", "token": brisk})
	b.answered("a3", "")
	a.ends()
	if e := a.gets("error"); e.Code != "auth.required" {
		t.Errorf("told %s", e.raw)
	}
	if bye := a.gets("bye"); bye.Reconnect == nil {
		t.Errorf("bye: %s", bye.raw)
	}
	b.say(map[string]any{"type": "ping", "id": "p"})
	b.answered("p", "")
	if b.count("bye") != 0 {
		t.Error("who renewed it was sent away")
	}
}

// A ban ends the viewer's sockets on every node within a second, and keeps them
// out.
func TestABanActsOnLiveSockets(t *testing.T) {
	eachPair(t, func(t *testing.T, s *livetest.Stage, a, b *node) {
		room := s.Live(t)
		who, token := s.Viewer(t, s.Bank, "捣乱")
		here, there, other := a.join(t, room, token), b.join(t, room, token), b.join(t, room, "")
		start := time.Now()
		s.Tx(t, func(tx *db.Tx) error {
			return tx.Insert(s.Ctx, "room_ban (room_id, viewer_id, bank_id, reason, banned_by, banned_at)",
				[][]any{{room, who.ID, s.Bank.ID, "广告", s.Host.ID, tx.Now}}, "")
		})
		if err := s.Bus.Publish(s.Ctx, bus.RoomChannel(room), bus.Message{Class: bus.Control, Kind: "rules", Event: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
		for _, c := range []*socket{here, there} {
			c.ends()
			if bye := c.gets("bye"); bye.Reason != "banned" || bye.Reconnect != nil {
				t.Errorf("bye: %s", bye.raw)
			}
		}
		if d := time.Since(start); d > time.Second {
			t.Errorf("banned after %s", d)
		}
		again := a.dial(t)
		again.say(joinFrame(room, token, nil))
		again.ends()
		if bye := again.gets("bye"); bye.Reason != "banned" || again.count("joined") != 0 {
			t.Errorf("came back: %+v", again.all())
		}
		other.say(map[string]any{"type": "ping", "id": "p"})
		other.answered("p", "")
	})
}
