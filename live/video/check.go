package video

import "yinbo/internal/invariant"

// Invariants are what holds of rooms' sources.
func Invariants() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "video.push",
		Means: "a push that is on has a beginning and was heard of",
		Of:    "room_ingest",
		Broken: `SELECT i.bank_id, i.room_id, COALESCE(i.push_id, '') FROM room_ingest i
			WHERE (i.push_id IS NULL) <> (i.since_at IS NULL) OR i.push_id IS NOT NULL AND (i.seen_at IS NULL OR i.seen_at < i.since_at)`,
	}, {
		Name:  "video.room",
		Means: "a source belongs to a room of its bank",
		Of:    "room_ingest",
		Broken: `SELECT i.bank_id, i.room_id, COALESCE(r.bank_id, 'no room') FROM room_ingest i LEFT JOIN room r ON r.id = i.room_id
			WHERE r.id IS NULL OR r.bank_id <> i.bank_id`,
	}}
}
