package live_test

import (
	"testing"

	"yinbo/internal/clock"
	"yinbo/internal/testkit"
	"yinbo/live"
	"yinbo/live/livetest"
)

func TestInvariantsOfRoomsHoldAndCanFail(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		s.Plan(t)
		room := s.Live(t)
		s.Notice(t, room, "欢迎")
		over := s.Live(t)
		if _, err := s.Rooms.End(s.Ctx, s.Bank.ID, over, s.Host); err != nil {
			t.Fatal(err)
		}
		testkit.Breaks(t, s.DB, live.Invariants(), []testkit.Break{
			testkit.Wrong("a fact lost", "room.log", "DELETE FROM room_event WHERE kind = 'notice'"),
			testkit.Wrong("a number skipped", "room.log", "UPDATE room_event SET seq = seq + 1 WHERE kind = 'notice'"),
			testkit.Wrong("live before its start", "room.life", "UPDATE room SET started_at = NULL WHERE status = 'live'"),
			testkit.Wrong("over without an end", "room.life", "UPDATE room SET ended_at = NULL WHERE status = 'ended'"),
		})
	})
}
