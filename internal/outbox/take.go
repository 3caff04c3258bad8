package outbox

import (
	"context"
	"fmt"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/id"
)

// Lease is how long a worker may hold a task, and how long a wake-up may stay
// unanswered before it is repeated.
const Lease = 30 * time.Second

// MaxAttempts is after how many failures a task is dead and waits for a person.
const MaxAttempts = 20

// Wakeup names a task that is due.
type Wakeup struct {
	ID   string
	Kind string
	At   time.Time // when it was taken from the box
}

// Due takes up to limit tasks whose time has come, and puts their next wake-up
// a lease away, so that no other relay wakes them meanwhile.
func (b *Box) Due(ctx context.Context, limit int) ([]Wakeup, error) {
	var due []Wakeup
	now := b.db.Clock().Now()
	// A look without a lock first: an idle relay must not keep the writer busy.
	_, some, err := db.Value[string](ctx, b.db, "SELECT id FROM outbox WHERE state = 'pending' AND next_at <= ? LIMIT 1", now)
	if err != nil || !some {
		return nil, err
	}
	err = b.db.InTx(ctx, func(tx *db.Tx) error {
		due, err = db.All(ctx, tx, scanWakeup, `SELECT id, kind FROM outbox
			WHERE state = 'pending' AND next_at <= ? ORDER BY next_at LIMIT ?`+tx.Dialect().SkipLocked(), tx.Now, limit)
		if err != nil || len(due) == 0 {
			return err
		}
		args := []any{tx.Now.Add(Lease)}
		for i := range due {
			due[i].At = tx.Now
			args = append(args, due[i].ID)
		}
		_, err = tx.Exec(ctx, "UPDATE outbox SET next_at = ? WHERE id IN "+db.Marks(len(due)), args...)
		return err
	})
	return due, err
}

func scanWakeup(r db.Row) (w Wakeup, err error) {
	return w, r.Scan(&w.ID, &w.Kind)
}

// NextDue is when the next pending task wants to be woken; ok is false when
// there is none.
func (b *Box) NextDue(ctx context.Context) (at time.Time, ok bool, err error) {
	t, ok, err := db.Value[db.Time](ctx, b.db, "SELECT next_at FROM outbox WHERE state = 'pending' ORDER BY next_at LIMIT 1")
	return t.Time, ok, err
}

// Take leases a task. ok is false when it is ended, not due, or held by another.
func (b *Box) Take(ctx context.Context, taskID string) (t Task, ok bool, err error) {
	lease := id.New(id.Event)
	err = b.db.InTx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE outbox SET lease = ?, lease_until = ?, next_at = ?
			WHERE id = ? AND state = 'pending' AND due_at <= ? AND (lease_until IS NULL OR lease_until <= ?)`,
			lease, tx.Now.Add(Lease), tx.Now.Add(Lease), taskID, tx.Now, tx.Now)
		if err != nil || n == 0 {
			ok = false
			return err
		}
		t, ok, err = db.One(ctx, tx, scanTask, "SELECT id, bank_id, kind, ref, payload, due_at, attempts FROM outbox WHERE id = ?", taskID)
		t.lease = lease
		return err
	})
	return t, ok, err
}

func scanTask(r db.Row) (t Task, err error) {
	var due db.Time
	err = r.Scan(&t.ID, &t.Bank, &t.Kind, &t.Ref, &t.raw, &due, &t.Attempts)
	t.Due = due.Time
	return t, err
}

// Extend keeps a long task leased; ok is false when the lease was lost.
func (b *Box) Extend(ctx context.Context, t Task) (ok bool, err error) {
	err = b.db.InTx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE outbox SET lease_until = ?, next_at = ? WHERE id = ? AND lease = ? AND state = 'pending'",
			tx.Now.Add(Lease), tx.Now.Add(Lease), t.ID, t.lease)
		ok = n == 1
		return err
	})
	return ok, err
}

// Finish ends a task within the transaction that holds its effect. It gives
// false when the lease was lost: the caller must roll back.
func (b *Box) Finish(ctx context.Context, tx *db.Tx, t Task) (bool, error) {
	n, err := tx.Exec(ctx, "UPDATE outbox SET state = 'done', ended_at = ?, last_error = NULL WHERE id = ? AND lease = ? AND state = 'pending'",
		tx.Now, t.ID, t.lease)
	return n == 1, err
}

// Done ends a task whose effect is had; nothing happens when it ended already.
func (b *Box) Done(ctx context.Context, t Task) error {
	return b.db.InTx(ctx, func(tx *db.Tx) error {
		_, err := b.Finish(ctx, tx, t)
		return err
	})
}

// Postpone gives a task back to be taken again at the given time, without
// counting a failure; the count begins anew.
func (b *Box) Postpone(ctx context.Context, t Task, at time.Time) error {
	return b.db.InTx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE outbox SET due_at = ?, next_at = ?, attempts = 0, lease = NULL, lease_until = NULL
			WHERE id = ? AND lease = ? AND state = 'pending'`, at, at, t.ID, t.lease)
		tx.AfterCommit(b.Nudge)
		return err
	})
}

// Fail gives a task back with its cause, to be tried again after a growing
// pause; after MaxAttempts, or when drop is set, it is dead.
func (b *Box) Fail(ctx context.Context, t Task, cause error, drop bool) error {
	state, text := "pending", fmt.Sprint(cause)
	if drop || t.Attempts+1 >= MaxAttempts {
		state = "dead"
	}
	return b.db.InTx(ctx, func(tx *db.Tx) error {
		next := tx.Now.Add(backoff(t.Attempts))
		_, err := tx.Exec(ctx, `UPDATE outbox SET state = ?, attempts = attempts + 1, last_error = ?, next_at = ?, lease = NULL, lease_until = NULL
			WHERE id = ? AND lease = ? AND state = 'pending'`, state, text[:min(len(text), 480)], next, t.ID, t.lease)
		tx.AfterCommit(b.Nudge)
		return err
	})
}

// backoff is 1 s, 2 s, 4 s … up to ten minutes.
func backoff(attempts int) time.Duration {
	return min(time.Second<<min(attempts, 10), 10*time.Minute)
}
