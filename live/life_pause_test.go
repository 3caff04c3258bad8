package live_test

import (
	"strings"
	"testing"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/live"
	"yinbo/live/livetest"
)

func TestAPausedRoomIsLiveStill(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		bank, room := s.Bank.ID, s.Plan(t)
		_, err := s.Rooms.Pause(s.Ctx, bank, room, s.Host)
		wants(t, "pause before the start", err, "conflict")
		_, err = s.Rooms.Start(s.Ctx, bank, room, s.Host)
		wants(t, "start", err, "")
		for range 2 {
			v, err := s.Rooms.Pause(s.Ctx, bank, room, s.Host)
			if err != nil || v.Status != live.Live || v.PausedAt == nil {
				t.Fatalf("paused: %+v %v", v, err)
			}
			_, err = s.Rooms.Pause(s.Ctx, bank, room, s.Host)
			wants(t, "pause again", err, "conflict")
			if on, err := s.Rooms.List(s.Ctx, bank, live.Live, "", 10); err != nil || len(on) != 1 {
				t.Errorf("viewers find %d rooms: %v", len(on), err)
			}
			if v, err = s.Rooms.Resume(s.Ctx, bank, room, s.Host); err != nil || v.PausedAt != nil {
				t.Fatalf("resumed: %+v %v", v, err)
			}
			_, err = s.Rooms.Resume(s.Ctx, bank, room, s.Host)
			wants(t, "resume again", err, "conflict")
		}
		_, err = s.Rooms.Pause(s.Ctx, bank, room, s.Host)
		wants(t, "pause", err, "")
		_, err = s.Rooms.OfferReplay(s.Ctx, bank, room, s.Host, true)
		wants(t, "replay of a live room", err, "conflict")
		if v, err := s.Rooms.End(s.Ctx, bank, room, s.Host); err != nil || v.PausedAt != nil {
			t.Fatalf("ended in a pause: %+v %v", v, err)
		}
		_, err = s.Rooms.Resume(s.Ctx, bank, room, s.Host)
		wants(t, "resume what is over", err, "conflict")
		if v, err := s.Rooms.OfferReplay(s.Ctx, bank, room, s.Host, true); err != nil || v.ReplayAt == nil || v.Status != live.Ended {
			t.Fatalf("offered: %+v %v", v, err)
		}
		_, err = s.Rooms.OfferReplay(s.Ctx, bank, room, s.Host, true)
		wants(t, "offer again", err, "conflict")
		if v, err := s.Rooms.OfferReplay(s.Ctx, bank, room, s.Host, false); err != nil || v.ReplayAt != nil {
			t.Fatalf("taken back: %+v %v", v, err)
		}
		if got := kinds(t, s, room); got != "room.started room.paused room.resumed room.paused room.resumed room.paused room.ended" {
			t.Errorf("facts: %s", got)
		}
	})
}

// kinds are a room's facts in their order.
func kinds(t *testing.T, s *livetest.Stage, room string) string {
	t.Helper()
	log, err := s.Rooms.FactsSince(s.Ctx, room, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range log {
		all = append(all, f.Kind)
	}
	return strings.Join(all, " ")
}

// RULES 4: a compliance officer can watch every room and stop it.
func TestComplianceStopsARoom(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		bank, room := s.Bank.ID, s.Live(t)
		officer := s.Colleague(t, "合规小孙")
		_, err := s.Rooms.Stop(s.Ctx, s.Other.ID, room, officer, "x")
		wants(t, "another bank's", err, "not_found")
		_, err = s.Rooms.Stop(s.Ctx, bank, s.Plan(t), officer, "x")
		wants(t, "before its start", err, "conflict")
		v, err := s.Rooms.Stop(s.Ctx, bank, room, officer, "承诺收益 13800138000")
		if err != nil || v.Status != live.Ended {
			t.Fatalf("stopped: %+v %v", v, err)
		}
		_, err = s.Rooms.Stop(s.Ctx, bank, room, officer, "x")
		wants(t, "stop again", err, "conflict")
		_, err = s.Rooms.Start(s.Ctx, bank, room, s.Host)
		wants(t, "start again", err, "conflict")
		log, err := s.Rooms.FactsSince(s.Ctx, room, 1, 10)
		if err != nil || len(log) != 1 || log[0].Kind != live.FactEnded || !strings.Contains(string(log[0].Event), `"reason":"stopped"`) || strings.Contains(string(log[0].Event), "收益") {
			t.Errorf("viewers learn %+v: %v", log, err)
		}
		detail, _, err := db.Value[string](s.Ctx, s.DB, "SELECT detail FROM audit WHERE bank_id = ? AND action = 'room.stopped' AND actor_id = ? AND object_id = ?", bank, officer.ID, room)
		if err != nil || detail != `{"reason":"承诺收益 ***"}` {
			t.Errorf("audited %q: %v", detail, err)
		}
	})
}
