package catalog

import (
	"context"
	"strings"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// Entry is a product as the shop's staff see it.
type Entry struct {
	ID        string            `json:"id"`
	Title     string            `json:"title"`
	Kind      Kind              `json:"kind" enum:"physical,voucher,card_offer"`
	Category  string            `json:"category"`
	BranchID  *string           `json:"branch_id" doc:"shown to viewers of this branch only; null for all"`
	Images    []string          `json:"images"`
	Alts      map[string]string `json:"image_alts" doc:"What the pictures show, in words, by their addresses; the title serves for the others"`
	ValidDays *int64            `json:"valid_days" doc:"How long a voucher is good for; null for other kinds"`
	Merchant  MerchantBrief     `json:"merchant"`
	Hidden    bool              `json:"hidden" doc:"Neither shown nor sold"`
	SKUs      []Stocked         `json:"skus"`
	CreatedAt clock.Stamp       `json:"created_at"`
}

// Stocked is a SKU as the shop's staff see it.
type Stocked struct {
	SKU
	ProductID string  `json:"product_id"`
	Code      *string `json:"code" doc:"The merchant's own code; an import finds the SKU by it"`
	Stock     int64   `json:"stock" doc:"Units to sell; those of a flash sale that is set up are out of it"`
}

// EntryFilter picks entries; zero fields do not filter.
type EntryFilter struct {
	Query                      string // as Filter's, or a SKU's code
	Category, Merchant, Branch string
	Kind                       Kind
	Hidden                     *bool
	Stock                      string // low or sold_out: with a SKU in this state
}

const entryColumns = "SELECT p.id, p.title, p.kind, p.category, p.branch_id, p.images, p.image_alts, p.valid_days, p.hidden_at, p.created_at, m.id, m.name"

func scanEntry(r db.Row) (e Entry, err error) {
	var images string
	var alts *string
	var hidden, created db.Time
	err = r.Scan(&e.ID, &e.Title, &e.Kind, &e.Category, &e.BranchID, &images, &alts, &e.ValidDays, &hidden, &created, &e.Merchant.ID, &e.Merchant.Name)
	if err != nil {
		return e, err
	}
	e.Hidden, e.CreatedAt, e.SKUs = !hidden.IsZero(), clock.At(created.Time), []Stocked{}
	if e.Images, err = readImages(images); err == nil {
		e.Alts, err = readAlts(alts, e.Images)
	}
	return e, err
}

// Entries gives the bank's products for its staff, the newest first, after the
// one named: one more than limit when there are further ones.
func (c *Catalog) Entries(ctx context.Context, bank string, f EntryFilter, after string, limit int) ([]Entry, error) {
	found, these := words(f.Query)
	src := sourceOf(c.db.Dialect(), found)
	where, args := src.bank+" = ?", []any{bank}
	add := func(cond string, these ...any) { where, args = where+" AND "+cond, append(args, these...) }
	if after != "" {
		add(src.id+" < ?", after)
	}
	for _, is := range []struct{ column, value string }{{"merchant_id", f.Merchant}, {"branch_id", f.Branch}, {"kind", string(f.Kind)}} {
		if is.value != "" {
			add("p."+is.column+" = ?", is.value)
		}
	}
	if f.Category != "" {
		cond, names, err := c.inCategory(ctx, bank, f.Category)
		if err != nil {
			return nil, err
		}
		add(cond, names...)
	}
	if f.Hidden != nil {
		add(map[bool]string{true: "p.hidden_at IS NOT NULL", false: "p.hidden_at IS NULL"}[*f.Hidden])
	}
	if f.Stock != "" {
		most := map[string]int64{"low": low, "sold_out": 0}[f.Stock]
		add("EXISTS (SELECT 1 FROM sku s WHERE s.bank_id = ? AND s.product_id = p.id AND s.stock <= ?)", bank, most)
	}
	if found != "" {
		product, err := productOfCode(ctx, c.db, bank, strings.TrimSpace(f.Query))
		if err != nil {
			return nil, err
		}
		add("(f.product_id = ? OR (1 = 1"+found+"))", append([]any{product}, these...)...)
	}
	entries, err := db.All(ctx, c.db, scanEntry, entryColumns+src.tables+" WHERE "+where+" ORDER BY "+src.id+" DESC LIMIT ?",
		append(args, limit+1)...)
	if err != nil {
		return nil, err
	}
	return entries, addStocked(ctx, c.db, bank, entries)
}

// Entry gives one product to staff; 404 not_found.
func (c *Catalog) Entry(ctx context.Context, bank, productID string) (Entry, error) {
	return readEntry(ctx, c.db, bank, productID)
}

func readEntry(ctx context.Context, q db.Querier, bank, productID string) (Entry, error) {
	e, found, err := db.One(ctx, q, scanEntry, entryColumns+sourceOf(q.Dialect(), "").tables+" WHERE p.bank_id = ? AND p.id = ?", bank, productID)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	if err != nil {
		return e, err
	}
	one := []Entry{e}
	err = addStocked(ctx, q, bank, one)
	return one[0], err
}

const stockedColumns = `SELECT product_id, id, spec, code, price_fen, list_price_fen, per_person_limit, stock FROM sku WHERE bank_id = ?`

func scanStocked(r db.Row) (s Stocked, err error) {
	err = r.Scan(&s.ProductID, &s.ID, &s.Spec, &s.Code, &s.PriceFen, &s.ListPriceFen, &s.PerPersonLimit, &s.Stock)
	s.Attributes, s.StockState = attributesOf(s.Spec), StockState(s.Stock)
	return s, err
}

// addStocked fills the entries' SKUs with one statement.
func addStocked(ctx context.Context, q db.Querier, bank string, entries []Entry) error {
	if len(entries) == 0 {
		return nil
	}
	at, args := map[string]int{}, []any{bank}
	for i, e := range entries {
		at[e.ID] = i
		args = append(args, e.ID)
	}
	all, err := db.All(ctx, q, scanStocked, stockedColumns+" AND product_id IN "+db.Marks(len(entries))+" ORDER BY id", args...)
	for _, s := range all {
		e := &entries[at[s.ProductID]]
		e.SKUs = append(e.SKUs, s)
	}
	return err
}

func readStocked(ctx context.Context, q db.Querier, bank, sku string) (Stocked, error) {
	s, found, err := db.One(ctx, q, scanStocked, stockedColumns+" AND id = ?", bank, sku)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	return s, err
}
