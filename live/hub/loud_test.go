package hub_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"yinbo/internal/db"
	"yinbo/live"
	"yinbo/live/bus"
	"yinbo/live/hub"
)

// A crowd cannot drown those who run the room: a share of a tick is theirs.
func TestStaffAreHeardInALoudRoom(t *testing.T) {
	s, _ := stage(t)
	n := serve(t, s, s.Bus, func(d *hub.Deps) { d.Tick = 500 * time.Millisecond })
	room := s.Live(t)
	c := n.join(t, room, "")
	say := func(key, name string, i int) {
		m := bus.Message{Class: bus.Talk, Kind: "chat", Key: key, Event: []byte(`{"kind":"chat","at":"x","by":"` + name + itoa(i) + `"}`)}
		if err := s.Bus.Publish(s.Ctx, bus.RoomChannel(room), m); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 2000 {
		say("", "crowd", i)
		if i%400 == 0 {
			say(live.TalkStaff, "staff", i/400)
		}
	}
	for i := range 5 {
		c.hears("chat", map[string]any{"by": "staff" + itoa(i)})
	}
}

// A room that sells fast shows a few purchases in five seconds, not each.
func TestPurchasesAreMerged(t *testing.T) {
	t.Parallel()
	s, n := stage(t)
	room := s.Live(t)
	c := n.join(t, room, "")
	for range 200 {
		s.Rooms.Ticker(room, "小王", "大米")
	}
	await(t, "the second lot", func() bool { return len(c.events("order.ticker")) > 1 })
	if n := len(c.events("order.ticker")); n != 4 { // the first at once, then three
		t.Errorf("%d of 200 purchases were shown", n)
	}
}

// What viewers came by, and how long they stayed, is reported with them.
func TestSourcesAndTimeWatchedAreReported(t *testing.T) {
	s, n := stage(t)
	room := s.Live(t)
	who, token := s.Viewer(t, s.Bank, "小王")
	f := joinFrame(room, token, nil)
	f["source"] = "qr"
	c := n.dial(t)
	c.say(f)
	c.gets("joined")
	bad := joinFrame(room, "", nil)
	bad["source"] = "<script>"
	n.dial(t).say(bad)
	await(t, "both to be reported", func() bool {
		source, _, err := db.Value[string](s.Ctx, s.DB, "SELECT source FROM room_visitor WHERE room_id = ? AND visitor_id = ?", room, who.ID)
		empty, _, err2 := db.Value[int64](s.Ctx, s.DB, "SELECT COUNT(*) FROM room_visitor WHERE room_id = ? AND source = ''", room)
		watched, _, err3 := db.Value[int64](s.Ctx, s.DB, "SELECT watched_ms FROM room WHERE id = ?", room)
		return err == nil && err2 == nil && err3 == nil && source == "qr" && empty == 1 && watched > 0
	})
}

func TestARoomTakesSoManyChatsASecond(t *testing.T) {
	s, _ := stage(t)
	n := serve(t, s, s.Bus, func(d *hub.Deps) { d.Chats = 3 })
	room := s.Live(t)
	var kept, fast atomic.Int64
	for i := range 10 {
		_, token := s.Viewer(t, s.Bank, "观众")
		c := n.join(t, room, token)
		c.say(map[string]any{"type": "chat", "id": itoa(i), "text": "你好"})
		if f := c.finds("an answer", func(f frame) bool { return f.ID == itoa(i) }); f.Type == "ack" {
			kept.Add(1)
		} else if f.Code == "chat.too_fast" {
			fast.Add(1)
		}
	}
	if kept.Load() < 3 || fast.Load() < 1 || kept.Load()+fast.Load() != 10 {
		t.Errorf("%d kept, %d too fast", kept.Load(), fast.Load())
	}
}

// Those who come back are served from memory: with the database gone they have
// what they missed.
func TestThoseWhoComeBackDoNotTouchTheDatabase(t *testing.T) {
	s, _ := stage(t)
	n := serve(t, s, s.Bus, func(d *hub.Deps) { d.Pulse = time.Hour })
	room := s.Live(t)
	_, token := s.Viewer(t, s.Bank, "小王")
	j := n.join(t, room, token).gets("joined")
	for i := range 5 {
		s.Notice(t, room, itoa(i))
	}
	if err := s.DB.Close(); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var recovered atomic.Int64
	each := crowdOf(10_000) / 50
	for range 50 {
		all.Go(func() {
			for range each {
				conn, _, err := light().DialContext(s.Ctx, n.url, nil)
				if err != nil {
					t.Error(err)
					return
				}
				var f frame
				err = conn.WriteJSON(joinFrame(room, "", map[string]any{"epoch": j.Epoch, "seq": 3}))
				if err == nil {
					err = conn.ReadJSON(&f)
				}
				conn.Close()
				if err != nil || f.Recovered == nil || !*f.Recovered || len(f.Events) != 3 {
					t.Errorf("came back to %+v %v", f, err)
					return
				}
				recovered.Add(1)
			}
		})
	}
	all.Wait()
	if recovered.Load() != int64(50*each) {
		t.Errorf("%d of %d recovered", recovered.Load(), 50*each)
	}
}

// A million hostile frames leave the room unharmed: somebody in it is served all
// the while.
func TestAMillionHostileFrames(t *testing.T) {
	s, n := stage(t)
	room := s.Live(t)
	good := n.join(t, room, "")
	flavours := [][][]byte{
		{sent(ws.OpText, true, `{"type":"like","count":99}`), sent(ws.OpPing, true, "p"), sent(ws.OpText, true, `{"type":"chat","text":"x"}`)}, // well formed
		{sent(ws.OpText, true, strings.Repeat("[", 20)), sent(ws.OpBinary, true, "x"), sent(ws.OpText, true, "\xff\xfe\x00"), sent(ws.OpText, true, `{"type":"join"}`)},
		{sent(ws.OpText, false, "a"), sent(ws.OpPing, true, ""), sent(ws.OpContinuation, false, ""), sent(ws.OpContinuation, true, "b")},
		{sent(7, true, "reserved"), sent(ws.OpContinuation, true, "b")},
	}
	const a = 5000 // frames a connection
	var all sync.WaitGroup
	var frames atomic.Int64
	until := time.Now().Add(20 * time.Second)
	million := int64(crowdOf(1_000_000))
	for w := range 8 {
		all.Go(func() {
			for round := w; frames.Load() < million && time.Now().Before(until); round++ {
				var burst []byte
				kinds := flavours[round%len(flavours)]
				for i := range a {
					burst = append(burst, kinds[i%len(kinds)]...)
				}
				conn, _, err := light().DialContext(s.Ctx, n.url, nil)
				if err != nil {
					t.Error(err)
					return
				}
				raw := conn.NetConn()
				if _, err := raw.Write(sent(ws.OpText, true, `{"type":"join","room":"`+room+`"}`)); err == nil {
					_ = raw.SetWriteDeadline(time.Now().Add(time.Second))
					_, _ = raw.Write(burst) // may be cut while it is written
				}
				frames.Add(a)
				conn.Close()
			}
		})
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	for i := 0; ; i++ {
		s.Notice(t, room, itoa(i))
		good.hears("notice", map[string]any{"text": itoa(i)})
		select {
		case <-done:
			await(t, "the hostile to be gone", func() bool { return n.Sockets() == 1 })
			good.say(map[string]any{"type": "ping", "id": "p"})
			good.answered("p", "")
			t.Logf("%d frames", frames.Load())
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Whatever a client says, others in the room are served.
func FuzzWhatAClientSays(f *testing.F) {
	for _, said := range []string{`{"type":"ping"}`, `{"type":"chat","text":"x"}`, `{"type":"auth","token":"x"}`, `[1`, `{"type":"like","count":1e99}`, "\x00"} {
		f.Add([]byte(said), true)
	}
	s, n := stage(f)
	room := s.Live(f)
	_, token := s.Viewer(f, s.Bank, "小王")
	good := n.join(f, room, "")
	f.Fuzz(func(t *testing.T, said []byte, whole bool) {
		c := n.join(t, room, token)
		raw := said
		if whole {
			raw = sent(ws.OpText, true, string(said))
		}
		if _, err := c.ws.NetConn().Write(raw); err != nil {
			t.Fatal(err)
		}
		_ = c.ws.NetConn().(interface{ CloseWrite() error }).CloseWrite() // it may be cut already
		c.ends()
		acks := good.count("ack")
		if err := good.ws.WriteJSON(map[string]any{"type": "ping"}); err != nil { // good's own ways are the stage's
			t.Fatal(err)
		}
		await(t, "another to be served", func() bool { return good.count("ack") > acks })
	})
}
