package catalog

import (
	"context"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// Filter picks products; zero fields do not filter.
type Filter struct {
	Category string // its subcategories' too
	Query    string // words that are all in the title, or in its pinyin
	Branch   string // also shows what only this branch's viewers see
}

// inCategory picks the products of a category and its subcategories. Their names
// are read first: a list of values is found by an index.
func (c *Catalog) inCategory(ctx context.Context, bank, name string) (cond string, args []any, err error) {
	names, err := db.All(ctx, c.db, func(r db.Row) (v string, err error) { return v, r.Scan(&v) },
		"SELECT c.name FROM category c JOIN category up ON up.id = c.parent_id WHERE up.bank_id = ? AND up.name = ?", bank, name)
	names = append(names, name)
	return "p.category IN " + db.Marks(len(names)), db.Args(names), err
}

// List gives the bank's products, oldest first, after the one named: one more
// than limit when there are further ones.
func (c *Catalog) List(ctx context.Context, bank string, f Filter, after string, limit int) ([]Product, error) {
	found, args := words(f.Query)
	src := sourceOf(c.db.Dialect(), found)
	where := src.bank + " = ? AND " + src.id + " > ?" + found + " AND p.hidden_at IS NULL AND (p.branch_id IS NULL OR p.branch_id = ?)"
	args = append(append([]any{bank, after}, args...), f.Branch)
	if f.Category != "" {
		cond, names, err := c.inCategory(ctx, bank, f.Category)
		if err != nil {
			return nil, err
		}
		where, args = where+" AND "+cond, append(args, names...)
	}
	items, err := c.products(ctx, src, where+" ORDER BY "+src.id+" LIMIT ?", append(args, limit+1)...)
	if err != nil {
		return nil, err
	}
	return items, c.addSKUs(ctx, bank, items)
}

// Product gives one product of the bank as viewers of a branch see it, "" for
// those of none; 404 not_found.
func (c *Catalog) Product(ctx context.Context, bank, branch, productID string) (Product, error) {
	items, err := c.products(ctx, sourceOf(c.db.Dialect(), ""), `p.bank_id = ? AND p.id = ? AND p.hidden_at IS NULL
		AND (p.branch_id IS NULL OR p.branch_id = ?)`, bank, productID, branch)
	if err != nil {
		return Product{}, err
	}
	if len(items) == 0 {
		return Product{}, fault.New(fault.NotFound, "not_found")
	}
	return items[0], c.addSKUs(ctx, bank, items)
}

// Goods gives the SKUs named, by id; those that the bank does not have are
// absent. Hidden ones are among them: an order that holds one must still read.
func (c *Catalog) Goods(ctx context.Context, bank string, skuIDs []string) (map[string]Good, error) {
	return Goods(ctx, c.db, c.db.Clock().Now(), bank, skuIDs)
}

// ShelfGoods is Goods without hidden products, for a room's shelf.
func (c *Catalog) ShelfGoods(ctx context.Context, bank string, skuIDs []string) (map[string]Good, error) {
	goods, err := c.Goods(ctx, bank, skuIDs)
	for k, g := range goods {
		if g.Hidden {
			delete(goods, k)
		}
	}
	return goods, err
}

// Goods reads the SKUs named through q; their commission is that of now.
func Goods(ctx context.Context, q db.Querier, now time.Time, bank string, skuIDs []string) (map[string]Good, error) {
	out := make(map[string]Good, len(skuIDs))
	if len(skuIDs) == 0 {
		return out, nil
	}
	goods, err := db.All(ctx, q, scanGood, goodColumns+" WHERE s.bank_id = ? AND s.id IN "+db.Marks(len(skuIDs)),
		append([]any{now, bank}, db.Args(skuIDs)...)...)
	for _, g := range goods {
		out[g.SKUID] = g
	}
	return out, err
}
