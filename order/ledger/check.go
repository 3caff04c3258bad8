package ledger

import (
	"context"
	"fmt"
	"slices"

	"yinbo/internal/db"
	"yinbo/internal/invariant"
)

// Invariants are what holds of the book.
func Invariants() []invariant.Rule {
	return slices.Concat(entriesHold(), accountsHold(), daysHold(), pagesHold(), handsHold())
}

func entriesHold() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "ledger.entry",
		Means: "an entry's debits are its credits and its total, and it moves something",
		Of:    "ledger_entry",
		Broken: `SELECT x.bank_id, x.id, CONCAT_WS('', x.event, ' of ', x.ref, ': total ', x.total_fen, ', says ', x.debit_fen, ' / ', x.credit_fen,
				', debits ', COALESCE(x.debit, 0), ', credits ', COALESCE(x.credit, 0))
			FROM (SELECT e.bank_id, e.id, e.event, e.ref, e.total_fen, e.debit_fen, e.credit_fen,
				(SELECT SUM(p.debit_fen) FROM ledger_posting p WHERE p.entry_id = e.id) AS debit,
				(SELECT SUM(p.credit_fen) FROM ledger_posting p WHERE p.entry_id = e.id) AS credit FROM ledger_entry e) x
			WHERE x.debit IS NULL OR x.debit <> x.total_fen OR x.credit <> x.total_fen OR x.total_fen <= 0
				OR x.debit_fen <> x.total_fen OR x.credit_fen <> x.total_fen`,
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
	}, {
		Name:  "ledger.order",
		Means: "no order has had more back from the gateways than came in for it",
		Of:    "ledger_entry",
		Broken: `SELECT e.bank_id, e.order_id, CONCAT_WS('', 'the gateways hold ', SUM(p.debit_fen - p.credit_fen))
			FROM ledger_entry e JOIN ledger_posting p ON p.entry_id = e.id AND p.account LIKE 'gateway:%'
			WHERE e.order_id IS NOT NULL GROUP BY e.bank_id, e.order_id HAVING SUM(p.debit_fen - p.credit_fen) < 0`,
	}}
}

func accountsHold() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "ledger.account",
		Means: "what is posted to is an account whose kind is known",
		Of:    "ledger_posting",
		Broken: `SELECT p.bank_id, p.account, CONCAT_WS('', COUNT(*), ' postings, the account is not registered')
			FROM ledger_posting p LEFT JOIN ledger_account a ON a.bank_id = p.bank_id AND a.account = p.account
			WHERE a.account IS NULL GROUP BY p.bank_id, p.account`,
	}, {
		Name:  "ledger.chart",
		Means: "an account is of the kind and the party that the chart gives its name",
		Look:  lookAtAccounts,
	}}
}

func lookAtAccounts(ctx context.Context, q db.Querier) (looked int64, broken []invariant.Row, err error) {
	type row struct {
		bank, account string
		is            Type
	}
	rows, err := db.All(ctx, q, func(r db.Row) (v row, err error) {
		return v, r.Scan(&v.bank, &v.account, &v.is.Kind, &v.is.Party, &v.is.PartyID)
	}, "SELECT bank_id, account, kind, party, party_id FROM ledger_account ORDER BY bank_id, account")
	for _, v := range rows {
		if want, ok := TypeOf(v.account); !ok || want != v.is {
			broken = append(broken, invariant.Row{Bank: v.bank, Object: v.account, Found: fmt.Sprintf("%s of %s %s", v.is.Kind, v.is.Party, v.is.PartyID)})
		}
	}
	return int64(len(rows)), broken, err
}

func daysHold() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "ledger.day",
		Means: "a closed date's roll-ups are the sum of its postings, account by account, and so are those by event",
		Of:    "ledger_day",
		Broken: `SELECT bank_id, CONCAT_WS(' ', business_date, account), CONCAT_WS('', 'rolled up ', SUM(rd), ' / ', SUM(rc), ', posted ', SUM(pd), ' / ', SUM(pc))
			FROM (` + rolledAndPosted + `) x GROUP BY bank_id, business_date, account HAVING SUM(rd) <> SUM(pd) OR SUM(rc) <> SUM(pc)
			UNION ALL SELECT bank_id, CONCAT_WS(' ', business_date, account), CONCAT_WS('', 'rolled up ', SUM(rd), ' / ', SUM(rc), ', by event ', SUM(ed), ' / ', SUM(ec))
			FROM (SELECT bank_id, business_date, account, debit_fen AS rd, credit_fen AS rc, 0 AS ed, 0 AS ec FROM ledger_day
				UNION ALL SELECT bank_id, business_date, account, 0, 0, debit_fen, credit_fen FROM ledger_day_event) y
			GROUP BY bank_id, business_date, account HAVING SUM(rd) <> SUM(ed) OR SUM(rc) <> SUM(ec)`,
	}, {
		Name:  "ledger.rolled",
		Means: "only dates that are closed are rolled up, and the book says up to where",
		Of:    "book",
		Broken: `SELECT b.bank_id, b.bank_id, CONCAT_WS('', 'closed through ', b.closed_through, ', rolled up through ', b.rolled_through, ', last of ', COALESCE(d.last, 'no date'))
			FROM book b LEFT JOIN (SELECT bank_id, MAX(business_date) AS last FROM ledger_day GROUP BY bank_id) d ON d.bank_id = b.bank_id
			WHERE b.rolled_through > b.closed_through OR COALESCE(d.last, '') > b.rolled_through`,
	}}
}

