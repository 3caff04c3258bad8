package payment

import (
	"time"

	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/invariant"
	"yinbo/internal/outbox"
)

// Invariants are what holds of payments and refunds against orders and the
// ledger.
func Invariants() []invariant.Rule {
	return append(payments(), refundsHold()...)
}

func payments() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "payment.owner",
		Means: "a payment is for an order of its viewer",
		Of:    "payment",
		Broken: `SELECT p.bank_id, p.id, CONCAT_WS('', 'for ', p.order_id, ' of ', COALESCE(o.viewer_id, 'nobody'), ' by ', p.viewer_id)
			FROM payment p LEFT JOIN orders o ON o.id = p.order_id AND o.bank_id = p.bank_id WHERE o.id IS NULL OR o.viewer_id <> p.viewer_id`,
	}, {
		Name:  "payment.state",
		Means: "a payment that succeeded has its time; only one that is open is an order's open one",
		Of:    "payment",
		Broken: `SELECT bank_id, id, CONCAT_WS('', status, ', paid at ', COALESCE(paid_at, 'never'), ', ', COALESCE(open_key, 'not open')) FROM payment
			WHERE NOT (status IN ('created', 'pending') AND paid_at IS NULL AND open_key IS NOT NULL
				OR status = 'failed' AND paid_at IS NULL AND open_key IS NULL
				OR status = 'succeeded' AND paid_at IS NOT NULL AND open_key IS NULL)`,
	}, {
		Name:  "payment.paid_by",
		Means: "the payment that paid an order is one of its own, succeeded, over what the order says was paid",
		Of:    "orders",
		Broken: `SELECT o.bank_id, o.id, CONCAT_WS('', 'paid ', o.paid_fen, ' by ', o.paid_by, ', which is ', COALESCE(p.status, 'not there'), ' of ', p.amount_fen)
			FROM orders o LEFT JOIN payment p ON p.id = o.paid_by AND p.bank_id = o.bank_id
			WHERE o.paid_by IS NOT NULL AND (p.id IS NULL OR p.status <> 'succeeded' OR p.order_id <> o.id OR p.amount_fen <> o.paid_fen)`,
	}, {
		Name:  "payment.counted",
		Means: "a payment that succeeded stands in the ledger once, whole: as its order's, or as unmatched",
		Of:    "payment",
		Broken: `SELECT p.bank_id, p.id, CONCAT_WS('', p.amount_fen, ' succeeded; posted ', COALESCE(e.event, 'not as it should'), ' over ', ` + came + `, ', ', x.event)
			FROM payment p JOIN orders o ON o.id = p.order_id
			` + joinEntry("e", "p", "CASE WHEN o.paid_by = p.id THEN 'order.paid' ELSE 'payment.unmatched' END") + `
			` + joinEntry("x", "p", "CASE WHEN o.paid_by = p.id THEN 'payment.unmatched' ELSE 'order.paid' END") + `
			WHERE p.status = 'succeeded' AND (e.id IS NULL OR x.id IS NOT NULL OR ` + came + ` <> p.amount_fen)`,
	}, {
		Name:  "payment.posted",
		Means: "the ledger counts no payment and no refund that did not succeed",
		Of:    "ledger_entry",
		Broken: `SELECT e.bank_id, e.id, CONCAT_WS(' ', e.event, 'of', e.ref, 'which is', COALESCE(p.status, r.status, 'not there'))
			FROM ledger_entry e LEFT JOIN payment p ON p.id = e.ref AND p.bank_id = e.bank_id LEFT JOIN refund r ON r.id = e.ref AND r.bank_id = e.bank_id
			WHERE e.event IN ('order.paid', 'payment.unmatched') AND COALESCE(p.status, '') <> 'succeeded'
				OR e.event IN ('order.refunded', 'payment.returned') AND COALESCE(r.status, '') <> 'succeeded'`,
	}, {
		Name:  "payment.returned",
		Means: "money that no order could use is given back, once and whole; other money is not",
		Of:    "payment",
		Broken: `SELECT p.bank_id, p.id, CONCAT_WS('', p.amount_fen, CASE WHEN o.paid_by = p.id THEN ' used' ELSE ' not used' END, ', given back ', COALESCE(r.fen, 0))
			FROM payment p JOIN orders o ON o.id = p.order_id
			LEFT JOIN (SELECT payment_id, SUM(amount_fen) AS fen FROM refund WHERE cause IN ` + unused + ` GROUP BY payment_id) r ON r.payment_id = p.id
			WHERE COALESCE(r.fen, 0) <> CASE WHEN p.status <> 'succeeded' OR o.paid_by = p.id THEN 0 ELSE p.amount_fen END`,
	}, {
		Name:  "payment.discounts",
		Means: "the ledger charges each funder the discounts of what was paid, less what refunds gave back of them",
		Of:    "order_discount",
		Broken: `SELECT x.bank_id, x.order_id, CONCAT_WS('', x.account, ' is charged ', SUM(x.posted), ' of ', SUM(x.fen)) FROM (
			SELECT e.bank_id, e.order_id, l.account, l.debit_fen - l.credit_fen AS posted, 0 AS fen
				FROM ledger_posting l JOIN ledger_entry e ON e.id = l.entry_id
				WHERE l.account LIKE 'discount:%' AND e.event IN ('order.paid', 'order.refunded')
			UNION ALL SELECT d.bank_id, d.order_id, CONCAT('discount:', d.funded_by), 0, d.amount_fen - d.returned_fen
				FROM order_discount d JOIN orders o ON o.id = d.order_id WHERE o.paid_by IS NOT NULL AND d.funded_by <> 'merchant') x
			GROUP BY x.bank_id, x.order_id, x.account HAVING SUM(x.posted) <> SUM(x.fen)`,
	},
		outbox.Awaited("payment.asked", "an open payment is asked about for a day, unless a person must look at its amount", QueryTask, "payment",
			`t.status IN ('created', 'pending') AND t.created_at > ?
				AND NOT EXISTS (SELECT 1 FROM money_exception x WHERE x.bank_id = t.bank_id AND x.kind = 'callback_amount' AND x.ref = t.id)`,
			func(now time.Time) []any { return []any{now.Add(-queryFor)} }),
		idem.Answered("payment.answered", id.Payment, "payment", "viewer_id"),
	}
}

