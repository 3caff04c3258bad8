package order

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/outbox"
	"yinbo/internal/tenant"
)

// MaxShipLines is how many lines one transaction of ShipLines takes.
const MaxShipLines = 500

// ShipLine says that an order was handed to a carrier.
type ShipLine struct{ Order, Carrier, TrackingNo string }

// ShipResult is the verdict on a line.
type ShipResult struct {
	Order    string
	Repeated bool         // the very same was recorded before
	Refusal  *fault.Error // nil when the order is on its way; its first field is order_id, carrier or tracking_no
}

// Shipment is what a carrier has of an order.
type Shipment struct {
	Carrier    string      `json:"carrier"`
	TrackingNo string      `json:"tracking_no"`
	ShippedAt  clock.Stamp `json:"shipped_at"`
}

// ShipLines records what was sent, at most MaxShipLines within tx, each line
// with a verdict of its own: one that is refused leaves the others alone, one
// that repeats what is recorded changes nothing. Orders are locked by id, so
// that two lists cannot wait for each other. An order has one shipment: a merchant
// ships those that are all its own, the bank those of several. Codes of refusals:
// field.required, field.format, field.too_long, not_found, order.several_merchants,
// order.nothing_to_ship, shipment.exists, conflict (the order is not paid, or money
// is going back).
// An error means that all of tx must be rolled back.
func (s *Orders) ShipLines(ctx context.Context, tx *db.Tx, bank tenant.Bank, by Staff, lines []ShipLine) ([]ShipResult, error) {
	if len(lines) > MaxShipLines {
		return nil, fmt.Errorf("order: %d lines to ship at once, at most %d", len(lines), MaxShipLines)
	}
	lines, results := slices.Clone(lines), make([]ShipResult, len(lines))
	var ids []string
	for i, l := range lines {
		lines[i] = l.tidy()
		results[i] = ShipResult{Order: lines[i].Order, Refusal: lines[i].check()}
		if results[i].Refusal == nil {
			ids = append(ids, lines[i].Order)
		}
	}
	orders, err := lockAll(ctx, tx, bank.ID, by, ids)
	if err != nil {
		return nil, err
	}
	sent, err := Shipments(ctx, tx, bank.ID, ids)
	if err != nil {
		return nil, err
	}
	var fresh []ShipLine
	for i, l := range lines {
		r := &results[i]
		if r.Refusal != nil {
			continue
		}
		o, known := orders[l.Order]
		before, has := sent[l.Order]
		switch {
		case !known:
			r.Refusal = fault.New(fault.NotFound, "not_found").With("order_id", "not_found")
		case !by.ships(o):
			r.Refusal = severalMerchants()
		case has && before.Carrier == l.Carrier && before.TrackingNo == l.TrackingNo:
			r.Repeated = true
		case has:
			r.Refusal = fault.New(fault.Conflict, "shipment.exists").With("tracking_no", "shipment.exists")
		case o.Status == Paid && o.OnlyVouchers():
			r.Refusal = fault.New(fault.Conflict, "order.nothing_to_ship").With("order_id", "order.nothing_to_ship")
		case o.Status != Paid:
			r.Refusal = fault.New(fault.Conflict, "conflict").With("order_id", "conflict")
		default:
			sent[l.Order] = Shipment{l.Carrier, l.TrackingNo, clock.At(tx.Now)}
			fresh = append(fresh, l)
		}
	}
	return results, s.send(ctx, tx, bank, by, orders, fresh)
}

// send moves the orders of fresh lines and plans their completion.
func (s *Orders) send(ctx context.Context, tx *db.Tx, bank tenant.Bank, by Staff, orders map[string]Order, fresh []ShipLine) error {
	if len(fresh) == 0 {
		return nil
	}
	due := tx.Now.Add(time.Duration(bank.Settings.CompleteAfterDays) * 24 * time.Hour)
	rows, tasks := make([][]any, len(fresh)), make([]outbox.Task, len(fresh))
	for i, l := range fresh {
		o := orders[l.Order]
		if err := s.fulfil(ctx, tx, &o); err != nil {
			return err
		}
		rows[i] = []any{id.New(id.Shipment), bank.ID, o.ID, l.Carrier, l.TrackingNo, tx.Now, by.ID}
		tasks[i] = outbox.Task{Bank: bank.ID, Kind: CompleteTask, Ref: o.ID, Payload: struct{}{}, Due: due}
	}
	if err := tx.Insert(ctx, "shipment (id, bank_id, order_id, carrier, tracking_no, shipped_at, shipped_by)", rows, ""); err != nil {
		return err
	}
	if err := s.Box.Add(ctx, tx, tasks...); err != nil {
		return err
	}
	for _, l := range fresh {
		if err := by.Audit(ctx, tx, bank.ID, "order.shipped", l.Order, map[string]any{"carrier": l.Carrier, "tracking_no": l.TrackingNo}); err != nil {
			return err
		}
	}
	return nil
}

