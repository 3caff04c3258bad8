package settle

import (
	"slices"

	"yinbo/internal/invariant"
)

// earned is what the ledger gave each merchant on each business date.
const earned = `SELECT p.bank_id, p.business_date, p.account, SUM(p.credit_fen - p.debit_fen) AS net
	FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry_id AND e.event IN ('order.paid', 'order.refunded')
	WHERE p.account LIKE 'merchant:%' GROUP BY p.bank_id, p.business_date, p.account`

// Invariants are what holds of statements against the ledger.
func Invariants() []invariant.Rule {
	return slices.Concat(settlementsHold(), exceptionsHold())
}

func settlementsHold() []invariant.Rule {
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
	}}
}

func exceptionsHold() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "exception.resolved",
		Means: "a difference that is resolved says how, when and by whom",
		Of:    "money_exception",
		Broken: `SELECT bank_id, id, CONCAT_WS('', status, ' as ', COALESCE(resolution, 'nothing'), ' by ', COALESCE(resolved_by, 'nobody')) FROM money_exception
			WHERE (status = 'resolved') <> (resolution IS NOT NULL AND resolved_by IS NOT NULL AND resolved_at IS NOT NULL)`,
	}, {
		Name:  "exception.posted",
		Means: "a difference that was written off, or given back by a rule, stands in the ledger, whole; what is open, matched or adjusted does not",
		Of:    "money_exception",
		Broken: `SELECT x.bank_id, x.id, CONCAT_WS('', x.kind, ' ', x.status, ' as ', COALESCE(x.resolution, 'nothing'), ', ours ', x.ours_fen, ', theirs ', x.theirs_fen, ', posted ', COALESCE(e.total_fen, 'nothing'))
			FROM money_exception x LEFT JOIN ledger_entry e ON e.bank_id = x.bank_id AND e.event = 'exception.resolved' AND e.ref = x.id
			WHERE x.before_ledger = 0 AND x.kind IN (` + fileKinds + `) AND COALESCE(e.total_fen, 0) <> CASE
				WHEN x.status = 'resolved' AND (x.resolution = 'written_off' OR x.resolution = 'refunded' AND x.refunded_at IS NOT NULL) THEN ABS(x.theirs_fen - x.ours_fen) ELSE 0 END
				OR (x.status <> 'resolved' OR x.resolution = 'matched') AND e.id IS NOT NULL`,
	}, {
		Name:  "exception.held",
		Means: "suspense holds what a file's open difference is, what was resolved as anything but matched until its other side comes, and nothing else; its entries say so",
		Of:    "money_exception",
		Broken: `SELECT x.bank_id, x.id, CONCAT_WS('', x.kind, ' ', x.status, ' as ', COALESCE(x.resolution, 'nothing'), ', differs by ', x.theirs_fen - x.ours_fen, ', holds ', x.held_fen, ', posted ', COALESCE(h.net, 0))
			FROM money_exception x LEFT JOIN (SELECT e.bank_id, SUBSTR(e.ref, 1, 30) AS id, SUM(p.credit_fen - p.debit_fen) AS net FROM ledger_entry e
				JOIN ledger_posting p ON p.entry_id = e.id AND p.account = 'suspense' WHERE e.event = 'exception.held' GROUP BY e.bank_id, SUBSTR(e.ref, 1, 30)) h
				ON h.bank_id = x.bank_id AND h.id = x.id
			WHERE x.held_fen <> COALESCE(h.net, 0) OR x.before_ledger = 0 AND x.held_fen <> CASE
				WHEN x.kind NOT IN (` + fileKinds + `) OR x.status = 'waiting' OR x.resolution = 'matched' THEN 0 ELSE x.theirs_fen - x.ours_fen END`,
	}, {
		Name:  "exception.second",
		Means: "what two people resolved were two, and what is proposed is open",
		Of:    "money_exception",
		Broken: `SELECT bank_id, id, CONCAT_WS('', status, ', proposed by ', COALESCE(proposed_by, 'nobody'), ', resolved by ', COALESCE(resolved_by, 'nobody'), ', confirmed by ', COALESCE(confirmed_by, 'nobody'))
			FROM money_exception WHERE confirmed_by = resolved_by OR confirmed_by IS NOT NULL AND status <> 'resolved' OR proposed_by IS NOT NULL AND (status = 'resolved' OR proposed_as IS NULL)`,
	}, {
		Name:  "reconciliation.figures",
		Means: "what a gateway's file has more than we have is the sum of its differences; no figure is of a file that was not whole",
		Of:    "reconciliation",
		Broken: `SELECT r.bank_id, r.id, CONCAT_WS('', r.status, ', ', r.theirs_count, ' rows over ', r.theirs_fen, ', hash ', r.file_sha256) FROM reconciliation r
			WHERE (r.status = 'unread') <> (r.file_sha256 = '' AND r.file_state <> 'whole') OR r.status = 'unread' AND (r.theirs_count <> 0 OR r.theirs_fen <> 0 OR r.matched_count <> 0 OR r.fee_fen <> 0)
				OR r.matched_count > r.theirs_count + r.ours_count`,
	}, {
		Name:  "reconciliation.fee",
		Means: "the ledger has of each date what its gateway charges by the file, and no other fee but by hand",
		Of:    "reconciliation",
		Broken: `SELECT x.bank_id, x.id, CONCAT_WS('', 'fees of ', SUM(x.says), ' in ', SUM(x.n), ' entries, posted ', SUM(x.posted), ' in ', SUM(x.m)) FROM (
				SELECT bank_id, id, channel, fee_fen AS says, fee_count AS n, 0 AS posted, 0 AS m FROM reconciliation
				UNION ALL SELECT e.bank_id, SUBSTR(e.ref, 1, 30), SUBSTR(p.account, 5), 0, 0, p.debit_fen - p.credit_fen, 1
					FROM ledger_entry e JOIN ledger_posting p ON p.entry_id = e.id AND p.account LIKE 'fee:%' WHERE e.event = 'fee.charged') x
			GROUP BY x.bank_id, x.id, x.channel HAVING SUM(x.says) <> SUM(x.posted) OR SUM(x.n) <> SUM(x.m)`,
	}}
}

