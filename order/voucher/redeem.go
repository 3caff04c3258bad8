package voucher

import (
	"context"
	"errors"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/idem"
	"yinbo/internal/outbox"
	"yinbo/internal/tenant"
	"yinbo/order"
)

// Redeem uses a code up, once. Refusals: 422 voucher.code when it cannot be one,
// 404 not_found when the bank has none such, 409 voucher.redeemed, which says when
// in the bank's zone, 409 voucher.void after a refund, 410 voucher.expired.
func (s *Vouchers) Redeem(ctx context.Context, req idem.Request, bank tenant.Bank, by order.Staff, typed string) (Redemption, bool, error) {
	code, err := parse(typed)
	if err != nil {
		return Redemption{}, false, err
	}
	hash, err := s.hash(ctx, bank.ID, code)
	if err != nil {
		return Redemption{}, false, err
	}
	return idem.Do(ctx, s.Keeper, req, func(tx *db.Tx) (Redemption, error) {
		v, found, err := db.One(ctx, tx, scan, columns+"bank_id = ? AND code_hash = ?", bank.ID, hash)
		if err != nil {
			return Redemption{}, err
		}
		if !found {
			return Redemption{}, fault.New(fault.NotFound, "not_found")
		}
		// The order's row keeps refunds and the other codes' ends out.
		o, err := order.Lock(ctx, tx, bank.ID, v.Order)
		if err != nil {
			return Redemption{}, err
		}
		if err := s.use(ctx, tx, bank, v, by); err != nil {
			return Redemption{}, err
		}
		if err := s.usedUp(ctx, tx, &o, by.ID); err != nil {
			return Redemption{}, err
		}
		r := Redemption{ID: v.ID, OrderID: v.Order, MerchantID: v.Merchant, Title: v.Title, Spec: v.Spec, ValueFen: v.Value, RedeemedAt: clock.At(tx.Now)}
		return r, by.Audit(ctx, tx, bank.ID, "voucher.redeemed", v.ID, map[string]any{"order_id": v.Order})
	})
}

// use is the one transition that uses a code up.
func (s *Vouchers) use(ctx context.Context, tx *db.Tx, bank tenant.Bank, v voucher, by order.Staff) error {
	n, err := tx.Exec(ctx, `UPDATE voucher SET state = 'redeemed', redeemed_at = ?, redeemed_by = ?
		WHERE bank_id = ? AND id = ? AND state = 'issued' AND valid_until > ?`, tx.Now, by.ID, v.Bank, v.ID, tx.Now)
	if err != nil || n == 1 {
		return err
	}
	// Another terminal or a refund was first, or its time is over.
	now, _, err := db.One(ctx, tx, scan, columns+"bank_id = ? AND id = ?", v.Bank, v.ID)
	if err != nil {
		return err
	}
	switch now.status(tx.Now) {
	case Redeemed:
		return fault.New(fault.Conflict, "voucher.redeemed", now.RedeemedAt.In(bank.Zone).Format(time.DateTime))
	case Void:
		return fault.New(fault.Conflict, "voucher.void")
	}
	return fault.New(fault.Gone, "voucher.expired")
}

// usedUp ends an order of which no code can be used any more.
func (s *Vouchers) usedUp(ctx context.Context, tx *db.Tx, o *order.Order, by string) error {
	_, some, err := db.Value[string](ctx, tx, `SELECT id FROM voucher
		WHERE bank_id = ? AND order_id = ? AND state = 'issued' AND valid_until > ? LIMIT 1`, o.Bank, o.ID, tx.Now)
	if err != nil || some {
		return err
	}
	return s.Orders.UsedUp(ctx, tx, o, by)
}

// HandleExpire ends an order whose codes are redeemed or expired.
func (s *Vouchers) HandleExpire(ctx context.Context, t outbox.Task) error {
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		o, err := order.Lock(ctx, tx, t.Bank, t.Ref)
		if errors.Is(err, fault.New(fault.NotFound, "not_found")) {
			return nil
		}
		if err != nil {
			return err
		}
		return s.usedUp(ctx, tx, &o, "")
	})
}
