package live_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"yinbo/internal/auth"
	"yinbo/internal/clock"
	"yinbo/internal/fault"
	"yinbo/internal/testkit"
	"yinbo/live"
	"yinbo/live/bus"
	"yinbo/live/livetest"
)

func rules(t *testing.T, s *livetest.Stage, room string) *live.Rules {
	t.Helper()
	r, err := s.Rooms.Rules(s.Ctx, room)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// heard collects what a room's nodes are sent.
func heard(t *testing.T, s *livetest.Stage, room string) func(class bus.Class) []string {
	t.Helper()
	var mu sync.Mutex
	var all []bus.Message
	cancel, err := s.Bus.Subscribe(bus.RoomChannel(room), func(m bus.Message) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, m)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cancel)
	return func(class bus.Class) (kinds []string) {
		mu.Lock()
		defer mu.Unlock()
		for _, m := range all {
			if m.Class == class {
				kinds = append(kinds, m.Kind+" "+string(m.Event))
			}
		}
		return kinds
	}
}

func TestBansOfARoomAndOfTheBank(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, clk *clock.Fake) {
		bank, room, next := s.Bank.ID, s.Live(t), s.Live(t)
		bad, _ := s.Viewer(t, s.Bank, "骗子")
		foreign, _ := s.Viewer(t, s.Other, "别家的")
		here, there := heard(t, s, room), heard(t, s, next)
		banned := func(room string) bool { t.Helper(); return rules(t, s, room).Banned(bad.ID, clk.Now()) }
		wants(t, "another bank's viewer", s.Rooms.Ban(s.Ctx, bank, room, foreign.ID, 0, "x", s.Host), "not_found")
		wants(t, "ban", s.Rooms.Ban(s.Ctx, bank, room, bad.ID, time.Hour, "电话13800138000", s.Host), "")
		if !banned(room) || banned(next) {
			t.Error("not banned from the one room only")
		}
		list, err := s.Rooms.Banned(s.Ctx, bank, room, s.Host, "", 10)
		if err != nil || len(list) != 1 || list[0].Viewer.Nickname != "骗子" || list[0].By.Nickname != s.Host.Name || list[0].Until == nil || list[0].Reason != "电话***" {
			t.Errorf("the list is %+v: %v", list, err)
		}
		r := rules(t, s, room) // as a node keeps them
		clk.Advance(time.Hour)
		if banned(room) || r.Banned(bad.ID, clk.Now()) {
			t.Error("banned when the time was over")
		}
		wants(t, "ban everywhere", s.Rooms.BanEverywhere(s.Ctx, bank, bad.ID, 0, "x", s.Operator), "")
		wants(t, "and here for a while", s.Rooms.Ban(s.Ctx, bank, room, bad.ID, time.Minute, "x", s.Host), "")
		clk.Advance(time.Hour)
		if !banned(room) || !banned(next) {
			t.Error("not banned everywhere for good")
		}
		if n := len(there(bus.Control)); n != 1 {
			t.Errorf("the other room's nodes were told %d times", n)
		}
		if n := len(here(bus.Control)); n != 3 {
			t.Errorf("the room's nodes were told %d times", n)
		}
		wants(t, "lift at another bank", s.Rooms.UnbanEverywhere(s.Ctx, s.Other.ID, bad.ID, s.Operator), "not_found")
		wants(t, "lift everywhere", s.Rooms.UnbanEverywhere(s.Ctx, bank, bad.ID, s.Operator), "")
		wants(t, "lift again", s.Rooms.UnbanEverywhere(s.Ctx, bank, bad.ID, s.Operator), "not_found")
		wants(t, "lift here", s.Rooms.Unban(s.Ctx, bank, room, bad.ID, s.Host), "")
		if banned(room) || banned(next) {
			t.Error("banned when lifted")
		}
		if list, err := s.Rooms.BannedEverywhere(s.Ctx, bank, "", 10); err != nil || len(list) != 0 {
			t.Errorf("the bank's list is %+v: %v", list, err)
		}
	})
}

