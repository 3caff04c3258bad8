package payment

import (
	"context"
	"net/http"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/outbox"
	"yinbo/order"
)

// How often a payment without an answer is asked about: first after a few
// seconds, then after half its age again, up to queryFor after its start. What
// is paid still later is found by the callback or by reconciliation.
const (
	firstQuery  = 5 * time.Second
	longestWait = 5 * time.Minute
	// longestRefund is the longest wait between two looks at a refund: to cards
	// money goes back in days.
	longestRefund = time.Hour
	queryFor      = 24 * time.Hour
	// unheardOf is after how long a payment that the gateway does not know is
	// taken to have never reached it.
	unheardOf = 2 * time.Minute
)

// HandleQuery asks the gateway about a payment until its state is final, so
// that a callback that never comes is not missed.
func (s *Payments) HandleQuery(ctx context.Context, t outbox.Task) error {
	p, found, err := find(ctx, s.DB, t.Ref)
	if err != nil || !found || p.Status == Succeeded || p.Status == Failed {
		return err
	}
	bank, err := s.bank(ctx, p.Bank)
	if err != nil {
		return err
	}
	now := s.DB.Clock().Now()
	age := now.Sub(p.CreatedAt)
	again := &outbox.Postponed{At: now.Add(min(max(age/2, firstQuery), longestWait))}
	channel, err := s.gateway(p.Channel)
	if err != nil {
		return again
	}
	g, err := channel.QueryPayment(ctx, p.ID)
	no := refusal(err)
	switch {
	case no != nil && no.Status == http.StatusNotFound:
		if age < unheardOf {
			return again
		}
		return s.DB.InTx(ctx, func(tx *db.Tx) error { return fail(ctx, tx, p) })
	case err != nil:
		return again // unknown is not no; asking costs nothing
	case otherAmount(p, g):
		// A person must look at it; asking again would answer the same.
		return s.DB.InTx(ctx, func(tx *db.Tx) error { return except(ctx, tx, amountDiffers, p.Bank, p.ID, p.Amount, g.AmountFen) })
	}
	if Status(g.Status) == Pending {
		if closed, err := s.closeIdle(ctx, channel, p); err != nil || closed {
			return err
		}
		if age > queryFor {
			return nil
		}
		return again
	}
	return s.DB.InTx(ctx, func(tx *db.Tx) error { return s.apply(ctx, tx, bank, p, g) })
}

// closeIdle closes, where the channel can, a payment that its order no longer
// waits for, so that nobody pays for nothing. A channel that does not close it
// is asked again later: it may have been paid this moment.
func (s *Payments) closeIdle(ctx context.Context, g Gateway, p payment) (closed bool, err error) {
	closer, can := g.(Closer)
	if !can {
		return false, nil
	}
	o, err := s.Orders.Get(ctx, p.Bank, p.Viewer, p.Order)
	if err != nil || o.Status == order.PendingPayment {
		return false, err
	}
	if closer.ClosePayment(ctx, p.ID) != nil {
		return false, nil
	}
	return true, s.DB.InTx(ctx, func(tx *db.Tx) error { return fail(ctx, tx, p) })
}
