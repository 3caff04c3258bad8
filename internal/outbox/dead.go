package outbox

import (
	"context"

	"yinbo/internal/db"
)

// Standing is a task as a person sees it who looks after what did not work.
type Standing struct {
	ID, Ref   string
	Attempts  int
	LastError string
	Created   db.Time
	Next      db.Time
}

// List gives a bank's tasks of a kind in a state, pending or dead, the newest
// first, one more than limit where there are more; after is the last id before.
func (b *Box) List(ctx context.Context, bank, kind, state, after string, limit int) ([]Standing, error) {
	where, args := "", []any{state, bank, kind}
	if after != "" {
		where, args = " AND id < ?", append(args, after)
	}
	return db.All(ctx, b.db, scanStanding, "SELECT id, ref, attempts, COALESCE(last_error, ''), created_at, next_at FROM outbox"+
		b.db.Dialect().By("outbox_next")+" WHERE state = ? AND bank_id = ? AND kind = ?"+where+" ORDER BY id DESC LIMIT ?", append(args, limit+1)...)
}

func scanStanding(r db.Row) (s Standing, err error) {
	return s, r.Scan(&s.ID, &s.Ref, &s.Attempts, &s.LastError, &s.Created, &s.Next)
}

// Revive has a dead task of a kind tried again, from the first attempt on, and
// gives what it is about; ok is false when there is none such.
func (b *Box) Revive(ctx context.Context, tx *db.Tx, bank, kind, taskID string) (ref string, ok bool, err error) {
	tx.AfterCommit(b.Nudge)
	return endDead(ctx, tx, bank, kind, taskID, "state = 'pending', attempts = 0, due_at = ?, next_at = ?", tx.Now, tx.Now)
}

// Bury ends a dead task that a person has seen to.
func (b *Box) Bury(ctx context.Context, tx *db.Tx, bank, kind, taskID string) (ref string, ok bool, err error) {
	return endDead(ctx, tx, bank, kind, taskID, "state = 'cancelled', ended_at = ?", tx.Now)
}

func endDead(ctx context.Context, tx *db.Tx, bank, kind, taskID, set string, args ...any) (ref string, ok bool, err error) {
	n, err := tx.Exec(ctx, "UPDATE outbox SET "+set+" WHERE id = ? AND bank_id = ? AND kind = ? AND state = 'dead'", append(args, taskID, bank, kind)...)
	if err != nil || n == 0 {
		return "", false, err
	}
	return db.Value[string](ctx, tx, "SELECT ref FROM outbox WHERE id = ?", taskID)
}
