package report

import (
	"context"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/money"
)

// By is what sums are taken by.
type By string

// What sums are taken by. Merchants' are those of their statements, so of dates
// that are settled; the others are of the ledger.
const (
	ByRoom     By = "room"
	ByMerchant By = "merchant"
	ByFunder   By = "funder"
	ByChannel  By = "channel"
)

// Sum is one room's, merchant's, funder's or channel's part of a period. Amounts
// in fen; what does not apply is 0.
type Sum struct {
	ID         string    `json:"id" doc:"The room's, merchant's, funder's or channel's; empty for sales outside of rooms"`
	Name       string    `json:"name"`
	Account    string    `json:"account" doc:"Its account in the ledger, where it has one"`
	Count      int64     `json:"count" doc:"Orders paid; of a merchant, statements; of a funder, discounts; of a channel, payments"`
	Sales      money.Fen `json:"sales_fen" doc:"Paid by buyers"`
	Refunds    money.Fen `json:"refunds_fen" doc:"Given back to buyers"`
	Discounts  money.Fen `json:"discounts_fen" doc:"Funded by the bank and the platform; of a funder, what it gave"`
	Returned   money.Fen `json:"returned_fen" doc:"Of a funder: what refunds gave back of its discounts"`
	Commission money.Fen `json:"commission_fen"`
	Fees       money.Fen `json:"fees_fen" doc:"Of a channel: what its gateway charges for the dates of the period, by its files; the ledger has it when a file is read"`
	Net        money.Fen `json:"net_fen" doc:"What merchants are owed of it; of a funder, what it owes; of a channel, sales less refunds and fees"`
}

// Period is a span of business dates, both included.
type Period struct{ From, To string }

// maxPeriod bounds a report, in days.
const maxPeriod = 366

func (p Period) check() error {
	from, err := time.Parse(time.DateOnly, p.From)
	if err != nil {
		return fault.InvalidField("from", "field.format")
	}
	to, err := time.Parse(time.DateOnly, p.To)
	if err != nil {
		return fault.InvalidField("to", "field.format")
	}
	if to.Before(from) {
		return fault.InvalidField("to", "field.too_small")
	}
	if to.Sub(from) > maxPeriod*24*time.Hour {
		return fault.InvalidField("to", "field.too_large")
	}
	return nil
}

// Sums are those of a period, by name; 422 of from and to for what is no period
// of at most 366 days.
func (r *Reports) Sums(ctx context.Context, bankID string, by By, p Period) ([]Sum, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	switch by {
	case ByRoom:
		return r.rooms(ctx, bankID, p)
	case ByMerchant:
		return r.merchants(ctx, bankID, p)
	case ByFunder:
		return r.funders(ctx, bankID, p)
	case ByChannel:
		return r.channels(ctx, bankID, p)
	}
	return nil, fault.InvalidField("by", "field.not_allowed")
}

// entriesOf joins the postings of what orders paid and got back in a period.
const entriesOf = ` FROM ledger_entry e JOIN ledger_posting p ON p.entry_id = e.id`

const inPeriod = ` WHERE e.bank_id = ? AND e.business_date >= ? AND e.business_date <= ? AND e.event IN ('order.paid', 'order.refunded')`

func (r *Reports) rooms(ctx context.Context, bankID string, p Period) ([]Sum, error) {
	return db.All(ctx, r.db, func(row db.Row) (s Sum, err error) {
		return s, row.Scan(&s.ID, &s.Name, &s.Count, &s.Sales, &s.Refunds, &s.Discounts, &s.Commission, &s.Net)
	}, `SELECT COALESCE(o.room_id, ''), COALESCE(MAX(r.title), ''),
		SUM(CASE WHEN e.event = 'order.paid' AND p.line_no = 1 THEN 1 ELSE 0 END),
		SUM(CASE WHEN e.event = 'order.paid' AND p.account LIKE 'gateway:%' THEN p.debit_fen - p.credit_fen ELSE 0 END),
		SUM(CASE WHEN e.event = 'order.refunded' AND p.account LIKE 'gateway:%' THEN p.credit_fen - p.debit_fen ELSE 0 END),
		SUM(CASE WHEN p.account LIKE 'discount:%' THEN p.debit_fen - p.credit_fen ELSE 0 END),
		SUM(CASE WHEN p.account = 'commission' THEN p.credit_fen - p.debit_fen ELSE 0 END),
		SUM(CASE WHEN p.account LIKE 'merchant:%' THEN p.credit_fen - p.debit_fen ELSE 0 END)`+entriesOf+`
		LEFT JOIN orders o ON o.id = e.order_id AND o.bank_id = e.bank_id LEFT JOIN room r ON r.id = o.room_id AND r.bank_id = e.bank_id`+inPeriod+`
		GROUP BY COALESCE(o.room_id, '') ORDER BY 4 DESC, 1`, bankID, p.From, p.To)
}

