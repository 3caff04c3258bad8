package live_test

import (
	"maps"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/live"
	"yinbo/live/livetest"
)

func report(t *testing.T, s *livetest.Stage, room string, seen live.Seen) {
	t.Helper()
	if err := s.Rooms.Report(s.Ctx, s.Bank.ID, room, seen); err != nil {
		t.Fatal(err)
	}
}

// Counts are the sum over the nodes; one that is not heard of for 15 s drops out.
func TestViewersAreCountedOverTheNodesThatAreAlive(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, clk *clock.Fake) {
		room, bank := s.Live(t), s.Bank.ID
		watching := func(want int64) {
			t.Helper()
			p, err := s.Rooms.Pulse(s.Ctx, room)
			if err != nil || p.Viewers != want {
				t.Errorf("%d watch, not %d: %v", p.Viewers, want, err)
			}
		}
		report(t, s, room, live.Seen{Node: "a", Viewers: 3, Likes: 10, Visitors: []live.Visitor{{ID: "v1"}, {ID: "v2"}}})
		clk.Advance(10 * time.Second)
		report(t, s, room, live.Seen{Node: "b", Viewers: 5, Likes: 1, Visitors: []live.Visitor{{ID: "v2"}, {ID: "v3"}}})
		watching(8)
		clk.Advance(6 * time.Second)
		watching(5) // node a fell silent 16 s ago
		report(t, s, room, live.Seen{Node: "a", Viewers: 1})
		watching(6)
		if err := s.Rooms.Leave(s.Ctx, room, "b"); err != nil {
			t.Fatal(err)
		}
		watching(1)
		b, err := s.Rooms.Board(s.Ctx, bank, room, s.Host)
		if err != nil || b.Viewers != 1 || b.Peak != 8 || b.Unique != 3 || b.Likes != 11 {
			t.Errorf("board: %+v %v", b, err)
		}
		if b.Orders != livetest.Traded.Orders || b.GMV != livetest.Traded.GMV || len(b.Flash) != 1 {
			t.Errorf("trade: %+v", b.Trade)
		}
		on, err := s.Rooms.List(s.Ctx, bank, live.Live, "", 10)
		if err != nil || len(on) != 1 || on[0].Viewers != 1 || on[0].Likes != 11 {
			t.Errorf("listed: %+v %v", on, err)
		}
	})
}

// What is seen of a room after its end is none of the show's; what a node tells a
// moment later was seen in it.
func TestTheShowsFiguresEndWithTheShow(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, clk *clock.Fake) {
		room := s.Live(t)
		report(t, s, room, live.Seen{Node: "a", Viewers: 4, Likes: 10, Watched: time.Minute, Visitors: []live.Visitor{{ID: "v1", Source: "share"}}})
		clk.Advance(30 * time.Second)
		if _, err := s.Rooms.End(s.Ctx, s.Bank.ID, room, s.Host); err != nil {
			t.Fatal(err)
		}
		clk.Advance(2 * time.Second)
		report(t, s, room, live.Seen{Node: "a", Likes: 5, Watched: time.Minute, Visitors: []live.Visitor{{ID: "v2", Source: "list"}}})
		clk.Advance(time.Hour)
		report(t, s, room, live.Seen{Node: "a", Viewers: 9, Likes: 7, Watched: time.Hour, Visitors: []live.Visitor{{ID: "v1"}, {ID: "v3", Source: "share"}, {ID: "v4", Source: "poster"}}})
		r, err := s.Rooms.RoomReport(s.Ctx, s.Bank.ID, room, s.Host)
		b := r.Board
		if err != nil || b.Unique != 2 || b.Later != 2 || b.Peak != 4 || b.Likes != 15 || b.StayMS != 60_000 || !maps.Equal(b.Sources, map[string]int64{"share": 1, "list": 1}) {
			t.Errorf("%+v %v", b, err)
		}
		if end := r.Minutes[len(r.Minutes)-1].At.Time; end.After(r.Room.EndedAt.Time) {
			t.Errorf("the chart goes on until %v; the show ended at %v", end, r.Room.EndedAt)
		}
	})
}

func TestAPulseTellsTheLastFact(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		room := s.Live(t)
		s.Notice(t, room, "欢迎")
		p, err := s.Rooms.Pulse(s.Ctx, room)
		if err != nil || p.Bank != s.Bank.ID || p.Seq != 2 || p.Epoch == "" {
			t.Errorf("pulse: %+v %v", p, err)
		}
		_, err = s.Rooms.Pulse(s.Ctx, "room_none")
		wants(t, "no room", err, "not_found")
	})
}

func TestWhatTheHostDoesIsAudited(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		room, bank := s.Live(t), s.Bank.ID
		s.Notice(t, room, "欢迎")
		title := "改名"
		if _, err := s.Rooms.Edit(s.Ctx, bank, room, s.Host, live.Change{Title: &title}); err != nil {
			t.Fatal(err)
		}
		n, _, err := db.Value[int64](s.Ctx, s.DB, "SELECT COUNT(*) FROM audit WHERE bank_id = ? AND actor_id = ? AND request_id = ? AND object_id = ?",
			bank, s.Host.ID, s.Host.RequestID, room)
		if err != nil || n != 4 {
			t.Errorf("%d entries, not created, started, notice, changed: %v", n, err)
		}
	})
}
