package live

import (
	"yinbo/internal/invariant"
	"yinbo/internal/outbox"
)

// Invariants are what holds of rooms and their logs.
func Invariants() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "room.log",
		Means: "a room's facts are numbered one by one, up to the last that the room counts, until they are deleted",
		Of:    "room_event",
		Broken: `SELECT r.bank_id, r.id, CONCAT_WS('', 'counts ', r.last_seq, ', has ', COALESCE(e.n, 0), ' up to ', COALESCE(e.last, 0))
			FROM room r LEFT JOIN (SELECT room_id, COUNT(*) AS n, MAX(seq) AS last FROM room_event GROUP BY room_id) e ON e.room_id = r.id
			WHERE r.clearing_at IS NULL AND (r.last_seq <> COALESCE(e.n, 0) OR r.last_seq <> COALESCE(e.last, 0))`,
	}, {
		Name:  "room.notice",
		Means: "a room's notice is the last that was said in it",
		Of:    "room",
		Broken: `SELECT r.bank_id, r.id, CONCAT_WS('', 'shows ', r.notice_seq) FROM room r WHERE r.clearing_at IS NULL AND r.notice_seq > 0
			AND NOT EXISTS (SELECT 1 FROM room_event e WHERE e.room_id = r.id AND e.seq = r.notice_seq AND e.kind = 'notice'
				AND NOT EXISTS (SELECT 1 FROM room_event l WHERE l.room_id = r.id AND l.seq > r.notice_seq AND l.kind IN ('notice', 'notice.removed')))`,
	}, {
		Name:  "host.followed",
		Means: "a viewer follows a host of the same bank",
		Of:    "host_follow",
		Broken: `SELECT f.bank_id, f.id, f.host_id FROM host_follow f WHERE NOT EXISTS (SELECT 1 FROM viewer v WHERE v.id = f.viewer_id AND v.bank_id = f.bank_id)
			OR NOT EXISTS (SELECT 1 FROM staff s WHERE s.id = f.host_id AND s.bank_id = f.bank_id)`,
	}, {
		Name:  "room.life",
		Means: "a room that is live has started, one that ended has ended",
		Of:    "room",
		Broken: `SELECT bank_id, id, status FROM room
			WHERE status = 'live' AND (started_at IS NULL OR ended_at IS NOT NULL) OR (status = 'ended') <> (ended_at IS NOT NULL)`,
	}, {
		Name:   "room.marks",
		Means:  "only a room that is live is paused, only one that ended offers a replay",
		Of:     "room",
		Broken: "SELECT bank_id, id, status FROM room WHERE paused_at IS NOT NULL AND status <> 'live' OR replay_at IS NOT NULL AND status <> 'ended'",
	}, {
		Name:  "room.reservations",
		Means: "a room counts the reservations that were not taken back, without its host's followers",
		Of:    "room_reservation",
		Broken: `SELECT r.bank_id, r.id, CONCAT_WS('', 'counts ', r.reservations, ', has ', COALESCE(n.n, 0))
			FROM room r LEFT JOIN (SELECT room_id, COUNT(*) AS n FROM room_reservation WHERE status <> 'cancelled' AND NOT by_follow GROUP BY room_id) n ON n.room_id = r.id
			WHERE r.clearing_at IS NULL AND r.reservations <> COALESCE(n.n, 0)`,
	}, {
		Name:   "reservation.ended",
		Means:  "a reservation has its end exactly when it is sent, cancelled, skipped or failed",
		Of:     "room_reservation",
		Broken: "SELECT bank_id, id, status FROM room_reservation WHERE (status IN ('waiting', 'due', 'sending')) = (ended_at IS NOT NULL)",
	}, {
		Name:  "reservation.spread",
		Means: "while reservations of a room that has started wait, a task will see to them",
		Of:    "room_reservation",
		Broken: `SELECT v.bank_id, v.id, 'waits' FROM room_reservation v JOIN room r ON r.id = v.room_id
			WHERE v.status = 'waiting' AND r.status <> 'scheduled' AND NOT EXISTS (SELECT 1 FROM outbox b
				WHERE b.bank_id = v.bank_id AND b.ref = v.room_id AND b.kind = '` + TaskStarted + `' AND b.state IN ('pending', 'dead'))`,
	},
		outbox.Awaited("reservation.awaited", "a viewer who is due to be told has a task that tells them", TaskRemind, "room_reservation",
			"t.status IN ('due', 'sending')", nil),
		{
			Name:  "chat.counted",
			Means: "a room counts the messages that it has shown",
			Of:    "chat_message",
			Broken: `SELECT r.bank_id, r.id, CONCAT_WS('', 'counts ', r.chats, ', has ', COALESCE(m.n, 0))
				FROM room r LEFT JOIN (SELECT room_id, COUNT(*) AS n FROM chat_message WHERE status = 'shown' GROUP BY room_id) m ON m.room_id = r.id
				WHERE r.clearing_at IS NULL AND r.chats <> COALESCE(m.n, 0)`,
		}, {
			Name:   "chat.decided",
			Means:  "a message that is held waits for somebody, one that was refused had somebody",
			Of:     "chat_message",
			Broken: "SELECT bank_id, id, status FROM chat_message WHERE status = 'held' AND decided_at IS NOT NULL OR status = 'refused' AND decided_at IS NULL",
		}, {
			Name:  "words.counted",
			Means: "a list of words counts its words",
			Of:    "word_list",
			Broken: `SELECT l.bank_id, l.owner_id, CONCAT_WS('', 'counts ', l.words, ', has ', COALESCE(w.n, 0))
				FROM word_list l LEFT JOIN (SELECT owner_id, COUNT(*) AS n FROM listed_word GROUP BY owner_id) w ON w.owner_id = l.owner_id
				WHERE l.words <> COALESCE(w.n, 0)`,
		}}
}
