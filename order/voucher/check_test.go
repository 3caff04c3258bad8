package voucher_test

import (
	"testing"
	"time"

	"yinbo/internal/testkit"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/ordertest"
	"yinbo/order/voucher"
)

// Of codes that have seen everything nothing is broken, and each invariant sees
// what breaks it and nothing else.
func TestInvariantsOfCodesHoldAndCanFail(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, st *ordertest.Stage) {
		before := st.Viewer() // paid before there were codes
		o, err := st.Place(before, order.Wanted{SKU: st.SKU(catalog.Voucher, 1000, 1), Quantity: 1})
		if err != nil {
			t.Fatal(err)
		}
		st.PayByCard(before, o.ID)
		st.Clock.Advance(time.Second)
		s := shop{st, st.IssueVouchers()}
		refund := func(viewer, orderID string) {
			t.Helper()
			if _, err := s.Refund(viewer, orderID, 1000); err != nil {
				t.Fatal(err)
			}
			s.RunTasks()
		}
		s.bought(1)
		viewer, some, codes := s.bought(3)
		if _, err := s.redeem(codes[0].Code); err != nil {
			t.Fatal(err)
		}
		refund(viewer, some)
		viewer, all, _ := s.bought(1)
		refund(viewer, all)
		viewer, failed, _ := s.bought(1)
		s.Gateway.Refuse = true
		refund(viewer, failed)
		_, _, codes = s.bought(1)
		if _, err := s.redeem(codes[0].Code); err != nil {
			t.Fatal(err)
		}
		mixed := s.Viewer()
		m := s.PlaceGoods(mixed, order.Wanted{SKU: s.SKU(catalog.Physical, 1000, 1), Quantity: 1}, order.Wanted{SKU: s.SKU(catalog.Voucher, 500, 2), Quantity: 2})
		s.PayByCard(mixed, m.ID)
		testkit.Holds(t, s.DB, order.Invariants()...)
		testkit.Breaks(t, s.DB, voucher.Invariants(), codeBreaks)
	})
}

// firstOf is the first code in a state.
func firstOf(state string) string {
	return "(SELECT x FROM (SELECT MIN(id) AS x FROM voucher WHERE state = '" + state + "') y)"
}

var codeBreaks = []testkit.Break{
	testkit.Wrong("a unit without a code", "voucher.issued voucher.value",
		"DELETE FROM voucher WHERE id = "+firstOf("void")),
	testkit.Wrong("a code of no unit", "voucher.owner",
		"UPDATE voucher SET unit_no = 9 WHERE id = "+firstOf("issued")),
	testkit.Wrong("a code of another's", "voucher.owner",
		"UPDATE voucher SET viewer_id = 'vwr_x' WHERE id = "+firstOf("issued")),
	testkit.Wrong("a code of what was not paid", "voucher.owner",
		"UPDATE orders SET paid_by = NULL WHERE id IN (SELECT order_id FROM voucher WHERE state = 'redeemed')"),
	testkit.Wrong("codes worth more than was paid", "voucher.value",
		"UPDATE voucher SET value_fen = value_fen + 1 WHERE id = "+firstOf("issued")),
	testkit.Wrong("redeemed at no time", "voucher.state",
		"UPDATE voucher SET redeemed_at = NULL WHERE state = 'redeemed'"),
	testkit.Wrong("void for no refund", "voucher.state",
		"UPDATE voucher SET voided_for = 'rfd_x' WHERE state = 'void'"),
	testkit.Wrong("void for a refund that failed", "voucher.state",
		"UPDATE refund SET status = 'failed' WHERE status = 'succeeded'"),
	testkit.Wrong("redeemed twice", "voucher.once",
		`INSERT INTO audit (id, bank_id, seq, actor_kind, actor_id, action, object_id, detail, request_id, at, prev_hash, hash)
			SELECT 'aud_z', bank_id, 999, actor_kind, actor_id, action, object_id, detail, request_id, at, prev_hash, hash FROM audit
			WHERE action = 'voucher.redeemed' LIMIT 1`),
	testkit.Wrong("redeemed and to be had again", "voucher.once",
		"UPDATE voucher SET state = 'issued', redeemed_at = NULL, redeemed_by = NULL WHERE state = 'redeemed'"),
	testkit.Wrong("refunded and of use", "voucher.order",
		"UPDATE voucher SET state = 'issued', voided_for = NULL WHERE order_id IN (SELECT id FROM orders WHERE status = 'refunded')"),
	testkit.Wrong("used up and still paid", "voucher.order voucher.expiry",
		"UPDATE orders SET status = 'paid' WHERE status = 'completed'",
		"DELETE FROM outbox WHERE kind = 'voucher.expire' AND ref NOT IN (SELECT order_id FROM voucher WHERE state = 'issued')"),
	testkit.Wrong("codes that never expire", "voucher.expiry",
		"DELETE FROM outbox WHERE kind = 'voucher.expire'"),
}