// Somebody is banned while they and others talk: nothing is lost, and from the
// next look on they are out.
func TestABanWhileChatting(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, clk *clock.Fake) {
		bank, room := s.Bank.ID, s.Live(t)
		loud, _ := s.Viewer(t, s.Bank, "吵")
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				for i := range 10 {
					if _, err := s.Rooms.Say(s.Ctx, bank, room, live.Speaker{ID: loud.ID}, fmt.Sprint(w, i)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Go(func() {
			if err := s.Rooms.Ban(s.Ctx, bank, room, loud.ID, 0, "x", s.Host); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		if !rules(t, s, room).Banned(loud.ID, clk.Now()) {
			t.Error("not banned")
		}
		testkit.Holds(t, s.DB, live.Invariants()...)
	})
}

// Two look at the same held message at once: one decides.
func TestAHeldMessageIsDecidedOnce(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		bank, room := s.Bank.ID, s.Live(t)
		who, _ := s.Viewer(t, s.Bank, "小王")
		for round := range 3 {
			held, talk := s.Held(t, room, who, "等一下"), heard(t, s, room)
			errs := make([]error, 6)
			var wg sync.WaitGroup
			for i := range errs {
				wg.Go(func() {
					if i%2 == 0 {
						errs[i] = s.Rooms.Release(s.Ctx, bank, room, held, s.Host)
					} else {
						errs[i] = s.Rooms.Refuse(s.Ctx, bank, room, held, s.Operator)
					}
				})
			}
			wg.Wait()
			decided, released := 0, 0
			for i, err := range errs {
				if err == nil {
					decided++
					released += 1 - i%2
				} else {
					wants(t, "the others", err, "chat.decided")
				}
			}
			shown := talk(bus.Talk)
			if decided != 1 || len(shown) != released {
				t.Fatalf("round %d: %d decided, %d released, %d shown", round, decided, released, len(shown))
			}
			if released == 1 && (!strings.Contains(shown[0], held) || !strings.Contains(shown[0], "等一下")) {
				t.Errorf("shown %s", shown[0])
			}
		}
		wants(t, "no message", s.Rooms.Release(s.Ctx, bank, room, "evt_none", s.Host), "not_found")
		wants(t, "another room's", s.Rooms.Release(s.Ctx, bank, s.Live(t), s.Held(t, room, who, "x"), s.Host), "not_found")
		last := s.Held(t, room, who, "晚了")
		wants(t, "take back what was never shown", s.Rooms.Remove(s.Ctx, bank, room, last, s.Host), "not_found")
		_, err := s.Rooms.End(s.Ctx, bank, room, s.Host)
		wants(t, "end", err, "")
		wants(t, "release in an ended room", s.Rooms.Release(s.Ctx, bank, room, last, s.Host), "conflict")
		wants(t, "refuse in an ended room", s.Rooms.Refuse(s.Ctx, bank, room, last, s.Host), "")
		testkit.Holds(t, s.DB, live.Invariants()...)
	})
}

func TestHowARoomLetsViewersTalk(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, clk *clock.Fake) {
		bank, room := s.Bank.ID, s.Live(t)
		set := func(c live.ChatChange) *live.Rules {
			t.Helper()
			if _, err := s.Rooms.SetChat(s.Ctx, bank, room, s.Host, c); err != nil {
				t.Fatal(err)
			}
			return rules(t, s, room)
		}
		if r := rules(t, s, room); r.Pause() != time.Second || r.Judge("好") != live.Show || r.Muted("vwr_1", clk.Now()) {
			t.Error("a new room's chat is not open")
		}
		slow, on, off := 30, true, false
		if r := set(live.ChatChange{SlowS: &slow}); r.Pause() != 30*time.Second {
			t.Errorf("slow mode waits %s", r.Pause())
		}
		if r := set(live.ChatChange{Review: &on}); r.Judge("好") != live.Hold || r.Pause() != 30*time.Second {
			t.Error("not held for review")
		}
		set(live.ChatChange{Review: &off, Closed: &on})
		if r := rules(t, s, room); !r.Muted("vwr_1", clk.Now()) || r.Judge("好") != live.Show {
			t.Error("the chat is not closed")
		}
		if got := kinds(t, s, room); got != "room.started chat.changed chat.changed chat.changed" {
			t.Errorf("facts: %s", got)
		}
		set(live.ChatChange{Closed: &on}) // no change, no fact
		if got := kinds(t, s, room); strings.Count(got, "chat.changed") != 3 {
			t.Errorf("facts: %s", got)
		}
		_, err := s.Rooms.End(s.Ctx, bank, room, s.Host)
		wants(t, "end", err, "")
		_, err = s.Rooms.SetChat(s.Ctx, bank, room, s.Host, live.ChatChange{Closed: &off})
		wants(t, "an ended room", err, "conflict")
	})
}

