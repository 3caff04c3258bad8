package catalog

import (
	"yinbo/internal/db"
	"yinbo/internal/money"
)

// Kind is what sort of thing a product is.
type Kind string

// The kinds. Card offers lead to an application and cannot be ordered.
const (
	Physical  Kind = "physical"
	Voucher   Kind = "voucher"
	CardOffer Kind = "card_offer"
)

// low is the stock from which a SKU counts as running out.
const low = 10

// StockState is what a viewer learns of a stock: in_stock, low or sold_out.
func StockState(stock int64) string {
	switch {
	case stock <= 0:
		return "sold_out"
	case stock <= low:
		return "low"
	}
	return "in_stock"
}

// Product is a product as the API shows it.
type Product struct {
	ID       string        `json:"id"`
	Title    string        `json:"title"`
	Kind     Kind          `json:"kind" enum:"physical,voucher,card_offer"`
	Category string        `json:"category"`
	BranchID *string       `json:"branch_id" doc:"shown to viewers of this branch only; null for all"`
	SKUs     []SKU         `json:"skus"`
	Images   []string      `json:"images"`
	Merchant MerchantBrief `json:"merchant"`
}

// SKU is one thing to buy.
type SKU struct {
	ID           string    `json:"id"`
	Spec         string    `json:"spec"`
	PriceFen     money.Fen `json:"price_fen"`
	ListPriceFen money.Fen `json:"list_price_fen"`
	StockState   string    `json:"stock_state" enum:"in_stock,low,sold_out"`
}

// MerchantBrief names a product's merchant.
type MerchantBrief struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Good is a SKU with its product, as an order or a shelf needs it.
type Good struct {
	SKUID, ProductID, MerchantID, MerchantName string
	Kind                                       Kind
	Title, Spec                                string
	Images                                     []string
	PriceFen, ListPriceFen                     money.Fen
	CommissionBps                              int64
	Stock                                      int64
	Hidden                                     bool
}

// StockState is what a viewer learns of the good's stock.
func (g Good) StockState() string { return StockState(g.Stock) }

// Catalog answers questions about products.
type Catalog struct{ db *db.DB }

// New makes a catalog on d.
func New(d *db.DB) *Catalog { return &Catalog{db: d} }
