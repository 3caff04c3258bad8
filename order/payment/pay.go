package payment

import (
	"context"
	"errors"
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
	Channel       Channel // for Cashier; empty: the bank's own
	Card          string  // for BoundCard
	Instalments   int     // for BoundCard: in how many terms; 0 for none

	bin string // of the card
	own bool   // the card is the bank's
}

// Pay opens a payment at the cashier, or charges a bound card. A charge whose
// outcome is unknown answers pending, and is asked about until it is known.
// Refusals: 404 not_found, 409 order.not_payable, 409 payment.card_not_eligible
// where an instant discount is for other cards, 409 payment.refused, 422
// validation of card_id, channel and instalments, 503 unavailable when the
// cashier does not answer.
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
	token, err := s.allow(ctx, &w)
	if err != nil {
		return v, false, err
	}
	p, subject, err := s.begin(ctx, w)
	if err != nil {
		return v, false, err
	}
	// From here on the gateway may act: the person's going away changes nothing.
	ctx = context.WithoutCancel(ctx)
	var answer gateway.Payment
	if w.Method == BoundCard {
		answer, err = s.Charger.Charge(ctx, p.ID, p.Amount, token, subject, p.Instalments)
	} else {
		answer, err = s.open(ctx, p, subject)
	}
	v, err = s.take(ctx, req, w.Bank, p, answer, err)
	return v, false, err
}

// allow proves that the parts of a wish go together, fills in the channel, and
// gives a bound card's token.
func (s *Payments) allow(ctx context.Context, w *Wish) (token pii.Text, err error) {
	if w.Method != BoundCard {
		if w.Channel == "" {
			w.Channel = Bankbox
		}
		switch {
		case w.Card != "":
			return token, fault.InvalidField("card_id", "field.not_allowed")
		case w.Instalments != 0:
			return token, fault.InvalidField("instalments", "instalments.credit_only")
		case !s.Has(w.Channel):
			return token, fault.InvalidField("channel", "channel.off")
		}
		return token, nil
	}
	switch {
	case w.Channel != "":
		return token, fault.InvalidField("channel", "field.not_allowed")
	case w.Card == "":
		return token, fault.InvalidField("card_id", "field.required")
	}
	w.Channel = Bankbox
	if token, err = s.Cards.Token(ctx, w.Bank.ID, w.Viewer, w.Card); err != nil {
		return token, err
	}
	if w.bin, w.own, err = s.Cards.Issuer(ctx, w.Bank.ID, w.Viewer, w.Card); err != nil || w.Instalments == 0 {
		return token, err
	}
	return token, s.allowInstalments(ctx, *w)
}

// open opens a payment at its channel's cashier, again where it is open: an
// address may have run out. A gateway that will not hear of it twice may have
// been paid this moment: the address that we have stays good.
func (s *Payments) open(ctx context.Context, p payment, subject string) (answer gateway.Payment, err error) {
	g, err := s.gateway(p.Channel)
	if err == nil {
		answer, err = g.CreatePayment(ctx, p.ID, p.Amount, subject)
	}
	if err != nil && p.CashierURL != "" {
		return gateway.Payment{Status: string(Pending), PaymentNo: p.PaymentNo, CashierURL: p.CashierURL}, nil
	}
	return answer, err
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
		p, found, err = findOpen(ctx, tx, w.Bank.ID, openKey(o.ID, w.Method, w.Channel, w.Card))
		if found && p.Instalments != w.Instalments { // the card may be charged already, on other terms
			return fault.New(fault.Conflict, "conflict")
		}
		if err != nil || found {
			return err
		}
		p = payment{ID: fresh, Bank: o.Bank, Order: o.ID, Viewer: o.Viewer, Method: w.Method, Channel: w.Channel,
			Card: w.Card, BIN: w.bin, OwnCard: w.own, Instalments: w.Instalments, Amount: o.Payable, Status: Created, CreatedAt: tx.Now}
		if err := insert(ctx, tx, p); err != nil {
			return err
		}
		return s.Box.Add(ctx, tx, outbox.Task{Bank: o.Bank, Kind: QueryTask, Ref: p.ID, Payload: struct{}{}, Due: tx.Now.Add(firstQuery)})
	})
	return p, subject, err
}

// take stores what the gateway answered together with the answer to the viewer.
func (s *Payments) take(ctx context.Context, req idem.Request, bank tenant.Bank, p payment, answer gateway.Payment, cause error) (v View, err error) {
	switch {
	case refusal(cause) != nil:
		err := s.DB.InTx(ctx, func(tx *db.Tx) error { return fail(ctx, tx, p) })
		return v, errors.Join(err, fault.New(fault.Conflict, "payment.refused").Because(cause))
	case cause != nil && p.Method == Cashier:
		// Without the cashier's address there is nothing to tell; the same key
		// asks for the same payment again.
		return v, fault.New(fault.Unavailable, "unavailable").After(2 * time.Second).Because(cause)
	case cause != nil:
		answer = gateway.Payment{Status: string(Pending)}
	case otherAmount(p, answer):
		return v, s.mismatch(ctx, p.Bank, p.ID, p.Amount, answer.AmountFen)
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

// otherAmount tells that the gateway does not speak of our amount. While nobody
// has paid it may name none.
func otherAmount(p payment, g gateway.Payment) bool {
	return g.AmountFen != p.Amount && (g.AmountFen != 0 || Status(g.Status) == Succeeded)
}

// refusal is the gateway's definite no in err, nil for anything else.
func refusal(err error) (no *gateway.Refusal) {
	errors.As(err, &no)
	return no
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
