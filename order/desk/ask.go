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
	case strings.HasPrefix(strings.ToLower(q), id.Order+"_"):
		return asked{prefix: strings.ToLower(q)}, nil
	case wholePhone.MatchString(q):
		hash, err := d.Keyring.Hash(ctx, bank, "phone", q)
		if err != nil {
			return asked{}, err
		}
		viewer, found, err := db.Value[string](ctx, d.DB, "SELECT id FROM viewer WHERE bank_id = ? AND phone_hash = ?", bank, hash)
		return asked{viewer: viewer, none: !found}, err
	}
	if no := strings.ToUpper(q); parcel.MatchString(no) { // a parcel may hold several orders
		ids, err := db.All(ctx, d.DB, text, "SELECT order_id FROM shipment WHERE bank_id = ? AND tracking_no = ? LIMIT 500", bank, no)
		if err != nil || len(ids) > 0 {
			return asked{orders: db.Args(ids)}, err
		}
		if shortNo.MatchString(no) { // read out by somebody: rare, and an index of ends would cost every sale
			return asked{cond: "o.id LIKE ?", args: []any{"%" + strings.ToLower(strings.ReplaceAll(no, "-", ""))}}, nil
		}
	}
	return d.titled(ctx, bank, q)
}

// titled finds the orders of products whose title, or its pinyin, has q in it.
func (d *Desk) titled(ctx context.Context, bank, q string) (asked, error) {
	part := "%" + likeEscape.Replace(strings.ToLower(q)) + "%"
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

var likeEscape = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")
