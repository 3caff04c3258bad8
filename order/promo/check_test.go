package promo_test

import (
	"slices"
	"testing"
	"time"

	"yinbo/internal/outbox"
	"yinbo/internal/testkit"
	"yinbo/order"
	"yinbo/order/ordertest"
	"yinbo/order/payment"
	"yinbo/order/promo"
)

// Of coupons that have seen everything nothing is broken, and each invariant
// sees what breaks it and nothing else.
func TestInvariantsOfCouponsHoldAndCanFail(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, sku := s.Viewer(), voucher(s, 1000)
		dropped := drop(t, s, batch(s, way(promo.Dropped)), 5)
		if _, err := claim(s, viewer, promo.Wish{Drop: dropped.DropID}); err != nil {
			t.Fatal(err)
		}
		packet, err := openPacket(s, promo.Filling{Batch: thrown(s), Title: "红包", Total: 700, Shares: 3, For: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := take(s, viewer, packet.PacketID); err != nil {
			t.Fatal(err)
		}
		coupon(s, viewer, func(t *promo.Terms) { t.DailyCap = 5 })
		now := s.Clock.Now()
		coupon(s, viewer, func(t *promo.Terms) { t.GrantTo, t.UseTo = now.Add(time.Second), now.Add(time.Second) })
		paid(s, viewer, placed(s, viewer, []string{coupon(s, viewer), coupon(s, viewer, instant)}, sku).ID, "card")
		part := placed(s, viewer, []string{coupon(s, viewer, funded(order.ByPlatform, ""))}, sku)
		paid(s, viewer, part.ID, "card")
		refund(s, viewer, part.ID, 100)
		back := placed(s, viewer, []string{coupon(s, viewer, funded(order.ByMerchant, merchantOf(s, sku)))}, sku)
		paid(s, viewer, back.ID, "card")
		refund(s, viewer, back.ID, back.PayableFen)
		// A payment comes after the discounts have changed: its money goes back.
		plain := coupon(s, viewer)
		waiting := placed(s, viewer, []string{plain}, sku)
		s.Gateway.Charges = "pending"
		p, err := pay(s, viewer, waiting.ID, "card")
		if err != nil {
			t.Fatal(err)
		}
		report(s, p, 900, payment.Failed)
		if _, err := setCoupons(s, viewer, waiting.ID); err != nil {
			t.Fatal(err)
		}
		report(s, p, 900, payment.Succeeded)
		s.Clock.Advance(time.Minute)
		if _, ok := s.Coupons.HandleExpire(s.Ctx, outbox.Task{}).(*outbox.Postponed); !ok {
			t.Fatal("expiry failed")
		}
		s.RunTasks()
		if s.Number("SELECT COUNT(*) FROM refund WHERE cause = 'discounts_changed' AND status = 'succeeded'") != 1 ||
			s.Number("SELECT COUNT(*) FROM coupon WHERE state = 'expired'") != 1 {
			t.Fatal("too little happened")
		}
		placed(s, viewer, []string{plain}, sku)
		testkit.Holds(t, s.DB, slices.Concat(order.Invariants(), payment.Invariants())...)
		testkit.Breaks(t, s.DB, promo.Invariants(), couponBreaks)
	})
}

// one is the first id that a table has where.
func one(table, where string) string {
	return "(SELECT x FROM (SELECT MIN(id) AS x FROM " + table + " WHERE " + where + ") y)"
}

