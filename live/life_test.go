package live_test

import (
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/fault"
	"yinbo/live"
	"yinbo/live/livetest"
)

func wants(t *testing.T, what string, err error, code string) {
	t.Helper()
	if fault.Code(err) != code {
		t.Errorf("%s: %v, not %q", what, err, code)
	}
}

func TestARoomIsScheduledThenLiveThenEnded(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		room, bank := s.Plan(t), s.Bank.ID
		_, err := s.Rooms.End(s.Ctx, bank, room, s.Host)
		wants(t, "end before the start", err, "conflict")
		v, err := s.Rooms.Start(s.Ctx, bank, room, s.Host)
		if err != nil || v.Status != live.Live || v.StartedAt == nil || v.EndedAt != nil {
			t.Fatalf("started: %+v %v", v, err)
		}
		_, err = s.Rooms.Start(s.Ctx, bank, room, s.Host)
		wants(t, "start again", err, "conflict")
		later := clock.At(s.DB.Clock().Now().Add(time.Hour))
		_, err = s.Rooms.Edit(s.Ctx, bank, room, s.Host, live.Change{StartsAt: &later})
		wants(t, "another start of a live room", err, "conflict")
		title := "改名"
		if v, err = s.Rooms.Edit(s.Ctx, bank, room, s.Host, live.Change{Title: &title}); err != nil || v.Title != title || v.CoverURL != "/cover.svg" {
			t.Fatalf("edited: %+v %v", v, err)
		}
		if v, err = s.Rooms.End(s.Ctx, bank, room, s.Host); err != nil || v.Status != live.Ended || v.EndedAt == nil {
			t.Fatalf("ended: %+v %v", v, err)
		}
		_, err = s.Rooms.End(s.Ctx, bank, room, s.Host)
		wants(t, "end again", err, "conflict")
		_, err = s.Rooms.Edit(s.Ctx, bank, room, s.Host, live.Change{Title: &title})
		wants(t, "edit an ended room", err, "conflict")
		wants(t, "notice in an ended room", s.Rooms.Notice(s.Ctx, bank, room, s.Host, "x"), "conflict")
		_, err = s.Rooms.Pin(s.Ctx, bank, room, s.Host, nil)
		wants(t, "pin in an ended room", err, "conflict")
		_, err = s.Rooms.SetShelf(s.Ctx, bank, room, s.Host, nil)
		wants(t, "shelf of an ended room", err, "conflict")
		log, err := s.Rooms.FactsSince(s.Ctx, room, 0, 10)
		if err != nil || len(log) != 2 || log[0].Kind != "room.started" || log[1].Kind != live.FactEnded {
			t.Errorf("the log is %+v: %v", log, err)
		}
	})
}

func TestPlansAreWithinAYearAndOfTheBanksBranches(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		far := s.DB.Clock().Now().Add(400 * 24 * time.Hour)
		_, err := s.Rooms.Create(s.Ctx, s.Bank.ID, s.Host, live.Plan{Title: "x", StartsAt: far})
		wants(t, "far ahead", err, "validation")
		_, err = s.Rooms.Create(s.Ctx, s.Bank.ID, s.Host, live.Plan{Title: "x", StartsAt: s.DB.Clock().Now(), Branch: "brn_none"})
		wants(t, "unknown branch", err, "validation")
		stamp := clock.At(far)
		_, err = s.Rooms.Edit(s.Ctx, s.Bank.ID, s.Plan(t), s.Host, live.Change{StartsAt: &stamp})
		wants(t, "moved far ahead", err, "validation")
	})
}

// A host runs rooms that are theirs or shared with them, an operator all of the
// bank; another bank's room is not there.
func TestWhoMayRunARoom(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		mine, shared := s.Plan(t), s.Plan(t)
		s.Share(t, shared, s.Stranger)
		for _, c := range []struct {
			who        string
			bank, room string
			by         live.Staff
			code       string
		}{
			{"the host", s.Bank.ID, mine, s.Host, ""},
			{"an operator", s.Bank.ID, mine, s.Operator, ""},
			{"another host", s.Bank.ID, mine, s.Stranger, "not_found"},
			{"one it is shared with", s.Bank.ID, shared, s.Stranger, ""},
			{"another bank's operator", s.Other.ID, mine, s.Operator, "not_found"},
			{"anybody, for no room", s.Bank.ID, "room_none", s.Operator, "not_found"},
		} {
			wants(t, c.who, s.Rooms.HostMay(s.Ctx, c.bank, c.room, c.by.ID, c.by.Operator), c.code)
			wants(t, c.who+" notices", s.Rooms.Notice(s.Ctx, c.bank, c.room, c.by, "x"), c.code)
			_, err := s.Rooms.Board(s.Ctx, c.bank, c.room, c.by)
			wants(t, c.who+" sees the board", err, c.code)
			_, err = s.Rooms.SetWords(s.Ctx, c.bank, c.room, c.by, []string{"w"})
			wants(t, c.who+" sets words", err, c.code)
		}
		_, err := s.Rooms.Get(s.Ctx, s.Other.ID, mine)
		wants(t, "another bank's room", err, "not_found")
		_, err = s.Rooms.Shelf(s.Ctx, s.Other.ID, mine)
		wants(t, "another bank's shelf", err, "not_found")
		_, err = s.Rooms.Picture(s.Ctx, s.Other.ID, mine)
		wants(t, "another bank's picture", err, "not_found")
		for by, want := range map[*live.Staff]int{&s.Host: 2, &s.Operator: 2, &s.Stranger: 1} {
			if got, err := s.Rooms.Mine(s.Ctx, s.Bank.ID, *by, "", "", 10); err != nil || len(got) != want {
				t.Errorf("%s sees %d rooms, not %d: %v", by.Name, len(got), want, err)
			}
		}
	})
}

func TestListsArePagedFromTheNewest(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		old, mid, young := s.Plan(t), s.Live(t), s.Plan(t)
		first, err := s.Rooms.List(s.Ctx, s.Bank.ID, "", "", 1)
		if err != nil || len(first) != 2 || first[0].ID != young {
			t.Fatalf("first page: %+v %v", first, err)
		}
		rest, err := s.Rooms.List(s.Ctx, s.Bank.ID, "", young, 2)
		if err != nil || len(rest) != 2 || rest[0].ID != mid || rest[1].ID != old {
			t.Fatalf("second page: %+v %v", rest, err)
		}
		on, err := s.Rooms.List(s.Ctx, s.Bank.ID, live.Live, "", 10)
		if err != nil || len(on) != 1 || on[0].ID != mid {
			t.Fatalf("live rooms: %+v %v", on, err)
		}
		if none, err := s.Rooms.List(s.Ctx, s.Other.ID, "", "", 10); err != nil || len(none) != 0 {
			t.Errorf("another bank sees %+v: %v", none, err)
		}
	})
}
