package promo

import (
	"context"
	"errors"
	"fmt"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/internal/outbox"
	"yinbo/internal/tenant"
)

// milestone is the payload of tasks that say what a viewer did; card writes the
// same.
type milestone struct {
	ViewerID string `json:"viewer_id"`
	BIN      string `json:"bin,omitempty"` // of the card that was bound
}

// HandleBound grants what is for a bound card.
func (s *Coupons) HandleBound(ctx context.Context, t outbox.Task) error {
	return s.reward(ctx, t, Bound, func(b Batch, m milestone) (bool, error) {
		return len(b.BINs) == 0 || m.BIN != "" && b.takesCard(m.BIN), nil
	})
}

// HandleApproved grants what is for the first approved application.
func (s *Coupons) HandleApproved(ctx context.Context, t outbox.Task) error {
	return s.reward(ctx, t, Approved, func(Batch, milestone) (bool, error) { return true, nil })
}

// HandleSpent grants what is for spending: what a viewer paid within the batch's
// time of granting, less what was given back by now.
func (s *Coupons) HandleSpent(ctx context.Context, t outbox.Task) error {
	return s.reward(ctx, t, Spent, func(b Batch, m milestone) (bool, error) {
		paid, _, err := db.Value[money.Fen](ctx, s.DB, `SELECT COALESCE(SUM(paid_fen - refunded_fen), 0) FROM orders
			WHERE bank_id = ? AND viewer_id = ? AND paid_at >= ? AND paid_at < ?`, b.Bank, m.ViewerID, b.GrantFrom, b.GrantTo)
		return paid >= b.Spend, err
	})
}

// reward grants a viewer one coupon of each batch that is for what happened, once
// in the batch's life. A batch that has none to give is passed over.
func (s *Coupons) reward(ctx context.Context, t outbox.Task, way Way, earned func(Batch, milestone) (bool, error)) error {
	var m milestone
	if err := t.Decode(&m); err != nil {
		return err
	}
	bank, found, err := s.Banks.ByID(ctx, t.Bank)
	if err != nil {
		return err
	}
	if !found {
		return &outbox.Dropped{Cause: fmt.Errorf("promo: task %s is of no bank", t.ID)}
	}
	batches, err := readBatches(ctx, s.DB, "bank_id = ? AND granted_by = ? AND state = 'open' ORDER BY id", t.Bank, string(way))
	if err != nil {
		return err
	}
	for _, b := range batches {
		if ok, err := earned(b, m); err != nil {
			return err
		} else if !ok {
			continue
		}
		if err := s.rewardOf(ctx, bank, b, m.ViewerID); err != nil {
			return err
		}
	}
	return nil
}

func (s *Coupons) rewardOf(ctx context.Context, bank tenant.Bank, b Batch, viewer string) error {
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		_, err := s.grant(ctx, tx, bank, b, grant{source: byRule, ref: string(b.GrantedBy)}, viewer)
		return err
	})
	var refusal *fault.Error
	if errors.As(err, &refusal) && refusal.Kind != fault.Internal {
		return nil
	}
	return err
}