// fulfil takes a paid order to fulfilling.
func (s *Orders) fulfil(ctx context.Context, tx *db.Tx, o *Order) error {
	o.FulfillingAt = tx.Now
	return s.move(ctx, tx, o, Fulfilling, "fulfilling_at = ?", tx.Now)
}

var trackingNo = regexp.MustCompile(`^[0-9A-Z][0-9A-Z-]{4,39}$`)

func (l ShipLine) tidy() ShipLine {
	return ShipLine{strings.TrimSpace(l.Order), strings.TrimSpace(l.Carrier), strings.ToUpper(strings.TrimSpace(l.TrackingNo))}
}

// check refuses a line that cannot be right, whatever the order.
func (l ShipLine) check() *fault.Error {
	for _, c := range []struct{ name, value string }{{"order_id", l.Order}, {"carrier", l.Carrier}, {"tracking_no", l.TrackingNo}} {
		switch {
		case c.value == "":
			return fault.InvalidField(c.name, "field.required")
		case len([]rune(c.value)) > 40:
			return fault.InvalidField(c.name, "field.too_long")
		case strings.ContainsFunc(c.value, func(r rune) bool { return r < ' ' }):
			return fault.InvalidField(c.name, "field.format")
		}
	}
	if !trackingNo.MatchString(l.TrackingNo) {
		return fault.InvalidField("tracking_no", "field.format")
	}
	return nil
}

// ships tells whether an order is theirs to send: any for the bank's staff, and for
// a merchant one all of whose lines are its own.
func (by Staff) ships(o Order) bool { return by.Merchant == "" || o.AllOf(by.Merchant) }

func severalMerchants() *fault.Error {
	return fault.New(fault.Conflict, "order.several_merchants").With("order_id", "order.several_merchants")
}

// lockAll holds the rows of the bank's orders among ids and reads them; of a
// merchant's own account those that have goods of the merchant's.
func lockAll(ctx context.Context, tx *db.Tx, bank string, by Staff, ids []string) (map[string]Order, error) {
	out := make(map[string]Order, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	sorted := slices.Compact(slices.Sorted(slices.Values(ids)))
	where, args := "bank_id = ? AND id IN "+db.Marks(len(sorted)), append([]any{bank}, db.Args(sorted)...)
	if by.Merchant != "" {
		where, args = where+" AND EXISTS (SELECT 1 FROM order_line l WHERE l.order_id = orders.id AND l.merchant_id = ?)", append(args, by.Merchant)
	}
	// The primary key is walked, and locked, in its own order.
	orders, err := read(ctx, tx, where+tx.Dialect().ForUpdate(), args...)
	for _, o := range orders {
		out[o.ID] = o
	}
	return out, err
}

// Shipments gives the shipments of the bank's orders among ids, by order.
func Shipments(ctx context.Context, q db.Querier, bank string, ids []string) (map[string]Shipment, error) {
	out := make(map[string]Shipment, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	type of struct {
		order string
		Shipment
	}
	all, err := db.All(ctx, q, func(r db.Row) (v of, err error) {
		var at db.Time
		err = r.Scan(&v.order, &v.Carrier, &v.TrackingNo, &at)
		v.ShippedAt = clock.At(at.Time)
		return v, err
	}, "SELECT order_id, carrier, tracking_no, shipped_at FROM shipment WHERE bank_id = ? AND order_id IN "+db.Marks(len(ids)),
		append([]any{bank}, db.Args(ids)...)...)
	for _, v := range all {
		out[v.order] = v.Shipment
	}
	return out, err
}
