package settle

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/money"
	"yinbo/order/ledger"
)

// A day is settled in bites, so that the process holds a bite of it and the sums,
// however long the day is.
const (
	biteEntries = 500    // entries that are read at a time, and their orders
	biteLines   = 15_000 // lines that are written at a time: many of each merchant
)

// bite is some of a day's entries with the lines of the orders behind them.
type bite struct {
	entries []entry
	orders  map[string][]orderLine
}

// eachBite reads what was sold and refunded on a date, as it was posted: first
// what was sold, then what was refunded, each in the order of posting.
func eachBite(ctx context.Context, q db.Querier, bankID, date string, take func(bite) error) error {
	rows, err := q.Query(ctx, `SELECT e.id, e.event, e.ref, COALESCE(e.order_id, ''), p.account, p.credit_fen - p.debit_fen
		FROM ledger_entry e JOIN ledger_posting p ON p.entry_id = e.id
		WHERE e.bank_id = ? AND e.business_date = ? AND e.event IN (?, ?) ORDER BY e.event, e.id, p.line_no`,
		bankID, date, ledger.OrderPaid, ledger.OrderRefunded)
	if err != nil {
		return err
	}
	defer rows.Close()
	var entries []entry
	last := ""
	for rows.Next() {
		var (
			e           entry
			id, account string
			credit      money.Fen // less debit
		)
		if err := rows.Scan(&id, &e.event, &e.ref, &e.orderID, &account, &credit); err != nil {
			return err
		}
		if id != last {
			if len(entries) == biteEntries {
				if err := withOrders(ctx, q, bankID, entries, take); err != nil {
					return err
				}
				entries = entries[:0]
			}
			last, e.net = id, map[string]money.Fen{}
			entries = append(entries, e)
		}
		entries[len(entries)-1].post(account, credit)
	}
	if err := rows.Err(); err != nil || len(entries) == 0 {
		return err
	}
	return withOrders(ctx, q, bankID, entries, take)
}

// post adds one posting to the entry.
func (e *entry) post(account string, credit money.Fen) {
	if m, ok := ledger.MerchantOf(account); ok {
		e.net[m] += credit
	} else if ledger.IsGateway(account) {
		e.total -= e.signed(credit)
	} else if ledger.IsDiscount(account) {
		e.total -= e.signed(credit)
		e.discount -= e.signed(credit)
	}
}

func withOrders(ctx context.Context, q db.Querier, bankID string, entries []entry, take func(bite) error) error {
	orders, err := orderLines(ctx, q, bankID, entries)
	if err != nil {
		return err
	}
	return take(bite{entries, orders})
}

// byMerchant is order_discount.funded_by of what the line's merchant funds.
const byMerchant = "merchant"

// orderLines reads the lines of the orders behind entries.
func orderLines(ctx context.Context, q db.Querier, bankID string, entries []entry) (map[string][]orderLine, error) {
	ids := make([]string, len(entries))
	for i, e := range entries {
		ids[i] = e.orderID
	}
	type row struct {
		orderID string
		orderLine
	}
	of := append(db.Args(ids), bankID)
	rows, err := db.All(ctx, q, func(r db.Row) (l row, err error) {
		return l, r.Scan(&l.orderID, &l.no, &l.merchantID, &l.title, &l.amount, &l.bps)
	}, `SELECT order_id, line_no, merchant_id, title, amount_fen, commission_bps FROM order_line
		WHERE order_id IN `+db.Marks(len(ids))+` AND bank_id = ? ORDER BY order_id, line_no`, of...)
	if err != nil {
		return nil, err
	}
	cuts, err := db.All(ctx, q, func(r db.Row) (l row, err error) {
		return l, r.Scan(&l.orderID, &l.no, &l.own, &l.funded)
	}, `SELECT order_id, line_no, SUM(CASE funded_by WHEN '`+byMerchant+`' THEN amount_fen ELSE 0 END), SUM(CASE funded_by WHEN '`+byMerchant+`' THEN 0 ELSE amount_fen END)
		FROM order_discount WHERE order_id IN `+db.Marks(len(ids))+` AND bank_id = ? GROUP BY order_id, line_no`, of...)
	if err != nil {
		return nil, err
	}
	orders := map[string][]orderLine{}
	for _, r := range rows {
		orders[r.orderID] = append(orders[r.orderID], r.orderLine)
	}
	for _, c := range cuts {
		for i := range orders[c.orderID] {
			if l := &orders[c.orderID][i]; l.no == c.no {
				l.own, l.funded = c.own, c.funded
			}
		}
	}
	return orders, nil
}

// making is a date's statements while they are made.
type making struct {
	bankID     string
	statements map[string]*statement // by merchant
	lines      [][]any               // not written yet
}

// take adds a bite, and writes lines when there are enough.
func (m *making) take(ctx context.Context, tx *db.Tx, b bite) error {
	if err := b.addTo(m.statements); err != nil {
		return err
	}
	for _, s := range m.statements {
		if s.id == "" {
			s.id = id.New(id.Settlement)
		}
		for _, l := range s.lines {
			s.count++
			m.lines = append(m.lines, []any{s.id, s.count, m.bankID, l.Kind, l.OrderID, l.Ref, l.Title, l.Amount, l.Commission, l.Net})
		}
		s.lines = s.lines[:0]
	}
	if len(m.lines) < biteLines {
		return nil
	}
	return m.flush(ctx, tx)
}

// flush writes the lines in the order of the table, which is quicker.
func (m *making) flush(ctx context.Context, tx *db.Tx) error {
	slices.SortFunc(m.lines, func(a, b []any) int {
		return cmp.Or(cmp.Compare(a[0].(string), b[0].(string)), cmp.Compare(a[1].(int), b[1].(int)))
	})
	err := tx.Insert(ctx, "settlement_line (settlement_id, line_no, bank_id, kind, order_id, ref, title, amount_fen, commission_fen, net_fen)", m.lines, "")
	m.lines = m.lines[:0]
	return err
}

// finish writes the lines that are left, and the statements.
func (m *making) finish(ctx context.Context, tx *db.Tx, date string, names map[string]string) error {
	if err := m.flush(ctx, tx); err != nil {
		return err
	}
	var rows [][]any
	for _, merchantID := range slices.Sorted(maps.Keys(m.statements)) {
		s := m.statements[merchantID]
		rows = append(rows, []any{s.id, m.bankID, merchantID, names[merchantID], date, "draft",
			s.sales, s.refunds, s.commission, s.discounts, s.payable(), s.count, tx.Now})
	}
	return tx.Insert(ctx, `settlement (id, bank_id, merchant_id, merchant_name, business_date, status,
		sales_fen, refunds_fen, commission_fen, discounts_fen, payable_fen, line_count, created_at)`, rows, "")
}
