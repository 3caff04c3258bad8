package catalog

import (
	"context"

	"yinbo/internal/db"
)

// SKUsCalled gives up to limit SKUs of products that a query finds, hidden ones
// too; none for a query without words.
func SKUsCalled(ctx context.Context, q db.Querier, bank, query string, limit int) ([]string, error) {
	found, args := words(query)
	if found == "" {
		return nil, nil
	}
	return db.All(ctx, q, func(r db.Row) (sku string, err error) { return sku, r.Scan(&sku) },
		"SELECT s.id FROM product_search f"+q.Dialect().Then()+"sku s ON s.bank_id = f.bank_id AND s.product_id = f.product_id WHERE f.bank_id = ?"+
			found+" LIMIT ?", append(append([]any{bank}, args...), limit)...)
}
