package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/id"
)

// Task is something that must happen at Due.
type Task struct {
	ID       string
	Bank     string
	Kind     string // the task's name, a constant of the package that handles it
	Ref      string // the object it is about; Cancel finds it by this
	Payload  any    // marshalled to JSON; no personal data
	Due      time.Time
	Attempts int

	raw   []byte
	lease string
}

// Decode reads the payload of a task that was taken.
func (t Task) Decode(into any) error {
	if err := json.Unmarshal(t.raw, into); err != nil {
		return fmt.Errorf("outbox: payload of %s %s: %w", t.Kind, t.ID, err)
	}
	return nil
}

// Box writes tasks and lets workers take them.
type Box struct {
	db   *db.DB
	wake chan struct{}
}

// New makes a box on d.
func New(d *db.DB) *Box { return &Box{db: d, wake: make(chan struct{}, 1)} }

// Wake tells a relay of this process that a task was committed. It may miss
// one; the relay looks by itself as well.
func (b *Box) Wake() <-chan struct{} { return b.wake }

// Nudge makes the relay look now.
func (b *Box) Nudge() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// Add writes tasks within tx. A zero Due means now.
func (b *Box) Add(ctx context.Context, tx *db.Tx, tasks ...Task) error {
	rows, dueNow := make([][]any, len(tasks)), false
	for i, t := range tasks {
		payload, err := json.Marshal(t.Payload)
		if err != nil {
			return fmt.Errorf("outbox: payload of %s: %w", t.Kind, err)
		}
		if t.ID == "" {
			t.ID = id.New(id.Event)
		}
		if t.Due.IsZero() {
			t.Due = tx.Now
		}
		dueNow = dueNow || !t.Due.After(tx.Now)
		rows[i] = []any{t.ID, t.Bank, t.Kind, t.Ref, string(payload), "pending", t.Due, t.Due, 0, tx.Now}
	}
	const into = "outbox (id, bank_id, kind, ref, payload, state, due_at, next_at, attempts, created_at)"
	if err := tx.Insert(ctx, into, rows, ""); err != nil {
		return err
	}
	if dueNow { // what is due later the relay finds by its own looks
		tx.AfterCommit(b.Nudge)
	}
	return nil
}

// Cancel ends pending tasks of a kind about ref, and tells how many.
func (b *Box) Cancel(ctx context.Context, tx *db.Tx, bank, kind, ref string) (int64, error) {
	return tx.Exec(ctx, `UPDATE outbox SET state = 'cancelled', ended_at = ?
		WHERE bank_id = ? AND ref = ? AND kind = ? AND state = 'pending'`, tx.Now, bank, ref, kind)
}

// Recurring writes a task that never ends: its handler answers Postponed with
// the next time. name is unique over the installation; writing it again changes
// nothing, but for one that died of its failures: it is tried anew.
func (b *Box) Recurring(ctx context.Context, tx *db.Tx, name string, t Task) error {
	payload, err := json.Marshal(t.Payload)
	if err != nil {
		return fmt.Errorf("outbox: payload of %s: %w", t.Kind, err)
	}
	if t.Due.IsZero() {
		t.Due = tx.Now
	}
	tx.AfterCommit(b.Nudge)
	err = tx.InsertIgnore(ctx, "outbox (id, bank_id, kind, ref, payload, state, due_at, next_at, attempts, created_at)",
		[][]any{{name, t.Bank, t.Kind, t.Ref, string(payload), "pending", t.Due, t.Due, 0, tx.Now}})
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE outbox SET state = 'pending', attempts = 0, next_at = ? WHERE id = ? AND state = 'dead'", tx.Now, name)
	return err
}

// keepEnded is how long tasks that are over are kept for looking back. Dead ones
// stay until a person has seen to them.
const keepEnded = 30 * 24 * time.Hour

// Purge forgets tasks that were over long ago.
func (b *Box) Purge(ctx context.Context) error {
	return b.db.InTx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM outbox WHERE state IN ('done', 'cancelled') AND ended_at < ?", tx.Now.Add(-keepEnded))
		return err
	})
}
