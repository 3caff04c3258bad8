package desk

import (
	"context"
	"slices"
	"strings"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/order"
)

// Part is an order as one of its merchants sees it: the merchant's own lines, and of
// the buyer where they go, masked. What others sold with it is not told.
type Part struct {
	ID          string             `json:"id"`
	Status      order.Status       `json:"status" enum:"paid,fulfilling,completed,refunding,refunded"`
	ShipsBy     Shipper            `json:"ships_by" enum:"merchant,bank,nobody" doc:"bank: goods of several merchants are one parcel, which the bank sends; nobody: codes only"`
	Items       []order.Item       `json:"items" doc:"The merchant's own lines"`
	AmountFen   money.Fen          `json:"amount_fen" doc:"Of these lines, before discounts"`
	RefundedFen money.Fen          `json:"refunded_fen" doc:"Given back of an order that is all the merchant's; 0 of others"`
	Address     *order.AddressView `json:"address" doc:"Where the merchant sends it, masked; else null"`
	Shipment    *order.Shipment    `json:"shipment"`
	CreatedAt   clock.Stamp        `json:"created_at"`
	CompletedAt *clock.Stamp       `json:"completed_at"`

	waits bool
}

// Place is where the order stands in the list, for the next page.
func (p Part) Place() string {
	if p.waits {
		return waiting + p.ID
	}
	return p.ID
}

// waiting begins the place of an order that is to be shipped.
const waiting = "+"

// Shipper is who sends an order's goods.
type Shipper string

// The shippers.
const (
	ByMerchant Shipper = "merchant"
	ByBank     Shipper = "bank"
	ByNobody   Shipper = "nobody"
)

// Stage is where a merchant's order stands for the merchant; "" is anywhere.
type Stage string

// The stages.
const (
	ToShip    Stage = "to_ship"
	Shipped   Stage = "shipped"
	Completed Stage = "completed"
	Returned  Stage = "returned" // money goes, or went, back
)

// stages are the statuses of orders that a merchant sees, by what the merchant calls
// them: those that were paid.
var stages = map[Stage][]order.Status{
	ToShip: {order.Paid}, Shipped: {order.Fulfilling}, Completed: {order.Completed}, Returned: {order.Refunding, order.Refunded},
	"": {order.Paid, order.Fulfilling, order.Completed, order.Refunding, order.Refunded},
}

// toShip is what a merchant has to send: paid, not codes alone, and nobody else's goods
// are in it.
const toShip = `(o.status = 'paid' AND o.address_sealed IS NOT NULL
	AND EXISTS (SELECT 1 FROM order_line g WHERE g.order_id = o.id AND g.kind <> 'voucher')
	AND NOT EXISTS (SELECT 1 FROM order_line x WHERE x.order_id = o.id AND x.merchant_id <> ?))`

// Parts gives a merchant's orders that were paid, after the place named: first those
// that it has to ship, the oldest before the others, then the rest, the newest first;
// one more than limit when there are further ones. Of the filter's fields Query, From
// and To count; a title is looked for in the merchant's own lines only.
func (d *Desk) Parts(ctx context.Context, bank, merchant string, stage Stage, f Filter, after string, limit int) ([]Part, error) {
	found, err := d.partIDs(ctx, bank, merchant, stage, f, after, limit)
	if err != nil {
		return nil, err
	}
	return d.parts(ctx, bank, merchant, found)
}

// partID is an order in a merchant's list.
type partID struct {
	id    string
	waits bool
}

func (d *Desk) partIDs(ctx context.Context, bank, merchant string, stage Stage, f Filter, after string, limit int) ([]partID, error) {
	found, err := d.askOwn(ctx, bank, merchant, f.Query)
	if err != nil {
		return nil, err
	}
	after, waits := strings.CutPrefix(after, waiting)
	var out []partID
	take := func(w walk, waits bool, after string) error {
		query, args := w.statement(after, limit+1-len(out))
		ids, err := db.All(ctx, d.DB, text, query, args...)
		for _, orderID := range ids {
			out = append(out, partID{orderID, waits})
		}
		return err
	}
	if (stage == "" || stage == ToShip) && (waits || after == "") {
		if err := take(d.overToShip(bank, merchant, f, found), true, after); err != nil {
			return nil, err
		}
		after = ""
	}
	if stage == ToShip || len(out) > limit {
		return out, nil
	}
	w := d.overMerchant(bank, merchant)
	w.and("o.status IN "+db.Marks(len(stages[stage])), db.Args(stages[stage])...)
	w.and("NOT "+toShip, merchant)
	Filter{From: f.From, To: f.To}.narrow(&w)
	found.narrow(&w)
	return out, take(w, false, after)
}

