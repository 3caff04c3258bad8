package voucher

import (
	"yinbo/internal/invariant"
	"yinbo/internal/outbox"
)

// Invariants are what holds of codes.
func Invariants() []invariant.Rule {
	return []invariant.Rule{{
		// What was paid before a bank's first code was issued may have none.
		Name:  "voucher.issued",
		Means: "each unit of a voucher line that was paid has a code",
		Of:    "order_line",
		Broken: `SELECT l.bank_id, l.order_id, CONCAT_WS('', 'line ', l.line_no, ': ', COALESCE(v.n, 0), ' codes for ', l.quantity, ' units')
			FROM order_line l JOIN orders o ON o.id = l.order_id
			JOIN (SELECT bank_id, MIN(issued_at) AS at FROM voucher GROUP BY bank_id) f ON f.bank_id = o.bank_id AND o.paid_at >= f.at
			LEFT JOIN (SELECT order_id, line_no, COUNT(*) AS n FROM voucher GROUP BY order_id, line_no) v ON v.order_id = l.order_id AND v.line_no = l.line_no
			WHERE l.kind = 'voucher' AND COALESCE(v.n, 0) <> l.quantity`,
	}, {
		Name:  "voucher.owner",
		Means: "a code is of a unit of a voucher line of its viewer's order, which is paid",
		Of:    "voucher",
		Broken: `SELECT v.bank_id, v.id, CONCAT_WS('', 'unit ', v.unit_no, ' of line ', v.line_no, ' of ', v.order_id, ', which is ', COALESCE(o.status, 'not there'))
			FROM voucher v LEFT JOIN orders o ON o.id = v.order_id AND o.bank_id = v.bank_id
			LEFT JOIN order_line l ON l.order_id = v.order_id AND l.line_no = v.line_no AND l.bank_id = v.bank_id AND l.kind = 'voucher'
			WHERE o.id IS NULL OR l.order_id IS NULL OR o.paid_by IS NULL OR v.viewer_id <> o.viewer_id OR v.merchant_id <> l.merchant_id
				OR v.unit_no < 1 OR v.unit_no > l.quantity`,
	}, {
		Name:  "voucher.value",
		Means: "an order's codes are worth no more than was paid for it; without other goods, exactly that",
		Of:    "voucher",
		Broken: `SELECT o.bank_id, o.id, CONCAT_WS('', 'codes worth ', v.fen, ', paid ', o.paid_fen)
			FROM (SELECT order_id, SUM(value_fen) AS fen FROM voucher GROUP BY order_id) v JOIN orders o ON o.id = v.order_id
			WHERE v.fen > o.paid_fen OR v.fen < o.paid_fen AND ` + onlyCodes,
	}, {
		Name:  "voucher.state",
		Means: "a code that is redeemed says when and by whom; one that is void, for which refund of its order; others neither",
		Of:    "voucher",
		Broken: `SELECT v.bank_id, v.id, CONCAT_WS('', v.state, ', redeemed at ', COALESCE(v.redeemed_at, 'no time'), ', void for ', COALESCE(v.voided_for, 'no refund'), ', which is ', COALESCE(r.status, 'not there'))
			FROM voucher v LEFT JOIN refund r ON r.id = v.voided_for AND r.bank_id = v.bank_id AND r.order_id = v.order_id AND r.status <> 'failed'
			WHERE NOT (v.state = 'issued' AND v.redeemed_at IS NULL AND v.redeemed_by IS NULL AND v.voided_for IS NULL
				OR v.state = 'redeemed' AND v.redeemed_at IS NOT NULL AND v.redeemed_by IS NOT NULL AND v.voided_for IS NULL
				OR v.state = 'void' AND v.redeemed_at IS NULL AND v.redeemed_by IS NULL AND r.id IS NOT NULL)`,
	}, {
		Name:  "voucher.once",
		Means: "the audit chain has one redemption of each code that is redeemed, and none of others",
		Of:    "voucher",
		Broken: `SELECT v.bank_id, v.id, CONCAT_WS('', v.state, ', redeemed ', COALESCE(a.n, 0), ' times')
			FROM voucher v LEFT JOIN (SELECT bank_id, object_id, COUNT(*) AS n FROM audit WHERE action = 'voucher.redeemed' GROUP BY bank_id, object_id) a
				ON a.object_id = v.id AND a.bank_id = v.bank_id
			WHERE COALESCE(a.n, 0) <> CASE WHEN v.state = 'redeemed' THEN 1 ELSE 0 END`,
	}, {
		Name:  "voucher.order",
		Means: "no code of a refunded order can be used; one of nothing but codes stays paid as long as some are not used up",
		Of:    "orders",
		Broken: `SELECT o.bank_id, o.id, CONCAT_WS('', o.status, ', ', ` + open + `, ' codes open') FROM orders o
			WHERE o.status = 'refunded' AND ` + open + ` > 0
				OR o.status = 'paid' AND o.fulfilling_at IS NOT NULL AND ` + open + ` = 0`,
	},
		outbox.Awaited("voucher.expiry", "an order of nothing but codes has a task that ends it", ExpireTask, "orders", "t.status = 'paid' AND t.fulfilling_at IS NOT NULL", nil),
	}
}

const (
	open      = "(SELECT COUNT(*) FROM voucher v WHERE v.bank_id = o.bank_id AND v.order_id = o.id AND v.state = 'issued')"
	onlyCodes = "NOT EXISTS (SELECT 1 FROM order_line l WHERE l.order_id = o.id AND l.kind <> 'voucher')"
)
