package payment

import (
	"context"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/money"
)

// Taken is a payment of an order as its people see it. One that succeeded need
// not have paid the order: it may have come late, or twice, and gone back.
type Taken struct {
	ID        string       `json:"id"`
	Method    Method       `json:"method" enum:"cashier,bound_card"`
	AmountFen money.Fen    `json:"amount_fen"`
	Status    Status       `json:"status" enum:"created,pending,succeeded,failed"`
	CreatedAt clock.Stamp  `json:"created_at"`
	PaidAt    *clock.Stamp `json:"paid_at" doc:"By the gateway's clock"`
}

// Given is a refund as its people see it.
type Given struct {
	ID        string       `json:"id"`
	PaymentID string       `json:"payment_id" doc:"The payment that it gives back of"`
	AmountFen money.Fen    `json:"amount_fen"`
	Status    Status       `json:"status" enum:"pending,succeeded,failed"`
	Cause     string       `json:"cause" doc:"viewer: of the order, as asked for; late_payment: it came after the order was cancelled; duplicate_payment: the order was paid already"`
	Reason    string       `json:"reason"`
	CreatedAt clock.Stamp  `json:"created_at"`
	DoneAt    *clock.Stamp `json:"done_at"`

	AskedBy string `json:"-"` // the member of staff who asked, empty for others
}

// Trail is every payment and refund of an order, the oldest first.
func (s *Payments) Trail(ctx context.Context, bank, orderID string) (taken []Taken, given []Given, err error) {
	taken, err = db.All(ctx, s.DB, func(r db.Row) (v Taken, err error) {
		var created, paid db.Time
		err = r.Scan(&v.ID, &v.Method, &v.AmountFen, &v.Status, &created, &paid)
		v.CreatedAt, v.PaidAt = clock.At(created.Time), clock.AtPtr(paid.Time)
		return v, err
	}, "SELECT id, method, amount_fen, status, created_at, paid_at FROM payment WHERE bank_id = ? AND order_id = ? ORDER BY id", bank, orderID)
	if err != nil {
		return nil, nil, err
	}
	given, err = db.All(ctx, s.DB, func(r db.Row) (v Given, err error) {
		var created, done db.Time
		err = r.Scan(&v.ID, &v.PaymentID, &v.AmountFen, &v.Status, &v.Cause, &v.Reason, &v.AskedBy, &created, &done)
		v.CreatedAt, v.DoneAt = clock.At(created.Time), clock.AtPtr(done.Time)
		return v, err
	}, `SELECT id, payment_id, amount_fen, status, cause, reason, COALESCE(asked_by, ''), created_at, done_at
		FROM refund WHERE bank_id = ? AND order_id = ? ORDER BY id`, bank, orderID)
	return taken, given, err
}
