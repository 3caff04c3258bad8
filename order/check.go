package order

import (
	"slices"
	"time"

	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/invariant"
	"yinbo/internal/outbox"
)

// Invariants are what holds of orders.
func Invariants() []invariant.Rule {
	return slices.Concat(orders(), discounts(), claims(), fulfilment())
}

func orders() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "order.owner",
		Means: "an order is a viewer's of its bank",
		Of:    "orders",
		Broken: `SELECT o.bank_id, o.id, CONCAT_WS('', 'no viewer ', o.viewer_id)
			FROM orders o LEFT JOIN viewer v ON v.id = o.viewer_id AND v.bank_id = o.bank_id WHERE v.id IS NULL`,
	}, {
		Name:  "order.lines",
		Means: "an order has lines, and they add up to its goods",
		Of:    "order_line",
		Broken: `SELECT x.bank_id, x.id, CONCAT_WS('', 'goods ', x.goods_fen, ', lines ', COALESCE(x.fen, 'none'))
			FROM (SELECT o.bank_id, o.id, o.goods_fen, (SELECT SUM(l.amount_fen) FROM order_line l WHERE l.order_id = o.id) AS fen FROM orders o) x
			WHERE x.fen IS NULL OR x.fen <> x.goods_fen`,
	}, {
		Name:  "order.line_owner",
		Means: "a line is one of an order of its bank, and is quantity times price",
		Of:    "order_line",
		Broken: `SELECT l.bank_id, l.order_id, CONCAT_WS('', 'line ', l.line_no, ': ', l.quantity, ' at ', l.price_fen, ' is ', l.amount_fen)
			FROM order_line l LEFT JOIN orders o ON o.id = l.order_id AND o.bank_id = l.bank_id
			WHERE o.id IS NULL OR l.quantity <= 0 OR l.amount_fen <> l.quantity * l.price_fen`,
	}, {
		Name:  "order.amounts",
		Means: "what is to be paid is the goods less the discounts, and never below 1 fen",
		Of:    "orders",
		Broken: `SELECT bank_id, id, CONCAT_WS('', 'goods ', goods_fen, ' less ', discount_fen, ' is ', payable_fen)
			FROM orders WHERE payable_fen <> goods_fen - discount_fen OR payable_fen < 1 OR discount_fen < 0`,
	}, {
		Name:   "order.status",
		Means:  "the status agrees with what was paid and refunded, and by which payment",
		Of:     "orders",
		Broken: badStatus,
	},
		outbox.Awaited("order.expiry", "an order that was not paid in time has a task that cancels it, ten minutes later at the latest", ExpireTask, "orders",
			"t.status = 'pending_payment' AND t.expires_at < ?", func(now time.Time) []any { return []any{now.Add(-10 * time.Minute)} }),
		idem.Answered("order.answered", id.Order, "orders", "viewer_id"),
		idem.AnsweredOnce("order.once", "orders", "viewer_id"),
		idem.Keyed("order.keyed", "orders", "viewer_id", "request_key"),
	}
}

const badStatus = `SELECT bank_id, id, CONCAT_WS('', status, ': paid ', paid_fen, ' of ', payable_fen, ' by ', COALESCE(paid_by, 'none'), ', refunded ', refunded_fen)
	FROM orders WHERE NOT (
		status = 'pending_payment' AND paid_fen = 0 AND refunded_fen = 0 AND paid_at IS NULL AND paid_by IS NULL AND closed_at IS NULL
		OR status = 'cancelled' AND paid_fen = 0 AND refunded_fen = 0 AND paid_by IS NULL AND closed_at IS NOT NULL
		OR status IN ('paid', 'fulfilling', 'completed', 'refunding') AND paid_fen = payable_fen AND paid_at IS NOT NULL
			AND paid_by IS NOT NULL AND refunded_fen < paid_fen
		OR status = 'refunded' AND paid_fen = payable_fen AND refunded_fen = paid_fen AND paid_at IS NOT NULL AND paid_by IS NOT NULL)`

// discounts also hold of cancelled orders: a payment that comes late needs them.
func discounts() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "order.discounts",
		Means: "what coupons take off an order adds up to its discount",
		Of:    "order_discount",
		Broken: `SELECT o.bank_id, o.id, CONCAT_WS('', 'discount ', o.discount_fen, ', coupons ', COALESCE(d.fen, 0))
			FROM orders o LEFT JOIN (SELECT bank_id, order_id, SUM(amount_fen) AS fen FROM order_discount GROUP BY bank_id, order_id) d
				ON d.order_id = o.id AND d.bank_id = o.bank_id
			WHERE o.discount_fen <> COALESCE(d.fen, 0)`,
	}, {
		Name:  "order.discount_lines",
		Means: "discounts are of a line, and never more than it",
		Of:    "order_discount",
		Broken: `SELECT d.bank_id, d.order_id, CONCAT_WS('', 'line ', d.line_no, ' of ', COALESCE(l.amount_fen, 'nothing'), ' less ', d.fen)
			FROM (SELECT bank_id, order_id, line_no, SUM(amount_fen) AS fen, MIN(amount_fen) AS least FROM order_discount
				GROUP BY bank_id, order_id, line_no) d
			LEFT JOIN order_line l ON l.order_id = d.order_id AND l.line_no = d.line_no AND l.bank_id = d.bank_id
			WHERE l.order_id IS NULL OR d.fen > l.amount_fen OR d.least <= 0`,
	}, {
		Name:  "order.discount_returned",
		Means: "refunds give back to a discount's funder no more than it was: nothing before the first, all of it with the last",
		Of:    "order_discount",
		Broken: `SELECT d.bank_id, d.order_id, CONCAT_WS('', o.status, ', discount ', d.discount_no, ' of line ', d.line_no, ': ', d.returned_fen, ' of ', d.amount_fen, ' given back')
			FROM order_discount d JOIN orders o ON o.id = d.order_id
			WHERE d.returned_fen < 0 OR d.returned_fen > d.amount_fen OR o.refunded_fen = 0 AND d.returned_fen <> 0
				OR o.status = 'refunded' AND d.returned_fen <> d.amount_fen`,
	}}
}

