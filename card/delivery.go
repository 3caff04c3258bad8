package card

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/outlet"
)

// Delivery is how a card is to come to its holder.
type Delivery struct {
	To     string         `json:"to" enum:"home,work,branch"`
	Outlet *outlet.Outlet `json:"outlet" doc:"Where it is collected; it may have closed for that since"`
}

// collectsAt wants an outlet of the bank that hands out cards now; "" is none.
// field is what a refusal names.
func collectsAt(ctx context.Context, q db.Querier, bank, chosen, field string) error {
	if chosen == "" {
		return nil
	}
	o, found, err := outlet.Find(ctx, q, bank, chosen)
	if err == nil && !(found && o.Collects) {
		err = fault.InvalidField(field, "delivery.outlet_closed")
	}
	return err
}

// Delivery is how an application's card is to come; nil when nobody was asked.
func (b *Book) Delivery(ctx context.Context, q db.Querier, bank, application string) (*Delivery, error) {
	all, err := b.Deliveries(ctx, q, bank, application)
	return all[application], err
}

// Deliveries are how the cards of some applications are to come, by application;
// one that was not asked has none.
func (b *Book) Deliveries(ctx context.Context, q db.Querier, bank string, applications ...string) (map[string]*Delivery, error) {
	type row struct {
		application, sealed string
		outlet              *string
	}
	rows, err := db.All(ctx, q, func(r db.Row) (v row, err error) { return v, r.Scan(&v.application, &v.sealed, &v.outlet) },
		`SELECT f.application_id, f.sealed, a.delivery_outlet_id FROM applicant_field f JOIN application a ON a.id = f.application_id
			WHERE f.bank_id = ? AND f.field = 'delivery_to' AND f.application_id IN `+db.Marks(len(applications)), append([]any{bank}, db.Args(applications)...)...)
	if err != nil {
		return nil, err
	}
	out, known := make(map[string]*Delivery, len(rows)), map[string]*outlet.Outlet{}
	for _, r := range rows {
		to, err := b.Keys.Open(ctx, fieldPlace(bank, r.application, "delivery_to"), r.sealed)
		if err != nil {
			return nil, err
		}
		d := &Delivery{To: to.Reveal()}
		out[r.application] = d
		if r.outlet == nil { // it is sent, or an outlet was not asked for yet
			continue
		}
		if _, read := known[*r.outlet]; !read {
			o, found, err := outlet.Find(ctx, q, bank, *r.outlet)
			if err != nil {
				return nil, err
			}
			if known[*r.outlet] = nil; found {
				known[*r.outlet] = &o
			}
		}
		d.Outlet = known[*r.outlet]
	}
	return out, nil
}
