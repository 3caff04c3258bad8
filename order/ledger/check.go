package ledger

import "yinbo/internal/invariant"

// Invariants are what holds of the book.
func Invariants() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "ledger.entry",
		Means: "an entry's debits are its credits and its total, and it moves something",
		Of:    "ledger_entry",
		Broken: `SELECT x.bank_id, x.id, CONCAT_WS('', x.event, ' of ', x.ref, ': total ', x.total_fen, ', debits ', COALESCE(x.debit, 0), ', credits ', COALESCE(x.credit, 0))
			FROM (SELECT e.bank_id, e.id, e.event, e.ref, e.total_fen,
				(SELECT SUM(p.debit_fen) FROM ledger_posting p WHERE p.entry_id = e.id) AS debit,
				(SELECT SUM(p.credit_fen) FROM ledger_posting p WHERE p.entry_id = e.id) AS credit FROM ledger_entry e) x
			WHERE x.debit IS NULL OR x.debit <> x.total_fen OR x.credit <> x.total_fen OR x.total_fen <= 0`,
	}, {
		Name:  "ledger.posting",
		Means: "a posting is one amount on one side, and of an entry of its bank and date",
		Of:    "ledger_posting",
		Broken: `SELECT p.bank_id, p.entry_id, CONCAT_WS('', 'line ', p.line_no, ' of ', p.business_date, ': ', p.account, ' ', p.debit_fen, ' / ', p.credit_fen)
			FROM ledger_posting p LEFT JOIN ledger_entry e ON e.id = p.entry_id AND e.bank_id = p.bank_id AND e.business_date = p.business_date
			WHERE e.id IS NULL OR p.debit_fen < 0 OR p.credit_fen < 0 OR (p.debit_fen > 0) = (p.credit_fen > 0)`,
	}, {
		Name:  "ledger.balance",
		Means: "debits are credits on every business date of every bank, and so overall",
		Of:    "ledger_posting",
		Broken: `SELECT bank_id, business_date, CONCAT_WS('', 'debits ', SUM(debit_fen), ', credits ', SUM(credit_fen))
			FROM ledger_posting GROUP BY bank_id, business_date HAVING SUM(debit_fen) <> SUM(credit_fen)`,
	}}
}
