package live_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/live"
	"yinbo/live/bus"
	"yinbo/live/livetest"
)

func TestRemovedMessagesAreShownNoMore(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		room, bank := s.Live(t), s.Bank.ID
		who := live.Speaker{ID: "vwr_1", Nickname: "小王"}
		var said []live.Said
		for i := range 60 {
			m, err := s.Rooms.Say(s.Ctx, bank, room, who, fmt.Sprint(i))
			if err != nil {
				t.Fatal(err)
			}
			said = append(said, m)
		}
		bad := said[58].ID
		wants(t, "another room's message", s.Rooms.Remove(s.Ctx, bank, s.Live(t), bad, s.Host), "not_found")
		wants(t, "no message", s.Rooms.Remove(s.Ctx, bank, room, "evt_none", s.Host), "not_found")
		for range 2 { // again it changes nothing
			if err := s.Rooms.Remove(s.Ctx, bank, room, bad, s.Host); err != nil {
				t.Fatal(err)
			}
		}
		p, err := s.Rooms.Picture(s.Ctx, bank, room)
		if err != nil || len(p.RecentChat) != 50 || p.RecentChat[49].Text != "59" || p.RecentChat[48].Text != "57" || p.RecentChat[0].Text != "9" {
			t.Errorf("recent chat: %+v %v", p.RecentChat, err)
		}
		log, err := s.Rooms.FactsSince(s.Ctx, room, 1, 10)
		var e struct{ ID string }
		if err != nil || len(log) != 1 || log[0].Kind != "chat.removed" || json.Unmarshal(log[0].Event, &e) != nil || e.ID != bad {
			t.Errorf("the log is %+v: %v", log, err)
		}
		b, err := s.Rooms.Board(s.Ctx, bank, room, s.Host)
		if err != nil || b.Chats != 60 {
			t.Errorf("chats: %+v %v", b, err)
		}
	})
}

func TestAMuteEndsByItselfOrByTheHost(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, clk *clock.Fake) {
		room, bank := s.Live(t), s.Bank.ID
		loud, _ := s.Viewer(t, s.Bank, "大嗓门")
		foreign, _ := s.Viewer(t, s.Other, "别家的")
		var told []bus.Message
		cancel, err := s.Bus.Subscribe(bus.BankChannel(bank), func(m bus.Message) { told = append(told, m) })
		if err != nil {
			t.Fatal(err)
		}
		defer cancel()
		wants(t, "another bank's viewer", s.Rooms.Mute(s.Ctx, bank, room, foreign.ID, time.Minute, s.Host), "not_found")
		mute := func(d time.Duration) {
			t.Helper()
			if err := s.Rooms.Mute(s.Ctx, bank, room, loud.ID, d, s.Host); err != nil {
				t.Fatal(err)
			}
		}
		muted := func() bool {
			t.Helper()
			m, err := s.Rooms.Mutes(s.Ctx, room)
			if err != nil {
				t.Fatal(err)
			}
			return !m[loud.ID].IsZero()
		}
		mute(10 * time.Minute)
		until := clk.Now().Add(10 * time.Minute)
		if len(told) != 1 || told[0].Viewer != loud.ID || !strings.Contains(string(told[0].Event), until.Format("2006-01-02T15:04:05.000Z")) {
			t.Errorf("told %+v, not until %s", told, until)
		}
		if !muted() {
			t.Error("not muted")
		}
		clk.Advance(10*time.Minute + time.Second)
		if muted() {
			t.Error("still muted when the time was over")
		}
		mute(time.Hour)
		mute(0)
		if muted() {
			t.Error("still muted after the host let them speak")
		}
	})
}

func TestWordsAreReplacedCleanedAndBounded(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		room, bank := s.Live(t), s.Bank.ID
		long := strings.Repeat("长", 60)
		if _, err := s.Rooms.SetWords(s.Ctx, bank, room, s.Host, []string{" Scam ", "scam", "", "诈骗", "😀", "😁", long}); err != nil {
			t.Fatal(err)
		}
		words, err := s.Rooms.Words(s.Ctx, room)
		slices.Sort(words)
		want := []string{"scam", "诈骗", long, "😀", "😁"}
		slices.Sort(want)
		if err != nil || !slices.Equal(words, want) {
			t.Errorf("words: %q %v", words, err)
		}
		_, err = s.Rooms.SetWords(s.Ctx, bank, room, s.Host, []string{"ok", long + "长"})
		wants(t, "a word too long", err, "validation")
		if _, err := s.Rooms.SetWords(s.Ctx, bank, room, s.Host, nil); err != nil {
			t.Fatal(err)
		}
		if words, err = s.Rooms.Words(s.Ctx, room); err != nil || len(words) != 0 {
			t.Errorf("words: %q %v", words, err)
		}
	})
}

func TestTheTickerMasksNicknames(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		var heard []string
		cancel, err := s.Bus.Subscribe(bus.RoomChannel("room_1"), func(m bus.Message) { heard = append(heard, string(m.Event)) })
		if err != nil {
			t.Fatal(err)
		}
		defer cancel()
		s.Rooms.Ticker("room_1", "欧阳小明", "大米")
		s.Rooms.Ticker("room_1", "", "茶")
		if len(heard) != 2 || !strings.Contains(heard[0], `"nickname_masked":"欧***"`) || !strings.Contains(heard[1], `"nickname_masked":"***"`) || strings.Contains(heard[0], "小明") {
			t.Errorf("heard %q", heard)
		}
	})
}
