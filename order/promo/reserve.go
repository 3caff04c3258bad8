package promo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/internal/outbox"
	"yinbo/order"
)

// Reserve holds a viewer's coupons for an order and tells what they take off.
// Each refusal names coupon_ids[i]: 422 coupon.unknown (also another's), 422
// field.duplicate; 409 coupon.taken, coupon.expired, coupon.not_yet,
// coupon.scope, coupon.threshold, coupon.stacking, coupon.no_effect.
func (s *Coupons) Reserve(ctx context.Context, tx *db.Tx, o order.Order, coupons []string) ([]order.Deduction, error) {
	picks, err := pickAll(ctx, tx, o, coupons)
	if err != nil {
		return nil, err
	}
	out, err := deductions(o.Lines, picks)
	if err != nil {
		return nil, err
	}
	// By id, as everybody locks them. Whatever was read before, this decides.
	slices.SortFunc(picks, func(a, b pick) int { return strings.Compare(a.ID, b.ID) })
	for _, p := range picks {
		n, err := tx.Exec(ctx, `UPDATE coupon SET state = 'reserved', order_id = ?
			WHERE bank_id = ? AND id = ? AND viewer_id = ? AND state = 'granted' AND use_to > ?`, o.ID, o.Bank, p.ID, o.Viewer, tx.Now)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, p.refuse("coupon.taken")
		}
	}
	return out, nil
}

// pickAll reads the coupons named and refuses what cannot be used for the order.
func pickAll(ctx context.Context, tx *db.Tx, o order.Order, coupons []string) ([]pick, error) {
	args := append([]any{o.Bank, o.Viewer}, db.Args(coupons)...)
	found, err := readCoupons(ctx, tx, "bank_id = ? AND viewer_id = ? AND id IN "+db.Marks(len(coupons)), args...)
	if err != nil {
		return nil, err
	}
	batches, err := batchesOf(ctx, tx, o.Bank, found, batchOf)
	if err != nil {
		return nil, err
	}
	picks := make([]pick, len(coupons))
	for i, couponID := range coupons {
		field := fmt.Sprintf("coupon_ids[%d]", i)
		at := slices.IndexFunc(found, func(c Coupon) bool { return c.ID == couponID })
		if at < 0 {
			return nil, fault.InvalidField(field, "coupon.unknown")
		}
		if slices.Contains(coupons[:i], couponID) {
			return nil, fault.InvalidField(field, "field.duplicate")
		}
		picks[i] = pick{Coupon: found[at], batch: batches[found[at].Batch], field: field}
		if code := picks[i].unusable(tx.Now); code != "" {
			return nil, picks[i].refuse(code)
		}
	}
	return picks, nil
}

// Paid takes the order's coupons to used, and asks for what is granted for
// spending.
func (s *Coupons) Paid(ctx context.Context, tx *db.Tx, o order.Order) error {
	if len(o.Deductions) > 0 {
		n, err := tx.Exec(ctx, "UPDATE coupon SET state = 'used', used_at = ? WHERE bank_id = ? AND order_id = ? AND state = 'reserved'", tx.Now, o.Bank, o.ID)
		if err != nil {
			return err
		}
		if n != int64(len(o.Deductions)) {
			return fmt.Errorf("promo: order %s holds %d of its %d coupons", o.ID, n, len(o.Deductions))
		}
	}
	_, some, err := db.Value[string](ctx, tx, "SELECT id FROM coupon_batch WHERE bank_id = ? AND granted_by = 'spend' AND state = 'open' LIMIT 1", o.Bank)
	if err != nil || !some {
		return err
	}
	return s.Box.Add(ctx, tx, outbox.Task{Bank: o.Bank, Kind: SpentTask, Ref: o.ID, Payload: milestone{ViewerID: o.Viewer}})
}

// Return gives the order's coupons back to their viewer; those whose time is over
// end, and their budget is free again.
func (s *Coupons) Return(ctx context.Context, tx *db.Tx, o order.Order) error {
	coupons, err := readCoupons(ctx, tx, "bank_id = ? AND order_id = ? ORDER BY id"+tx.Dialect().ForUpdate(), o.Bank, o.ID)
	if err != nil {
		return err
	}
	ended := map[string]money.Fen{}
	for _, c := range coupons {
		to := Granted
		if !tx.Now.Before(c.UseTo) {
			to = Expired
			ended[c.Batch] += c.Amount
		}
		_, err := tx.Exec(ctx, "UPDATE coupon SET state = ?, order_id = NULL, used_at = NULL, returned_at = ? WHERE bank_id = ? AND id = ? AND order_id = ?",
			string(to), tx.Now, o.Bank, c.ID, o.ID)
		if err != nil {
			return err
		}
	}
	for _, batch := range slices.Sorted(maps.Keys(ended)) {
		if err := release(ctx, tx, o.Bank, batch, ended[batch]); err != nil {
			return err
		}
	}
	return nil
}

// Retake holds again what Return gave back, for a payment that came late.
func (s *Coupons) Retake(ctx context.Context, tx *db.Tx, o order.Order) (bool, error) {
	var coupons []string
	for _, d := range o.Deductions {
		coupons = append(coupons, d.Coupon)
	}
	slices.Sort(coupons)
	for _, couponID := range coupons {
		n, err := tx.Exec(ctx, `UPDATE coupon SET state = 'reserved', order_id = ?
			WHERE bank_id = ? AND id = ? AND viewer_id = ? AND state = 'granted' AND use_to > ?`, o.ID, o.Bank, couponID, o.Viewer, tx.Now)
		if err != nil {
			return false, err
		}
		if n == 0 {
			_, err := tx.Exec(ctx, "UPDATE coupon SET state = 'granted', order_id = NULL WHERE bank_id = ? AND order_id = ?", o.Bank, o.ID)
			return false, err
		}
	}
	return true, nil
}

// CardMay tells whether a card with the BIN, "" for none, may pay by all of the
// batches' instant discounts.
func (s *Coupons) CardMay(ctx context.Context, q db.Querier, bank string, batches []string, bin string) (bool, error) {
	if bin == "" {
		return false, nil
	}
	all, err := readBatches(ctx, q, "bank_id = ? AND id IN "+db.Marks(len(batches)), append([]any{bank}, db.Args(batches)...)...)
	for _, b := range all {
		if !b.takesCard(bin) {
			return false, err
		}
	}
	return len(all) == len(batches), err
}