func (r *Reports) merchants(ctx context.Context, bankID string, p Period) ([]Sum, error) {
	return db.All(ctx, r.db, func(row db.Row) (s Sum, err error) {
		err = row.Scan(&s.ID, &s.Name, &s.Count, &s.Sales, &s.Refunds, &s.Discounts, &s.Commission, &s.Net)
		s.Account = "merchant:" + s.ID
		return s, err
	}, `SELECT merchant_id, MAX(merchant_name), COUNT(*), SUM(sales_fen), SUM(refunds_fen), SUM(discounts_fen), SUM(commission_fen), SUM(payable_fen)
		FROM settlement WHERE bank_id = ? AND business_date >= ? AND business_date <= ? GROUP BY merchant_id ORDER BY 8 DESC, 1`, bankID, p.From, p.To)
}

// funders are the bank and the platform by the ledger, which owe what they gave;
// and the merchants by their own discounts on what was paid in the period, which
// owe nothing: they were paid that much less.
func (r *Reports) funders(ctx context.Context, bankID string, p Period) ([]Sum, error) {
	return db.All(ctx, r.db, func(row db.Row) (s Sum, err error) {
		return s, row.Scan(&s.ID, &s.Name, &s.Account, &s.Count, &s.Discounts, &s.Returned, &s.Net)
	}, `SELECT a.party_id, '', a.account, SUM(CASE WHEN e.event = 'order.paid' THEN 1 ELSE 0 END),
			SUM(CASE WHEN e.event = 'order.paid' THEN p.debit_fen - p.credit_fen ELSE 0 END),
			SUM(CASE WHEN e.event = 'order.refunded' THEN p.credit_fen - p.debit_fen ELSE 0 END), SUM(p.debit_fen - p.credit_fen)`+entriesOf+`
			JOIN ledger_account a ON a.bank_id = p.bank_id AND a.account = p.account AND a.party = 'funder'`+inPeriod+`
			GROUP BY a.party_id, a.account
		UNION ALL SELECT l.merchant_id, MAX(m.name), '', COUNT(*), SUM(d.amount_fen), SUM(d.returned_fen), 0
			FROM ledger_entry e JOIN order_discount d ON d.order_id = e.order_id AND d.bank_id = e.bank_id AND d.funded_by = 'merchant'
			JOIN order_line l ON l.order_id = d.order_id AND l.line_no = d.line_no JOIN merchant m ON m.id = l.merchant_id AND m.bank_id = e.bank_id
			WHERE e.bank_id = ? AND e.business_date >= ? AND e.business_date <= ? AND e.event = 'order.paid'
			GROUP BY l.merchant_id`, bankID, p.From, p.To, bankID, p.From, p.To)
}

// channels are the gateways by the ledger, their fees by the business date of the file
// that they stand in: that file is read, and its fees are posted, a day later.
func (r *Reports) channels(ctx context.Context, bankID string, p Period) ([]Sum, error) {
	return db.All(ctx, r.db, func(row db.Row) (s Sum, err error) {
		err = row.Scan(&s.ID, &s.Account, &s.Count, &s.Sales, &s.Refunds, &s.Fees)
		s.Name, s.Net = s.ID, s.Sales-s.Refunds-s.Fees
		return s, err
	}, `SELECT a.party_id, a.account, SUM(x.n), SUM(x.sales), SUM(x.refunds), SUM(x.fees) FROM (
			SELECT p.account, CASE WHEN p.debit_fen > 0 THEN 1 ELSE 0 END AS n, p.debit_fen AS sales, p.credit_fen AS refunds, 0 AS fees
				FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry_id
				WHERE p.bank_id = ? AND p.business_date >= ? AND p.business_date <= ? AND e.event <> 'fee.charged' AND p.account LIKE 'gateway:%'
			UNION ALL SELECT CONCAT_WS(':', 'gateway', channel), 0, 0, 0, fee_fen FROM reconciliation
				WHERE bank_id = ? AND business_date >= ? AND business_date <= ? AND fee_fen <> 0) x
		JOIN ledger_account a ON a.bank_id = ? AND a.account = x.account GROUP BY a.party_id, a.account ORDER BY 1`,
		bankID, p.From, p.To, bankID, p.From, p.To, bankID)
}
