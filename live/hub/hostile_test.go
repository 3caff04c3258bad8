package hub_test

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"yinbo/internal/db"
)

func itoa(i int) string { return strconv.Itoa(i) }

func TestTheThirdBadFrameCloses(t *testing.T) {
	s, n := stage(t)
	room := s.Live(t)
	for name, bad := range map[string]struct {
		send func(c *socket)
		code string
	}{
		"too large":    {func(c *socket) { c.text(`{"type":"chat","text":"` + strings.Repeat("x", 4096) + `"}`) }, "too_large"},
		"not JSON":     {func(c *socket) { c.text(`chat`) }, "bad_frame"},
		"no object":    {func(c *socket) { c.text(`[]`) }, "bad_frame"},
		"unknown type": {func(c *socket) { c.say(map[string]any{"type": "shout"}) }, "bad_frame"},
		"join again":   {func(c *socket) { c.say(joinFrame(room, "", nil)) }, "bad_frame"},
		"binary": {func(c *socket) {
			if err := c.ws.WriteMessage(websocket.BinaryMessage, []byte(`{"type":"ping"}`)); err != nil {
				t.Error(err)
			}
		}, "bad_frame"},
	} {
		t.Run(name, func(t *testing.T) {
			c := n.join(t, room, "")
			bad.send(c)
			bad.send(c)
			c.say(map[string]any{"type": "ping", "id": "p"})
			c.answered("p", "") // two are borne with
			bad.send(c)
			c.ends()
			for _, f := range c.all() {
				if f.Type == "error" && (f.Code != bad.code || f.Message == "") {
					t.Errorf("answered by %s", f.raw)
				}
			}
			if c.count("error") != 3 {
				t.Errorf("%d errors: %+v", c.count("error"), c.all())
			}
			if !websocket.IsCloseError(c.err, websocket.CloseNormalClosure) {
				t.Errorf("closed by %v", c.err)
			}
		})
	}
	t.Run("4 KiB is not too large", func(t *testing.T) {
		c := n.join(t, room, "")
		f := `{"type":"ping","id":"p","pad":"`
		c.text(f + strings.Repeat("x", 4096-len(f)-2) + `"}`)
		c.answered("p", "")
	})
	t.Run("without end", func(t *testing.T) {
		c := n.join(t, room, "")
		_ = c.ws.WriteMessage(websocket.TextMessage, make([]byte, 2<<20)) // may be cut while it is written
		c.ends()
		if c.gets("error").Code != "too_large" {
			t.Errorf("answered by %+v", c.all())
		}
	})
}

