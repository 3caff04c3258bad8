package settle

import (
	"context"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/money"
	"yinbo/order/ledger"
)

// unsettledDates are the closed dates with entries that have no statements yet.
// Dates are settled in order, so they all lie after the last that was.
func unsettledDates(ctx context.Context, q db.Querier, bankID string) ([]string, error) {
	return db.All(ctx, q, scanText, `SELECT DISTINCT e.business_date FROM ledger_entry e
		JOIN book b ON b.bank_id = e.bank_id AND e.business_date <= b.closed_through
		WHERE e.bank_id = ? AND e.business_date > (SELECT COALESCE(MAX(business_date), '') FROM settled_day WHERE bank_id = ?)
		ORDER BY e.business_date`, bankID, bankID)
}

func scanText(r db.Row) (s string, err error) { return s, r.Scan(&s) }

// dayEntries reads what was sold and refunded on a date, as it was posted.
func dayEntries(ctx context.Context, q db.Querier, bankID, date string) ([]entry, error) {
	type posting struct {
		entry
		id, account string
		credit      money.Fen // less debit
	}
	rows, err := db.All(ctx, q, func(r db.Row) (p posting, err error) {
		return p, r.Scan(&p.id, &p.event, &p.ref, &p.orderID, &p.account, &p.credit)
	}, `SELECT e.id, e.event, e.ref, COALESCE(e.order_id, ''), p.account, p.credit_fen - p.debit_fen
		FROM ledger_entry e JOIN ledger_posting p ON p.entry_id = e.id
		WHERE e.bank_id = ? AND e.business_date = ? AND e.event IN (?, ?) ORDER BY e.id, p.line_no`,
		bankID, date, ledger.OrderPaid, ledger.OrderRefunded)
	if err != nil {
		return nil, err
	}
	var entries []entry
	last := ""
	for _, p := range rows {
		if p.id != last {
			last, p.net = p.id, map[string]money.Fen{}
			entries = append(entries, p.entry)
		}
		e := &entries[len(entries)-1]
		if m, ok := ledger.MerchantOf(p.account); ok {
			e.net[m] += p.credit
		} else if ledger.IsGateway(p.account) {
			e.total -= e.signed(p.credit)
		} else if ledger.IsDiscount(p.account) {
			e.total -= e.signed(p.credit)
			e.discount -= e.signed(p.credit)
		}
	}
	return entries, nil
}

// byMerchant is order_discount.funded_by of what the line's merchant funds.
const byMerchant = "merchant"

// dayOrderLines reads the lines of the orders behind a date's entries.
func dayOrderLines(ctx context.Context, q db.Querier, bankID, date string) (map[string][]orderLine, error) {
	type row struct {
		orderID string
		orderLine
	}
	rows, err := db.All(ctx, q, func(r db.Row) (l row, err error) {
		return l, r.Scan(&l.orderID, &l.no, &l.merchantID, &l.title, &l.amount, &l.bps, &l.own, &l.funded)
	}, `SELECT l.order_id, l.line_no, l.merchant_id, l.title, l.amount_fen, l.commission_bps,
			COALESCE((SELECT SUM(d.amount_fen) FROM order_discount d
				WHERE d.order_id = l.order_id AND d.line_no = l.line_no AND d.funded_by = ?), 0),
			COALESCE((SELECT SUM(d.amount_fen) FROM order_discount d
				WHERE d.order_id = l.order_id AND d.line_no = l.line_no AND d.funded_by <> ?), 0)
		FROM order_line l WHERE l.bank_id = ? AND l.order_id IN (SELECT order_id FROM ledger_entry
			WHERE bank_id = ? AND business_date = ? AND event IN (?, ?))
		ORDER BY l.order_id, l.line_no`, byMerchant, byMerchant, bankID, bankID, date, ledger.OrderPaid, ledger.OrderRefunded)
	if err != nil {
		return nil, err
	}
	orders := map[string][]orderLine{}
	for _, r := range rows {
		orders[r.orderID] = append(orders[r.orderID], r.orderLine)
	}
	return orders, nil
}

func merchantNames(ctx context.Context, q db.Querier, bankID string) (map[string]string, error) {
	rows, err := db.All(ctx, q, func(r db.Row) (m Merchant, err error) {
		return m, r.Scan(&m.ID, &m.Name)
	}, "SELECT id, name FROM merchant WHERE bank_id = ?", bankID)
	names := map[string]string{}
	for _, m := range rows {
		names[m.ID] = m.Name
	}
	return names, err
}

