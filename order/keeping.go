package order

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/keeping"
)

// Erase is what orders hold of a person: where they went. An order that nobody
// paid for was no trade: its address goes. The others stay as they are for their
// time (Keeping), and so does what the books stand on.
func (s *Orders) Erase(ctx context.Context, tx *db.Tx, e *keeping.Removal) error {
	err := e.Run(ctx, tx, "orders", "address_sealed", `UPDATE orders SET address_sealed = NULL
		WHERE bank_id = ? AND viewer_id = ? AND status = 'cancelled' AND address_sealed IS NOT NULL`, e.Bank, e.Viewer)
	if err != nil {
		return err
	}
	left, _, err := db.Value[int64](ctx, tx, "SELECT COUNT(*) FROM orders WHERE bank_id = ? AND viewer_id = ? AND address_sealed IS NOT NULL", e.Bank, e.Viewer)
	e.Kept("orders", "address_sealed", left, "trade, three years from its completion: E-commerce Law 31")
	return err
}

// overAt is when an order was over.
const overAt = `CASE t.status WHEN 'completed' THEN t.completed_at WHEN 'cancelled' THEN t.closed_at
	WHEN 'refunded' THEN COALESCE(t.completed_at, t.paid_at) END`

// Keeping is how long where an order went is kept. What was bought and paid
// stays: the ledger stands on it.
func Keeping() keeping.Class {
	return keeping.Class{Name: "trade", Means: "where orders went, from their completion on", Days: keeping.ThreeYears, Least: keeping.ThreeYears,
		Sweep: func(ctx context.Context, tx *db.Tx, s *keeping.Sweep) error {
			ids, err := s.IDs(ctx, tx, keeping.Range{Table: "orders", Prefix: id.Order, OverAt: overAt, Left: "t.address_sealed IS NOT NULL",
				Held: keeping.Held("t.bank_id", "t.id", "t.viewer_id")})
			if err != nil || len(ids) == 0 {
				return err
			}
			n, err := tx.Exec(ctx, "UPDATE orders SET address_sealed = NULL WHERE bank_id = ? AND id IN "+db.Marks(len(ids)), append([]any{s.Bank}, db.Args(ids)...)...)
			s.Took("orders", "address_sealed", n, ids[0], ids[len(ids)-1])
			return err
		}}
}
