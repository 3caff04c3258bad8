package desk

import (
	"context"
	"slices"

	"yinbo/internal/clock"
	"yinbo/internal/money"
	"yinbo/order"
	"yinbo/order/payment"
)

// Person is who did something: a member of staff by name, or the viewer.
type Person struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Event is something that happened to an order.
type Event struct {
	Kind      string      `json:"kind" enum:"placed,paid,paid_in_vain,shipped,completed,cancelled,refund_asked,refunded,refund_failed"`
	At        clock.Stamp `json:"at"`
	By        *Person     `json:"by" doc:"null for the system and the bank"`
	Ref       string      `json:"ref,omitempty" doc:"The payment or refund that it is about"`
	AmountFen money.Fen   `json:"amount_fen,omitempty"`
	Reason    string      `json:"reason,omitempty"`
}

// timeline tells an order's life from what its rows say, the oldest first.
func (d *Desk) timeline(ctx context.Context, o order.Order, v Detail) ([]Event, error) {
	m, err := d.marks(ctx, o.Bank, o.ID)
	if err != nil {
		return nil, err
	}
	people := people{d, o, v.Viewer, map[string]*Person{}}
	var all []Event
	add := func(by string, e Event) {
		if err == nil && by != "" {
			e.By, err = people.find(ctx, by)
		}
		all = append(all, e)
	}
	add(o.Viewer, Event{Kind: "placed", At: v.CreatedAt, AmountFen: v.PayableFen})
	for _, p := range v.Payments {
		if p.Status != payment.Succeeded || p.PaidAt == nil {
			continue
		}
		kind := "paid"
		if p.ID != o.PaidBy { // it came late or twice, and went back
			kind = "paid_in_vain"
		}
		add(o.Viewer, Event{Kind: kind, At: *p.PaidAt, Ref: p.ID, AmountFen: p.AmountFen})
	}
	if v.Shipment != nil {
		add(m.shippedBy, Event{Kind: "shipped", At: v.Shipment.ShippedAt, Ref: v.Shipment.TrackingNo})
	}
	if v.CompletedAt != nil {
		add(m.completedBy, Event{Kind: "completed", At: *v.CompletedAt})
	}
	if !m.closed.IsZero() {
		by := ""
		if m.reason == "viewer" {
			by = o.Viewer
		}
		add(by, Event{Kind: "cancelled", At: clock.At(m.closed.Time), Reason: m.reason})
	}
	for _, r := range v.Refunds {
		by := r.AskedBy
		if by == "" && r.Cause == "viewer" {
			by = o.Viewer
		}
		add(by, Event{Kind: "refund_asked", At: r.CreatedAt, Ref: r.ID, AmountFen: r.AmountFen, Reason: r.Reason})
		if r.DoneAt != nil {
			kind := "refunded"
			if r.Status == payment.Failed {
				kind = "refund_failed"
			}
			add("", Event{Kind: kind, At: *r.DoneAt, Ref: r.ID, AmountFen: r.AmountFen})
		}
	}
	slices.SortStableFunc(all, func(a, b Event) int { return a.At.Compare(b.At.Time) })
	return all, err
}

// people names those who acted, each looked up once.
type people struct {
	desk   *Desk
	order  order.Order
	viewer Viewer
	known  map[string]*Person
}

func (p people) find(ctx context.Context, personID string) (*Person, error) {
	if personID == p.order.Viewer {
		return &Person{ID: p.viewer.ID, Name: p.viewer.Nickname}, nil
	}
	if known, ok := p.known[personID]; ok {
		return known, nil
	}
	name, _, err := p.desk.Names.Name(ctx, p.order.Bank, personID)
	p.known[personID] = &Person{ID: personID, Name: name}
	return p.known[personID], err
}
