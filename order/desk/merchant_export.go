package desk

import (
	"context"
	"io"
	"strings"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/csvfile"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/order"
)

var toShipHeader = []string{"order_id", "created_at", "goods", "name", "phone", "province", "city", "district", "street"}

// toSend is an order with its address in clear.
type toSend struct {
	order.Order
	to order.Address
}

// ExportToShip audits the act, with its reason and how many orders it is about, and
// gives a function that writes what a merchant has to ship as CSV, page by page, with
// the addresses in clear. The filter's fields are those of Parts. 422 validation of
// reason.
func (d *Desk) ExportToShip(ctx context.Context, bank string, by order.Staff, f Filter, reason string) (func(context.Context, io.Writer) error, error) {
	if strings.TrimSpace(reason) == "" {
		return nil, fault.InvalidField("reason", "field.required")
	}
	found, err := d.askOwn(ctx, bank, by.Merchant, f.Query)
	if err != nil {
		return nil, err
	}
	query, args := d.overToShip(bank, by.Merchant, f, found).count()
	n, _, err := db.Value[int](ctx, d.DB, query, args...)
	if err != nil {
		return nil, err
	}
	first, err := d.toSend(ctx, bank, by.Merchant, f, "")
	if err != nil {
		return nil, err
	}
	err = d.DB.InTx(ctx, func(tx *db.Tx) error {
		return by.Audit(ctx, tx, bank, "order.addresses_exported", by.Merchant, map[string]any{"orders": n, "from": f.From, "to": f.To,
			"searched": f.Query != "", "reason": audit.Reason(reason)})
	})
	if err != nil {
		return nil, err
	}
	return csvfile.Pages[toSend]{Header: toShipHeader, Size: exportPage, First: first, Record: toSend.record,
		After: func(ctx context.Context, last toSend) ([]toSend, error) {
			return d.toSend(ctx, bank, by.Merchant, f, last.ID)
		}}.Write, nil
}

// toSend reads a page after an order, with the addresses.
func (d *Desk) toSend(ctx context.Context, bank, merchant string, f Filter, after string) ([]toSend, error) {
	if after != "" {
		after = waiting + after
	}
	found, err := d.partIDs(ctx, bank, merchant, ToShip, f, after, exportPage)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(found))
	for i, p := range found {
		ids[i] = p.id
	}
	orders, err := order.Read(ctx, d.DB, bank, ids)
	if err != nil {
		return nil, err
	}
	out := make([]toSend, len(orders))
	for i, o := range orders { // the newest first, as they are read
		at := &out[len(out)-1-i]
		at.Order = o
		if o.AddressSealed == "" {
			continue // erased a moment ago
		}
		if at.to, err = order.OpenAddress(ctx, d.Keyring, bank, o.ID, o.AddressSealed); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (v toSend) record() []string {
	to := v.to.InClear()
	return csvfile.Line(v.ID, stamp(clock.At(v.CreatedAt)), goods(v.View().Items), to.Name, to.Phone, to.Province, to.City, to.District, to.Street)
}
