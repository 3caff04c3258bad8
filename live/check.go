package live

import "yinbo/internal/invariant"

// Invariants are what holds of rooms and their logs.
func Invariants() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "room.log",
		Means: "a room's facts are numbered one by one, up to the last that the room counts",
		Of:    "room_event",
		Broken: `SELECT r.bank_id, r.id, CONCAT_WS('', 'counts ', r.last_seq, ', has ', COALESCE(e.n, 0), ' up to ', COALESCE(e.last, 0))
			FROM room r LEFT JOIN (SELECT room_id, COUNT(*) AS n, MAX(seq) AS last FROM room_event GROUP BY room_id) e ON e.room_id = r.id
			WHERE r.last_seq <> COALESCE(e.n, 0) OR r.last_seq <> COALESCE(e.last, 0)`,
	}, {
		Name:  "room.life",
		Means: "a room that is live has started, one that ended has ended",
		Of:    "room",
		Broken: `SELECT bank_id, id, status FROM room
			WHERE status = 'live' AND (started_at IS NULL OR ended_at IS NOT NULL) OR (status = 'ended') <> (ended_at IS NOT NULL)`,
	}}
}
