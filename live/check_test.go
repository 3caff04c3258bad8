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
		bank := s.Bank.ID
		viewer, _ := s.Viewer(t, s.Bank, "小王")
		other, _ := s.Viewer(t, s.Bank, "小李")
		planned := s.Plan(t)
		for _, v := range []string{viewer.ID, other.ID} {
			_, err := s.Rooms.Reserve(s.Ctx, bank, planned, v)
			wants(t, "reserve", err, "")
		}
		_, err := s.Rooms.Unreserve(s.Ctx, bank, planned, other.ID)
		wants(t, "unreserve", err, "")
		_, err = s.Rooms.FollowHost(s.Ctx, bank, s.Host.ID, other.ID)
		wants(t, "follow", err, "")
		room := s.Live(t)
		s.Notice(t, room, "欢迎")
		held := s.Held(t, room, viewer, "等一下")
		wants(t, "refuse", s.Rooms.Refuse(s.Ctx, bank, room, s.Held(t, room, viewer, "不行"), s.Host), "")
		_, err = s.Rooms.Say(s.Ctx, bank, room, live.Speaker{ID: viewer.ID}, "好")
		wants(t, "say", err, "")
		_, err = s.Rooms.SetWords(s.Ctx, bank, room, s.Host, []string{"诈骗"})
		wants(t, "words", err, "")
		over := s.Live(t)
		_, err = s.Rooms.End(s.Ctx, bank, over, s.Host)
		wants(t, "end", err, "")
		started := "UPDATE room SET status = 'live', started_at = starts_at WHERE id = '" + planned + "'"
		testkit.Breaks(t, s.DB, live.Invariants(), []testkit.Break{
			testkit.Wrong("a fact lost", "room.log", "DELETE FROM room_event WHERE kind = 'room.ended'"),
			testkit.Wrong("a notice that was never said", "room.notice", "UPDATE room SET notice_seq = 1 WHERE notice_seq > 0"),
			testkit.Wrong("followed in another bank", "host.followed", "UPDATE host_follow SET bank_id = '"+s.Other.ID+"'"),
			testkit.Wrong("nobody's follower", "host.followed", "UPDATE host_follow SET viewer_id = 'vwr_none'"),
			testkit.Wrong("a number skipped", "room.log", "UPDATE room_event SET seq = seq + 1 WHERE kind = 'room.ended'"),
			testkit.Wrong("live before its start", "room.life", "UPDATE room SET started_at = NULL WHERE status = 'live'"),
			testkit.Wrong("over without an end", "room.life", "UPDATE room SET ended_at = NULL WHERE status = 'ended'"),
			testkit.Wrong("paused before its start", "room.marks", "UPDATE room SET paused_at = starts_at WHERE status = 'scheduled'"),
			testkit.Wrong("a replay of what is not over", "room.marks", "UPDATE room SET replay_at = starts_at WHERE status = 'live'"),
			testkit.Wrong("a reservation lost", "room.reservations", "DELETE FROM room_reservation WHERE status = 'waiting'"),
			testkit.Wrong("a reservation taken back and counted", "room.reservations", "UPDATE room SET reservations = 2 WHERE reservations = 1"),
			testkit.Wrong("sent without an end", "reservation.ended", "UPDATE room_reservation SET status = 'sent' WHERE status = 'waiting'"),
			testkit.Wrong("nobody tells of the start", "reservation.spread", started),
			testkit.Wrong("nobody tells a viewer", "reservation.awaited", "UPDATE room_reservation SET status = 'due' WHERE status = 'waiting'"),
			testkit.Wrong("a message not counted", "chat.counted", "UPDATE room SET chats = 0 WHERE chats = 1"),
			testkit.Wrong("a held message counted", "chat.counted", "UPDATE chat_message SET status = 'shown' WHERE id = '"+held+"'"),
			testkit.Wrong("held, and decided", "chat.decided", "UPDATE chat_message SET decided_at = at WHERE status = 'held'"),
			testkit.Wrong("refused by nobody", "chat.decided", "UPDATE chat_message SET decided_at = NULL WHERE status = 'refused'"),
			testkit.Wrong("a word lost", "words.counted", "DELETE FROM listed_word"),
		})
		// What was broken and undone: the room starts after all, and its task waits.
		_, err = s.Rooms.Start(s.Ctx, bank, planned, s.Host)
		wants(t, "start", err, "")
		testkit.Holds(t, s.DB, live.Invariants()...)
	})
}
