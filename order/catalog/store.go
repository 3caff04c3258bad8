package catalog

import (
	"context"
	"encoding/json"
	"fmt"

	"yinbo/internal/db"
)

const productColumns = "SELECT p.id, p.title, p.kind, p.category, p.branch_id, p.images, p.image_alts, p.valid_days, m.id, m.name"

// products reads those of a source that a condition picks.
func (c *Catalog) products(ctx context.Context, src source, where string, args ...any) ([]Product, error) {
	return db.All(ctx, c.db, func(r db.Row) (Product, error) {
		p := Product{SKUs: []SKU{}}
		var images string
		var alts *string
		if err := r.Scan(&p.ID, &p.Title, &p.Kind, &p.Category, &p.BranchID, &images, &alts, &p.ValidDays, &p.Merchant.ID, &p.Merchant.Name); err != nil {
			return p, err
		}
		var err error
		if p.Images, err = readImages(images); err == nil {
			p.Alts, err = readAlts(alts, p.Images)
		}
		return p, err
	}, productColumns+src.tables+" WHERE "+where, args...)
}

func readImages(raw string) ([]string, error) {
	images := []string{}
	if err := json.Unmarshal([]byte(raw), &images); err != nil {
		return nil, fmt.Errorf("catalog: images: %w", err)
	}
	return images, nil
}

// addSKUs fills the products' SKUs with one statement.
func (c *Catalog) addSKUs(ctx context.Context, bank string, items []Product) error {
	if len(items) == 0 {
		return nil
	}
	at, ids := map[string]int{}, make([]any, 0, len(items)+1)
	ids = append(ids, bank)
	for i, p := range items {
		at[p.ID] = i
		ids = append(ids, p.ID)
	}
	type owned struct {
		product string
		sku     SKU
	}
	rows, err := db.All(ctx, c.db, func(r db.Row) (o owned, err error) {
		var stock int64
		err = r.Scan(&o.product, &o.sku.ID, &o.sku.Spec, &o.sku.PriceFen, &o.sku.ListPriceFen, &o.sku.PerPersonLimit, &stock)
		o.sku.Attributes, o.sku.StockState = attributesOf(o.sku.Spec), StockState(stock)
		return o, err
	}, `SELECT product_id, id, spec, price_fen, list_price_fen, per_person_limit, stock FROM sku
		WHERE bank_id = ? AND product_id IN `+db.Marks(len(items))+" ORDER BY id", ids...)
	for _, o := range rows {
		p := &items[at[o.product]]
		p.SKUs = append(p.SKUs, o.sku)
	}
	return err
}

// termsNow are the terms of merchant m that hold at a time, its first argument:
// those of the highest version that have begun (package terms).
const termsNow = ` FROM merchant_terms t WHERE t.bank_id = m.bank_id AND t.merchant_id = m.id AND t.starts_at <= ? ORDER BY t.version DESC LIMIT 1`

// commission is what a sale of product p by merchant m keeps: the rate of its
// category, else of the one above, else the merchant's.
const commission = `COALESCE((SELECT COALESCE((SELECT r.bps FROM category k JOIN merchant_rate r ON r.terms_id = t.id AND r.category_id IN (k.id, k.parent_id)
	WHERE k.bank_id = p.bank_id AND k.name = p.category ORDER BY CASE WHEN r.category_id = k.id THEN 0 ELSE 1 END LIMIT 1), t.commission_bps)` + termsNow + `), m.commission_bps)`

// goodColumns take the time as their first argument.
const goodColumns = `SELECT s.id, p.id, m.id, m.name, p.kind, p.title, s.spec, p.images, s.price_fen, s.list_price_fen,
	` + commission + `, s.stock, s.per_person_limit, COALESCE(p.branch_id, ''), COALESCE(p.valid_days, 0), p.hidden_at
	FROM sku s JOIN product p ON p.id = s.product_id JOIN merchant m ON m.id = p.merchant_id`

func scanGood(r db.Row) (g Good, err error) {
	var images string
	var hidden db.Time
	err = r.Scan(&g.SKUID, &g.ProductID, &g.MerchantID, &g.MerchantName, &g.Kind, &g.Title, &g.Spec, &images,
		&g.PriceFen, &g.ListPriceFen, &g.CommissionBps, &g.Stock,
		&g.PerPersonLimit, &g.BranchID, &g.ValidDays, &hidden)
	if err != nil {
		return g, err
	}
	g.Hidden = !hidden.IsZero()
	g.Images, err = readImages(images)
	return g, err
}

// LockSKU holds a SKU's row until the commit and gives its stock; found is
// false when the bank has none such.
func LockSKU(ctx context.Context, tx *db.Tx, bank, sku string) (stock int64, found bool, err error) {
	return db.Value[int64](ctx, tx, "SELECT stock FROM sku WHERE bank_id = ? AND id = ?"+tx.Dialect().ForUpdate(), bank, sku)
}

// Take takes n units out of a SKU's stock; ok is false, and nothing taken, when
// there are fewer.
func Take(ctx context.Context, tx *db.Tx, bank, sku string, n int64) (ok bool, err error) {
	rows, err := tx.Exec(ctx, "UPDATE sku SET stock = stock - ? WHERE bank_id = ? AND id = ? AND stock >= ?", n, bank, sku, n)
	return rows == 1, err
}

// Return gives n units back to a SKU's stock.
func Return(ctx context.Context, tx *db.Tx, bank, sku string, n int64) error {
	if n == 0 {
		return nil
	}
	rows, err := tx.Exec(ctx, "UPDATE sku SET stock = stock + ? WHERE bank_id = ? AND id = ?", n, bank, sku)
	if err == nil && rows != 1 {
		return fmt.Errorf("catalog: no SKU %s to return %d units to", sku, n)
	}
	return err
}
