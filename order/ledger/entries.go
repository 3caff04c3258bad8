package ledger

import (
	"context"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/money"
)

// Posted is an entry as it stands in the book. Amounts in fen.
type Posted struct {
	ID           string      `json:"id"`
	Event        string      `json:"event" doc:"What happened: order.paid, order.refunded, payment.unmatched, payment.returned, settlement.approved, payout.sent, payout.paid, payout.failed, payout.returned, exception.held, exception.resolved, fee.charged, ledger.adjusted, ledger.reversed"`
	Ref          string      `json:"ref" doc:"The event's object: a payment, refund, settlement, exception, proposal or entry"`
	OrderID      *string     `json:"order_id"`
	BusinessDate string      `json:"business_date" doc:"YYYY-MM-DD in the bank's time zone"`
	Total        money.Fen   `json:"total_fen" doc:"Sum of its debits, and of its credits"`
	PostedAt     clock.Stamp `json:"posted_at"`
	ReversedBy   *string     `json:"reversed_by" doc:"The entry that reverses it"`
}

// Posting is one amount on one side of an account. Amounts in fen.
type Posting struct {
	Account string    `json:"account" minLength:"1" maxLength:"80"`
	Debit   money.Fen `json:"debit_fen" minimum:"0" maximum:"1000000000000"`
	Credit  money.Fen `json:"credit_fen" minimum:"0" maximum:"1000000000000"`
}

// Whole is an entry with its postings.
type Whole struct {
	Posted
	Postings []TypedPosting `json:"postings"`
}

// TypedPosting is a posting that says what its account is.
type TypedPosting struct {
	Posting
	Kind Kind `json:"kind" enum:"asset,liability,income,expense"`
}

// Filter picks entries; empty fields do not filter.
type Filter struct {
	Date, Account, Event, Ref, Order string
}

const (
	entrySelect = `SELECT e.id, e.event, e.ref, e.order_id, e.business_date, e.total_fen, e.posted_at,
		(SELECT r.id FROM ledger_entry r WHERE r.bank_id = e.bank_id AND r.event = '` + Reversed + `' AND r.ref = e.id) FROM `
	entryColumns = entrySelect + "ledger_entry e"
)

func scanEntry(r db.Row) (e Posted, err error) {
	var at db.Time
	err = r.Scan(&e.ID, &e.Event, &e.Ref, &e.OrderID, &e.BusinessDate, &e.Total, &at, &e.ReversedBy)
	e.PostedAt = clock.At(at.Time)
	return e, err
}

// Entries lists a bank's, the newest first, from after the id that a page ended
// with.
func (b *Book) Entries(ctx context.Context, bankID string, f Filter, after string, limit int) ([]Posted, error) {
	query, args, newest := entryColumns+" WHERE e.bank_id = ?", []any{bankID}, "e.id"
	if f.Account != "" {
		// The account's postings lead, in the order of their index, however many
		// entries there are besides; an entry that posts to it twice is one.
		query = entrySelect + "ledger_posting p" + b.db.Dialect().Then() + `ledger_entry e ON e.id = p.entry_id WHERE p.bank_id = ? AND p.account = ?
			AND NOT EXISTS (SELECT 1 FROM ledger_posting q WHERE q.entry_id = p.entry_id AND q.account = p.account AND q.line_no < p.line_no)`
		args, newest = append(args, f.Account), "p.entry_id"
		if f.Date != "" {
			query, args = query+" AND p.business_date = ?", append(args, f.Date)
		}
	}
	if f.Ref != "" && f.Event == "" { // the index of what posts once begins with the event
		query, args = query+" AND e.event IN "+db.Marks(len(Events)), append(args, db.Args(Events)...)
	}
	for _, c := range []struct{ cond, v string }{
		{"e.business_date = ?", f.Date}, {"e.event = ?", f.Event}, {"e.ref = ?", f.Ref}, {"e.order_id = ?", f.Order}, {newest + " < ?", after},
	} {
		if c.v != "" {
			query, args = query+" AND "+c.cond, append(args, c.v)
		}
	}
	return db.All(ctx, b.db, scanEntry, query+" ORDER BY "+newest+" DESC LIMIT ?", append(args, limit)...)
}

// Entry gives one with its postings; not_found where the bank has none such.
func (b *Book) Entry(ctx context.Context, bankID, entryID string) (w Whole, err error) {
	e, found, err := db.One(ctx, b.db, scanEntry, entryColumns+" WHERE e.bank_id = ? AND e.id = ?", bankID, entryID)
	if err != nil {
		return w, err
	}
	if !found {
		return w, fault.New(fault.NotFound, "not_found")
	}
	w.Posted = e
	lines, err := postings(ctx, b.db, bankID, entryID)
	if err != nil {
		return w, err
	}
	w.Postings = make([]TypedPosting, len(lines))
	for i, l := range lines {
		t, _ := TypeOf(l.Account)
		w.Postings[i] = TypedPosting{l, t.Kind}
	}
	return w, nil
}

func postings(ctx context.Context, q db.Querier, bankID, entryID string) ([]Posting, error) {
	return db.All(ctx, q, func(r db.Row) (p Posting, err error) {
		return p, r.Scan(&p.Account, &p.Debit, &p.Credit)
	}, "SELECT account, debit_fen, credit_fen FROM ledger_posting WHERE bank_id = ? AND entry_id = ? ORDER BY line_no", bankID, entryID)
}
