package hub_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"yinbo/internal/auth"
	"yinbo/internal/db"
	"yinbo/live"
	"yinbo/live/hub"
)

func TestAJoinGivesTheWholePicture(t *testing.T) {
	s, n := stage(t)
	room := s.Live(t)
	rice := s.Goods.Add(s.Bank.ID, "大米", 9900)
	if _, err := s.Rooms.SetShelf(s.Ctx, s.Bank.ID, room, s.Host, []live.Place{{SKU: rice}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Rooms.Pin(s.Ctx, s.Bank.ID, room, s.Host, &rice); err != nil {
		t.Fatal(err)
	}
	j := n.dial(t).joins(room, "", nil)
	if j.Epoch == "" || j.Seq != 3 || j.Recovered == nil || *j.Recovered || j.Events != nil {
		t.Errorf("joined: %s", j.raw)
	}
	want := []string{"flash", "likes", "notice", "pinned", "recent_chat", "room", "server_time", "shelf", "viewers"}
	if got := slices.Sorted(maps.Keys(j.State)); !slices.Equal(got, want) {
		t.Errorf("the state has %v", got)
	}
	if j.State["pinned"] != rice || j.State["viewers"] != 1.0 || len(j.State["shelf"].([]any)) != 1 {
		t.Errorf("state: %v", j.State)
	}
	for _, list := range []string{"flash", "recent_chat"} {
		if l, ok := j.State[list].([]any); !ok || len(l) != 0 {
			t.Errorf("%s is %v", list, j.State[list])
		}
	}
	if r := j.State["room"].(map[string]any); r["id"] != room || r["status"] != "live" || r["viewers"] != 1.0 {
		t.Errorf("room: %v", r)
	}
}

// A token that is wrong, or another bank's, is never taken for a guest.
func TestAWrongTokenIsRefused(t *testing.T) {
	s, n := stage(t)
	room := s.Live(t)
	_, foreign := s.Viewer(t, s.Other, "别家的")
	for name, f := range map[string]any{
		"wrong": joinFrame(room, "nonsense", nil), "another bank's": joinFrame(room, foreign, nil),
		"empty": map[string]any{"type": "join", "room": room, "token": ""},
	} {
		c := n.dial(t)
		c.say(f)
		c.ends()
		if all := c.all(); len(all) != 1 || all[0].Type != "error" || all[0].Code != "auth.required" || all[0].Message == "" {
			t.Errorf("%s: %+v", name, all)
		}
	}
	c := n.dial(t)
	c.say(joinFrame("room_none", "", nil))
	c.ends()
	if all := c.all(); len(all) != 1 || all[0].Code != "not_found" {
		t.Errorf("no room: %+v", all)
	}
	await(t, "the sockets to be gone", func() bool { return n.Sockets() == 0 })
}

func TestAJoinMustComeInTime(t *testing.T) {
	s, _ := stage(t)
	n := serve(t, s, s.Bus, func(d *hub.Deps) { d.Join = 50 * time.Millisecond })
	c := n.dial(t)
	c.ends()
	if len(c.all()) != 0 {
		t.Errorf("told %+v", c.all())
	}
}

func TestWhatComesBeforeAJoinIsBad(t *testing.T) {
	s, n := stage(t)
	room := s.Live(t)
	c := n.dial(t)
	c.say(map[string]any{"type": "chat", "id": "c1", "text": "你好"})
	c.text("{")
	if j := c.joins(room, "", nil); j.Seq != 1 || c.count("error") != 2 {
		t.Errorf("joined after two bad frames: %+v", c.all())
	}
	c = n.dial(t)
	for range 3 {
		c.say(map[string]any{"type": "join", "token": 5})
	}
	c.ends()
	if c.count("error") != 3 || c.count("joined") != 0 {
		t.Errorf("after three: %+v", c.all())
	}
}

// Frames sent behind the join, without waiting, are taken in their turn.
func TestFramesRightBehindTheJoinAreHandled(t *testing.T) {
	s, n := stage(t)
	room := s.Live(t)
	_, token := s.Viewer(t, s.Bank, "小王")
	c := n.dial(t)
	c.say(joinFrame(room, token, nil))
	c.say(map[string]any{"type": "chat", "id": "c1", "text": "抢先"})
	c.answered("c1", "")
	if all := c.all(); all[0].Type != "joined" {
		t.Errorf("the first frame is %s", all[0].raw)
	}
	c.hears("chat", map[string]any{"text": "抢先"})
}

func TestOneWhoComesBackGetsWhatTheyMissed(t *testing.T) {
	s, n := stage(t)
	room := s.Live(t)
	first := n.dial(t)
	j := first.joins(room, "", nil)
	for i := range 5 {
		s.Notice(t, room, fmt.Sprint(i))
	}
	since := map[string]any{"epoch": j.Epoch, "seq": 3}
	back := n.dial(t)
	r := back.joins(room, "", since)
	if r.Recovered == nil || !*r.Recovered || r.Seq != 6 || r.State != nil || len(r.Events) != 3 {
		t.Fatalf("recovered: %s", r.raw)
	}
	for i, e := range r.Events {
		if e["seq"] != float64(4+i) || e["text"] != fmt.Sprint(2+i) {
			t.Errorf("event %d is %v", i, e)
		}
	}
	s.Notice(t, room, "after")
	back.hears("notice", map[string]any{"text": "after", "seq": 7.0})
	back.hears("viewers", nil) // figures, too, are up to date again
	if r := n.dial(t).joins(room, "", map[string]any{"epoch": j.Epoch, "seq": 7}); !*r.Recovered || r.Events == nil || len(r.Events) != 0 {
		t.Errorf("nothing missed: %s", r.raw)
	}
	for name, since := range map[string]any{
		"another epoch": map[string]any{"epoch": "evt_old", "seq": 3}, "ahead": map[string]any{"epoch": j.Epoch, "seq": 99},
		"negative": map[string]any{"epoch": j.Epoch, "seq": -1},
	} {
		if r := n.dial(t).joins(room, "", since); *r.Recovered || r.State == nil || r.Seq != 7 {
			t.Errorf("%s: %s", name, r.raw)
		}
	}
}

// A node that opens a room reads what it may still hold from the log: recovery
// does not depend on which node one was on.
func TestRecoveryFromTheLogHasAnEnd(t *testing.T) {
	s, n := stage(t)
	room := s.Live(t)
	j := n.dial(t).joins(room, "", nil)
	s.Tx(t, func(tx *db.Tx) error {
		for range 1100 {
			if err := s.Rooms.Fact(s.Ctx, tx, s.Bank.ID, room, "shelf.changed", struct{}{}); err != nil {
				return err
			}
		}
		return nil
	})
	other := serve(t, s, s.Bus)
	if r := other.dial(t).joins(room, "", map[string]any{"epoch": j.Epoch, "seq": 50}); *r.Recovered || r.Seq != 1101 {
		t.Errorf("what is no longer held: %s", r.raw)
	}
	r := other.dial(t).joins(room, "", map[string]any{"epoch": j.Epoch, "seq": 101})
	if !*r.Recovered || len(r.Events) != 1000 || r.Events[0]["seq"] != 102.0 {
		t.Errorf("what is held: %d events", len(r.Events))
	}
}

func TestTheSixthSocketReplacesTheFirst(t *testing.T) {
	s, n := stage(t)
	room := s.Live(t)
	_, token := s.Viewer(t, s.Bank, "小王")
	first := n.join(t, room, token)
	rest := make([]*socket, 5)
	for i := range rest {
		rest[i] = n.join(t, room, token)
	}
	first.ends()
	if b := first.gets("bye"); b.Reason != "replaced" || b.Reconnect != nil {
		t.Errorf("bye: %s", b.raw)
	}
	for _, c := range rest {
		c.say(map[string]any{"type": "ping", "id": "p"})
		c.answered("p", "")
	}
}

// A host gets the board once a second, and is not counted.
func TestOnlyThoseWhoRunTheRoomGetTheBoard(t *testing.T) {
	s, n := stage(t)
	room := s.Live(t)
	host := n.join(t, room, s.Staff(s.Host, auth.Host))
	operator := n.join(t, room, s.Staff(s.Operator, auth.Operator))
	others := []*socket{n.join(t, room, s.Staff(s.Stranger, auth.Host)), n.join(t, room, "")}
	board := host.hears("board", map[string]any{"viewers": 2.0})
	for _, key := range []string{"viewers", "peak_viewers", "unique_viewers", "likes", "chats", "orders", "paid_orders", "gmv_fen", "applications", "bindings", "flash", "kind", "at"} {
		if _, there := board[key]; !there {
			t.Errorf("the board has no %s: %v", key, board)
		}
	}
	if _, numbered := board["seq"]; numbered || board["gmv_fen"] != 49500.0 {
		t.Errorf("board: %v", board)
	}
	operator.hears("board", nil)
	for _, c := range others {
		if len(c.events("board")) != 0 {
			t.Error("one who does not run the room got the board")
		}
	}
}
