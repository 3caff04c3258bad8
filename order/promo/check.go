package promo

import (
	"slices"

	"yinbo/internal/invariant"
)

// Invariants are what holds of batches and coupons.
func Invariants() []invariant.Rule {
	return slices.Concat(batchesHold(), couponsHold())
}

func batchesHold() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "coupon.budget",
		Means: "a batch has committed what its coupons are worth that are not expired, within its budget",
		Of:    "coupon_batch",
		Broken: `SELECT b.bank_id, b.id, CONCAT_WS('', 'committed ', b.committed_fen, ' of ', b.budget_fen, ', coupons ', COALESCE(c.fen, 0))
			FROM coupon_batch b LEFT JOIN (SELECT bank_id, batch_id, SUM(amount_fen) AS fen FROM coupon WHERE state <> 'expired' GROUP BY bank_id, batch_id) c
				ON c.batch_id = b.id AND c.bank_id = b.bank_id
			WHERE b.committed_fen <> COALESCE(c.fen, 0) OR b.committed_fen > b.budget_fen`,
	}, {
		Name:  "coupon.daily_cap",
		Means: "no day grants more than the batch's cap, and all days of a capped batch together what it granted",
		Of:    "coupon_batch_day",
		Broken: `SELECT d.bank_id, d.batch_id, CONCAT_WS('', d.granted, ' on ', d.business_date, ', the cap is ', COALESCE(b.daily_cap, 'none'))
				FROM coupon_batch_day d LEFT JOIN coupon_batch b ON b.id = d.batch_id AND b.bank_id = d.bank_id
				WHERE b.id IS NULL OR d.granted < 0 OR d.granted > b.daily_cap
			UNION ALL SELECT b.bank_id, b.id, CONCAT_WS('', COALESCE(c.n, 0), ' coupons, on all days ', COALESCE(d.n, 0))
				FROM coupon_batch b
				LEFT JOIN (SELECT bank_id, batch_id, COUNT(*) AS n FROM coupon GROUP BY bank_id, batch_id) c ON c.batch_id = b.id AND c.bank_id = b.bank_id
				LEFT JOIN (SELECT bank_id, batch_id, SUM(granted) AS n FROM coupon_batch_day GROUP BY bank_id, batch_id) d ON d.batch_id = b.id AND d.bank_id = b.bank_id
				WHERE b.daily_cap > 0 AND COALESCE(c.n, 0) <> COALESCE(d.n, 0)`,
	}, {
		Name:  "coupon.per_person",
		Means: "nobody was granted more of a batch than one may have",
		Of:    "coupon",
		Broken: `SELECT c.bank_id, CONCAT_WS(' ', c.batch_id, c.viewer_id), CONCAT_WS('', c.n, ' granted, one may have ', COALESCE(b.per_person, 'none'))
			FROM (SELECT bank_id, batch_id, viewer_id, COUNT(*) AS n, MAX(nth) AS nth FROM coupon GROUP BY bank_id, batch_id, viewer_id) c
			LEFT JOIN coupon_batch b ON b.id = c.batch_id AND b.bank_id = c.bank_id
			WHERE b.id IS NULL OR c.n > b.per_person OR c.nth > b.per_person`,
	}, {
		Name:  "coupon.drop",
		Means: "a drop gives what is claimed of it, and no more than was dropped",
		Of:    "coupon_drop",
		Broken: `SELECT d.bank_id, d.id, CONCAT_WS('', 'claimed ', d.claimed, ' of ', d.quantity, ', coupons ', COALESCE(c.n, 0))
			FROM coupon_drop d LEFT JOIN (SELECT bank_id, batch_id, source_ref, COUNT(*) AS n FROM coupon WHERE source = 'drop' GROUP BY bank_id, batch_id, source_ref) c
				ON c.source_ref = d.id AND c.batch_id = d.batch_id AND c.bank_id = d.bank_id
			WHERE d.claimed <> COALESCE(c.n, 0) OR d.claimed > d.quantity`,
	}}
}

