package catalog

import (
	"context"
	"fmt"
	"strings"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/idem"
)

// NewEntry is a product with its SKUs, to be created.
type NewEntry struct {
	NewProduct
	Alts map[string]string // of its pictures
	SKUs []SKUTerms
}

// CreateProduct adds a product with its SKUs and their stock. 422 names what the
// bank does not have (merchant_id, category, branch_id, images[i]) or what does
// not fit (valid_days, skus[i]…), 409 sku.code_taken.
func (c *Catalog) CreateProduct(ctx context.Context, req idem.Request, bank string, by Actor, n NewEntry) (Entry, bool, error) {
	return idem.Do(ctx, c.keeper, req, func(tx *db.Tx) (Entry, error) {
		if _, found, err := db.Value[string](ctx, tx, "SELECT id FROM merchant WHERE bank_id = ? AND id = ?", bank, n.Merchant); err != nil || !found {
			return Entry{}, orInvalid(err, "merchant_id", "merchant.unknown")
		}
		if err := n.check(ctx, tx, bank); err != nil {
			return Entry{}, err
		}
		product, err := AddProduct(ctx, tx, bank, n.NewProduct)
		if err != nil {
			return Entry{}, err
		}
		if len(n.Alts) > 0 {
			if err := setAlts(ctx, tx, bank, product, n.Images, n.Alts); err != nil {
				return Entry{}, err
			}
		}
		seen := map[string]bool{}
		for i, terms := range n.SKUs {
			field := fmt.Sprintf("skus[%d].", i)
			s, err := terms.sku(n.Kind, field)
			if err != nil {
				return Entry{}, err
			}
			key := specKey(attributesOf(s.Spec))
			if seen[key] {
				return Entry{}, fault.InvalidField(field+"attributes", "field.duplicate")
			}
			seen[key], s.Product = true, product
			if _, err := AddSKU(ctx, tx, bank, s); err != nil {
				return Entry{}, taken(err, "sku.code_taken")
			}
		}
		err = audit.Write(ctx, tx, by.entry(bank, "product.created", product, map[string]any{"title": n.Title, "skus": len(n.SKUs)}))
		if err != nil {
			return Entry{}, err
		}
		return readEntry(ctx, tx, bank, product)
	})
}

// check holds that the bank has what the product names.
func (p NewProduct) check(ctx context.Context, tx *db.Tx, bank string) error {
	if err := hasCategory(ctx, tx, bank, p.Category); err != nil {
		return err
	}
	if p.Branch != "" {
		if _, found, err := db.Value[string](ctx, tx, "SELECT id FROM branch WHERE bank_id = ? AND id = ?", bank, p.Branch); err != nil || !found {
			return orInvalid(err, "branch_id", "branch.unknown")
		}
	}
	if p.ValidDays > 0 && p.Kind != Voucher {
		return fault.InvalidField("valid_days", "product.valid_days")
	}
	for i, url := range p.Images {
		ok, err := knownImage(ctx, tx, bank, url)
		if err != nil || !ok {
			return orInvalid(err, fmt.Sprintf("images[%d]", i), "image.unknown")
		}
	}
	return nil
}

func orInvalid(err error, field, code string) error {
	if err != nil {
		return err
	}
	return fault.InvalidField(field, code)
}

// ProductChange is what an edit sets; nil fields stay.
type ProductChange struct {
	Title, Category *string
	Branch          *string // empty for all branches
	Images          *[]string
	Alts            map[string]string // of the pictures
	ValidDays       *int64            // 0 for what is usual
}

// EditProduct changes a product. Rooms and orders that have it show the new
// title at once; an order's lines keep the old one, and a flash sale that is on
// may go by the old product until it is over. 404 not_found, 422 as
// CreateProduct.
func (c *Catalog) EditProduct(ctx context.Context, bank string, by Actor, productID string, change ProductChange) (Entry, error) {
	return c.changeProduct(ctx, bank, productID, func(tx *db.Tx, e Entry) error {
		p := NewProduct{Title: e.Title, Category: e.Category, Kind: e.Kind, Images: e.Images}
		if e.BranchID != nil {
			p.Branch = *e.BranchID
		}
		if e.ValidDays != nil {
			p.ValidDays = *e.ValidDays
		}
		fields := change.apply(&p)
		if err := p.check(ctx, tx, bank); err != nil {
			return err
		}
		if err := setProduct(ctx, tx, bank, productID, p); err != nil {
			return err
		}
		if change.Alts != nil {
			fields = append(fields, "image_alts")
			if err := setAlts(ctx, tx, bank, productID, p.Images, change.Alts); err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, by.entry(bank, "product.edited", productID, map[string]any{"fields": fields, "title": p.Title}))
	})
}

