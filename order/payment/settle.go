package payment

import (
	"context"
	"fmt"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/outbox"
	"yinbo/internal/tenant"
	"yinbo/order"
	"yinbo/order/ledger"
)

// settle counts a payment that succeeded, once: the order becomes paid, or the
// money goes back. paidAt is the gateway's time.
func (s *Payments) settle(ctx context.Context, tx *db.Tx, bank tenant.Bank, p payment, no string, paidAt time.Time) error {
	o, err := order.Lock(ctx, tx, p.Bank, p.Order)
	if err != nil {
		return err
	}
	first, err := succeed(ctx, tx, p, no, plausible(paidAt, p.CreatedAt, tx.Now))
	if err != nil || !first {
		return err
	}
	if _, err := s.Box.Cancel(ctx, tx, p.Bank, QueryTask, p.ID); err != nil {
		return err
	}
	before := o.Status
	suits, err := s.suits(ctx, tx, o, p)
	if err != nil {
		return err
	}
	captured := false
	if suits {
		if captured, err = s.Orders.Capture(ctx, tx, &o, p.ID); err != nil {
			return err
		}
	}
	if captured {
		lines, err := paidLines(o)
		if err != nil {
			return err
		}
		_, err = s.Book.Post(ctx, tx, ledger.Entry{Bank: bank, Event: ledger.OrderPaid, Ref: p.ID, OrderID: o.ID, Lines: on(p.Channel, lines)})
		return err
	}
	cause := duplicate
	switch before {
	case order.Cancelled:
		cause = late
	case order.PendingPayment:
		cause = outdated
	}
	return s.giveBack(ctx, tx, bank, p, cause)
}

// giveBack refunds in full a payment that no order can use.
func (s *Payments) giveBack(ctx context.Context, tx *db.Tx, bank tenant.Bank, p payment, cause string) error {
	lines := []ledger.Line{{Account: ledger.Gateway, Debit: p.Amount}, {Account: ledger.Suspense, Credit: p.Amount}}
	if _, err := s.Book.Post(ctx, tx, ledger.Entry{Bank: bank, Event: ledger.PaymentUnmatched, Ref: p.ID, OrderID: p.Order, Lines: on(p.Channel, lines)}); err != nil {
		return err
	}
	r := refund{ID: id.New(id.Refund), Bank: p.Bank, Order: p.Order, Payment: p.ID, Amount: p.Amount, Cause: cause, Status: Pending}
	if err := insertRefund(ctx, tx, r, cause); err != nil {
		return err
	}
	return s.Box.Add(ctx, tx, sendTask(r))
}

func sendTask(r refund) outbox.Task {
	return outbox.Task{Bank: r.Bank, Kind: SendTask, Ref: r.ID, Payload: struct{}{}}
}

// settleRefund counts a refund that succeeded, once.
func (s *Payments) settleRefund(ctx context.Context, tx *db.Tx, bank tenant.Bank, r refund, no string, at time.Time) error {
	o, err := order.Lock(ctx, tx, r.Bank, r.Order)
	if err != nil {
		return err
	}
	if ok, err := s.reopen(ctx, tx, &o, r); err != nil || !ok {
		return err
	}
	first, err := endRefund(ctx, tx, r, Succeeded, no, plausible(at, r.CreatedAt, tx.Now))
	if err != nil || !first {
		return err
	}
	if r.Cause != byViewer {
		lines := []ledger.Line{{Account: ledger.Suspense, Debit: r.Amount}, {Account: ledger.Gateway, Credit: r.Amount}}
		_, err := s.Book.Post(ctx, tx, ledger.Entry{Bank: bank, Event: ledger.PaymentReturned, Ref: r.ID, OrderID: r.Order, Lines: on(r.Channel, lines)})
		return err
	}
	lines, back, err := refundLines(o, r.Amount)
	if err != nil {
		return err
	}
	if err := o.Returned(ctx, tx, back); err != nil {
		return err
	}
	if _, err := s.Book.Post(ctx, tx, ledger.Entry{Bank: bank, Event: ledger.OrderRefunded, Ref: r.ID, OrderID: r.Order, Lines: on(r.Channel, lines)}); err != nil {
		return err
	}
	_, others, err := refundSum(ctx, tx, r.Bank, r.Order, Pending)
	if err != nil {
		return err
	}
	return s.Orders.EndRefund(ctx, tx, &o, r.ID, r.Amount, others > 0)
}

// reopen takes up again a refund of an order that had failed and succeeded after
// all. ok is false, and a person must look, when the money was given back another
// time meanwhile: what was paid is never exceeded.
func (s *Payments) reopen(ctx context.Context, tx *db.Tx, o *order.Order, r refund) (ok bool, err error) {
	now, _, err := db.One(ctx, tx, scanRefund, refundColumns+"id = ?", r.ID)
	if err != nil || now.Status != Failed || now.Cause != byViewer {
		return err == nil, err
	}
	given, _, err := refundSum(ctx, tx, r.Bank, r.Order, Pending, Succeeded)
	if err != nil {
		return false, err
	}
	if r.Amount > o.Paid-given {
		return false, except(ctx, tx, refundTooMuch, r.Bank, r.ID, 0, -r.Amount)
	}
	return true, s.Orders.ReopenRefund(ctx, tx, o)
}

// failRefund ends a refund that the gateway refused; a person must look at it.
func (s *Payments) failRefund(ctx context.Context, tx *db.Tx, r refund) error {
	o, err := order.Lock(ctx, tx, r.Bank, r.Order)
	if err != nil {
		return err
	}
	first, err := endRefund(ctx, tx, r, Failed, "", tx.Now)
	if err != nil || !first {
		return err
	}
	if err := except(ctx, tx, refundFailed, r.Bank, r.ID, -r.Amount, 0); err != nil || r.Cause != byViewer {
		return err
	}
	_, others, err := refundSum(ctx, tx, r.Bank, r.Order, Pending)
	if err != nil {
		return err
	}
	return s.Orders.EndRefund(ctx, tx, &o, r.ID, 0, others > 0)
}

func (s *Payments) bank(ctx context.Context, bankID string) (tenant.Bank, error) {
	b, found, err := s.Banks.ByID(ctx, bankID)
	if err == nil && !found {
		err = fmt.Errorf("payment: no bank %s", bankID)
	}
	return b, err
}
