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
	}, {
		Name:  "video.slices",
		Means: "slices cut by hand are of a recording that somebody cut, and apart from each other",
		Of:    "recording_slice",
		Broken: `SELECT s.bank_id, s.room_id, s.id FROM recording_slice s LEFT JOIN room_ingest i ON i.bank_id = s.bank_id AND i.room_id = s.room_id
			WHERE i.slices_by IS NULL OR EXISTS (SELECT 1 FROM recording_slice o WHERE o.bank_id = s.bank_id AND o.room_id = s.room_id
				AND o.id <> s.id AND o.from_at < s.to_at AND o.to_at > s.from_at)`,
	}}
}
