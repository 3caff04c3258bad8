package payment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/gateway"
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
	"yinbo/order"
)

// Wish is how a viewer wants to pay an order.
type Wish struct {
	Bank          tenant.Bank
	Viewer, Order string
	Method        Method
	Card          string // for BoundCard

	bin string // of the card
	own bool   // the card is the bank's
}

// Pay opens a payment at the cashier, or charges a bound card. A charge whose
// outcome is unknown answers pending, and is asked about until it is known.
// Refusals: 404 not_found, 409 order.not_payable, 409 payment.card_not_eligible
// where an instant discount is for other cards, 409 payment.refused, 422
// validation of card_id, 503 unavailable when the cashier does not answer.
func (s *Payments) Pay(ctx context.Context, req idem.Request, w Wish) (v View, replayed bool, err error) {
	leave, err := s.Keeper.Enter(req)
	if err != nil {
		return v, false, err
	}
	defer leave()
	v, replayed, err = idem.Lookup[View](ctx, s.DB, req)
	if err != nil || replayed {
		return v, replayed, err
	}
	var token pii.Text
	if w.Method == BoundCard {
		if w.Card == "" {
			return v, false, fault.InvalidField("card_id", "field.required")
		}
		if token, err = s.Cards.Token(ctx, w.Bank.ID, w.Viewer, w.Card); err != nil {
			return v, false, err
		}
		if w.bin, w.own, err = s.Cards.Issuer(ctx, w.Bank.ID, w.Viewer, w.Card); err != nil {
			return v, false, err
		}
	} else if w.Card != "" {
		return v, false, fault.InvalidField("card_id", "field.not_allowed")
	}
	p, subject, err := s.begin(ctx, w)
	if err != nil {
		return v, false, err
	}
	// From here on the gateway may act: the person's going away changes nothing.
	ctx = context.WithoutCancel(ctx)
	var answer gateway.Payment
	if w.Method == BoundCard {
		answer, err = s.Gateway.Charge(ctx, p.ID, p.Amount, token, subject)
	} else {
		answer, err = s.Gateway.CreatePayment(ctx, p.ID, p.Amount, subject)
	}
	v, err = s.take(ctx, req, w.Bank, p, answer, err)
	return v, false, err
}

// begin writes the payment before the gateway hears of it, or finds the one
// that is open.
func (s *Payments) begin(ctx context.Context, w Wish) (p payment, subject string, err error) {
	fresh := id.New(id.Payment)
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		o, err := order.LockOwn(ctx, tx, w.Bank.ID, w.Viewer, w.Order)
		if err != nil {
			return err
		}
		if o.Status != order.PendingPayment || !tx.Now.Before(o.ExpiresAt) {
			return fault.New(fault.Conflict, "order.not_payable")
		}
		if err := s.checkCard(ctx, tx, o, w.bin); err != nil {
			return err
		}
		subject = o.Title()
		var found bool
		p, found, err = findOpen(ctx, tx, w.Bank.ID, openKey(o.ID, w.Method, w.Card))
		if err != nil || found {
			return err
		}
		p = payment{ID: fresh, Bank: o.Bank, Order: o.ID, Viewer: o.Viewer, Method: w.Method, Card: w.Card, BIN: w.bin, OwnCard: w.own,
			Amount: o.Payable, Status: Created, CreatedAt: tx.Now}
		if err := insert(ctx, tx, p); err != nil {
			return err
		}
		return s.Box.Add(ctx, tx, outbox.Task{Bank: o.Bank, Kind: QueryTask, Ref: p.ID, Payload: struct{}{}, Due: tx.Now.Add(firstQuery)})
	})
	return p, subject, err
}

// take stores what the gateway answered together with the answer to the viewer.
func (s *Payments) take(ctx context.Context, req idem.Request, bank tenant.Bank, p payment, answer gateway.Payment, cause error) (v View, err error) {
	var refusal *gateway.Refusal
	switch {
	case errors.As(cause, &refusal):
		err := s.DB.InTx(ctx, func(tx *db.Tx) error { return fail(ctx, tx, p) })
		return v, errors.Join(err, fault.New(fault.Conflict, "payment.refused").Because(cause))
	case cause != nil && p.Method == Cashier:
		// Without the cashier's address there is nothing to tell; the same key
		// asks for the same payment again.
		return v, fault.New(fault.Unavailable, "unavailable").After(2 * time.Second).Because(cause)
	case cause != nil:
		answer = gateway.Payment{Status: string(Pending)}
	case answer.AmountFen != 0 && answer.AmountFen != p.Amount:
		return v, fmt.Errorf("payment: the gateway answered %d for %s of %d", answer.AmountFen, p.ID, p.Amount)
	}
	p.PaymentNo, p.CashierURL = answer.PaymentNo, answer.CashierURL
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := s.apply(ctx, tx, bank, p, answer); err != nil {
			return err
		}
		now, _, err := find(ctx, tx, p.ID)
		if err != nil {
			return err
		}
		v = now.view()
		return idem.Save(ctx, tx, req, v)
	})
	return v, err
}

// apply takes in the gateway's state of a payment.
func (s *Payments) apply(ctx context.Context, tx *db.Tx, bank tenant.Bank, p payment, g gateway.Payment) error {
	switch Status(g.Status) {
	case Succeeded:
		paidAt := tx.Now
		if g.PaidAt != nil {
			paidAt = *g.PaidAt
		}
		return s.settle(ctx, tx, bank, p, g.PaymentNo, paidAt)
	case Failed:
		return fail(ctx, tx, p)
	}
	return await(ctx, tx, p)
}