// live are the statuses of orders that hold their coupons.
const live = "('pending_payment', 'paid', 'fulfilling', 'completed', 'refunding')"

func couponsHold() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "coupon.owner",
		Means: "a coupon is a viewer's of its bank, over its batch's amount",
		Of:    "coupon",
		Broken: `SELECT c.bank_id, c.id, CONCAT_WS('', c.amount_fen, ' of ', COALESCE(b.amount_fen, 'no batch'), ' for ', COALESCE(v.id, 'nobody'))
			FROM coupon c LEFT JOIN coupon_batch b ON b.id = c.batch_id AND b.bank_id = c.bank_id
			LEFT JOIN viewer v ON v.id = c.viewer_id AND v.bank_id = c.bank_id
			WHERE b.id IS NULL OR v.id IS NULL OR b.amount_fen <> c.amount_fen`,
	}, {
		Name:  "coupon.state",
		Means: "a coupon is reserved by its viewer's order that waits for payment, used by one that is paid, and of no order otherwise",
		Of:    "coupon",
		Broken: `SELECT c.bank_id, c.id, CONCAT_WS('', c.state, ' for ', COALESCE(c.order_id, 'no order'), ', which is ', o.status, ', used at ', COALESCE(c.used_at, 'no time'))
			FROM coupon c LEFT JOIN orders o ON o.id = c.order_id AND o.bank_id = c.bank_id AND o.viewer_id = c.viewer_id
			WHERE NOT (c.state IN ('granted', 'expired') AND c.order_id IS NULL AND c.used_at IS NULL
				OR c.state = 'reserved' AND o.id IS NOT NULL AND o.status = 'pending_payment' AND c.used_at IS NULL
				OR c.state = 'used' AND o.id IS NOT NULL AND o.status IN ('paid', 'fulfilling', 'completed', 'refunding') AND c.used_at IS NOT NULL)`,
	}, {
		Name:  "coupon.order",
		Means: "an order that is neither cancelled nor refunded holds the coupons that it is discounted by, and only those: none is in two such orders",
		Of:    "order_discount",
		Broken: `SELECT d.bank_id, d.order_id, CONCAT_WS('', o.status, ' with ', d.coupon_id, ', which is ', COALESCE(c.state, 'not there'), ' for ', COALESCE(c.order_id, 'no order'))
				FROM order_discount d JOIN orders o ON o.id = d.order_id AND o.status IN ` + live + `
				LEFT JOIN coupon c ON c.id = d.coupon_id AND c.bank_id = d.bank_id AND c.batch_id = d.batch_id
				WHERE c.id IS NULL OR COALESCE(c.order_id, '') <> d.order_id
			UNION ALL SELECT c.bank_id, c.order_id, CONCAT_WS('', c.id, ' takes nothing off')
				FROM coupon c WHERE c.order_id IS NOT NULL
				AND NOT EXISTS (SELECT 1 FROM order_discount d WHERE d.order_id = c.order_id AND d.coupon_id = c.id)`,
	}, {
		Name:  "coupon.terms",
		Means: "a discount is of its batch's kind and funder, and no coupon takes more off than it is worth",
		Of:    "order_discount",
		Broken: `SELECT d.bank_id, d.order_id, CONCAT_WS('', d.kind, ' by ', d.funded_by, ' takes ', d.fen, ' off, the batch is ', b.kind, ' by ', b.funded_by, ' of ', b.amount_fen)
			FROM (SELECT bank_id, order_id, batch_id, coupon_id, kind, funded_by, SUM(amount_fen) AS fen FROM order_discount
				GROUP BY bank_id, order_id, batch_id, coupon_id, kind, funded_by) d
			LEFT JOIN coupon_batch b ON b.id = d.batch_id AND b.bank_id = d.bank_id
			WHERE b.id IS NULL OR b.kind <> d.kind OR b.funded_by <> d.funded_by OR d.fen > b.amount_fen`,
	}}
}
