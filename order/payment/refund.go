package payment

import (
	"context"
	"fmt"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/money"
	"yinbo/internal/outbox"
	"yinbo/order"
)

// Refund begins to give back amount, in fen, of a viewer's order. Refusals: 404
// not_found, 409 conflict when the order is not paid, 409 refund.exceeds when
// more would be given back than was paid, or is not used up yet.
func (s *Payments) Refund(ctx context.Context, req idem.Request, bank, viewer, orderID string, amount money.Fen, reason string) (RefundView, bool, error) {
	refundID := id.New(id.Refund)
	return idem.Do(ctx, s.Keeper, req, func(tx *db.Tx) (RefundView, error) {
		o, err := order.LockOwn(ctx, tx, bank, viewer, orderID)
		if err != nil {
			return RefundView{}, err
		}
		return s.beginRefund(ctx, tx, o, refund{ID: refundID, Amount: amount}, reason)
	})
}

// RefundByStaff is Refund at the word of a member of staff, for the audit chain.
func (s *Payments) RefundByStaff(ctx context.Context, req idem.Request, bank string, by order.Staff, orderID string, amount money.Fen, reason string) (RefundView, bool, error) {
	refundID := id.New(id.Refund)
	return idem.Do(ctx, s.Keeper, req, func(tx *db.Tx) (RefundView, error) {
		o, err := order.Lock(ctx, tx, bank, orderID)
		if err != nil {
			return RefundView{}, err
		}
		v, err := s.beginRefund(ctx, tx, o, refund{ID: refundID, Amount: amount, AskedBy: by.ID}, reason)
		if err != nil {
			return RefundView{}, err
		}
		return v, by.Audit(ctx, tx, bank, "order.refund_asked", orderID,
			map[string]any{"refund": refundID, "amount_fen": amount, "reason": audit.Reason(reason)})
	})
}

// beginRefund writes r, a refund of o, whose row tx holds, and sends it off.
func (s *Payments) beginRefund(ctx context.Context, tx *db.Tx, o order.Order, r refund, reason string) (v RefundView, err error) {
	left, err := s.left(ctx, tx, o, r.Amount)
	if err != nil {
		return v, err
	}
	r.Bank, r.Order, r.Payment, r.Cause, r.Status = o.Bank, o.ID, o.PaidBy, byViewer, Pending
	if err := insertRefund(ctx, tx, r, reason); err != nil {
		return v, err
	}
	if err := s.Orders.BeginRefund(ctx, tx, &o, r.ID, left); err != nil {
		return v, err
	}
	return r.view(), s.Box.Add(ctx, tx, sendTask(r))
}

// HandleSend asks the gateway to give a refund's money back. The number makes a
// repeat harmless.
func (s *Payments) HandleSend(ctx context.Context, t outbox.Task) error {
	found, err := refunds(ctx, s.DB, "bank_id = ? AND id = ?", t.Bank, t.Ref)
	if err != nil || len(found) == 0 || found[0].Status != Pending {
		return err
	}
	r := found[0]
	bank, err := s.bank(ctx, r.Bank)
	if err != nil {
		return err
	}
	channel, err := s.gateway(r.Channel)
	if err != nil {
		return s.later(r, err)
	}
	g, err := channel.CreateRefund(ctx, r.ID, r.Payment, r.Amount)
	if err != nil && refusal(err) == nil {
		return s.later(r, err)
	}
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		switch {
		case err != nil || Status(g.Status) == Failed:
			return s.failRefund(ctx, tx, r)
		case Status(g.Status) == Succeeded:
			return s.settleRefund(ctx, tx, bank, r, g.RefundNo, tx.Now)
		}
		return s.later(r, nil)
	})
}

// later asks for a refund again after half its age, without end: an unknown
// outcome stays unknown until the gateway says, and the number makes asking
// harmless. The first failures are errors, so that they show.
func (s *Payments) later(r refund, cause error) error {
	now := s.DB.Clock().Now()
	age := now.Sub(r.CreatedAt)
	if cause != nil && age < unheardOf {
		return fmt.Errorf("payment: refund %s: %w", r.ID, cause)
	}
	return &outbox.Postponed{At: now.Add(min(max(age/2, firstQuery), longestRefund))}
}
