package stampede

import (
	"context"
	"fmt"

	"yinbo/internal/db"
)

// Verify compares what the crowd was told with the database: every accepted
// order is there as it was told, no order is there that nobody was told of
// (beyond the presses whose answer was not definite), and the sale is conserved.
// problems is empty when all of it is true.
func Verify(ctx context.Context, d *db.DB, flash string, before int64, r *Report) (problems []string, err error) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	type row struct {
		id, viewer        string
		quantity, payable int64
	}
	rows, err := db.All(ctx, d, func(r db.Row) (v row, err error) {
		return v, r.Scan(&v.id, &v.viewer, &v.quantity, &v.payable)
	}, `SELECT o.id, o.viewer_id, l.quantity, o.payable_fen FROM orders o JOIN order_line l ON l.order_id = o.id WHERE o.flash_id = ?`, flash)
	if err != nil {
		return nil, err
	}
	have := make(map[string]row, len(rows))
	for _, v := range rows {
		have[v.id] = v
	}
	told := make(map[string]bool, len(r.Accepted))
	for _, a := range r.Accepted {
		v, found := have[a.ID]
		switch {
		case told[a.ID]:
			bad("order %s was given to two presses", a.ID)
		case !found:
			bad("order %s was accepted and is not in the database", a.ID)
		case v != (row{a.ID, a.Viewer, a.Quantity, a.PayableFen}):
			bad("order %s was told as %+v and is %+v", a.ID, a, v)
		}
		told[a.ID] = true
	}
	if unknown := int64(len(rows)) - before - int64(len(told)); unknown > r.Unsure {
		bad("%d orders are in the database that nobody was told of; %d presses ended unsure", unknown, r.Unsure)
	}
	conserved, err := sale(ctx, d, flash)
	return append(problems, conserved...), err
}

// Count is how many orders a sale has.
func Count(ctx context.Context, d *db.DB, flash string) (int64, error) {
	n, _, err := db.Value[int64](ctx, d, "SELECT COUNT(*) FROM orders WHERE flash_id = ?", flash)
	return n, err
}

// sale looks at a sale's conservation.
func sale(ctx context.Context, d *db.DB, flash string) (problems []string, err error) {
	for _, q := range []struct{ what, sql string }{
		{"units sold are not the units in its orders", `SELECT COUNT(*) FROM flash_sale f WHERE f.id = ? AND f.sold <> (SELECT COALESCE(SUM(l.quantity), 0)
			FROM orders o JOIN order_line l ON l.order_id = o.id WHERE o.flash_id = f.id AND o.status <> 'cancelled')`},
		{"units sold are not the viewers' claims", `SELECT COUNT(*) FROM flash_sale f WHERE f.id = ? AND f.sold <> (SELECT COALESCE(SUM(c.quantity), 0)
			FROM flash_claim c WHERE c.flash_id = f.id)`},
		{"more was sold than there was", "SELECT COUNT(*) FROM flash_sale WHERE id = ? AND sold > total"},
		{"a viewer has more than the limit", `SELECT COUNT(*) FROM flash_claim c JOIN flash_sale f ON f.id = c.flash_id
			WHERE f.id = ? AND c.quantity > f.per_user_limit`},
	} {
		n, _, err := db.Value[int64](ctx, d, q.sql, flash)
		if err != nil {
			return problems, err
		}
		if n > 0 {
			problems = append(problems, q.what)
		}
	}
	return problems, nil
}
