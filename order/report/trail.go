package report

import (
	"context"
	"strings"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/money"
	"yinbo/order/ledger"
)

// Entry is an entry with what stands behind it.
type Entry struct {
	ledger.Whole
	Object   Object     `json:"object" doc:"What happened, as an object of the product"`
	Order    *Order     `json:"order"`
	Payments []Movement `json:"payments" doc:"Of the order, the oldest first; those that it could not use too"`
	Refunds  []Movement `json:"refunds" doc:"Of the order, the oldest first"`
	Related  []Related  `json:"related" doc:"Other entries of the order, the oldest first"`
}

// Object names what an entry's ref is.
type Object struct {
	Kind string `json:"kind" enum:"payment,refund,settlement,exception,reconciliation,proposal,entry,other"`
	ID   string `json:"id"`
}

// Order is the order behind an entry. Amounts in fen.
type Order struct {
	ID       string    `json:"id"`
	RoomID   *string   `json:"room_id"`
	Status   string    `json:"status"`
	Goods    money.Fen `json:"goods_fen"`
	Payable  money.Fen `json:"payable_fen"`
	Paid     money.Fen `json:"paid_fen"`
	Refunded money.Fen `json:"refunded_fen"`
}

// Movement is a payment or a refund of the order. Amounts in fen.
type Movement struct {
	ID      string       `json:"id"`
	Channel string       `json:"channel"`
	Number  *string      `json:"number" doc:"The gateway's"`
	Amount  money.Fen    `json:"amount_fen"`
	Status  string       `json:"status"`
	Cause   string       `json:"cause" doc:"Of a refund: viewer, late_payment, duplicate_payment, discounts_changed"`
	DoneAt  *clock.Stamp `json:"done_at"`
}

// Related is another entry of the same order.
type Related struct {
	ID    string    `json:"id"`
	Event string    `json:"event"`
	Date  string    `json:"business_date"`
	Total money.Fen `json:"total_fen"`
}

// objects are the kinds of the refs, by event.
var objects = map[string]string{
	ledger.OrderPaid: "payment", ledger.PaymentUnmatched: "payment", ledger.OrderRefunded: "refund", ledger.PaymentReturned: "refund",
	ledger.SettlementApproved: "settlement", ledger.ExceptionResolved: "exception", ledger.FeeCharged: "reconciliation", ledger.Adjusted: "proposal", ledger.Reversed: "entry",
}

// Behind shows what stands behind an entry.
func (r *Reports) Behind(ctx context.Context, bankID string, w ledger.Whole) (e Entry, err error) {
	object, _, _ := strings.Cut(w.Ref, "/") // the number of the entry stands after it
	e = Entry{Whole: w, Object: Object{objects[w.Event], object}, Payments: []Movement{}, Refunds: []Movement{}, Related: []Related{}}
	if e.Object.Kind == "" {
		e.Object.Kind = "other"
	}
	if w.OrderID == nil {
		return e, nil
	}
	o, found, err := db.One(ctx, r.db, func(row db.Row) (o Order, err error) {
		return o, row.Scan(&o.ID, &o.RoomID, &o.Status, &o.Goods, &o.Payable, &o.Paid, &o.Refunded)
	}, "SELECT id, room_id, status, goods_fen, payable_fen, paid_fen, refunded_fen FROM orders WHERE bank_id = ? AND id = ?", bankID, *w.OrderID)
	if err != nil {
		return e, err
	}
	if found {
		e.Order = &o
	}
	if e.Payments, err = r.movements(ctx, `SELECT id, channel, payment_no, amount_fen, status, '', paid_at FROM payment
		WHERE bank_id = ? AND order_id = ? ORDER BY id`, bankID, *w.OrderID); err != nil {
		return e, err
	}
	if e.Refunds, err = r.movements(ctx, `SELECT r.id, p.channel, r.refund_no, r.amount_fen, r.status, r.cause, r.done_at FROM refund r
		JOIN payment p ON p.id = r.payment_id WHERE r.bank_id = ? AND r.order_id = ? ORDER BY r.id`, bankID, *w.OrderID); err != nil {
		return e, err
	}
	e.Related, err = db.All(ctx, r.db, func(row db.Row) (x Related, err error) {
		return x, row.Scan(&x.ID, &x.Event, &x.Date, &x.Total)
	}, "SELECT id, event, business_date, total_fen FROM ledger_entry WHERE bank_id = ? AND order_id = ? AND id <> ? ORDER BY id", bankID, *w.OrderID, w.ID)
	return e, err
}

func (r *Reports) movements(ctx context.Context, query string, args ...any) ([]Movement, error) {
	return db.All(ctx, r.db, func(row db.Row) (m Movement, err error) {
		var done db.Time
		err = row.Scan(&m.ID, &m.Channel, &m.Number, &m.Amount, &m.Status, &m.Cause, &done)
		m.DoneAt = clock.AtPtr(done.Time)
		return m, err
	}, query, args...)
}
