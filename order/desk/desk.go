package desk

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/pii"
	"yinbo/order/payment"
	"yinbo/order/voucher"
)

// Names knows staff by name; auth.Service is one.
type Names interface {
	Name(ctx context.Context, bank, staffID string) (name string, found bool, err error)
}

// Deps is what a Desk stands on.
type Deps struct {
	DB       *db.DB
	Keyring  *pii.Keyring
	Payments *payment.Payments
	Vouchers *voucher.Vouchers
	Names    Names
}

// Desk finds and shows orders.
type Desk struct{ Deps }

// New makes a desk.
func New(d Deps) *Desk { return &Desk{Deps: d} }

// Viewer is whose order it is, as staff may see it.
type Viewer struct {
	ID          string `json:"id"`
	Nickname    string `json:"nickname"`
	PhoneMasked string `json:"phone_masked"`
}

// viewers reads people by id.
func (d *Desk) viewers(ctx context.Context, bank string, ids []string) (map[string]Viewer, error) {
	out := make(map[string]Viewer, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	all, err := db.All(ctx, d.DB, func(r db.Row) (v Viewer, err error) {
		return v, r.Scan(&v.ID, &v.Nickname, &v.PhoneMasked)
	}, "SELECT id, nickname, phone_masked FROM viewer WHERE bank_id = ? AND id IN "+db.Marks(len(ids)), append([]any{bank}, db.Args(ids)...)...)
	for _, v := range all {
		out[v.ID] = v
	}
	return out, err
}
