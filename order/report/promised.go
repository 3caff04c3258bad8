package report

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/money"
)

// Promised is what was given out and is not used up: as of now. Amounts in fen.
type Promised struct {
	Items []Promise `json:"items"`
}

// Promise is one kind of it, by who will have to pay for it.
type Promise struct {
	Kind   string    `json:"kind" enum:"coupon,coupon_reserved,voucher,voucher_lapsed" doc:"coupon: granted and usable; coupon_reserved: held by an order that waits for payment; voucher: sold and not redeemed; voucher_lapsed: the same, past its last day"`
	Party  string    `json:"party" doc:"A funder (bank, merchant, platform), or the merchant's id of vouchers"`
	Name   string    `json:"name" doc:"The merchant's name"`
	Count  int64     `json:"count"`
	Amount money.Fen `json:"amount_fen" doc:"Of a coupon, what it is worth at most; of a voucher, its part of what was paid"`
}

// Promised reads it.
func (r *Reports) Promised(ctx context.Context, bankID string) (p Promised, err error) {
	now := r.db.Clock().Now()
	p.Items, err = db.All(ctx, r.db, func(row db.Row) (x Promise, err error) {
		return x, row.Scan(&x.Kind, &x.Party, &x.Name, &x.Count, &x.Amount)
	}, `SELECT CASE c.state WHEN 'granted' THEN 'coupon' ELSE 'coupon_reserved' END AS kind, b.funded_by AS party, '' AS name, COUNT(*) AS n, SUM(c.amount_fen) AS fen
			FROM coupon c JOIN coupon_batch b ON b.id = c.batch_id AND b.bank_id = c.bank_id
			WHERE c.bank_id = ? AND c.state IN ('granted', 'reserved') AND (c.use_to > ? OR c.state = 'reserved') GROUP BY c.state, b.funded_by
		UNION ALL SELECT CASE WHEN v.valid_until > ? THEN 'voucher' ELSE 'voucher_lapsed' END, v.merchant_id, COALESCE(MAX(m.name), ''), COUNT(*), SUM(v.value_fen)
			FROM voucher v LEFT JOIN merchant m ON m.id = v.merchant_id AND m.bank_id = v.bank_id
			WHERE v.bank_id = ? AND v.state = 'issued' GROUP BY CASE WHEN v.valid_until > ? THEN 'voucher' ELSE 'voucher_lapsed' END, v.merchant_id
		ORDER BY 1, 5 DESC, 2`, bankID, now, now, bankID, now)
	return p, err
}