// PayoutInvariants are what holds of payouts.
func PayoutInvariants() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "payout.settlements",
		Means: "a payout pays what its settlements come to, of its merchant; they are paid when it is, and in no other",
		Of:    "payout",
		Broken: `SELECT p.bank_id, p.id, CONCAT_WS('', p.status, ' over ', p.amount_fen, ', settlements over ', COALESCE(SUM(s.payable_fen - COALESCE(v.amount_fen, 0)), 0), ', ', COUNT(ps.active), ' of ', COUNT(ps.settlement_id))
			FROM payout p LEFT JOIN payout_settlement ps ON ps.payout_id = p.id AND ps.bank_id = p.bank_id LEFT JOIN settlement s ON s.id = ps.settlement_id AND s.bank_id = p.bank_id
			LEFT JOIN merchant_reserve v ON v.settlement_id = s.id
			GROUP BY p.bank_id, p.id, p.status, p.amount_fen HAVING p.amount_fen <> COALESCE(SUM(s.payable_fen - COALESCE(v.amount_fen, 0)), 0)
				+ COALESCE((SELECT SUM(w.amount_fen) FROM payout_reserve pr JOIN merchant_reserve w ON w.settlement_id = pr.settlement_id AND w.released_at IS NOT NULL WHERE pr.payout_id = p.id), 0) OR SUM(CASE WHEN ps.settlement_id IS NULL OR s.merchant_id = p.merchant_id THEN 0 ELSE 1 END) > 0
				OR COUNT(ps.active) <> CASE WHEN p.status IN ('paying', 'paid') THEN COUNT(ps.settlement_id) ELSE 0 END
				OR SUM(CASE WHEN ps.active IS NOT NULL AND s.status <> CASE p.status WHEN 'paid' THEN 'paid' ELSE 'approved' END THEN 1 ELSE 0 END) > 0
			UNION ALL SELECT s.bank_id, s.id, 'paid, and in no payout that is' FROM settlement s WHERE s.status = 'paid'
				AND NOT EXISTS (SELECT 1 FROM payout_settlement ps JOIN payout p ON p.id = ps.payout_id AND p.status = 'paid' WHERE ps.active = s.id)`,
	}, {
		Name:  "payout.posted",
		Means: "the ledger has each step of a payout once, whole, and no other",
		Of:    "payout",
		Broken: `SELECT p.bank_id, p.id, CONCAT_WS('', p.status, ' over ', p.amount_fen, ', posted as ', COALESCE(e.events, 'nothing'))
			FROM payout p LEFT JOIN (SELECT bank_id, ref, SUM(CASE event WHEN 'payout.sent' THEN 1 WHEN 'payout.paid' THEN 10 WHEN 'payout.failed' THEN 100 ELSE 1000 END) AS events,
				MIN(total_fen) AS least, MAX(total_fen) AS most FROM ledger_entry WHERE event IN ('payout.sent', 'payout.paid', 'payout.failed', 'payout.returned') GROUP BY bank_id, ref) e
				ON e.bank_id = p.bank_id AND e.ref = p.id
			WHERE COALESCE(e.events, 0) <> CASE p.status WHEN 'paying' THEN 1 WHEN 'paid' THEN 11 WHEN 'failed' THEN 101 ELSE 1011 END OR e.least <> p.amount_fen OR e.most <> p.amount_fen`,
	}, {
		Name:  "payout.asked",
		Means: "a payout that is under way has the task that asks the bank",
		Of:    "payout",
		Broken: `SELECT p.bank_id, p.id, 'under way, and nobody asks' FROM payout p WHERE p.status = 'paying'
			AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.bank_id = p.bank_id AND o.ref = p.id AND o.kind = 'payout.pay' AND o.state IN ('pending', 'dead'))`,
	}}
}

// fileKinds are byFile for SQL.
const fileKinds = "'surplus', 'shortage', 'amount', 'status', 'duplicate'"