// overToShip walks what a merchant has to ship.
func (d *Desk) overToShip(bank, merchant string, f Filter, found asked) walk {
	w := d.along(bank, "orders_status")
	w.forth = true
	w.and("o.status = ?", string(order.Paid)) // the index's range
	w.and(toShip, merchant)
	Filter{Merchant: merchant, From: f.From, To: f.To}.narrow(&w)
	found.narrow(&w)
	return w
}

// askOwn is ask for a merchant: by number, and by the titles of its own lines. It
// finds nobody by a phone.
func (d *Desk) askOwn(ctx context.Context, bank, merchant, q string) (asked, error) {
	q = strings.TrimSpace(q)
	if q == "" {
		return asked{}, nil
	}
	if a, is, err := d.numbered(ctx, bank, q); is || err != nil {
		return a, err
	}
	return asked{cond: "EXISTS (SELECT 1 FROM order_line t WHERE t.order_id = o.id AND t.merchant_id = ? AND LOWER(t.title) LIKE ? ESCAPE '!')",
		args: []any{merchant, like(q)}}, nil
}

// parts reads the orders found, in their order.
func (d *Desk) parts(ctx context.Context, bank, merchant string, found []partID) ([]Part, error) {
	ids := make([]string, len(found))
	for i, f := range found {
		ids[i] = f.id
	}
	orders, err := order.Read(ctx, d.DB, bank, ids)
	if err != nil {
		return nil, err
	}
	sent, err := order.Shipments(ctx, d.DB, bank, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]Part, len(orders))
	for _, o := range orders {
		p := partOf(o, merchant)
		if s, ok := sent[o.ID]; ok {
			p.Shipment = &s
		}
		if p.ShipsBy == ByMerchant && o.AddressSealed != "" {
			a, err := order.OpenAddress(ctx, d.Keyring, bank, o.ID, o.AddressSealed)
			if err != nil {
				return nil, err
			}
			masked := a.Masked()
			p.Address = &masked
		}
		byID[o.ID] = p
	}
	out := make([]Part, 0, len(found))
	for _, f := range found {
		if p, ok := byID[f.id]; ok {
			p.waits = f.waits
			out = append(out, p)
		}
	}
	return out, nil
}

func partOf(o order.Order, merchant string) Part {
	whole := o.AllOf(merchant)
	p := Part{ID: o.ID, Status: o.Status, ShipsBy: ByBank, CreatedAt: clock.At(o.CreatedAt), CompletedAt: clock.AtPtr(o.CompletedAt)}
	if whole {
		p.ShipsBy, p.RefundedFen = ByMerchant, o.Refunded
	}
	o.Lines = slices.DeleteFunc(slices.Clone(o.Lines), func(l order.Line) bool { return l.Merchant != merchant })
	if o.OnlyVouchers() {
		p.ShipsBy = ByNobody
	}
	p.Items = o.View().Items
	for _, item := range p.Items {
		p.AmountFen += item.AmountFen
	}
	return p
}

// Part shows one of a merchant's orders; 404 not_found for one that has nothing of
// the merchant's, or was not paid.
func (d *Desk) Part(ctx context.Context, bank, merchant, orderID string) (Part, error) {
	seen := stages[""]
	_, found, err := db.Value[string](ctx, d.DB, "SELECT o.id FROM orders o WHERE o.bank_id = ? AND o.id = ? AND o.status IN "+db.Marks(len(seen))+
		" AND EXISTS (SELECT 1 FROM order_line l WHERE l.order_id = o.id AND l.merchant_id = ?)",
		append(append([]any{bank, orderID}, db.Args(seen)...), merchant)...)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	if err != nil {
		return Part{}, err
	}
	parts, err := d.parts(ctx, bank, merchant, []partID{{id: orderID}})
	if err != nil {
		return Part{}, err
	}
	return parts[0], nil
}

// RevealPart is Reveal for a merchant's own account, of an order that it sends, until
// it has arrived: 409 order.several_merchants,
// order.nothing_to_ship, and conflict afterwards.
func (d *Desk) RevealPart(ctx context.Context, bank string, by order.Staff, orderID, reason string) (order.Address, int, error) {
	p, err := d.Part(ctx, bank, by.Merchant, orderID)
	switch {
	case err != nil:
	case p.ShipsBy == ByBank:
		err = fault.New(fault.Conflict, "order.several_merchants")
	case p.ShipsBy == ByNobody:
		err = fault.New(fault.Conflict, "order.nothing_to_ship")
	case p.Status != order.Paid && p.Status != order.Fulfilling:
		err = fault.New(fault.Conflict, "conflict")
	}
	if err != nil {
		return order.Address{}, 0, err
	}
	return d.Reveal(ctx, bank, by, orderID, reason)
}
