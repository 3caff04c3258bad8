package order

import (
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/invariant"
	"yinbo/internal/outbox"
)

// Invariants are what holds of orders.
func Invariants() []invariant.Rule {
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
		Means: "what is to be paid is the goods less the discounts, and never below nothing",
		Of:    "orders",
		Broken: `SELECT bank_id, id, CONCAT_WS('', 'goods ', goods_fen, ' less ', discount_fen, ' is ', payable_fen)
			FROM orders WHERE payable_fen <> goods_fen - discount_fen OR payable_fen < 0 OR discount_fen < 0`,
	}, {
		Name:   "order.status",
		Means:  "the status agrees with what was paid and refunded, and by which payment",
		Of:     "orders",
		Broken: badStatus,
	},
		outbox.Awaited("order.expiry", "an order that waits for payment has a task that cancels it", ExpireTask, "orders", "t.status = 'pending_payment'", nil),
		idem.Answered("order.answered", id.Order, "orders", "viewer_id"),
		idem.AnsweredOnce("order.once", "orders", "viewer_id"),
		idem.Keyed("order.keyed", "orders", "viewer_id"),
	}
}

// An order whose discounts leave nothing to be paid needs no payment.
const badStatus = `SELECT bank_id, id, CONCAT_WS('', status, ': paid ', paid_fen, ' of ', payable_fen, ' by ', COALESCE(paid_by, 'none'), ', refunded ', refunded_fen)
	FROM orders WHERE NOT (
		status = 'pending_payment' AND paid_fen = 0 AND refunded_fen = 0 AND paid_at IS NULL AND paid_by IS NULL AND closed_at IS NULL
		OR status = 'cancelled' AND paid_fen = 0 AND refunded_fen = 0 AND paid_by IS NULL AND closed_at IS NOT NULL
		OR status IN ('paid', 'fulfilling', 'completed', 'refunding') AND paid_fen = payable_fen AND paid_at IS NOT NULL
			AND (paid_by IS NOT NULL OR payable_fen = 0) AND (refunded_fen < paid_fen OR paid_fen = 0)
		OR status = 'refunded' AND paid_fen = payable_fen AND refunded_fen = paid_fen AND paid_at IS NOT NULL AND paid_by IS NOT NULL)`
