package catalog

import (
	"context"
	"strings"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/idem"
	"yinbo/internal/money"
)

// Bounds of a SKU.
const (
	MaxPrice  money.Fen = 1_000_000_000_000 // ten billion yuan
	MaxStock  int64     = 1_000_000_000
	MaxLimit  int64     = 1_000_000
	maxCode             = 60
	maxImages           = 20
)

// SKUTerms is what staff say of a new SKU.
type SKUTerms struct {
	Attributes     []Attribute
	Code           string
	Price, List    money.Fen // List is Price when zero
	Stock          int64
	PerPersonLimit int64
}

// sku checks the terms; field goes before the names of what does not fit.
func (t SKUTerms) sku(kind Kind, field string) (NewSKU, error) {
	if len(t.Attributes) == 0 {
		t.Attributes = []Attribute{{}}
	}
	list, ok := cleanSpec(t.Attributes)
	if !ok {
		return NewSKU{}, fault.InvalidField(field+"attributes", "sku.spec")
	}
	if t.List == 0 {
		t.List = t.Price
	}
	s := NewSKU{Spec: SpecText(list), Code: t.Code, Price: t.Price, List: t.List, Stock: t.Stock, PerPersonLimit: t.PerPersonLimit}
	name, code := s.wrong(kind)
	if code != "" {
		return s, fault.InvalidField(field+name, code)
	}
	return s, nil
}

// wrong names the first field that does not fit, with its code; "" for none.
func (s NewSKU) wrong(kind Kind) (field, code string) {
	switch {
	case s.Price < 0 || s.Price == 0 && kind != CardOffer:
		return "price_fen", "field.too_small"
	case s.Price > MaxPrice:
		return "price_fen", "field.too_large"
	case s.List < s.Price:
		return "list_price_fen", "sku.list_price"
	case s.List > MaxPrice:
		return "list_price_fen", "field.too_large"
	case s.Stock < 0:
		return "stock", "field.too_small"
	case s.Stock > MaxStock:
		return "stock", "field.too_large"
	case s.PerPersonLimit < 0:
		return "per_person_limit", "field.too_small"
	case s.PerPersonLimit > MaxLimit:
		return "per_person_limit", "field.too_large"
	case !goodCode(s.Code):
		return "code", "sku.code"
	}
	return "", ""
}

