package order

import (
	"context"
	"errors"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/outbox"
)

// An order that is placed needs no task: its row says when its time is over, and
// one task for all of them, the sweep, looks which are. Only those that were not
// paid get a task of their own then, which cancels them.
const (
	sweep      = "evt_order_sweep"
	sweepPause = 5 * time.Second // between two looks, at most
	sweepBite  = 500             // orders of a look
)

// ScheduleSweep makes sure that orders which are not paid end by themselves.
func (s *Orders) ScheduleSweep(ctx context.Context, tx *db.Tx) error {
	return s.Box.Recurring(ctx, tx, sweep, outbox.Task{Kind: SweepTask, Ref: sweep, Payload: struct{}{}})
}

// HandleSweep writes a task for each order whose time is over, of all banks, and
// comes again when the next one's is.
func (s *Orders) HandleSweep(ctx context.Context, _ outbox.Task) error {
	var next time.Time
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		over, err := overdue(ctx, tx)
		if err != nil {
			return err
		}
		if next = tx.Now; len(over) < sweepBite {
			if next, err = s.nextExpiry(ctx, tx); err != nil {
				return err
			}
		}
		return s.Box.Add(ctx, tx, over...)
	})
	if err != nil {
		return err
	}
	return &outbox.Postponed{At: next}
}

// expiryTask is the id of an order's expiry: there is one, whoever writes it.
const expiryTask = "exp_"

// overdue gives the tasks of a bite of orders whose time is over and which have
// none yet.
func overdue(ctx context.Context, tx *db.Tx) ([]outbox.Task, error) {
	return db.All(ctx, tx, func(r db.Row) (t outbox.Task, err error) {
		err = r.Scan(&t.Bank, &t.Ref)
		t.ID, t.Kind, t.Payload = expiryTask+t.Ref, ExpireTask, struct{}{}
		return t, err
	}, `SELECT o.bank_id, o.id FROM orders o WHERE o.status = ? AND o.expires_at <= ?
		AND NOT EXISTS (SELECT 1 FROM outbox b WHERE b.id = CONCAT('`+expiryTask+`', o.id)) ORDER BY o.expires_at LIMIT ?`, string(PendingPayment), tx.Now, sweepBite)
}

// nextExpiry is when the sweep is to look again: at the next order's time, and
// before one that is placed now could be over.
func (s *Orders) nextExpiry(ctx context.Context, tx *db.Tx) (time.Time, error) {
	latest := tx.Now.Add(min(sweepPause, s.TTL))
	at, found, err := db.Value[db.Time](ctx, tx, "SELECT expires_at FROM orders WHERE status = ? AND expires_at > ? ORDER BY expires_at LIMIT 1", string(PendingPayment), tx.Now)
	if found && at.Time.Before(latest) {
		return at.Time, err
	}
	return latest, err
}

// HandleExpire cancels an order whose time to pay is over. A repeat finds it
// moved and does nothing.
func (s *Orders) HandleExpire(ctx context.Context, t outbox.Task) error {
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		o, err := Lock(ctx, tx, t.Bank, t.Ref)
		if errors.Is(err, fault.New(fault.NotFound, "not_found")) {
			return nil
		}
		if err != nil || o.Status != PendingPayment {
			return err
		}
		if tx.Now.Before(o.ExpiresAt) {
			return &outbox.Postponed{At: o.ExpiresAt}
		}
		return s.close(ctx, tx, &o, "expired")
	})
}
