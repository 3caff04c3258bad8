package payment

import (
	"context"
	"errors"
	"net/http"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/gateway"
	"yinbo/internal/outbox"
)

// How often a payment without an answer is asked about: first after a few
// seconds, then after half its age again, up to queryFor after its start. What
// is paid still later is found by the callback or by reconciliation.
const (
	firstQuery  = 5 * time.Second
	longestWait = 5 * time.Minute
	queryFor    = 24 * time.Hour
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
	g, err := s.Gateway.QueryPayment(ctx, p.ID)
	var refusal *gateway.Refusal
	switch {
	case errors.As(err, &refusal) && refusal.Status == http.StatusNotFound:
		if age < unheardOf {
			return again
		}
		return s.DB.InTx(ctx, func(tx *db.Tx) error { return fail(ctx, tx, p) })
	case err != nil:
		return again // unknown is not no; asking costs nothing
	case g.AmountFen != p.Amount:
		// A person must look at it; asking again would answer the same.
		return s.DB.InTx(ctx, func(tx *db.Tx) error { return except(ctx, tx, p.Bank, p.ID, p.Amount, g.AmountFen) })
	}
	if Status(g.Status) == Pending {
		if age > queryFor {
			return nil
		}
		return again
	}
	return s.DB.InTx(ctx, func(tx *db.Tx) error { return s.apply(ctx, tx, bank, p, g) })
}
