package promo

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/money"
	"yinbo/order/catalog"
)

// Detail is a batch with what became of its coupons.
type Detail struct {
	BatchView
	Goods   []Good  `json:"goods" doc:"What sku_ids names"`
	Figures Figures `json:"figures"`
}

// Good is a SKU by its names.
type Good struct {
	SKU   string `json:"sku_id"`
	Title string `json:"title"`
	Spec  string `json:"spec"`
}

// Figures count a batch's coupons, and what of its budget was spent.
type Figures struct {
	Granted  int64     `json:"granted" doc:"Held by viewers, not used"`
	Reserved int64     `json:"reserved" doc:"In orders that wait to be paid"`
	Used     int64     `json:"used"`
	Expired  int64     `json:"expired"`
	Spent    money.Fen `json:"spent_fen" doc:"Taken off paid orders, less what refunds gave back"`
}

// Batch shows a batch with its figures; 404 not_found.
func (s *Coupons) Batch(ctx context.Context, bank, batchID string) (Detail, error) {
	b, err := readBatch(ctx, s.DB, bank, batchID)
	if err != nil {
		return Detail{}, err
	}
	d := Detail{BatchView: b.view(), Goods: []Good{}}
	goods, err := catalog.Goods(ctx, s.DB, s.DB.Clock().Now(), bank, b.SKUs)
	if err != nil {
		return d, err
	}
	for _, sku := range b.SKUs {
		d.Goods = append(d.Goods, Good{sku, goods[sku].Title, goods[sku].Spec})
	}
	type count struct {
		status Status
		n      int64
	}
	counts, err := db.All(ctx, s.DB, func(r db.Row) (c count, err error) { return c, r.Scan(&c.status, &c.n) },
		"SELECT state, COUNT(*) FROM coupon WHERE bank_id = ? AND batch_id = ? GROUP BY state", bank, batchID)
	if err != nil {
		return d, err
	}
	for _, c := range counts {
		*map[Status]*int64{Granted: &d.Figures.Granted, Reserved: &d.Figures.Reserved, Used: &d.Figures.Used, Expired: &d.Figures.Expired}[c.status] = c.n
	}
	d.Figures.Spent, _, err = db.Value[money.Fen](ctx, s.DB, `SELECT COALESCE(SUM(d.amount_fen - d.returned_fen), 0) FROM order_discount d
		JOIN orders o ON o.id = d.order_id WHERE d.bank_id = ? AND d.batch_id = ? AND o.paid_fen > 0`, bank, batchID)
	return d, err
}

// BindRate counts who paid in a room with a coupon, and who of them by a bound
// card of the bank's own.
type BindRate struct{ Payers, Own int64 }

// Bps is the rate in basis points; 0 where nobody paid so.
func (r BindRate) Bps() int64 {
	if r.Payers == 0 {
		return 0
	}
	return r.Own * 10_000 / r.Payers
}

// RoomFigures is a room's bind rate: distinct viewers over all its paid orders
// with a discount. At the cashier nobody learns the card: that is not ours.
func (s *Coupons) RoomFigures(ctx context.Context, bank, room string) (BindRate, error) {
	r, _, err := db.One(ctx, s.DB, func(r db.Row) (v BindRate, err error) { return v, r.Scan(&v.Payers, &v.Own) },
		`SELECT COUNT(DISTINCT o.viewer_id), COUNT(DISTINCT CASE WHEN p.own_card = ? THEN o.viewer_id END)
		FROM orders o JOIN payment p ON p.id = o.paid_by
		WHERE o.bank_id = ? AND o.room_id = ? AND o.paid_fen > 0 AND o.discount_fen > 0`, true, bank, room)
	return r, err
}