// goodCode: visible ASCII without spaces, or none.
func goodCode(code string) bool {
	return len(code) <= maxCode && !strings.ContainsFunc(code, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// CreateSKU adds a SKU with its stock to a product. 404 not_found, 409
// sku.spec_taken, 409 sku.code_taken, 422.
func (c *Catalog) CreateSKU(ctx context.Context, req idem.Request, bank string, by Actor, productID string, t SKUTerms) (Stocked, bool, error) {
	return idem.Do(ctx, c.keeper, req, func(tx *db.Tx) (Stocked, error) {
		kind, err := lockProduct(ctx, tx, bank, productID)
		if err != nil {
			return Stocked{}, err
		}
		s, err := t.sku(kind, "")
		if err != nil {
			return Stocked{}, err
		}
		if err := freeSpec(ctx, tx, bank, productID, "", s.Spec); err != nil {
			return Stocked{}, err
		}
		s.Product = productID
		sku, err := AddSKU(ctx, tx, bank, s)
		if err != nil {
			return Stocked{}, taken(err, "sku.code_taken")
		}
		err = audit.Write(ctx, tx, by.entry(bank, "sku.created", sku, map[string]any{"product_id": productID, "spec": s.Spec,
			"price_fen": s.Price, "stock": s.Stock, "per_person_limit": s.PerPersonLimit}))
		if err != nil {
			return Stocked{}, err
		}
		return readStocked(ctx, tx, bank, sku)
	})
}

// lockProduct holds a product's row and gives its kind; 404 not_found.
func lockProduct(ctx context.Context, tx *db.Tx, bank, productID string) (Kind, error) {
	kind, found, err := db.Value[string](ctx, tx, "SELECT kind FROM product WHERE bank_id = ? AND id = ?"+tx.Dialect().ForUpdate(), bank, productID)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	return Kind(kind), err
}

// freeSpec is 409 sku.spec_taken when another SKU of the product has the spec,
// in whatever order of its attributes.
func freeSpec(ctx context.Context, tx *db.Tx, bank, productID, except, spec string) error {
	specs, err := db.All(ctx, tx, func(r db.Row) (s string, err error) { return s, r.Scan(&s) },
		"SELECT spec FROM sku WHERE bank_id = ? AND product_id = ? AND id <> ?", bank, productID, except)
	for _, other := range specs {
		if specKey(attributesOf(other)) == specKey(attributesOf(spec)) {
			return fault.New(fault.Conflict, "sku.spec_taken").With("attributes", "field.duplicate")
		}
	}
	return err
}

// SKUChange is what an edit sets; nil fields stay. Stock has its own way.
type SKUChange struct {
	Attributes     *[]Attribute
	Code           *string // empty for none
	Price, List    *money.Fen
	PerPersonLimit *int64
}

// EditSKU changes a SKU. What is in orders keeps its price; a lower limit takes
// nothing from those who have more. 404 not_found, 409 sku.spec_taken, 409
// sku.code_taken, 422.
func (c *Catalog) EditSKU(ctx context.Context, bank string, by Actor, sku string, change SKUChange) (Stocked, error) {
	var after Stocked
	err := c.db.InTx(ctx, func(tx *db.Tx) error {
		old, err := readStocked(ctx, tx, bank, sku)
		if err != nil {
			return err
		}
		kind, err := lockProduct(ctx, tx, bank, old.ProductID)
		if err != nil {
			return err
		}
		if old, err = readStocked(ctx, tx, bank, sku); err != nil { // as it is now that the product is held
			return err
		}
		s, err := change.terms(old).sku(kind, "")
		if err != nil {
			return err
		}
		if err := freeSpec(ctx, tx, bank, old.ProductID, sku, s.Spec); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE sku SET spec = ?, code = ?, price_fen = ?, list_price_fen = ?, per_person_limit = ? WHERE bank_id = ? AND id = ?",
			s.Spec, orNull(s.Code), s.Price, s.List, s.PerPersonLimit, bank, sku)
		if err != nil {
			return taken(err, "sku.code_taken")
		}
		err = audit.Write(ctx, tx, by.entry(bank, "sku.edited", sku, map[string]any{"spec": s.Spec, "price_fen": s.Price,
			"list_price_fen": s.List, "per_person_limit": s.PerPersonLimit, "was_price_fen": old.PriceFen, "was_per_person_limit": old.PerPersonLimit}))
		if err != nil {
			return err
		}
		after, err = readStocked(ctx, tx, bank, sku)
		return err
	})
	return after, err
}

// terms are the SKU's with the change.
func (change SKUChange) terms(old Stocked) SKUTerms {
	t := SKUTerms{Attributes: old.Attributes, Price: old.PriceFen, List: old.ListPriceFen, PerPersonLimit: old.PerPersonLimit}
	if old.Code != nil {
		t.Code = *old.Code
	}
	if change.Attributes != nil {
		t.Attributes = *change.Attributes
	}
	if change.Code != nil {
		t.Code = *change.Code
	}
	if change.Price != nil {
		t.Price = *change.Price
	}
	if change.List != nil {
		t.List = *change.List
	}
	if change.PerPersonLimit != nil {
		t.PerPersonLimit = *change.PerPersonLimit
	}
	return t
}

// MoveStock adds delta units to a SKU's stock, or takes them out where it is
// negative. 404 not_found, 409 stock.insufficient, 422 when there would be more
// than a stock may hold.
func (c *Catalog) MoveStock(ctx context.Context, req idem.Request, bank string, by Actor, sku string, delta int64, reason string) (Stocked, bool, error) {
	return idem.Do(ctx, c.keeper, req, func(tx *db.Tx) (Stocked, error) {
		n, err := tx.Exec(ctx, "UPDATE sku SET stock = stock + ? WHERE bank_id = ? AND id = ? AND stock + ? BETWEEN 0 AND ?",
			delta, bank, sku, delta, MaxStock)
		if err != nil {
			return Stocked{}, err
		}
		s, err := readStocked(ctx, tx, bank, sku)
		switch {
		case err != nil:
			return s, err
		case n == 0 && delta < 0:
			return s, fault.New(fault.Conflict, "stock.insufficient").With("delta", "stock.insufficient")
		case n == 0:
			return s, fault.InvalidField("delta", "field.too_large")
		}
		return s, audit.Write(ctx, tx, by.entry(bank, "sku.stock_moved", sku, map[string]any{"delta": delta, "stock": s.Stock, "reason": audit.Reason(reason)}))
	})
}
