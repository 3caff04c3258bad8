package desk

import (
	"context"
	"slices"
	"strings"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/tenant"
	"yinbo/order"
)

// Filter picks orders; zero fields do not filter.
type Filter struct {
	Scope          tenant.Scope // of rooms' branches
	Status         order.Status
	Query          string // beginning of an order id, its end as shown, a whole phone, a tracking number, or part of a title
	Merchant, Room string
	From, To       time.Time
}

// Row is an order in a list.
type Row struct {
	order.View
	Viewer   Viewer          `json:"viewer"`
	Shipment *order.Shipment `json:"shipment"`
}

// A title that more SKUs, or more order lines, have is so common that a walk
// from the newest order back soon finds enough; of others the orders are looked
// up.
const (
	manySKUs  = 100
	manyLines = 2000
)

// slack is how far an id's own time may be from its order's created_at: ids
// bound the walk, created_at decides.
const slack = 48 * time.Hour

// ending are the statuses in which orders gather over the years; those in the
// others are few, and looked through first.
var ending = []order.Status{order.Completed, order.Cancelled, order.Refunded}

// walk is a way to orders along one index, from the newest back, or forth. The index is
// named: left alone, an optimizer that knows only how many rows a bank has sorts
// them all.
type walk struct {
	from, key string // tables, and the column of the order's id by which they are walked
	where     []string
	args      []any
	forth     bool // from the oldest on
}

func (w *walk) and(cond string, args ...any) {
	w.where, w.args = append(w.where, cond), append(w.args, args...)
}

// along walks orders.
func (d *Desk) along(bank, index string) walk {
	return walk{from: "orders o" + d.DB.Dialect().By(index), key: "o.id", where: []string{"o.bank_id = ?"}, args: []any{bank}}
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
		query, args := w.statement(after, limit+1)
		found, err := db.All(ctx, d.DB, text, query, args...)
		if err != nil {
			return nil, err
		}
		ids = append(ids, found...)
	}
	slices.Sort(ids)
	return d.rows(ctx, bank, ids[max(0, len(ids)-limit-1):])
}

func text(r db.Row) (v string, err error) { return v, r.Scan(&v) }

// statement reads the ids that a walk finds, at most n.
func (w walk) statement(after string, n int) (query string, args []any) {
	beyond, way := " < ?", " DESC"
	if w.forth {
		beyond, way = " > ?", ""
	}
	if after != "" {
		w.and(w.key+beyond, after)
	}
	return "SELECT o.id FROM " + w.from + " WHERE " + strings.Join(w.where, " AND ") + " ORDER BY " + w.key + way + " LIMIT ?", append(w.args, n)
}

// count counts what a walk finds.
func (w walk) count() (query string, args []any) {
	return "SELECT COUNT(*) FROM " + w.from + " WHERE " + strings.Join(w.where, " AND "), w.args
}

// walks tells which ways lead to a filter's orders; none when there can be none.
// No index holds all of a bank's orders by id: it would cost every sale, and
// MariaDB takes it for look-ups by id as well. Each status has its own.
func (d *Desk) walks(ctx context.Context, bank string, f Filter) ([]walk, error) {
	found, err := d.ask(ctx, bank, f.Query)
	if err != nil || found.none {
		return nil, err
	}
	open := f.Status != "" && !slices.Contains(ending, f.Status)
	var walks []walk
	switch {
	case found.viewer != "":
		walks = []walk{d.along(bank, "orders_request")}
	case found.orders != nil:
		walks = []walk{{from: "orders o", key: "o.id", where: []string{"o.bank_id = ?"}, args: []any{bank}}}
	case f.Room != "" && !open:
		walks = []walk{d.along(bank, "orders_room")}
	case f.Merchant != "" && !open:
		walks = []walk{d.overMerchant(bank, f.Merchant)}
	case f.Status != "":
		walks = []walk{d.along(bank, "orders_status")}
	default:
		for _, status := range order.Statuses {
			w := d.along(bank, "orders_status")
			w.and("o.status = ?", string(status))
			walks = append(walks, w)
		}
	}
	for i := range walks {
		f.narrow(&walks[i])
		found.narrow(&walks[i])
	}
	return walks, nil
}

// overMerchant walks a merchant's order lines.
func (d *Desk) overMerchant(bank, merchant string) walk {
	e := d.DB.Dialect()
	w := walk{from: "order_line l" + e.By("order_line_merchant") + e.Then() + "orders o ON o.id = l.order_id", key: "l.order_id"}
	w.and("l.bank_id = ? AND l.merchant_id = ?", bank, merchant)
	// Of several lines of the merchant's in an order the first stands for all.
	w.and("NOT EXISTS (SELECT 1 FROM order_line m WHERE m.order_id = l.order_id AND m.line_no < l.line_no AND m.merchant_id = ?)", merchant)
	return w
}

// narrow adds what filters whichever way is walked.
func (f Filter) narrow(w *walk) {
	if cond, branches := f.Scope.SQL("b.branch_id"); cond != "" {
		w.and("o.room_id IN (SELECT b.id FROM room b WHERE b.bank_id = o.bank_id AND "+cond+")", branches...)
	}
	if f.Status != "" {
		w.and("o.status = ?", string(f.Status))
	}
	if f.Room != "" {
		w.and("o.room_id = ?", f.Room)
	}
	if f.Merchant != "" && w.key == "o.id" {
		w.and("EXISTS (SELECT 1 FROM order_line m WHERE m.order_id = o.id AND m.merchant_id = ?)", f.Merchant)
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