// unused are the causes of refunds that give back what no order used; all
// others give back what an order did.
const unused = "('" + late + "', '" + duplicate + "', '" + outdated + "')"

// joinEntry joins the one entry of an event about an object.
func joinEntry(as, about, event string) string {
	return "LEFT JOIN ledger_entry " + as + " ON " + as + ".bank_id = " + about + ".bank_id AND " + as + ".ref = " + about + ".id AND " + as + ".event = " + event
}

// came and went are what the entry e moves at the gateway.
const (
	came = `(SELECT COALESCE(SUM(l.debit_fen - l.credit_fen), 0) FROM ledger_posting l WHERE l.entry_id = e.id AND l.account LIKE 'gateway:%')`
	went = `(SELECT COALESCE(SUM(l.credit_fen - l.debit_fen), 0) FROM ledger_posting l WHERE l.entry_id = e.id AND l.account LIKE 'gateway:%')`
)

func refundsHold() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "refund.owner",
		Means: "a refund gives back a payment of its order that succeeded: the one that paid it, or one that it could not use",
		Of:    "refund",
		Broken: `SELECT r.bank_id, r.id, CONCAT_WS('', r.cause, ' of ', r.payment_id, ', which is ', COALESCE(p.status, 'not there'), ', for ', r.order_id)
			FROM refund r LEFT JOIN payment p ON p.id = r.payment_id AND p.bank_id = r.bank_id AND p.order_id = r.order_id
			LEFT JOIN orders o ON o.id = r.order_id AND o.bank_id = r.bank_id
			WHERE p.id IS NULL OR o.id IS NULL OR p.status <> 'succeeded'
				OR (r.cause IN ` + unused + `) = (COALESCE(o.paid_by, '') = r.payment_id)`,
	}, {
		Name:  "refund.sums",
		Means: "what an order says was refunded is what its refunds gave back, and with those under way never more than was paid",
		Of:    "refund",
		Broken: `SELECT o.bank_id, o.id, CONCAT_WS('', 'refunded ', o.refunded_fen, ' of ', o.paid_fen, '; refunds ', COALESCE(r.done, 0), ', under way ', COALESCE(r.waiting, 0))
			FROM orders o LEFT JOIN (` + byOrder + `) r ON r.order_id = o.id
			WHERE o.refunded_fen <> COALESCE(r.done, 0) OR o.refunded_fen + COALESCE(r.waiting, 0) > o.paid_fen`,
	}, {
		Name:  "refund.under_way",
		Means: "an order is refunding while a refund of it is under way, and only then",
		Of:    "refund",
		Broken: `SELECT o.bank_id, o.id, CONCAT_WS('', o.status, ', under way ', COALESCE(r.waiting, 0))
			FROM orders o LEFT JOIN (` + byOrder + `) r ON r.order_id = o.id
			WHERE (o.status = 'refunding') <> (COALESCE(r.waiting, 0) > 0)`,
	}, {
		Name:  "refund.counted",
		Means: "a refund that succeeded stands in the ledger once, whole",
		Of:    "refund",
		Broken: `SELECT r.bank_id, r.id, CONCAT_WS('', r.amount_fen, ' given back for ', r.cause, '; posted ', COALESCE(e.event, 'not as it should'), ' over ', ` + went + `, ', ', x.event)
			FROM refund r
			` + joinEntry("e", "r", "CASE WHEN r.cause IN "+unused+" THEN 'payment.returned' ELSE 'order.refunded' END") + `
			` + joinEntry("x", "r", "CASE WHEN r.cause IN "+unused+" THEN 'order.refunded' ELSE 'payment.returned' END") + `
			WHERE r.status = 'succeeded' AND (e.id IS NULL OR x.id IS NOT NULL OR ` + went + ` <> r.amount_fen)`,
	},
		outbox.Awaited("refund.sent", "a refund that is under way has a task that sends it", SendTask, "refund", "t.status = 'pending'", nil),
		idem.Answered("refund.answered", id.Refund, "(SELECT r.id, r.bank_id, o.viewer_id FROM refund r JOIN orders o ON o.id = r.order_id)", "viewer_id"),
	}
}

// byOrder sums what is given back of each order: done, and under way.
const byOrder = `SELECT order_id, SUM(CASE WHEN status = 'succeeded' THEN amount_fen ELSE 0 END) AS done,
	SUM(CASE WHEN status = 'pending' THEN amount_fen ELSE 0 END) AS waiting
	FROM refund WHERE cause NOT IN ` + unused + ` GROUP BY order_id`
