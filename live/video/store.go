package video

import (
	"context"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// scheduled is the status of rooms that have not started.
const scheduled = "scheduled"

// believed is how long a node's word about its push counts.
const believed = 15 * time.Second

// ingestRow is a room with its row in room_ingest, empty when it has none yet.
type ingestRow struct {
	Ingest
	bank, status, idle       string
	hash, sealed, push, node string
	seen                     time.Time
}

// live tells that a push is on: an external server's until it says otherwise, a
// node's as long as the node is heard of.
func (r ingestRow) live(now time.Time) bool {
	return r.push != "" && (r.Kind == External || now.Sub(r.seen) < believed)
}

const ingestColumns = `SELECT r.bank_id, r.status, r.video_kind, r.playback_url, COALESCE(i.key_hash, ''), COALESCE(i.key_sealed, ''),
	COALESCE(i.push_id, ''), COALESCE(i.node, ''), i.since_at, i.seen_at, COALESCE(i.bitrate_bps, 0), COALESCE(i.fps, 0),
	COALESCE(i.width, 0), COALESCE(i.height, 0), COALESCE(i.dropped, 0), COALESCE(i.recording, 0), COALESCE(i.problem, ''), i.problem_at
	FROM room r LEFT JOIN room_ingest i ON i.room_id = r.id `

func scanIngest(row db.Row) (r ingestRow, err error) {
	var since, seen, problem db.Time
	var recording int
	err = row.Scan(&r.bank, &r.status, &r.Kind, &r.idle, &r.hash, &r.sealed, &r.push, &r.node, &since, &seen,
		&r.BitrateBPS, &r.FPS, &r.Width, &r.Height, &r.Dropped, &recording, &r.Problem, &problem)
	r.Recording, r.seen = recording == 1, seen.Time
	r.SinceAt, r.SeenAt, r.ProblemAt = clock.AtPtr(since.Time), clock.AtPtr(seen.Time), clock.AtPtr(problem.Time)
	return r, err
}

func readIngest(ctx context.Context, q db.Querier, bank, room string) (ingestRow, error) {
	return found(db.One(ctx, q, scanIngest, ingestColumns+"WHERE r.bank_id = ? AND r.id = ?", bank, room))
}

// readRoom reads a room of whatever bank: what comes names only the room, which
// decides the bank, and proves itself by the room's key or signature.
func readRoom(ctx context.Context, q db.Querier, room string) (ingestRow, error) {
	return found(db.One(ctx, q, scanIngest, ingestColumns+"WHERE r.id = ?", room))
}

func found(r ingestRow, ok bool, err error) (ingestRow, error) {
	if err == nil && !ok {
		err = fault.New(fault.NotFound, "not_found")
	}
	return r, err
}

// openRoom are the rooms that can be pushed to.
const openRoom = "EXISTS (SELECT 1 FROM room r WHERE r.id = room_ingest.room_id AND r.video_kind = ? AND r.status IN ('scheduled','live','paused'))"

// claim makes a push the room's one, whoever was before; false when the room or
// its key is another by now.
func claim(ctx context.Context, tx *db.Tx, bank, room, keyHash string, kind Kind, push, node string) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE room_ingest SET push_id = ?, node = ?, since_at = ?, seen_at = ?, bitrate_bps = 0, fps = 0, width = 0, height = 0,
		dropped = 0, recording = 0, problem = '', problem_at = NULL WHERE bank_id = ? AND room_id = ? AND key_hash = ? AND `+openRoom,
		push, node, tx.Now, tx.Now, bank, room, keyHash, string(kind))
	return n == 1, err
}

// pulse is how a push is.
type pulse struct{ bitrate, fps, width, height, dropped, recording int64 }

// beat tells how a push is. theirs is false when it is no longer the room's; begun
// tells that the room has started.
func beat(ctx context.Context, tx *db.Tx, bank, room, push string, p pulse) (theirs, begun bool, err error) {
	n, err := tx.Exec(ctx, `UPDATE room_ingest SET seen_at = ?, bitrate_bps = ?, fps = ?, width = ?, height = ?, dropped = ?, recording = ?
		WHERE bank_id = ? AND room_id = ? AND push_id = ? AND `+openRoom,
		tx.Now, p.bitrate, p.fps, p.width, p.height, p.dropped, p.recording, bank, room, push, string(RTMP))
	if err != nil {
		return false, false, err
	}
	status, _, err := db.Value[string](ctx, tx, "SELECT status FROM room WHERE bank_id = ? AND id = ?", bank, room)
	return n == 1, status != scheduled, err
}

// release ends a push where it is still the room's.
func release(ctx context.Context, tx *db.Tx, bank, room, push string, why Problem) error {
	var at any
	if why != ProblemNone {
		at = tx.Now
	}
	_, err := tx.Exec(ctx, "UPDATE room_ingest SET push_id = NULL, since_at = NULL, problem = ?, problem_at = ? WHERE bank_id = ? AND room_id = ? AND push_id = ?",
		string(why), at, bank, room, push)
	return err
}

// rekey gives a room another key; what was pushed under the old one is over.
func (v *Video) rekey(ctx context.Context, tx *db.Tx, bank, room, hash, sealed string) error {
	_, err := tx.Exec(ctx, "UPDATE room_ingest SET key_hash = ?, key_sealed = ?, push_id = NULL, since_at = NULL WHERE bank_id = ? AND room_id = ?",
		hash, sealed, bank, room)
	return err
}
