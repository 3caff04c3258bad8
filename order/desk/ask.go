package desk

import (
	"context"
	"regexp"
	"strings"

	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/order/catalog"
)

// asked is what a search text turned out to be.
type asked struct {
	none   bool // nothing that there is
	prefix string
	viewer string
	orders []any // the only ones that can be meant
	cond   string
	args   []any
}

func (a asked) narrow(w *walk) {
	switch {
	case a.prefix != "":
		w.and(w.key+" >= ?", a.prefix)
		w.and(w.key+" < ?", a.prefix+"~") // above every character of an id
	case a.viewer != "":
		w.and("o.viewer_id = ?", a.viewer)
	case a.orders != nil:
		w.and("o.id IN "+db.Marks(len(a.orders)), a.orders...)
	case a.cond != "":
		w.and(a.cond, a.args...)
	}
}

var (
	wholePhone = regexp.MustCompile(`^1[3-9][0-9]{9}$`)
	parcel     = regexp.MustCompile(`^[0-9A-Z][0-9A-Z-]{4,39}$`)
	shortNo    = regexp.MustCompile(`^[0-9A-Z]{5}-[0-9A-Z]{5}$`) // as the apps show an id's end
)

// OfPerson tells whether a search text names a person: such a search is audited.
func OfPerson(q string) bool { return wholePhone.MatchString(strings.TrimSpace(q)) }

// ask tells what staff typed: the beginning of an order id, its end as the apps
// show it, a whole phone
// (personal data has no other way in), a tracking number, or part of a title.
func (d *Desk) ask(ctx context.Context, bank, q string) (asked, error) {
	q = strings.TrimSpace(q)
	switch {
	case q == "":
		return asked{}, nil
	case wholePhone.MatchString(q):
		hash, err := d.Keyring.Hash(ctx, bank, "phone", q)
		if err != nil {
			return asked{}, err
		}
		viewer, found, err := db.Value[string](ctx, d.DB, "SELECT id FROM viewer WHERE bank_id = ? AND phone_hash = ?", bank, hash)
		return asked{viewer: viewer, none: !found}, err
	}
	if a, is, err := d.numbered(ctx, bank, q); is || err != nil {
		return a, err
	}
	return d.titled(ctx, bank, q)
}

// numbered takes a text for the beginning or the short form of an order id, or for a
// tracking number.
func (d *Desk) numbered(ctx context.Context, bank, q string) (a asked, is bool, err error) {
	if lower := strings.ToLower(q); strings.HasPrefix(lower, id.Order+"_") {
		return asked{prefix: lower}, true, nil
	}
	no := strings.ToUpper(q)
	if !parcel.MatchString(no) {
		return a, false, nil
	}
	// A parcel may hold several orders.
	ids, err := db.All(ctx, d.DB, text, "SELECT order_id FROM shipment WHERE bank_id = ? AND tracking_no = ? LIMIT 500", bank, no)
	if err != nil || len(ids) > 0 || !shortNo.MatchString(no) {
		return asked{orders: db.Args(ids)}, len(ids) > 0, err
	}
	// Read out by somebody: rare, and an index of ends would cost every sale.
	return asked{cond: "o.id LIKE ?", args: []any{"%" + strings.ToLower(strings.ReplaceAll(no, "-", ""))}}, true, nil
}

// titled finds the orders of products whose title, or its pinyin, has q in it.
func (d *Desk) titled(ctx context.Context, bank, q string) (asked, error) {
	part := like(q)
	skus, err := catalog.SKUsCalled(ctx, d.DB, bank, q, manySKUs+1)
	switch {
	case err != nil || len(skus) == 0:
		return asked{none: true}, err
	case len(skus) > manySKUs:
		return asked{cond: "EXISTS (SELECT 1 FROM order_line t WHERE t.order_id = o.id AND LOWER(t.title) LIKE ? ESCAPE '!')", args: []any{part}}, nil
	}
	ids, err := db.All(ctx, d.DB, text, "SELECT order_id FROM order_line"+d.DB.Dialect().By("order_line_sku")+
		" WHERE bank_id = ? AND sku_id IN "+db.Marks(len(skus))+" LIMIT ?", append(append([]any{bank}, db.Args(skus)...), manyLines+1)...)
	switch {
	case err != nil || len(ids) == 0:
		return asked{none: true}, err
	case len(ids) > manyLines:
		return asked{cond: "EXISTS (SELECT 1 FROM order_line t WHERE t.order_id = o.id AND t.sku_id IN " + db.Marks(len(skus)) + ")", args: db.Args(skus)}, nil
	}
	return asked{orders: db.Args(ids)}, nil
}

func like(q string) string { return "%" + likeEscape.Replace(strings.ToLower(q)) + "%" }

var likeEscape = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")
