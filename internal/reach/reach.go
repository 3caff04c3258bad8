// Package reach decides when promotions may reach people: within the bank's
// hours, not more often than its caps allow, over all channels, and never those
// who want none (RULES §6).
//
// Invariants: a message counts once, from the moment at which it was let go;
// messages to one person are judged one after the other, and an opt-out is one of
// them: what is judged after it does not leave.
//
// It imports internal/db and internal/tenant.
package reach

import (
	"context"
	"errors"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/tenant"
)

// ErrOptedOut says that the person wants no promotions: not now, and not later.
var ErrOptedOut = errors.New("reach: opted out")

// Take is asked at the moment of sending. It gives when the message may leave:
// tx.Now, and then the message counts from the commit on, or a later time at
// which to ask again. One that counted before may only have to wait for the hour.
// ErrOptedOut when it may never leave.
func Take(ctx context.Context, tx *db.Tx, bank tenant.Bank, viewer, message string) (time.Time, error) {
	h, err := hoursOf(bank)
	if err != nil {
		return time.Time{}, err
	}
	// The person is held until the commit; what was noted of them since this
	// transaction began is read as well.
	hash, _, err := db.Value[string](ctx, tx, "SELECT phone_hash FROM viewer WHERE bank_id = ? AND id = ?"+tx.Dialect().ForUpdate(), bank.ID, viewer)
	if err != nil {
		return time.Time{}, err
	}
	switch out, err := isOut(ctx, tx, bank.ID, hash); {
	case err != nil:
		return time.Time{}, err
	case out:
		return time.Time{}, ErrOptedOut
	}
	type line struct {
		message string
		at      db.Time
	}
	lines, err := db.All(ctx, tx, func(r db.Row) (l line, err error) { return l, r.Scan(&l.message, &l.at) },
		"SELECT message_id, at FROM reached WHERE bank_id = ? AND viewer_id = ? AND at > ?"+tx.Dialect().ForUpdate(), bank.ID, viewer, tx.Now.Add(-keep))
	if err != nil {
		return time.Time{}, err
	}
	var sent []time.Time
	for _, l := range lines {
		if l.message == message {
			return h.open(tx.Now), nil
		}
		sent = append(sent, l.at.Time)
	}
	at := h.next(tx.Now, sent, bank.Settings.PromoPerDay, bank.Settings.PromoPerWeek)
	if at.After(tx.Now) {
		return at, nil
	}
	return at, tx.Insert(ctx, "reached (bank_id, viewer_id, message_id, at)", [][]any{{bank.ID, viewer, message, tx.Now}}, "")
}

// keep is how long it is remembered that a person was reached: the caps look a
// week back.
const keep = 30 * 24 * time.Hour

// Purge forgets what no cap looks at any more.
func Purge(d *db.DB) func(context.Context) error {
	return func(ctx context.Context) error {
		return d.InTx(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, "DELETE FROM reached WHERE at < ?", tx.Now.Add(-keep))
			return err
		})
	}
}
