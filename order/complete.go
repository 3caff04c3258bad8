package order

import (
	"context"
	"errors"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/outbox"
)

// Confirm is the viewer's word that an order was received; 409 conflict when it
// is not on its way.
func (s *Orders) Confirm(ctx context.Context, bank, viewer, orderID string) error {
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		o, err := LockOwn(ctx, tx, bank, viewer, orderID)
		if err != nil {
			return err
		}
		return s.receive(ctx, tx, &o, viewer)
	})
}

// HandleComplete ends an order that was sent long ago and of which its viewer
// says nothing. While money is going back it waits: what comes back in full is
// never completed.
func (s *Orders) HandleComplete(ctx context.Context, t outbox.Task) error {
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		o, err := Lock(ctx, tx, t.Bank, t.Ref)
		if errors.Is(err, fault.New(fault.NotFound, "not_found")) {
			return nil
		}
		if err != nil || !o.onItsWay() {
			return err
		}
		if o.Status == Refunding {
			return &outbox.Postponed{At: tx.Now.Add(time.Hour)}
		}
		return s.complete(ctx, tx, &o, "")
	})
}

// UsedUp ends o, an order of nothing but vouchers of which none can be used any
// more. by is who redeemed the last one, "" when it expired.
func (s *Orders) UsedUp(ctx context.Context, tx *db.Tx, o *Order, by string) error {
	if !o.OnlyVouchers() || o.FulfillingAt.IsZero() || o.Status == Refunded {
		return nil
	}
	return s.complete(ctx, tx, o, by)
}

// onItsWay tells that goods were sent and not received yet.
func (o Order) onItsWay() bool {
	return !o.FulfillingAt.IsZero() && o.CompletedAt.IsZero() && !o.OnlyVouchers() && o.Status != Refunded
}

// receive ends an order that is on its way, by a person.
func (s *Orders) receive(ctx context.Context, tx *db.Tx, o *Order, by string) error {
	if !o.onItsWay() {
		return fault.New(fault.Conflict, "conflict")
	}
	if _, err := s.Box.Cancel(ctx, tx, o.Bank, CompleteTask, o.ID); err != nil {
		return err
	}
	return s.complete(ctx, tx, o, by)
}

// complete ends o, once. While money is going back only the time is written:
// the refund's end takes the order to where it stands.
func (s *Orders) complete(ctx context.Context, tx *db.Tx, o *Order, by string) error {
	if !o.CompletedAt.IsZero() {
		return nil
	}
	o.CompletedAt = tx.Now
	const set = "completed_at = ?, completed_by = ?"
	if o.Status != Refunding {
		return s.move(ctx, tx, o, Completed, set, tx.Now, orNull(by))
	}
	_, err := tx.Exec(ctx, "UPDATE orders SET "+set+" WHERE id = ? AND bank_id = ?", tx.Now, orNull(by), o.ID, o.Bank)
	return err
}
