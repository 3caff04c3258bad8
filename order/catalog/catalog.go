package catalog

import (
	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/idem"
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
	ID       string            `json:"id"`
	Title    string            `json:"title"`
	Kind     Kind              `json:"kind" enum:"physical,voucher,card_offer"`
	Category string            `json:"category"`
	BranchID *string           `json:"branch_id" doc:"shown to viewers of this branch only; null for all"`
	SKUs     []SKU             `json:"skus"`
	Images   []string          `json:"images"`
	Alts     map[string]string `json:"image_alts" doc:"What the pictures show, in words, by their addresses; the title serves for the others"`
	Merchant MerchantBrief     `json:"merchant"`
	// ValidDays is a voucher's.
	ValidDays *int64 `json:"valid_days" doc:"How long a voucher is good for; null for other kinds"`
}

// SKU is one thing to buy.
type SKU struct {
	ID             string      `json:"id"`
	Spec           string      `json:"spec"`
	Attributes     []Attribute `json:"attributes" doc:"The spec in its parts"`
	PriceFen       money.Fen   `json:"price_fen"`
	ListPriceFen   money.Fen   `json:"list_price_fen"`
	PerPersonLimit int64       `json:"per_person_limit" doc:"How many one person's orders may hold; 0 for any number"`
	StockState     string      `json:"stock_state" enum:"in_stock,low,sold_out"`
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
	PerPersonLimit                             int64  // 0 for none
	BranchID                                   string // empty for all branches
	ValidDays                                  int64  // of a voucher
	Hidden                                     bool
}

// StockState is what a viewer learns of the good's stock.
func (g Good) StockState() string { return StockState(g.Stock) }

// Catalog answers questions about products, and keeps them.
type Catalog struct {
	db     *db.DB
	keeper *idem.Keeper
}

// New makes a catalog on d.
func New(d *db.DB) *Catalog { return &Catalog{db: d, keeper: idem.NewKeeper(d)} }

// Actor is who changes the catalogue.
type Actor struct {
	Kind, ID  string // staff or system
	RequestID string
}

func (a Actor) entry(bank, action, object string, detail map[string]any) audit.Entry {
	return audit.Entry{Bank: bank, ActorKind: a.Kind, Actor: a.ID, Action: action, Object: object, Detail: detail, RequestID: a.RequestID}
}
