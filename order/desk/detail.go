package desk

import (
	"context"
	"slices"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/tenant"
	"yinbo/order"
	"yinbo/order/payment"
	"yinbo/order/voucher"
)

// Own is an order as its viewer sees it.
type Own struct {
	order.View
	Address     *order.AddressView `json:"address" doc:"Where it goes, masked; null for vouchers"`
	Shipment    *order.Shipment    `json:"shipment"`
	CompletedAt *clock.Stamp       `json:"completed_at"`
	Payments    []payment.Taken    `json:"payments" doc:"Also those that came too late or twice, whose money went back"`
	Refunds     []payment.Given    `json:"refunds"`
}

// Detail is an order as staff see it.
type Detail struct {
	Own
	Viewer    Viewer         `json:"viewer"`
	ShareCode *string        `json:"share_code"`
	Vouchers  voucher.Counts `json:"vouchers"`
	Timeline  []Event        `json:"timeline"`
}

// Own shows one of the viewer's orders; 404 not_found.
func (d *Desk) Own(ctx context.Context, bank, viewer, orderID string) (Own, error) {
	o, v, err := d.read(ctx, bank, orderID)
	if err == nil && o.Viewer != viewer {
		err = fault.New(fault.NotFound, "not_found")
	}
	if err != nil {
		return Own{}, err
	}
	return v, nil
}

// Sees is not_found for an order that was not placed in a room of the scope's
// branches, or that the bank does not have. An order's room never changes.
func (d *Desk) Sees(ctx context.Context, bank string, scope tenant.Scope, orderID string) error {
	if !scope.Bounded() {
		return nil
	}
	branch, found, err := db.Value[string](ctx, d.DB, `SELECT COALESCE(b.branch_id, '') FROM orders o JOIN room b ON b.id = o.room_id
		WHERE o.bank_id = ? AND o.id = ?`, bank, orderID)
	if err == nil && (!found || !scope.Has(branch)) {
		err = fault.New(fault.NotFound, "not_found")
	}
	return err
}

// Get shows an order to staff; 404 not_found.
func (d *Desk) Get(ctx context.Context, bank, orderID string) (Detail, error) {
	o, own, err := d.read(ctx, bank, orderID)
	if err != nil {
		return Detail{}, err
	}
	v := Detail{Own: own, Viewer: Viewer{ID: o.Viewer}}
	v.Refunds = slices.Clone(v.Refunds)
	for i := range v.Refunds { // what viewers write may hold anything
		v.Refunds[i].Reason = audit.Reason(v.Refunds[i].Reason)
	}
	if o.ShareCode != "" {
		v.ShareCode = &o.ShareCode
	}
	people, err := d.viewers(ctx, bank, []string{o.Viewer})
	if err != nil {
		return v, err
	}
	v.Viewer = people[o.Viewer]
	if v.Vouchers, err = d.Vouchers.Count(ctx, bank, orderID); err != nil {
		return v, err
	}
	v.Timeline, err = d.timeline(ctx, o, v)
	return v, err
}

// read is what viewer and staff see alike.
func (d *Desk) read(ctx context.Context, bank, orderID string) (o order.Order, v Own, err error) {
	found, err := order.Read(ctx, d.DB, bank, []string{orderID})
	if err != nil {
		return o, v, err
	}
	if len(found) == 0 {
		return o, v, fault.New(fault.NotFound, "not_found")
	}
	o = found[0]
	v = Own{View: o.View(), CompletedAt: clock.AtPtr(o.CompletedAt)}
	if o.AddressSealed != "" {
		a, err := order.OpenAddress(ctx, d.Keyring, bank, orderID, o.AddressSealed)
		if err != nil {
			return o, v, err
		}
		masked := a.Masked()
		v.Address = &masked
	}
	sent, err := order.Shipments(ctx, d.DB, bank, []string{orderID})
	if err != nil {
		return o, v, err
	}
	if s, ok := sent[orderID]; ok {
		v.Shipment = &s
	}
	v.Payments, v.Refunds, err = d.Payments.Trail(ctx, bank, orderID)
	return o, v, err
}

// marks are an order's own times and names beyond what Order holds.
type marks struct {
	closed                         db.Time
	reason, completedBy, shippedBy string
}

func (d *Desk) marks(ctx context.Context, bank, orderID string) (marks, error) {
	m, _, err := db.One(ctx, d.DB, func(r db.Row) (m marks, err error) {
		return m, r.Scan(&m.closed, &m.reason, &m.completedBy, &m.shippedBy)
	}, `SELECT o.closed_at, COALESCE(o.close_reason, ''), COALESCE(o.completed_by, ''), COALESCE(s.shipped_by, '')
		FROM orders o LEFT JOIN shipment s ON s.bank_id = o.bank_id AND s.order_id = o.id WHERE o.bank_id = ? AND o.id = ?`, bank, orderID)
	return m, err
}
