package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/mozillazg/go-pinyin"

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
	VoucherDays               int // how long a voucher's codes can be used, 0 for the default
}

// AddProduct writes a product within tx and gives its id.
func AddProduct(ctx context.Context, tx *db.Tx, bank string, p NewProduct) (string, error) {
	if p.Images == nil {
		p.Images = []string{}
	}
	images, err := json.Marshal(p.Images)
	if err != nil {
		return "", fmt.Errorf("catalog: images: %w", err)
	}
	var branch *string
	if p.Branch != "" {
		branch = &p.Branch
	}
	var days *int
	if p.VoucherDays > 0 {
		days = &p.VoucherDays
	}
	product := id.New(id.Product)
	return product, tx.Insert(ctx, "product (id, bank_id, merchant_id, kind, title, category, branch_id, images, search_text, voucher_days, created_at)",
		[][]any{{product, bank, p.Merchant, string(p.Kind), p.Title, p.Category, branch, string(images), SearchText(p.Title), days, tx.Now}}, "")
}

// NewSKU is a SKU to be written.
type NewSKU struct {
	Product, Spec string
	Price, List   money.Fen
	Stock         int64
}

// AddSKU writes a SKU within tx and gives its id.
func AddSKU(ctx context.Context, tx *db.Tx, bank string, s NewSKU) (string, error) {
	sku := id.New(id.SKU)
	return sku, tx.Insert(ctx, "sku (id, bank_id, product_id, spec, price_fen, list_price_fen, stock, created_at)",
		[][]any{{sku, bank, s.Product, s.Spec, s.Price, s.List, s.Stock, tx.Now}}, "")
}

// SearchText is what a product is found by: its title in lower case and the
// initials of its pinyin, "五常大米 5kg" → "五常大米 5kg wcdm5kg".
func SearchText(title string) string {
	lower := strings.ToLower(title)
	args := pinyin.NewArgs()
	args.Style = pinyin.FirstLetter
	args.Fallback = func(r rune, _ pinyin.Args) []string {
		if r == ' ' || r > utf8.RuneSelf {
			return nil
		}
		return []string{string(r)}
	}
	return lower + " " + strings.Join(pinyin.LazyPinyin(lower, args), "")
}