func pagesHold() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "ledger.page",
		Means: "what full pages come to, of a date without roll-ups, is the sum of their postings by event and account",
		Of:    "ledger_page_sum",
		Broken: `SELECT bank_id, CONCAT_WS(' ', business_date, event, account), CONCAT_WS('', 'summed ', SUM(sd), ' / ', SUM(sc), ' of ', SUM(sn), ', posted ', SUM(pd), ' / ', SUM(pc), ' of ', SUM(pn))
			FROM (SELECT s.bank_id, s.business_date, s.event, s.account, s.first_count AS sn, s.debit_fen AS sd, s.credit_fen AS sc, 0 AS pn, 0 AS pd, 0 AS pc
				FROM ledger_page_sum s JOIN book b ON b.bank_id = s.bank_id AND s.business_date > b.rolled_through
			UNION ALL SELECT e.bank_id, e.business_date, e.event, p.account, 0, 0, 0, CASE p.line_no WHEN 1 THEN 1 ELSE 0 END, p.debit_fen, p.credit_fen
				FROM ledger_entry e JOIN book b ON b.bank_id = e.bank_id AND e.business_date > b.rolled_through AND e.page_no <= b.summed_page
				JOIN ledger_posting p ON p.entry_id = e.id) x
			GROUP BY bank_id, business_date, event, account HAVING SUM(sn) <> SUM(pn) OR SUM(sd) <> SUM(pd) OR SUM(sc) <> SUM(pc)`,
	}, {
		Name:  "ledger.page_open",
		Means: "pages are added up when they are full, and no entry stands on one that is still to come",
		Of:    "book",
		Broken: `SELECT b.bank_id, b.bank_id, CONCAT_WS('', 'page ', b.page_no, ', summed through ', b.summed_page, ', last entry on ', COALESCE(e.last, 'none'))
			FROM book b LEFT JOIN (SELECT bank_id, MAX(page_no) AS last FROM ledger_entry GROUP BY bank_id) e ON e.bank_id = b.bank_id
			WHERE b.summed_page >= b.page_no OR COALESCE(e.last, 0) > b.page_no`,
	}}
}

func handsHold() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "ledger.proposal",
		Means: "what two people agreed on is posted, whole; what they did not is not",
		Of:    "ledger_proposal",
		Broken: `SELECT x.bank_id, x.id, CONCAT_WS('', x.status, ' over ', x.total_fen, ' by ', x.proposed_by, ' and ', COALESCE(x.decided_by, 'nobody'), ', posted ', COALESCE(e.total_fen, 'nothing'))
			FROM (SELECT p.*, CASE WHEN p.kind = 'adjustment' THEN '` + Adjusted + `' ELSE '` + Reversed + `' END AS event,
				CASE WHEN p.kind = 'adjustment' THEN p.id ELSE p.entry_id END AS ref,
				EXISTS (SELECT 1 FROM ledger_proposal o WHERE o.bank_id = p.bank_id AND o.entry_id = p.entry_id AND o.status = 'approved' AND o.id <> p.id) AS other
				FROM ledger_proposal p) x
			LEFT JOIN ledger_entry e ON e.bank_id = x.bank_id AND e.event = x.event AND e.ref = x.ref
			WHERE x.status = 'approved' AND (e.id IS NULL OR e.total_fen <> x.total_fen OR x.decided_by IS NULL OR x.decided_by = x.proposed_by)
				OR x.status <> 'approved' AND e.id IS NOT NULL AND NOT x.other`,
	}, {
		Name:  "ledger.by_hand",
		Means: "an entry by hand, and a reversal, is one that two people agreed on",
		Of:    "ledger_entry",
		Broken: `SELECT e.bank_id, e.id, CONCAT_WS('', e.event, ' of ', e.ref, ' without an approved proposal') FROM ledger_entry e
			WHERE e.event = '` + Adjusted + `' AND NOT EXISTS (SELECT 1 FROM ledger_proposal p WHERE p.bank_id = e.bank_id AND p.id = e.ref AND p.kind = 'adjustment' AND p.status = 'approved')
				OR e.event = '` + Reversed + `' AND NOT EXISTS (SELECT 1 FROM ledger_proposal p WHERE p.bank_id = e.bank_id AND p.entry_id = e.ref AND p.kind = 'reversal' AND p.status = 'approved')`,
	}, {
		Name:  "ledger.reversal",
		Means: "an entry and its reversal together move nothing on any account",
		Of:    "ledger_entry",
		Broken: `SELECT x.bank_id, x.id, CONCAT_WS('', x.account, ' is left with ', SUM(x.net)) FROM (
			SELECT r.bank_id, r.id, p.account, p.debit_fen - p.credit_fen AS net FROM ledger_entry r JOIN ledger_posting p ON p.entry_id = r.id WHERE r.event = '` + Reversed + `'
			UNION ALL SELECT r.bank_id, r.id, p.account, p.debit_fen - p.credit_fen FROM ledger_entry r JOIN ledger_posting p ON p.entry_id = r.ref WHERE r.event = '` + Reversed + `') x
			GROUP BY x.bank_id, x.id, x.account HAVING SUM(x.net) <> 0`,
	}}
}
