package rundown

import "yinbo/internal/invariant"

// Invariants are what holds of rundowns.
func Invariants() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "rundown.cues",
		Means: "a cue that was fired has the time and what it made, one that failed why, and no others have",
		Of:    "rundown_cue",
		Broken: `SELECT bank_id, id, CONCAT_WS('', state, ', fired at ', COALESCE(fired_at, 'no time'), ', made ', COALESCE(result, 'nothing'), ', error ', COALESCE(error, 'none'))
			FROM rundown_cue WHERE (fired_at IS NOT NULL) <> (state IN ('fired', 'failed', 'undone')) OR (result IS NOT NULL) <> (state IN ('fired', 'undone'))
				OR (error IS NOT NULL) <> (state = 'failed') OR (fired_by IS NULL) <> (fired_at IS NULL)`,
	}, {
		Name:  "rundown.clock",
		Means: "a live room that the clock runs has a task for its next cue",
		Of:    "rundown",
		Broken: `SELECT d.bank_id, d.room_id, 'no ` + ClockTask + ` waits for it' FROM rundown d JOIN room r ON r.id = d.room_id AND r.status = 'live'
			WHERE d.mode = 'auto' AND EXISTS (SELECT 1 FROM rundown_cue c WHERE c.bank_id = d.bank_id AND c.room_id = d.room_id AND c.state = 'planned')
				AND NOT EXISTS (SELECT 1 FROM outbox b WHERE b.bank_id = d.bank_id AND b.ref = d.room_id AND b.kind = '` + ClockTask + `' AND b.state IN ('pending', 'dead'))`,
	}}
}