// claims of flash sales are order/flash's. What was ordered before its SKU had a
// limit is not counted, and a limit that is lowered leaves what is claimed.
func claims() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "order.claims",
		Means: "a viewer claims of a limited SKU what the viewer's orders claim, within the limit at the last time",
		Of:    "sku_claim",
		Broken: `SELECT c.bank_id, CONCAT_WS(' ', c.sku_id, c.viewer_id), CONCAT_WS('', 'claimed ', c.quantity, ', in orders ', COALESCE(k.n, 0), ', the limit was ', c.per_person_limit)
			FROM sku_claim c LEFT JOIN (SELECT k.bank_id, k.sku_id, o.viewer_id, SUM(k.quantity) AS n
				FROM order_claim k JOIN orders o ON o.id = k.order_id AND o.status <> 'cancelled' GROUP BY k.bank_id, k.sku_id, o.viewer_id) k
				ON k.bank_id = c.bank_id AND k.sku_id = c.sku_id AND k.viewer_id = c.viewer_id
			WHERE c.quantity <> COALESCE(k.n, 0) OR c.quantity < 0 OR c.quantity > c.per_person_limit`,
	}, {
		Name:  "order.claimed",
		Means: "an order claims what its lines have, for its viewer, until it is cancelled",
		Of:    "order_claim",
		Broken: `SELECT k.bank_id, k.order_id, CONCAT_WS('', COALESCE(o.status, 'no order'), ', claims ', k.quantity, ' of ', k.sku_id, ', has ', COALESCE(l.quantity, 0))
			FROM order_claim k LEFT JOIN orders o ON o.id = k.order_id AND o.bank_id = k.bank_id
			LEFT JOIN order_line l ON l.order_id = k.order_id AND l.sku_id = k.sku_id
			LEFT JOIN sku_claim c ON c.bank_id = k.bank_id AND c.sku_id = k.sku_id AND c.viewer_id = o.viewer_id
			WHERE o.id IS NULL OR o.status = 'cancelled' OR o.flash_id IS NOT NULL OR l.order_id IS NULL OR l.quantity <> k.quantity OR c.sku_id IS NULL`,
	}}
}

// onlyCodes holds of an order o of nothing but vouchers: it is fulfilled with
// its payment, and stays paid until its codes are used up.
const onlyCodes = "NOT EXISTS (SELECT 1 FROM order_line c WHERE c.order_id = o.id AND c.kind <> 'voucher')"

func fulfilment() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "order.standing",
		Means: "the status agrees with when the order was fulfilled and completed; refunds leave that as it was",
		Of:    "orders",
		Broken: `SELECT o.bank_id, o.id, CONCAT_WS('', o.status, ', fulfilling at ', COALESCE(o.fulfilling_at, 'no time'), ', completed at ', COALESCE(o.completed_at, 'no time'))
			FROM orders o WHERE NOT (
				o.status IN ('pending_payment', 'cancelled') AND o.fulfilling_at IS NULL AND o.completed_at IS NULL
				OR o.status = 'paid' AND o.completed_at IS NULL AND (o.fulfilling_at IS NULL OR ` + onlyCodes + `)
				OR o.status = 'fulfilling' AND o.fulfilling_at IS NOT NULL AND o.completed_at IS NULL AND NOT ` + onlyCodes + `
				OR o.status = 'completed' AND o.fulfilling_at IS NOT NULL AND o.completed_at IS NOT NULL
				OR o.status IN ('refunding', 'refunded') AND (o.fulfilling_at IS NOT NULL OR o.completed_at IS NULL))`,
	}, {
		Name:  "order.shipped",
		Means: "goods are fulfilled with their shipment, and nothing else has one",
		Of:    "shipment",
		Broken: `SELECT s.bank_id, s.order_id, CONCAT_WS('', s.id, ' of what is ', COALESCE(o.status, 'not there'))
				FROM shipment s LEFT JOIN orders o ON o.id = s.order_id AND o.bank_id = s.bank_id WHERE o.id IS NULL OR o.fulfilling_at IS NULL OR ` + onlyCodes + `
			UNION ALL SELECT o.bank_id, o.id, CONCAT_WS('', o.status, ' without a shipment')
				FROM orders o LEFT JOIN shipment s ON s.order_id = o.id AND s.bank_id = o.bank_id
				WHERE o.fulfilling_at IS NOT NULL AND s.id IS NULL AND NOT ` + onlyCodes,
	},
		outbox.Awaited("order.completion", "an order that is on its way has a task that completes it", CompleteTask, "orders", "t.status = 'fulfilling'", nil),
	}
}
