package promo

import (
	"slices"

	"yinbo/internal/invariant"
	"yinbo/internal/outbox"
)

// Invariants are what holds of batches and coupons.
func Invariants() []invariant.Rule {
	return slices.Concat(batchesHold(), couponsHold(), packetsHold())
}

func batchesHold() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "coupon.budget",
		Means: "a batch has committed what its coupons are worth that are not expired, and what open red packets of it still hold, within its budget",
		Of:    "coupon_batch",
		Broken: `SELECT b.bank_id, b.id, CONCAT_WS('', 'committed ', b.committed_fen, ' of ', b.budget_fen, ', coupons ', COALESCE(c.fen, 0), ', red packets ', COALESCE(p.fen, 0))
			FROM coupon_batch b LEFT JOIN (SELECT bank_id, batch_id, SUM(amount_fen) AS fen FROM coupon WHERE state <> 'expired' GROUP BY bank_id, batch_id) c
				ON c.batch_id = b.id AND c.bank_id = b.bank_id
			LEFT JOIN (SELECT bank_id, batch_id, SUM(total_fen - taken_fen) AS fen FROM red_packet WHERE state = 'open' GROUP BY bank_id, batch_id) p
				ON p.batch_id = b.id AND p.bank_id = b.bank_id
			WHERE b.committed_fen <> COALESCE(c.fen, 0) + COALESCE(p.fen, 0) OR b.committed_fen > b.budget_fen`,
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
	},
		outbox.Awaited("coupon.drop_end", "a drop that the room was not told to be over has a task that tells it", DropTask, "coupon_drop", "t.ended_at IS NULL", nil),
	}
}

// live are the statuses of orders that hold their coupons.
const live = "('pending_payment', 'paid', 'fulfilling', 'completed', 'refunding')"

func couponsHold() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "coupon.owner",
		Means: "a coupon is a viewer's of its bank, over its batch's amount, or its share of a red packet",
		Of:    "coupon",
		Broken: `SELECT c.bank_id, c.id, CONCAT_WS('', c.amount_fen, ' of ', COALESCE(b.amount_fen, 'no batch'), ' for ', COALESCE(v.id, 'nobody'))
			FROM coupon c LEFT JOIN coupon_batch b ON b.id = c.batch_id AND b.bank_id = c.bank_id
			LEFT JOIN viewer v ON v.id = c.viewer_id AND v.bank_id = c.bank_id
			WHERE b.id IS NULL OR v.id IS NULL OR b.amount_fen <> c.amount_fen AND NOT EXISTS (SELECT 1 FROM red_packet_share s
				WHERE s.packet_id = c.source_ref AND s.viewer_id = c.viewer_id AND s.coupon_id = c.id AND s.amount_fen = c.amount_fen)`,
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
		Broken: `SELECT d.bank_id, d.order_id, CONCAT_WS('', d.kind, ' by ', d.funded_by, ' takes ', d.fen, ' off, the batch is ', b.kind, ' by ', b.funded_by, ', the coupon of ', c.amount_fen)
			FROM (SELECT bank_id, order_id, batch_id, coupon_id, kind, funded_by, SUM(amount_fen) AS fen FROM order_discount
				GROUP BY bank_id, order_id, batch_id, coupon_id, kind, funded_by) d
			LEFT JOIN coupon_batch b ON b.id = d.batch_id AND b.bank_id = d.bank_id
			LEFT JOIN coupon c ON c.id = d.coupon_id AND c.bank_id = d.bank_id
			WHERE b.id IS NULL OR b.kind <> d.kind OR b.funded_by <> d.funded_by OR d.fen > c.amount_fen`,
	}}
}

func packetsHold() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "red_packet.shares",
		Means: "a red packet's shares add up to its money, and those that were taken to what it counts as taken",
		Of:    "red_packet",
		Broken: `SELECT p.bank_id, p.id, CONCAT_WS('', p.total_fen, ' in ', p.shares, ', drawn ', COALESCE(s.fen, 0), ' in ', COALESCE(s.n, 0),
				'; taken ', p.taken_fen, ' in ', p.taken, ', gone ', COALESCE(s.gone_fen, 0), ' in ', COALESCE(s.gone, 0))
			FROM red_packet p LEFT JOIN (SELECT packet_id, COUNT(*) AS n, SUM(amount_fen) AS fen, COUNT(viewer_id) AS gone,
				SUM(CASE WHEN viewer_id IS NOT NULL THEN amount_fen ELSE 0 END) AS gone_fen FROM red_packet_share GROUP BY packet_id) s ON s.packet_id = p.id
			WHERE p.shares <> COALESCE(s.n, 0) OR p.total_fen <> COALESCE(s.fen, 0) OR p.taken <> COALESCE(s.gone, 0) OR p.taken_fen <> COALESCE(s.gone_fen, 0)
				OR p.taken_fen > p.total_fen`,
	}, {
		Name:  "red_packet.coupon",
		Means: "a share that was taken is its viewer's coupon of the packet's batch, over the share's amount",
		Of:    "red_packet_share",
		Broken: `SELECT s.bank_id, CONCAT_WS(' ', s.packet_id, s.share_no), CONCAT_WS('', s.amount_fen, ' for ', s.viewer_id, ', the coupon is ', COALESCE(c.amount_fen, 'not there'))
			FROM red_packet_share s JOIN red_packet p ON p.id = s.packet_id LEFT JOIN coupon c ON c.id = s.coupon_id AND c.bank_id = s.bank_id
			WHERE (s.viewer_id IS NOT NULL OR s.coupon_id IS NOT NULL)
				AND (c.id IS NULL OR c.viewer_id <> s.viewer_id OR c.amount_fen <> s.amount_fen OR c.batch_id <> p.batch_id)`,
	},
		outbox.Awaited("red_packet.end", "an open red packet has a task that closes it", PacketTask, "red_packet", "t.state = 'open'", nil),
	}
}
