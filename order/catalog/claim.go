package catalog

import (
	"context"
	"fmt"

	"yinbo/internal/db"
)

// Claim counts n units of a limited SKU to a viewer's order; ok is false, and
// nothing counted, when that would be more than the limit lets one person have.
// The caller rolls back, or calls Unclaim for those it got.
func Claim(ctx context.Context, tx *db.Tx, bank, viewer, order, sku string, n, limit int64) (ok bool, err error) {
	// The row first, then the conditional update: the first locks it for this
	// transaction alone whether it was there or not.
	err = tx.Insert(ctx, "sku_claim (bank_id, sku_id, viewer_id, quantity, per_person_limit)", [][]any{{bank, sku, viewer, 0, limit}},
		tx.Dialect().OnDuplicate("bank_id, sku_id, viewer_id", "quantity = quantity"))
	if err != nil {
		return false, err
	}
	rows, err := tx.Exec(ctx, `UPDATE sku_claim SET per_person_limit = ?, quantity = quantity + ?
		WHERE bank_id = ? AND sku_id = ? AND viewer_id = ? AND quantity + ? <= ?`, limit, n, bank, sku, viewer, n, limit)
	if err != nil || rows == 0 {
		return false, err
	}
	return true, tx.Insert(ctx, "order_claim (order_id, sku_id, bank_id, quantity)", [][]any{{order, sku, bank, n}}, "")
}

// Unclaim gives back what an order's claims hold, each once; an order without
// limited goods has none.
func Unclaim(ctx context.Context, tx *db.Tx, bank, viewer, order string) error {
	type claim struct {
		sku string
		n   int64
	}
	claims, err := db.All(ctx, tx, func(r db.Row) (c claim, err error) { return c, r.Scan(&c.sku, &c.n) },
		"SELECT sku_id, quantity FROM order_claim WHERE order_id = ? AND bank_id = ? ORDER BY sku_id"+tx.Dialect().ForUpdate(), order, bank)
	if err != nil || len(claims) == 0 {
		return err
	}
	for _, c := range claims {
		rows, err := tx.Exec(ctx, "UPDATE sku_claim SET quantity = quantity - ? WHERE bank_id = ? AND sku_id = ? AND viewer_id = ? AND quantity >= ?",
			c.n, bank, c.sku, viewer, c.n)
		if err != nil {
			return err
		}
		if rows != 1 {
			return fmt.Errorf("catalog: %s has no claim of %d units of %s to give back", order, c.n, c.sku)
		}
	}
	_, err = tx.Exec(ctx, "DELETE FROM order_claim WHERE order_id = ? AND bank_id = ?", order, bank)
	return err
}

// Limits gives the per-person limits of those SKUs named that have one.
func Limits(ctx context.Context, q db.Querier, bank string, skus []string) (map[string]int64, error) {
	type limited struct {
		sku   string
		limit int64
	}
	rows, err := db.All(ctx, q, func(r db.Row) (l limited, err error) { return l, r.Scan(&l.sku, &l.limit) },
		"SELECT id, per_person_limit FROM sku WHERE bank_id = ? AND per_person_limit > 0 AND id IN "+db.Marks(len(skus)),
		append([]any{bank}, db.Args(skus)...)...)
	out := make(map[string]int64, len(rows))
	for _, l := range rows {
		out[l.sku] = l.limit
	}
	return out, err
}
