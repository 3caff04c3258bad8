package order

import (
	"context"
	"errors"

	"yinbo/internal/db"
	"yinbo/internal/fault"
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
	if err := s.issue(ctx, tx, o); err != nil {
		return false, err
	}
	return true, s.tick(ctx, tx, *o)
}

// issue gives out the codes of what was paid. An order of nothing but codes is
// fulfilled with them, and paid for its viewer until all are used up.
func (s *Orders) issue(ctx context.Context, tx *db.Tx, o *Order) error {
	n, err := s.Vouchers.Issue(ctx, tx, *o)
	if err != nil || n == 0 || !o.OnlyVouchers() {
		return err
	}
	o.FulfillingAt = tx.Now
	_, err = tx.Exec(ctx, "UPDATE orders SET fulfilling_at = ? WHERE id = ? AND bank_id = ?", tx.Now, o.ID, o.Bank)
	return err
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
// there already. left is what all refunds leave of what was paid: codes beyond
// it are void from now on. 409 refund.exceeds when they are used up.
func (s *Orders) BeginRefund(ctx context.Context, tx *db.Tx, o *Order, refund string, left money.Fen) error {
	if _, err := s.Vouchers.Void(ctx, tx, *o, refund, left); err != nil {
		return err
	}
	return s.ReopenRefund(ctx, tx, o)
}

// ReopenRefund takes o to refunding for a refund whose codes were seen to, or
// whose money has left already: EndRefund voids what it can then.
func (s *Orders) ReopenRefund(ctx context.Context, tx *db.Tx, o *Order) error {
	if o.Status == Refunding {
		return nil
	}
	return s.move(ctx, tx, o, Refunding, "")
}

// EndRefund adds what was given back (zero after a refund that failed) and,
// unless others are under way, takes o to refunded or back to where it stands.
func (s *Orders) EndRefund(ctx context.Context, tx *db.Tx, o *Order, refund string, amount money.Fen, othersOpen bool) error {
	if amount == 0 {
		if err := s.Vouchers.Revive(ctx, tx, *o, refund); err != nil {
			return err
		}
	} else if err := s.addRefunded(ctx, tx, o, refund, amount); err != nil {
		return err
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
	return s.move(ctx, tx, o, o.stands(), "")
}

// addRefunded counts what was given back. Codes were voided when the refund
// began; they are again for one that failed first and succeeded after all. The
// money is gone then, whatever was used up meanwhile.
func (s *Orders) addRefunded(ctx context.Context, tx *db.Tx, o *Order, refund string, amount money.Fen) error {
	if _, err := tx.Exec(ctx, "UPDATE orders SET refunded_fen = refunded_fen + ? WHERE id = ? AND bank_id = ?", amount, o.ID, o.Bank); err != nil {
		return err
	}
	o.Refunded += amount
	open, err := s.Vouchers.Void(ctx, tx, *o, refund, o.Paid-o.Refunded)
	if err != nil && !errors.Is(err, fault.New(fault.Conflict, "refund.exceeds")) {
		return err
	}
	if open == 0 && o.OnlyVouchers() && !o.FulfillingAt.IsZero() && o.Refunded < o.Paid {
		return s.complete(ctx, tx, o, "") // what is left of it was used up
	}
	return nil
}
