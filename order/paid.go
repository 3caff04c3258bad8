package order

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/money"
)

// Capture takes o, whose row tx holds, to paid by a payment of its whole
// payable amount. An order that was cancelled takes its units and coupons again
// first. ok is false, and nothing changed, when the money cannot be used: the
// order is paid already, or its units or coupons are gone.
func (s *Orders) Capture(ctx context.Context, tx *db.Tx, o *Order, payment string) (ok bool, err error) {
	set, args := "paid_fen = payable_fen, paid_at = ?, paid_by = ?", []any{tx.Now, payment}
	switch o.Status {
	case PendingPayment:
		if _, err := s.Box.Cancel(ctx, tx, o.Bank, ExpireTask, o.ID); err != nil {
			return false, err
		}
	case Cancelled:
		if ok, err := s.retake(ctx, tx, o); !ok {
			return false, err
		}
		set += ", closed_at = NULL, close_reason = NULL"
	default:
		return false, nil
	}
	if err := s.move(ctx, tx, o, Paid, set, args...); err != nil {
		return false, err
	}
	o.Paid, o.PaidBy = o.Payable, payment
	if err := s.Coupons.Paid(ctx, tx, *o); err != nil {
		return false, err
	}
	return true, s.tick(ctx, tx, *o)
}

// tick shows the purchase in its room after the commit.
func (s *Orders) tick(ctx context.Context, tx *db.Tx, o Order) error {
	if o.Room == "" {
		return nil
	}
	name, err := nickname(ctx, tx, o.Bank, o.Viewer)
	if err != nil {
		return err
	}
	tx.AfterCommit(func() { s.Announcer.Ticker(o.Room, name, o.Title()) })
	return nil
}

// Refundable tells whether a refund may begin now.
func (o Order) Refundable() bool {
	switch o.Status {
	case Paid, Fulfilling, Completed, Refunding:
		return true
	}
	return false
}

// BeginRefund takes o to refunding; while another refund is under way it is
// there already.
func (s *Orders) BeginRefund(ctx context.Context, tx *db.Tx, o *Order) error {
	if o.Status == Refunding {
		return nil
	}
	return s.move(ctx, tx, o, Refunding, "")
}

// EndRefund adds what was given back (zero after a refund that failed) and,
// unless others are under way, takes o to refunded or back to paid.
func (s *Orders) EndRefund(ctx context.Context, tx *db.Tx, o *Order, amount money.Fen, othersOpen bool) error {
	if amount > 0 {
		if _, err := tx.Exec(ctx, "UPDATE orders SET refunded_fen = refunded_fen + ? WHERE id = ? AND bank_id = ?", amount, o.ID, o.Bank); err != nil {
			return err
		}
		o.Refunded += amount
	}
	switch {
	case othersOpen || o.Status != Refunding:
		return nil
	case o.Refunded == o.Paid:
		if err := s.move(ctx, tx, o, Refunded, ""); err != nil || len(o.Deductions) == 0 {
			return err
		}
		return s.Coupons.Return(ctx, tx, *o)
	}
	return s.move(ctx, tx, o, Paid, "")
}
