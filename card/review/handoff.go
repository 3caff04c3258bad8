package review

import (
	"context"
	"strconv"

	"yinbo/card"
	"yinbo/internal/db"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
)

// Core takes approved applications; the same id again changes nothing.
type Core interface {
	SubmitApplication(ctx context.Context, applicationID, cardProduct string, fields map[string]pii.Text) error
}

// Handoff gives approved applications to the card core.
type Handoff struct {
	Book *card.Book
	Core Core
}

// handoff is the payload of TaskHandoff.
type handoff struct {
	Again bool `json:"again,omitempty"` // the core lost what we handed over before
}

// Send handles TaskHandoff. The core may answer with the outcome before we have
// noted the hand-over: then the status is past it, and stays there.
func (h *Handoff) Send(ctx context.Context, t outbox.Task) error {
	type row struct {
		status        card.Status
		product, city string
		band          *string
		limit         int64
	}
	a, found, err := db.One(ctx, h.Book.DB, func(r db.Row) (v row, err error) {
		return v, r.Scan(&v.status, &v.product, &v.city, &v.band, &v.limit)
	}, "SELECT status, card_product_id, city_code, income_band, COALESCE(limit_wished_fen, 0) FROM application WHERE bank_id = ? AND id = ?", t.Bank, t.Ref)
	if err != nil || !found {
		return err
	}
	var p handoff
	if err := t.Decode(&p); err != nil {
		return err
	}
	if a.status != card.Approved && !(p.Again && a.status == card.HandedOff) {
		return nil
	}
	fields, err := h.Book.Open(ctx, h.Book.DB, t.Bank, t.Ref)
	if err != nil {
		return err
	}
	fields["city_code"] = pii.Clear(a.city)
	if a.band != nil {
		fields["income_band"] = pii.Clear(*a.band)
	}
	if a.limit > 0 {
		fields["limit_wished_fen"] = pii.Clear(strconv.FormatInt(a.limit, 10))
	}
	d, err := h.Book.Delivery(ctx, h.Book.DB, t.Bank, t.Ref)
	if err != nil {
		return err
	}
	if d != nil && d.Outlet != nil { // the core knows outlets by the bank's own numbers
		fields["delivery_outlet"], fields["delivery_outlet_name"] = pii.Clear(d.Outlet.Number), pii.Clear(d.Outlet.Name)
	}
	if err := card.Definite(h.Core.SubmitApplication(ctx, t.Ref, a.product, fields)); err != nil {
		return err
	}
	return h.Book.DB.InTx(ctx, func(tx *db.Tx) error {
		_, err := h.Book.Move(ctx, tx, card.Move{
			Event: card.Event{Bank: t.Bank, Application: t.Ref, Kind: "handed_off"}, From: []card.Status{card.Approved}, To: card.HandedOff})
		return err
	})
}
