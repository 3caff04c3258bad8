package settle

import "yinbo/internal/invariant"

// earned is what the ledger gave each merchant on each business date.
const earned = `SELECT p.bank_id, p.business_date, p.account, SUM(p.credit_fen - p.debit_fen) AS net
	FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry_id AND e.event IN ('order.paid', 'order.refunded')
	WHERE p.account LIKE 'merchant:%' GROUP BY p.bank_id, p.business_date, p.account`

// Invariants are what holds of statements against the ledger.
func Invariants() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "settlement.lines",
		Means: "a statement's lines add up to it, and it to what it pays",
		Of:    "settlement_line",
		Broken: `SELECT s.bank_id, s.id, CONCAT_WS('', 'pays ', s.payable_fen, ' after ', s.commission_fen, ' in ', s.line_count, ' lines; they say ',
				COALESCE(l.net, 0), ' after ', COALESCE(l.commission, 0), ' in ', COALESCE(l.n, 0))
			FROM settlement s LEFT JOIN (SELECT settlement_id, COUNT(*) AS n, SUM(commission_fen) AS commission, SUM(net_fen) AS net
				FROM settlement_line GROUP BY settlement_id) l ON l.settlement_id = s.id
			WHERE s.line_count <> COALESCE(l.n, 0) OR s.payable_fen <> COALESCE(l.net, 0) OR s.commission_fen <> COALESCE(l.commission, 0)
				OR s.payable_fen <> s.sales_fen - s.refunds_fen - s.commission_fen + s.discounts_fen`,
	}, {
		Name:  "settlement.ledger",
		Means: "a statement pays what the ledger gave the merchant on its date",
		Of:    "settlement",
		Broken: `SELECT s.bank_id, s.id, CONCAT_WS('', 'pays ', s.payable_fen, ', the ledger gave ', COALESCE(m.net, 0))
			FROM settlement s LEFT JOIN (` + earned + `) m
				ON m.bank_id = s.bank_id AND m.business_date = s.business_date AND m.account = CONCAT('merchant:', s.merchant_id)
			WHERE s.payable_fen <> COALESCE(m.net, 0)`,
	}, {
		Name:  "settlement.whole",
		Means: "a date that is settled is closed, and left out no merchant to whom the ledger gave something",
		Of:    "settled_day",
		Broken: `SELECT d.bank_id, d.business_date, CONCAT_WS('', 'no statement for ', m.account, ' of ', m.net)
				FROM settled_day d JOIN (` + earned + `) m ON m.bank_id = d.bank_id AND m.business_date = d.business_date AND m.net <> 0
				LEFT JOIN settlement s ON s.bank_id = m.bank_id AND s.business_date = m.business_date AND CONCAT('merchant:', s.merchant_id) = m.account
				WHERE s.id IS NULL
			UNION ALL SELECT d.bank_id, d.business_date, CONCAT_WS('', 'settled, but the book is closed through ', COALESCE(b.closed_through, 'no date'))
				FROM settled_day d LEFT JOIN book b ON b.bank_id = d.bank_id WHERE b.bank_id IS NULL OR b.closed_through < d.business_date`,
	}, {
		Name:  "settlement.decided",
		Means: "what is approved or rejected was submitted by one person and decided by another",
		Of:    "settlement",
		Broken: `SELECT bank_id, id, CONCAT_WS('', status, ', submitted by ', COALESCE(submitted_by, 'nobody'), ', decided by ', COALESCE(decided_by, 'nobody'))
			FROM settlement WHERE status = 'submitted' AND submitted_by IS NULL
				OR status NOT IN ('draft', 'submitted') AND (submitted_by IS NULL OR decided_by IS NULL OR submitted_by = decided_by)`,
	}, {
		Name:  "settlement.posted",
		Means: "what is approved is due in the ledger, whole; nothing else is",
		Of:    "settlement",
		Broken: `SELECT s.bank_id, s.id, CONCAT_WS('', s.status, ' over ', s.payable_fen, ', posted ', COALESCE(e.total_fen, 'nothing'))
			FROM settlement s LEFT JOIN ledger_entry e ON e.bank_id = s.bank_id AND e.event = 'settlement.approved' AND e.ref = s.id
			WHERE COALESCE(e.total_fen, 0) <> CASE WHEN s.status IN ('draft', 'submitted', 'rejected') THEN 0 ELSE ABS(s.payable_fen) END`,
	}, {
		Name:  "exception.resolved",
		Means: "a difference that is resolved says how, when and by whom",
		Of:    "money_exception",
		Broken: `SELECT bank_id, id, CONCAT_WS('', status, ' as ', COALESCE(resolution, 'nothing'), ' by ', COALESCE(resolved_by, 'nobody')) FROM money_exception
			WHERE (status = 'resolved') <> (resolution IS NOT NULL AND resolved_by IS NOT NULL AND resolved_at IS NOT NULL)`,
	}, {
		Name:  "exception.posted",
		Means: "a difference of a gateway's file that a person wrote off, adjusted or saw refunded stands in the ledger, whole; what is open or matched does not",
		Of:    "money_exception",
		Broken: `SELECT x.bank_id, x.id, CONCAT_WS('', x.kind, ' ', x.status, ' as ', COALESCE(x.resolution, 'nothing'), ', ours ', x.ours_fen, ', theirs ', x.theirs_fen, ', posted ', COALESCE(e.total_fen, 'nothing'))
			FROM money_exception x LEFT JOIN ledger_entry e ON e.bank_id = x.bank_id AND e.event = 'exception.resolved' AND e.ref = x.id
			WHERE (x.status <> 'resolved' OR x.resolution = 'matched') AND e.id IS NOT NULL
				OR x.status = 'resolved' AND x.resolution <> 'matched' AND x.before_ledger = 0
				AND x.kind IN ('surplus', 'shortage', 'amount', 'status') AND COALESCE(e.total_fen, 0) <> ABS(x.theirs_fen - x.ours_fen)`,
	}}
}
