package promo

import (
	"context"
	"encoding/json"
	"fmt"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/money"
)

const batchColumns = `SELECT id, bank_id, kind, title, funded_by, COALESCE(merchant_id, ''), sku_ids, bins, stacking, amount_fen, threshold_fen,
	budget_fen, committed_fen, daily_cap, per_person, granted_by, spend_fen, COALESCE(room_id, ''), grant_from, grant_to, use_from, use_to,
	state, created_by, created_at FROM coupon_batch WHERE `

func scanBatch(r db.Row) (b Batch, err error) {
	var skus, bins string
	var grantFrom, grantTo, useFrom, useTo, created db.Time
	err = r.Scan(&b.ID, &b.Bank, &b.Kind, &b.Title, &b.FundedBy, &b.Merchant, &skus, &bins, &b.Stacking, &b.Amount, &b.Threshold,
		&b.Budget, &b.Committed, &b.DailyCap, &b.PerPerson, &b.GrantedBy, &b.Spend, &b.Room, &grantFrom, &grantTo, &useFrom, &useTo,
		&b.State, &b.CreatedBy, &created)
	if err != nil {
		return b, err
	}
	b.GrantFrom, b.GrantTo, b.UseFrom, b.UseTo, b.CreatedAt = grantFrom.Time, grantTo.Time, useFrom.Time, useTo.Time, created.Time
	for raw, into := range map[*string]*[]string{&skus: &b.SKUs, &bins: &b.BINs} {
		if err := json.Unmarshal([]byte(*raw), into); err != nil {
			return b, fmt.Errorf("promo: lists of batch %s: %w", b.ID, err)
		}
	}
	return b, nil
}

func readBatches(ctx context.Context, q db.Querier, where string, args ...any) ([]Batch, error) {
	return db.All(ctx, q, scanBatch, batchColumns+where, args...)
}

// readBatch reads a batch; 404 not_found when the bank has none such.
func readBatch(ctx context.Context, q db.Querier, bank, batchID string) (Batch, error) {
	return oneBatch(ctx, q, bank, batchID, "")
}

// lockBatch is readBatch that holds the row until the commit.
func lockBatch(ctx context.Context, tx *db.Tx, bank, batchID string) (Batch, error) {
	return oneBatch(ctx, tx, bank, batchID, tx.Dialect().ForUpdate())
}

func oneBatch(ctx context.Context, q db.Querier, bank, batchID, lock string) (Batch, error) {
	b, found, err := db.One(ctx, q, scanBatch, batchColumns+"bank_id = ? AND id = ?"+lock, bank, batchID)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	return b, err
}

// batchesOf reads the batches that own things, by their ids.
func batchesOf[T any](ctx context.Context, q db.Querier, bank string, owned []T, batch func(T) string) (map[string]Batch, error) {
	out, args := make(map[string]Batch, len(owned)), []any{bank}
	for _, v := range owned {
		args = append(args, batch(v))
	}
	if len(owned) == 0 {
		return out, nil
	}
	batches, err := readBatches(ctx, q, "bank_id = ? AND id IN "+db.Marks(len(owned)), args...)
	for _, b := range batches {
		out[b.ID] = b
	}
	return out, err
}

func insertBatch(ctx context.Context, tx *db.Tx, b Batch) error {
	skus, err := json.Marshal(b.SKUs)
	if err != nil {
		return fmt.Errorf("promo: SKUs: %w", err)
	}
	bins, err := json.Marshal(b.BINs)
	if err != nil {
		return fmt.Errorf("promo: BINs: %w", err)
	}
	return tx.Insert(ctx, `coupon_batch (id, bank_id, kind, title, funded_by, merchant_id, sku_ids, bins, stacking, amount_fen, threshold_fen,
		budget_fen, daily_cap, per_person, granted_by, spend_fen, room_id, grant_from, grant_to, use_from, use_to, state, created_by, created_at)`,
		[][]any{{b.ID, b.Bank, string(b.Kind), b.Title, string(b.FundedBy), orNull(b.Merchant), string(skus), string(bins), string(b.Stacking),
			b.Amount, b.Threshold, b.Budget, b.DailyCap, b.PerPerson, string(b.GrantedBy), b.Spend, orNull(b.Room),
			b.GrantFrom, b.GrantTo, b.UseFrom, b.UseTo, string(b.State), b.CreatedBy, b.CreatedAt}}, "")
}

const couponColumns = `SELECT id, bank_id, batch_id, viewer_id, state, amount_fen, use_to, COALESCE(order_id, ''), granted_at
	FROM coupon WHERE `

func scanCoupon(r db.Row) (c Coupon, err error) {
	var useTo, granted db.Time
	err = r.Scan(&c.ID, &c.Bank, &c.Batch, &c.Viewer, &c.Status, &c.Amount, &useTo, &c.Order, &granted)
	c.UseTo, c.GrantedAt = useTo.Time, granted.Time
	return c, err
}

func readCoupons(ctx context.Context, q db.Querier, where string, args ...any) ([]Coupon, error) {
	return db.All(ctx, q, scanCoupon, couponColumns+where, args...)
}

// commit takes amount out of a batch's budget, if it grants now and has that
// much left.
func commit(ctx context.Context, tx *db.Tx, bank, batchID string, amount money.Fen) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE coupon_batch SET committed_fen = committed_fen + ? WHERE bank_id = ? AND id = ? AND state = 'open'
		AND grant_from <= ? AND grant_to > ? AND committed_fen + ? <= budget_fen`, amount, bank, batchID, tx.Now, tx.Now, amount)
	return n == 1, err
}

// release gives amount back to a batch's budget.
func release(ctx context.Context, tx *db.Tx, bank, batchID string, amount money.Fen) error {
	_, err := tx.Exec(ctx, "UPDATE coupon_batch SET committed_fen = committed_fen - ? WHERE bank_id = ? AND id = ?", amount, bank, batchID)
	return err
}

// takeDay counts n coupons on the business date, if its cap lets them. It runs
// under the batch's row, which commit holds.
func takeDay(ctx context.Context, tx *db.Tx, b Batch, date string, n int64) (bool, error) {
	if b.DailyCap == 0 {
		return true, nil
	}
	err := tx.InsertIgnore(ctx, "coupon_batch_day (bank_id, batch_id, business_date, granted, daily_cap)", [][]any{{b.Bank, b.ID, date, 0, b.DailyCap}})
	if err != nil {
		return false, err
	}
	m, err := tx.Exec(ctx, `UPDATE coupon_batch_day SET granted = granted + ? WHERE bank_id = ? AND batch_id = ? AND business_date = ?
		AND granted + ? <= daily_cap`, n, b.Bank, b.ID, date, n)
	return m == 1, err
}