func TestReportsAndWordsMarkMessages(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		bank, room := s.Bank.ID, s.Live(t)
		say := func(text string) string {
			t.Helper()
			m, err := s.Rooms.Say(s.Ctx, bank, room, live.Speaker{ID: "vwr_1", Nickname: "小王"}, text)
			if err != nil {
				t.Fatal(err)
			}
			return m.ID
		}
		fine, odd := say("大米真香"), say("加 微 信 返 现")
		for range 2 { // again it changes nothing
			for _, viewer := range []string{"vwr_2", "vwr_3"} {
				wants(t, "report", s.Rooms.ReportChat(s.Ctx, bank, room, odd, viewer, "fraud"), "")
			}
		}
		wants(t, "no reason", s.Rooms.ReportChat(s.Ctx, bank, room, odd, "vwr_2", "x"), "validation")
		wants(t, "another room's", s.Rooms.ReportChat(s.Ctx, bank, s.Live(t), odd, "vwr_2", "spam"), "not_found")
		wants(t, "another bank's", s.Rooms.ReportChat(s.Ctx, s.Other.ID, room, odd, "vwr_2", "spam"), "not_found")
		held := s.Held(t, room, auth.Principal{ID: "vwr_4"}, "等")
		wants(t, "one that is not shown", s.Rooms.ReportChat(s.Ctx, bank, room, held, "vwr_2", "spam"), "not_found")
		if _, err := s.Rooms.ImportWords(s.Ctx, bank, room, s.Host, "返现,warn\n", fault.Chinese); err != nil {
			t.Fatal(err)
		}
		if rules(t, s, room).Judge("返现") != live.Show {
			t.Error("a word that warns kept a message back")
		}
		for _, c := range []struct {
			filter live.ChatFilter
			want   string
		}{
			{live.ChatFilter{Limit: 10}, held + " held [] 0," + odd + " shown [返现] 2," + fine + " shown [] 0"},
			{live.ChatFilter{Limit: 10, Reported: true}, odd + " shown [返现] 2"},
			{live.ChatFilter{Limit: 10, Status: "held"}, held + " held [] 0"},
			{live.ChatFilter{Limit: 10, Before: odd}, fine + " shown [] 0"},
			{live.ChatFilter{Limit: 10, Status: "removed"}, ""},
		} {
			all, err := s.Rooms.Chat(s.Ctx, bank, room, s.Host, c.filter)
			var got []string
			for _, l := range all {
				got = append(got, fmt.Sprint(l.ID, " ", l.Status, " ", l.Warned, " ", l.Reports))
			}
			if err != nil || strings.Join(got, ",") != c.want {
				t.Errorf("%+v: %v, not %s: %v", c.filter, got, c.want, err)
			}
		}
		wants(t, "remove", s.Rooms.Remove(s.Ctx, bank, room, odd, s.Host), "")
		if all, err := s.Rooms.Chat(s.Ctx, bank, room, s.Host, live.ChatFilter{Limit: 10, Status: "removed"}); err != nil || len(all) != 1 || all[0].ID != odd {
			t.Errorf("removed: %+v %v", all, err)
		}
	})
}
