package voucher

import (
	"cmp"
	"context"
	"slices"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/order"
)

// Void takes codes back for a refund that leaves left of what was paid: expired
// ones first, then the last issued, until those that stay are worth no more than
// left. Less would let a person have most of the money and the goods; so a part
// of a code's worth costs the code, and the rest of its worth can be asked for
// afterwards. open is how many can still be used. 409 refund.exceeds when what
// was redeemed is worth more than left.
func (s *Vouchers) Void(ctx context.Context, tx *db.Tx, o order.Order, refund string, left money.Fen) (open int64, err error) {
	if !hasVouchers(o) {
		return 0, nil
	}
	all, err := read(ctx, tx, "bank_id = ? AND order_id = ? AND state <> 'void' ORDER BY id", o.Bank, o.ID)
	if err != nil {
		return 0, err
	}
	var worth, used money.Fen
	var usable []voucher
	for _, v := range all {
		worth += v.Value
		if v.State == Redeemed {
			used += v.Value
			continue
		}
		usable = append(usable, v)
	}
	slices.SortStableFunc(usable, func(a, b voucher) int { // the expired ones last
		return cmp.Compare(rank(a, tx.Now), rank(b, tx.Now))
	})
	var void []any
	for _, v := range slices.Backward(usable) {
		if left > 0 && worth <= left {
			break
		}
		worth -= v.Value
		void = append(void, v.ID)
	}
	for _, v := range usable[:len(usable)-len(void)] {
		if tx.Now.Before(v.ValidUntil) {
			open++
		}
	}
	if len(void) > 0 {
		_, err := tx.Exec(ctx, "UPDATE voucher SET state = 'void', voided_for = ? WHERE bank_id = ? AND state = 'issued' AND id IN "+db.Marks(len(void)),
			append([]any{refund, o.Bank}, void...)...)
		if err != nil {
			return open, err
		}
	}
	if used > left {
		return open, fault.New(fault.Conflict, "refund.exceeds").With("amount_fen", "refund.exceeds")
	}
	return open, nil
}

func rank(v voucher, now time.Time) int {
	if v.status(now) == Expired {
		return 1
	}
	return 0
}

// Revive makes good again what Void took back for a refund that failed.
func (s *Vouchers) Revive(ctx context.Context, tx *db.Tx, o order.Order, refund string) error {
	if !hasVouchers(o) {
		return nil
	}
	_, err := tx.Exec(ctx, "UPDATE voucher SET state = 'issued', voided_for = NULL WHERE bank_id = ? AND voided_for = ? AND state = 'void'", o.Bank, refund)
	return err
}
