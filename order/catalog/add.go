package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/money"
)

// AddMerchant writes a merchant within tx and gives its id. The commission is in
// basis points of what is sold.
func AddMerchant(ctx context.Context, tx *db.Tx, bank, name string, commissionBps int64) (string, error) {
	merchant := id.New(id.Merchant)
	return merchant, tx.Insert(ctx, "merchant (id, bank_id, name, commission_bps, created_at)",
		[][]any{{merchant, bank, name, commissionBps, tx.Now}}, "")
}

// NewProduct is a product to be written.
type NewProduct struct {
	Merchant, Title, Category string
	Kind                      Kind
	Branch                    string // empty for all branches
	Images                    []string
	ValidDays                 int64 // of a voucher; 0 for what is usual
}

// productInto names the columns that a new product's row fills.
const productInto = "product (id, bank_id, merchant_id, kind, title, category, branch_id, images, valid_days, created_at)"

func (p NewProduct) row(bank, product string, now time.Time) ([]any, error) {
	images, err := writeImages(p.Images)
	return []any{product, bank, p.Merchant, string(p.Kind), p.Title, p.Category, orNull(p.Branch), images, positiveOrNull(p.ValidDays), now}, err
}

const searchInto = "product_search (bank_id, product_id, title, pinyin)"

// searchRow is what the product is found by.
func (p NewProduct) searchRow(bank, product string) []any {
	return []any{bank, product, SearchText(p.Title), SearchPinyin(p.Title)}
}

// AddProduct writes a product within tx, and its category when the bank has
// none such, and gives its id.
func AddProduct(ctx context.Context, tx *db.Tx, bank string, p NewProduct) (string, error) {
	if err := ensureCategories(ctx, tx, bank, p.Category); err != nil {
		return "", err
	}
	product := id.New(id.Product)
	row, err := p.row(bank, product, tx.Now)
	if err != nil {
		return "", err
	}
	if err := tx.Insert(ctx, productInto, [][]any{row}, ""); err != nil {
		return "", err
	}
	return product, tx.Insert(ctx, searchInto, [][]any{p.searchRow(bank, product)}, "")
}

func writeImages(images []string) (string, error) {
	if images == nil {
		images = []string{}
	}
	raw, err := json.Marshal(images)
	if err != nil {
		return "", fmt.Errorf("catalog: images: %w", err)
	}
	return string(raw), nil
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func positiveOrNull(n int64) *int64 {
	if n <= 0 {
		return nil
	}
	return &n
}

// NewSKU is a SKU to be written.
type NewSKU struct {
	Product, Spec  string
	Code           string // the merchant's own; empty for none
	Price, List    money.Fen
	Stock          int64
	PerPersonLimit int64 // 0 for none
}

const skuInto = "sku (id, bank_id, product_id, spec, code, price_fen, list_price_fen, stock, per_person_limit, created_at)"

func (s NewSKU) row(bank, sku string, now time.Time) []any {
	return []any{sku, bank, s.Product, s.Spec, orNull(s.Code), s.Price, s.List, s.Stock, s.PerPersonLimit, now}
}

// AddSKU writes a SKU within tx and gives its id.
func AddSKU(ctx context.Context, tx *db.Tx, bank string, s NewSKU) (string, error) {
	sku := id.New(id.SKU)
	return sku, tx.Insert(ctx, skuInto, [][]any{s.row(bank, sku, tx.Now)}, "")
}
