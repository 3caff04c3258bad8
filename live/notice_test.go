package live_test

import (
	"testing"

	"yinbo/internal/clock"
	"yinbo/internal/testkit"
	"yinbo/live"
	"yinbo/live/livetest"
)

// Who comes later sees the notice, until it is removed or another is said.
func TestANoticeStaysUntilItIsRemoved(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		room, bank := s.Live(t), s.Bank.ID
		shown := func(want string) {
			t.Helper()
			p, err := s.Rooms.Picture(s.Ctx, bank, room)
			got := ""
			if p.Notice != nil {
				got = p.Notice.Text
			}
			if err != nil || got != want || p.Notice != nil && p.Notice.At.IsZero() {
				t.Errorf("the room shows %+v, not %q: %v", p.Notice, want, err)
			}
			testkit.Holds(t, s.DB, live.Invariants()...)
		}
		shown("")
		s.Notice(t, room, "今晚包邮")
		shown("今晚包邮")
		s.Notice(t, room, "八点抽奖")
		shown("八点抽奖")
		wants(t, "a stranger", s.Rooms.RemoveNotice(s.Ctx, bank, room, s.Stranger), "not_found")
		for range 2 {
			wants(t, "remove", s.Rooms.RemoveNotice(s.Ctx, bank, room, s.Host), "")
		}
		shown("")
		if got := kinds(t, s, room); got != "room.started notice notice notice.removed" {
			t.Error(got)
		}
		_, err := s.Rooms.End(s.Ctx, bank, room, s.Host)
		wants(t, "end", err, "")
		wants(t, "after the end", s.Rooms.RemoveNotice(s.Ctx, bank, room, s.Host), "conflict")
	})
}