// apply sets what the change names, and tells which fields those are.
func (change ProductChange) apply(p *NewProduct) (fields []string) {
	for _, x := range []struct {
		name string
		from *string
		to   *string
	}{{"title", change.Title, &p.Title}, {"category", change.Category, &p.Category}, {"branch_id", change.Branch, &p.Branch}} {
		if x.from != nil {
			*x.to, fields = *x.from, append(fields, x.name)
		}
	}
	if change.Images != nil {
		p.Images, fields = *change.Images, append(fields, "images")
	}
	if change.ValidDays != nil {
		p.ValidDays, fields = *change.ValidDays, append(fields, "valid_days")
	}
	return fields
}

// setProduct writes all of a product that can change.
func setProduct(ctx context.Context, tx *db.Tx, bank, productID string, p NewProduct) error {
	images, err := writeImages(p.Images)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE product SET title = ?, category = ?, branch_id = ?, images = ?, valid_days = ? WHERE bank_id = ? AND id = ?",
		p.Title, p.Category, orNull(p.Branch), images, positiveOrNull(p.ValidDays), bank, productID)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE product_search SET title = ?, pinyin = ? WHERE bank_id = ? AND product_id = ?",
		SearchText(p.Title), SearchPinyin(p.Title), bank, productID)
	return err
}

// Hide takes a product out of lists, shelves and new orders; what was ordered
// stays. A flash sale of it that is set up goes on: cancel it to stop it. The
// reason, if there is one, goes to the audit log.
func (c *Catalog) Hide(ctx context.Context, bank string, by Actor, productID, reason string) (Entry, error) {
	return c.changeProduct(ctx, bank, productID, func(tx *db.Tx, e Entry) error {
		if e.Hidden {
			return nil
		}
		if _, err := tx.Exec(ctx, "UPDATE product SET hidden_at = ? WHERE bank_id = ? AND id = ?", tx.Now, bank, productID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, by.entry(bank, "product.hidden", productID, because(reason)))
	})
}

// Unhide shows a hidden product again.
func (c *Catalog) Unhide(ctx context.Context, bank string, by Actor, productID, reason string) (Entry, error) {
	return c.changeProduct(ctx, bank, productID, func(tx *db.Tx, e Entry) error {
		if !e.Hidden {
			return nil
		}
		if _, err := tx.Exec(ctx, "UPDATE product SET hidden_at = NULL WHERE bank_id = ? AND id = ?", bank, productID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, by.entry(bank, "product.unhidden", productID, because(reason)))
	})
}

// because is the audit entry's detail of an act with a reason; nil without one.
func because(reason string) map[string]any {
	if reason == "" {
		return nil
	}
	return map[string]any{"reason": audit.Reason(reason)}
}

// changeProduct holds a product's row while change runs, and reads it anew.
func (c *Catalog) changeProduct(ctx context.Context, bank, productID string, change func(tx *db.Tx, e Entry) error) (Entry, error) {
	var after Entry
	err := c.db.InTx(ctx, func(tx *db.Tx) error {
		if _, _, err := db.Value[string](ctx, tx, "SELECT id FROM product WHERE bank_id = ? AND id = ?"+tx.Dialect().ForUpdate(), bank, productID); err != nil {
			return err
		}
		e, err := readEntry(ctx, tx, bank, productID)
		if err != nil {
			return err
		}
		if err := change(tx, e); err != nil {
			return err
		}
		after, err = readEntry(ctx, tx, bank, productID)
		return err
	})
	return after, err
}

// IsImageURL tells whether a picture may stand there: an https address, or a
// path of this server.
func IsImageURL(url string) bool {
	if len(url) > 500 || strings.ContainsFunc(url, func(r rune) bool { return r <= ' ' || r == '"' || r == '<' || r == '>' || r == '\\' }) {
		return false
	}
	return strings.HasPrefix(url, "https://") && len(url) > len("https://") || strings.HasPrefix(url, "/") && !strings.HasPrefix(url, "//")
}