// Twenty thousand hostile frames cost a bounded time and memory, and nobody else
// anything: a viewer in the same room is served meanwhile.
func TestHostileFramesAreBounded(t *testing.T) {
	s, n := stage(t)
	room := s.Live(t)
	_, token := s.Viewer(t, s.Bank, "小王")
	good := n.join(t, room, "")
	var all sync.WaitGroup
	for a := range 10 {
		all.Go(func() {
			c := n.dial(t)
			if a%2 == 0 {
				c.joins(room, token, nil)
			}
			for i := range 2000 {
				var err error
				switch frame := i % 4; {
				case a == 0: // well formed, and far too many, unread answers
					err = c.ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"like","count":1}`))
				case frame == 0:
					err = c.ws.WriteMessage(websocket.TextMessage, []byte(strings.Repeat("[", 4000)))
				case frame == 1:
					err = c.ws.WriteMessage(websocket.BinaryMessage, make([]byte, 8192))
				case frame == 2:
					err = c.ws.WriteMessage(websocket.TextMessage, []byte("\xff\xfe\x00"))
				default:
					err = c.ws.WriteControl(websocket.PingMessage, make([]byte, 100), time.Now().Add(bound))
				}
				if err != nil {
					return // cut, as it should
				}
			}
			c.ws.Close()
		})
	}
	for i := range 10 {
		s.Notice(t, room, itoa(i))
		good.hears("notice", map[string]any{"text": itoa(i)})
	}
	all.Wait()
	await(t, "the hostile to be gone", func() bool { return n.Sockets() == 1 })
	good.say(map[string]any{"type": "ping", "id": "p"})
	good.answered("p", "")
}

// Who never reads costs the others nothing, is cut, and learns why when it reads
// at last. It comes back by recovery, and has lost nothing.
func TestASlowSocketIsCutAloneAndComesBack(t *testing.T) {
	s, n := stage(t)
	room := s.Live(t)
	good := n.join(t, room, "")
	ws := n.open(t, narrow())
	if err := ws.WriteJSON(joinFrame(room, "", nil)); err != nil {
		t.Fatal(err)
	}
	var j frame
	if err := ws.ReadJSON(&j); err != nil || j.Type != "joined" {
		t.Fatalf("joined: %+v %v", j, err)
	}
	const facts = 80
	big := map[string]string{"text": strings.Repeat("x", 40<<10)} // together more than the kernel holds
	for i := 0; i < facts; i += 4 {
		s.Tx(t, func(tx *db.Tx) error {
			for range 4 {
				if err := s.Rooms.Fact(s.Ctx, tx, s.Bank.ID, room, "notice", big); err != nil {
					return err
				}
			}
			return nil
		})
		good.hears("notice", map[string]any{"seq": float64(i + 5)})
	}
	slow := listen(t, ws) // now it reads
	slow.ends()
	all := slow.all()
	b := all[len(all)-1]
	if b.Type != "bye" || b.Reason != "slow" || b.Reconnect == nil || *b.Reconnect < 1 {
		t.Fatalf("the last frame is %.200s: %v", b.raw, slow.err)
	}
	got := slow.facts()
	for i, seq := range got {
		if seq != int64(i+2) {
			t.Fatalf("fact %d came in the place of %d", seq, i+2)
		}
	}
	if len(got) == facts {
		t.Error("nothing was kept from it: it was not slow")
	}
	back := n.dial(t)
	r := back.joins(room, "", map[string]any{"epoch": j.Epoch, "seq": len(got) + 1})
	if !*r.Recovered || len(r.Events) != facts-len(got) || r.Events[0]["seq"] != float64(len(got)+2) {
		t.Errorf("recovered %d events after %d", len(r.Events), len(got))
	}
}

// A slow socket that recovers before it is cut has the latest state in the end,
// though talk and state were left out for it.
func TestStateThatWasLeftOutIsMadeGood(t *testing.T) {
	s, n := stage(t)
	room := s.Live(t)
	ws := n.open(t, narrow())
	if err := ws.WriteJSON(joinFrame(room, "", nil)); err != nil {
		t.Fatal(err)
	}
	good := n.join(t, room, "")
	pad := strings.Repeat("x", 50<<10)
	for i := range 60 { // 3 MB that the slow one does not read
		s.Rooms.State(room, "flash.stock", "flash_1", map[string]any{"flash_id": "flash_1", "left": 60 - i, "pad": pad})
		good.hears("flash.stock", map[string]any{"left": float64(60 - i)})
	}
	s.Rooms.State(room, "flash.stock", "flash_1", map[string]any{"flash_id": "flash_1", "left": 0})
	good.hears("flash.stock", map[string]any{"left": 0.0}) // its tick is over: it was left out for the slow one
	slow := listen(t, ws)
	slow.hears("flash.stock", map[string]any{"left": 0.0})
	if n := len(slow.events("flash.stock")); n > 55 {
		t.Errorf("%d of 61 states came: it was not slow", n)
	}
	if slow.count("bye") != 0 {
		t.Error("it was cut")
	}
}

func TestACrossOriginPageIsRefused(t *testing.T) {
	_, n := stage(t)
	_, answer, err := trusting(&websocket.Dialer{}).Dial(n.url, map[string][]string{"Origin": {"https://evil.example"}})
	if !errors.Is(err, websocket.ErrBadHandshake) || answer.StatusCode != 403 {
		t.Errorf("dial: %v %+v", err, answer)
	}
}
