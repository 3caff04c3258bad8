package main

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/tenant"
)

// How often an order has a discount that the bank funds, and how often it is given
// back whole.
const (
	discounted = 10
	refunded   = 50
)

func (b *bench) refunds() int { return (b.lines + refunded - 7) / refunded }

// fill writes merchants, orders of a line each, their payments, and what the
// ledger posted for them, statement by statement from a table of numbers. Prices
// are such that 5 % of them is a whole fen.
func (b *bench) fill(ctx context.Context) error {
	err := b.d.InTx(ctx, func(tx *db.Tx) error { return tenant.Create(ctx, tx, b.bank) })
	if err != nil {
		return err
	}
	h := b.d.Handle()
	exec := func(query string, args ...any) {
		if err == nil {
			_, err = h.ExecContext(ctx, query, args...)
		}
	}
	exec("CREATE TABLE bench_number (i INT NOT NULL PRIMARY KEY)")
	exec("INSERT INTO bench_number (i) VALUES (1)")
	for n := 1; n < b.lines; n *= 2 {
		exec("INSERT INTO bench_number (i) SELECT i + ? FROM bench_number WHERE i + ? <= ?", n, n, b.lines)
	}
	exec("INSERT INTO merchant (id, bank_id, name, commission_bps, created_at) SELECT CONCAT('mch_', i), ?, CONCAT('商户', i), 500, '2025-01-01 00:00:00' FROM bench_number WHERE i <= ?", bankID, b.merchants)
	const (
		number   = "CONCAT('000000000000000000', 10000000 + i)"
		merchant = "CONCAT('mch_', i % ? + 1)"
		price    = "20 * (50 + i % 9973)"
		cut      = "(50 + i % 9973)"
		funded   = "(CASE i % 10 WHEN 0 THEN 100 ELSE 0 END)"
		posting  = "INSERT INTO ledger_posting (entry_id, line_no, bank_id, business_date, account, debit_fen, credit_fen) SELECT CONCAT(?, " + number + "), ?, ?, ?, "
	)
	exec(`INSERT INTO order_line (order_id, line_no, bank_id, sku_id, product_id, merchant_id, kind, title, spec, quantity, price_fen, amount_fen, commission_bps)
		SELECT CONCAT('ord_', `+number+`), 1, ?, 'sku_x', 'prd_x', `+merchant+`, 'physical', '明前龙井 礼盒装', '', 1, `+price+`, `+price+`, 500 FROM bench_number ORDER BY i`, bankID, b.merchants)
	exec(`INSERT INTO order_discount (order_id, discount_no, line_no, bank_id, coupon_id, batch_id, kind, funded_by, amount_fen)
		SELECT CONCAT('ord_', `+number+`), 1, 1, ?, 'cpn_x', 'cpb_x', 'coupon', 'bank', 100 FROM bench_number WHERE i % ? = 0 ORDER BY i`, bankID, discounted)
	// From the first minute of the day on, a second apart, round and round.
	paid := "'2025-06-09 16:00:00' + INTERVAL i % 86400 SECOND"
	if b.sqlite {
		paid = "datetime('2025-06-09 16:00:00', (i % 86400) || ' seconds')"
	}
	exec("INSERT INTO book (bank_id, closed_through) VALUES (?, '')", bankID)
	exec(`INSERT INTO payment (id, bank_id, order_id, viewer_id, method, amount_fen, status, created_at, paid_at)
		SELECT CONCAT('pay_', `+number+`), ?, CONCAT('ord_', `+number+`), 'vwr_x', 'cashier', `+price+` - `+funded+`, 'succeeded', '2025-06-10 04:00:00', `+paid+` FROM bench_number ORDER BY i`, bankID)
	entry := func(prefix, event, ref, where string, args ...any) {
		exec(`INSERT INTO ledger_entry (id, bank_id, event, ref, order_id, business_date, total_fen, debit_fen, credit_fen, posted_at, page_no)
			SELECT CONCAT('`+prefix+`', `+number+`), ?, ?, CONCAT('`+ref+`', `+number+`), CONCAT('ord_', `+number+`), ?, `+price+`, `+price+`, `+price+`, '2025-06-10 04:00:00', 1
			FROM bench_number`+where+" ORDER BY i", append([]any{bankID, event, date}, args...)...)
	}
	const back = " WHERE i % 50 = 7"
	entry("ent_1", "order.paid", "pay_", "")
	entry("ent_2", "order.refunded", "ref_", back)
	of := func(prefix string, no int) []any { return []any{prefix, no, bankID, date} }
	exec(posting+"'gateway:bankbox', "+price+" - "+funded+", 0 FROM bench_number ORDER BY i", of("ent_1", 1)...)
	exec(posting+"'discount:bank', 100, 0 FROM bench_number WHERE i % 10 = 0 ORDER BY i", of("ent_1", 2)...)
	exec(posting+"CONCAT('merchant:', "+merchant+"), 0, "+price+" - "+cut+" FROM bench_number ORDER BY i", append(of("ent_1", 3), b.merchants)...)
	exec(posting+"'commission', 0, "+cut+" FROM bench_number ORDER BY i", of("ent_1", 4)...)
	exec(posting+"CONCAT('merchant:', "+merchant+"), "+price+" - "+cut+", 0 FROM bench_number"+back+" ORDER BY i", append(of("ent_2", 1), b.merchants)...)
	exec(posting+"'commission', "+cut+", 0 FROM bench_number"+back+" ORDER BY i", of("ent_2", 2)...)
	exec(posting+"'gateway:bankbox', 0, "+price+" FROM bench_number"+back+" ORDER BY i", of("ent_2", 3)...)
	exec(`INSERT INTO ledger_account (bank_id, account, kind, party, party_id) VALUES (?, 'gateway:bankbox', 'asset', 'channel', 'bankbox'),
		(?, 'discount:bank', 'asset', 'funder', 'bank'), (?, 'commission', 'income', 'bank', '')`, bankID, bankID, bankID)
	exec(`INSERT INTO ledger_account (bank_id, account, kind, party, party_id) SELECT bank_id, CONCAT('merchant:', id), 'liability', 'merchant', id FROM merchant`)
	if b.sqlite {
		exec("ANALYZE")
	} else {
		exec("ANALYZE TABLE order_line, order_discount, payment, ledger_entry, ledger_posting")
	}
	return err
}