var couponBreaks = []testkit.Break{
	testkit.Wrong("committed without a coupon", "coupon.budget",
		"UPDATE coupon_batch SET committed_fen = committed_fen + 1"),
	testkit.Wrong("a budget below what was granted", "coupon.budget",
		"UPDATE coupon_batch SET budget_fen = 99 WHERE committed_fen > 0"),
	testkit.Wrong("a coupon ended and its budget kept", "coupon.budget",
		"UPDATE coupon SET state = 'expired' WHERE id = "+one("coupon", "state = 'granted'")),
	testkit.Wrong("more on a day than its cap", "coupon.daily_cap",
		"UPDATE coupon_batch SET daily_cap = 0 WHERE daily_cap > 0"),
	testkit.Wrong("a day that counted too few", "coupon.daily_cap",
		"UPDATE coupon_batch_day SET granted = 0"),
	testkit.Wrong("a viewer above the cap", "coupon.per_person",
		"UPDATE coupon_batch SET per_person = 0"),
	testkit.Wrong("a coupon of no batch", "coupon.budget coupon.daily_cap coupon.owner coupon.per_person",
		"UPDATE coupon SET batch_id = 'cbt_x' WHERE id = "+one("coupon", "state = 'granted' AND source = 'claim'")),
	testkit.Wrong("more claimed than dropped", "coupon.drop",
		"UPDATE coupon_drop SET quantity = 0"),
	testkit.Wrong("claimed without a coupon", "coupon.drop",
		"UPDATE coupon_drop SET claimed = claimed + 1"),
	testkit.Wrong("a drop without an end", "coupon.drop_end",
		"UPDATE coupon_drop SET ended_at = NULL"),
	testkit.Wrong("a red packet of more than its shares", "coupon.budget red_packet.shares",
		"UPDATE red_packet SET total_fen = total_fen + 1"),
	testkit.Wrong("a share that nobody counted", "coupon.budget red_packet.shares",
		"UPDATE red_packet SET taken = 0, taken_fen = 0"),
	testkit.Wrong("a share of another amount", "coupon.owner red_packet.coupon red_packet.shares",
		"UPDATE red_packet_share SET amount_fen = amount_fen + 1 WHERE viewer_id IS NOT NULL"),
	testkit.Wrong("a share without its coupon", "coupon.owner red_packet.coupon",
		"UPDATE red_packet_share SET coupon_id = 'cpn_x' WHERE viewer_id IS NOT NULL"),
	testkit.Wrong("a red packet without an end", "red_packet.end",
		"UPDATE outbox SET state = 'cancelled' WHERE kind = 'red_packet.close'"),
	testkit.Wrong("a coupon of another amount", "coupon.owner",
		"UPDATE coupon SET amount_fen = 1 WHERE state = 'expired'"),
	testkit.Wrong("a coupon of nobody", "coupon.owner",
		"UPDATE coupon SET viewer_id = 'vwr_x' WHERE state = 'expired'"),
	testkit.Wrong("reserved by a paid order", "coupon.state",
		"UPDATE coupon SET state = 'reserved', used_at = NULL WHERE state = 'used'"),
	testkit.Wrong("used and still to be had", "coupon.order",
		"UPDATE coupon SET state = 'granted', order_id = NULL, used_at = NULL WHERE state = 'used'"),
	testkit.Wrong("reserved by a cancelled order", "coupon.state",
		"UPDATE orders SET status = 'cancelled' WHERE status = 'pending_payment'"),
	testkit.Wrong("used by another's order", "coupon.state",
		"UPDATE orders SET viewer_id = 'vwr_x' WHERE status = 'paid'"),
	testkit.Wrong("one coupon in two orders", "coupon.order",
		`INSERT INTO order_discount (order_id, discount_no, line_no, bank_id, coupon_id, batch_id, kind, funded_by, amount_fen)
			SELECT `+one("orders", "status = 'paid'")+`, 9, 1, bank_id, coupon_id, batch_id, kind, funded_by, amount_fen FROM order_discount
			WHERE order_id = `+one("orders", "status = 'pending_payment' AND discount_fen > 0")),
	testkit.Wrong("a coupon used for nothing", "coupon.order",
		"DELETE FROM order_discount WHERE kind = 'instant'"),
	testkit.Wrong("a discount of another funder", "coupon.terms",
		"UPDATE order_discount SET funded_by = 'bank' WHERE funded_by = 'platform'"),
	testkit.Wrong("a discount above its coupon", "coupon.terms",
		"UPDATE order_discount SET amount_fen = 101"),
}
