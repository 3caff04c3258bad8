package desk

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/order"
)

// Filter picks orders; zero fields do not filter.
type Filter struct {
	Status         order.Status
	Query          string // beginning of an order id, a whole phone, a tracking number, or part of a title
	Merchant, Room string
	From, To       time.Time
}

// Row is an order in a list.
type Row struct {
	order.View
	Viewer   Viewer          `json:"viewer"`
	Shipment *order.Shipment `json:"shipment"`
}

// maxSKUs is how many SKUs a title is looked up as. One that more have is so
// common that the newest orders hold enough of it.
const maxSKUs = 50

// slack is how far an id's own time may be from its order's created_at: ids
// bound the walk, created_at decides.
const slack = 48 * time.Hour

// walk is a way to orders by one index, from the newest back.
type walk struct {
	from, key string // tables and the column of the order's id in the first one
	where     []string
	args      []any
}

func (w *walk) and(cond string, args ...any) {
	w.where, w.args = append(w.where, cond), append(w.args, args...)
}

// overLines walks the lines of one thing; an order has one line of a SKU.
func overLines(bank, column, value string) walk {
	return walk{from: "order_line l CROSS JOIN orders o", key: "l.order_id",
		where: []string{"o.id = l.order_id", "l.bank_id = ?", "l." + column + " = ?"}, args: []any{bank, value}}
}

// Search gives orders, the newest first, after the one named: one more than
// limit when there are further ones.
func (d *Desk) Search(ctx context.Context, bank string, f Filter, after string, limit int) ([]Row, error) {
	walks, err := d.walks(ctx, bank, f)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, w := range walks {
		query, args := w.statement(f, after, limit+1)
		found, err := db.All(ctx, d.DB, func(r db.Row) (v string, err error) { return v, r.Scan(&v) }, query, args...)
		if err != nil {
			return nil, err
		}
		ids = append(ids, found...)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	return d.rows(ctx, bank, ids[max(0, len(ids)-limit-1):])
}

// statement reads the ids that a walk finds, at most n.
func (w walk) statement(f Filter, after string, n int) (query string, args []any) {
	f.narrow(&w)
	if after != "" {
		w.and(w.key+" < ?", after)
	}
	return "SELECT o.id FROM " + w.from + " WHERE " + strings.Join(w.where, " AND ") + " ORDER BY " + w.key + " DESC LIMIT ?", append(w.args, n)
}

// narrow adds what filters whichever way is walked.
func (f Filter) narrow(w *walk) {
	if f.Status != "" {
		w.and("o.status = ?", string(f.Status))
	}
	if f.Room != "" {
		w.and("o.room_id = ?", f.Room)
	}
	if !f.From.IsZero() {
		w.and("o.created_at >= ?", f.From)
		w.and(w.key+" >= ?", id.First(id.Order, f.From.Add(-slack)))
	}
	if !f.To.IsZero() {
		w.and("o.created_at < ?", f.To)
		w.and(w.key+" < ?", id.First(id.Order, f.To.Add(slack)))
	}
}

var (
	wholePhone = regexp.MustCompile(`^1[3-9][0-9]{9}$`)
	parcel     = regexp.MustCompile(`^[0-9A-Z][0-9A-Z-]{4,39}$`)
)

// walks tells what the query is and which ways lead to its orders; none when
// there can be none.
func (d *Desk) walks(ctx context.Context, bank string, f Filter) ([]walk, error) {
	plain := walk{from: "orders o", key: "o.id", where: []string{"o.bank_id = ?"}, args: []any{bank}}
	if f.Merchant != "" {
		plain = overLines(bank, "merchant_id", f.Merchant)
		// Of several lines of the merchant's in an order the first stands for all.
		plain.and(`NOT EXISTS (SELECT 1 FROM order_line m WHERE m.order_id = l.order_id AND m.line_no < l.line_no AND m.merchant_id = ?)`, f.Merchant)
	}
	q := strings.TrimSpace(f.Query)
	switch {
	case q == "":
		return []walk{plain}, nil
	case strings.HasPrefix(strings.ToLower(q), id.Order+"_"):
		q = strings.ToLower(q)
		plain.and(plain.key+" >= ?", q)
		plain.and(plain.key+" < ?", q+"~") // above every character of an id
		return []walk{plain}, nil
	case wholePhone.MatchString(q):
		hash, err := d.Keyring.Hash(ctx, bank, "phone", q)
		if err != nil {
			return nil, err
		}
		viewer, found, err := db.Value[string](ctx, d.DB, "SELECT id FROM viewer WHERE bank_id = ? AND phone_hash = ?", bank, hash)
		if err != nil || !found {
			return nil, err
		}
		plain.and("o.viewer_id = ?", viewer)
		return []walk{plain}, nil
	}
	ids, err := d.sentAs(ctx, bank, strings.ToUpper(q))
	if err != nil {
		return nil, err
	}
	if len(ids) > 0 {
		plain.and(plain.key+" IN "+db.Marks(len(ids)), db.Args(ids)...)
		return []walk{plain}, nil
	}
	return d.titled(ctx, bank, q, f.Merchant, plain)
}

// sentAs gives the orders of a tracking number: a parcel may hold several.
func (d *Desk) sentAs(ctx context.Context, bank, no string) ([]string, error) {
	if !parcel.MatchString(no) {
		return nil, nil
	}
	return db.All(ctx, d.DB, func(r db.Row) (v string, err error) { return v, r.Scan(&v) },
		"SELECT order_id FROM shipment WHERE bank_id = ? AND tracking_no = ? LIMIT 100", bank, no)
}

// titled walks the lines of each SKU whose product's title has q in it; of a
// title that very many have, the orders themselves.
func (d *Desk) titled(ctx context.Context, bank, q, merchant string, plain walk) ([]walk, error) {
	part := "%" + likeEscape.Replace(strings.ToLower(q)) + "%"
	skus, err := db.All(ctx, d.DB, func(r db.Row) (v string, err error) { return v, r.Scan(&v) },
		`SELECT s.id FROM product p JOIN sku s ON s.bank_id = p.bank_id AND s.product_id = p.id
		WHERE p.bank_id = ? AND p.search_text LIKE ? ESCAPE '!' LIMIT ?`, bank, part, maxSKUs+1)
	if err != nil {
		return nil, err
	}
	if len(skus) > maxSKUs {
		plain.and("EXISTS (SELECT 1 FROM order_line t WHERE t.order_id = o.id AND LOWER(t.title) LIKE ? ESCAPE '!')", part)
		return []walk{plain}, nil
	}
	walks := make([]walk, len(skus))
	for i, sku := range skus {
		walks[i] = overLines(bank, "sku_id", sku)
		if merchant != "" {
			walks[i].and("l.merchant_id = ?", merchant)
		}
	}
	return walks, nil
}

var likeEscape = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// rows reads the orders found, with what lists show of them.
func (d *Desk) rows(ctx context.Context, bank string, ids []string) ([]Row, error) {
	orders, err := order.Read(ctx, d.DB, bank, ids)
	if err != nil {
		return nil, err
	}
	sent, err := order.Shipments(ctx, d.DB, bank, ids)
	if err != nil {
		return nil, err
	}
	var people []string
	for _, o := range orders {
		people = append(people, o.Viewer)
	}
	viewers, err := d.viewers(ctx, bank, people)
	rows := make([]Row, len(orders))
	for i, o := range orders {
		rows[i] = Row{View: o.View(), Viewer: viewers[o.Viewer]}
		if s, ok := sent[o.ID]; ok {
			rows[i].Shipment = &s
		}
	}
	return rows, err
}
