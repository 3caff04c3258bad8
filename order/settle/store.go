package settle

import (
	"context"

	"yinbo/internal/clock"
	"yinbo/internal/db"
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
	COALESCE((SELECT v.amount_fen FROM merchant_reserve v WHERE v.settlement_id = settlement.id), 0),
	(SELECT name FROM staff s WHERE s.id = submitted_by), (SELECT name FROM staff s WHERE s.id = decided_by) FROM settlement`

func scanSettlement(r db.Row) (s Settlement, err error) {
	var submitted, decided, created db.Time
	err = r.Scan(&s.ID, &s.Merchant.ID, &s.Merchant.Name, &s.BusinessDate, &s.Status, &s.Sales, &s.Refunds, &s.Commission,
		&s.Discounts, &s.Payable, &s.LineCount, &s.SubmittedBy, &submitted, &s.DecidedBy, &decided, &s.RejectReason, &created, &s.PayoutID,
		&s.DueDate, &s.Reserve, &s.SubmittedName, &s.DecidedName)
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