func insertSettlement(ctx context.Context, tx *db.Tx, bankID, settlementID, date string, m Merchant, s *statement) error {
	err := tx.Insert(ctx, `settlement (id, bank_id, merchant_id, merchant_name, business_date, status,
		sales_fen, refunds_fen, commission_fen, discounts_fen, payable_fen, line_count, created_at)`,
		[][]any{{settlementID, bankID, m.ID, m.Name, date, "draft",
			s.sales, s.refunds, s.commission, s.discounts, s.payable(), len(s.lines), tx.Now}}, "")
	if err != nil {
		return err
	}
	rows := make([][]any, len(s.lines))
	for i, l := range s.lines {
		rows[i] = []any{settlementID, i + 1, bankID, l.Kind, l.OrderID, l.Ref, l.Title, l.Amount, l.Commission, l.Net}
	}
	return tx.Insert(ctx, "settlement_line (settlement_id, line_no, bank_id, kind, order_id, ref, title, amount_fen, commission_fen, net_fen)", rows, "")
}

// Filter picks settlements; empty fields do not filter.
type Filter struct {
	Date, Merchant, Status string
}

// shownStatus is a settlement's status with that of its payout. What is approved
// is due until it is paid.
const shownStatus = `CASE WHEN status <> 'approved' THEN status ELSE COALESCE((SELECT CASE p.status WHEN 'paying' THEN 'paying' WHEN 'paid' THEN 'paying' ELSE 'failed' END
	FROM payout_settlement ps JOIN payout p ON p.id = ps.payout_id WHERE ps.settlement_id = settlement.id ORDER BY p.id DESC LIMIT 1), 'approved') END`

const settlementColumns = `SELECT id, merchant_id, merchant_name, business_date, ` + shownStatus + `, sales_fen, refunds_fen, commission_fen,
	discounts_fen, payable_fen, line_count, submitted_by, submitted_at, decided_by, decided_at, reject_reason, created_at,
	(SELECT MAX(ps.payout_id) FROM payout_settlement ps WHERE ps.settlement_id = settlement.id), due_date,
	COALESCE((SELECT v.amount_fen FROM merchant_reserve v WHERE v.settlement_id = settlement.id), 0) FROM settlement`

func scanSettlement(r db.Row) (s Settlement, err error) {
	var submitted, decided, created db.Time
	err = r.Scan(&s.ID, &s.Merchant.ID, &s.Merchant.Name, &s.BusinessDate, &s.Status, &s.Sales, &s.Refunds, &s.Commission,
		&s.Discounts, &s.Payable, &s.LineCount, &s.SubmittedBy, &submitted, &s.DecidedBy, &decided, &s.RejectReason, &created, &s.PayoutID,
		&s.DueDate, &s.Reserve)
	s.SubmittedAt, s.DecidedAt, s.CreatedAt = clock.AtPtr(submitted.Time), clock.AtPtr(decided.Time), clock.At(created.Time)
	return s, err
}

// List gives a bank's settlements without their lines, the newest first, from
// after the id that a page ended with; a limit of 0 is none.
func (k *Desk) List(ctx context.Context, bankID string, f Filter, after string, limit int) ([]Settlement, error) {
	where, args := " WHERE bank_id = ?", []any{bankID}
	for _, c := range []struct{ cond, v string }{
		{"business_date = ?", f.Date}, {"merchant_id = ?", f.Merchant}, {shownStatus + " = ?", f.Status}, {"id < ?", after},
	} {
		if c.v != "" {
			where, args = where+" AND "+c.cond, append(args, c.v)
		}
	}
	return page(ctx, k.db, scanSettlement, settlementColumns+where+" ORDER BY id DESC", args, limit)
}

func page[T any](ctx context.Context, q db.Querier, scan func(db.Row) (T, error), query string, args []any, limit int) ([]T, error) {
	if limit > 0 {
		query, args = query+" LIMIT ?", append(args, limit)
	}
	return db.All(ctx, q, scan, query, args...)
}

// Get gives a settlement with its lines; not_found where the bank has none such.
func (k *Desk) Get(ctx context.Context, bankID, settlementID string) (Settlement, error) {
	s, found, err := db.One(ctx, k.db, scanSettlement, settlementColumns+" WHERE bank_id = ? AND id = ?", bankID, settlementID)
	if err != nil {
		return s, err
	}
	if !found {
		return s, notFound()
	}
	s.Lines, err = db.All(ctx, k.db, func(r db.Row) (l Line, err error) {
		return l, r.Scan(&l.Kind, &l.OrderID, &l.Ref, &l.Title, &l.Amount, &l.Commission, &l.Net)
	}, `SELECT kind, order_id, ref, title, amount_fen, commission_fen, net_fen FROM settlement_line
		WHERE bank_id = ? AND settlement_id = ? ORDER BY line_no`, bankID, settlementID)
	return s, err
}
