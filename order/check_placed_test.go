package order_test

import (
	"time"

	"yinbo/internal/money"
	"yinbo/internal/testkit"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/payment"
	"yinbo/order/promo"
)

// discounted are orders with coupons: paid and partly refunded, refunded in
// full, cancelled, open.
func (x trade) discounted() {
	x.t.Helper()
	v, sku, now := x.Viewer(), x.SKU(catalog.Voucher, 1000, 50), x.Clock.Now()
	by := promo.Staff{ID: "operator", Operator: true}
	b, _, err := x.Coupons.Create(x.Ctx, x.Request("operator", "batches"), x.Bank.ID, by, promo.Terms{Kind: order.Coupon, Title: "减 3 元",
		FundedBy: order.ByBank, Stacking: promo.Stackable, Amount: 300, Budget: 9000, PerPerson: 9, GrantedBy: promo.Claimed,
		GrantFrom: now, GrantTo: now.Add(time.Hour), UseFrom: now, UseTo: now.Add(time.Hour)})
	if err == nil {
		_, err = x.Coupons.OpenBatch(x.Ctx, x.Bank.ID, by, b.ID)
	}
	for _, back := range []money.Fen{350, 700, -1, 0} {
		var c promo.View
		if err == nil {
			c, _, err = x.Coupons.Claim(x.Ctx, x.Request(v, "POST /coupons/claims"), x.Bank, v, promo.Wish{Batch: b.ID})
		}
		var o order.View
		if err == nil {
			o, _, err = x.Orders.Place(x.Ctx, x.Request(v, "POST /orders"), order.Cart{Bank: x.Bank.ID, Viewer: v,
				Items: []order.Wanted{{SKU: sku, Quantity: 1}}, Coupons: []string{c.ID}})
		}
		if err != nil {
			x.t.Fatal(err)
		}
		switch {
		case back < 0:
			x.cancel(v, o.ID)
		case back > 0:
			x.pay(v, o.ID, payment.BoundCard, "card")
			if _, err := x.Refund(v, o.ID, back); err != nil {
				x.t.Fatal(err)
			}
		}
	}
}

// claimed are orders of limited goods: one that waits, one that was given up.
func (x trade) claimed() {
	x.t.Helper()
	v, sku := x.Viewer(), limited(x.Stage, 10, 5)
	x.order(v, order.Wanted{SKU: sku, Quantity: 2})
	x.cancel(v, x.order(v, order.Wanted{SKU: sku, Quantity: 3}))
}

// sent are orders of goods: paid, on its way, received.
func (x trade) sent() {
	x.t.Helper()
	for i := range 3 {
		viewer, o := x.Bought()
		if i > 0 {
			if err := ship(x.Stage, o.ID); err != nil {
				x.t.Fatal(err)
			}
		}
		if i > 1 {
			if err := x.Orders.Confirm(x.Ctx, x.Bank.ID, viewer, o.ID); err != nil {
				x.t.Fatal(err)
			}
		}
	}
}

// placedBreaks are of what orders hold and where they stand.
var placedBreaks = []testkit.Break{
	testkit.Wrong("a discount without a coupon", "order.discounts",
		"DELETE FROM order_discount WHERE order_id = "+dear),
	testkit.Wrong("a discount of no line", "order.discount_lines",
		"UPDATE order_discount SET line_no = 2 WHERE order_id = "+dear),
	testkit.Wrong("a discount above its line", "order.discount_lines order.amounts",
		"UPDATE order_line SET amount_fen = 299, price_fen = 299 WHERE order_id = "+dear,
		"UPDATE orders SET goods_fen = 299, payable_fen = -1 WHERE id = "+dear),
	testkit.Wrong("given back before any refund", "order.discount_returned",
		"UPDATE order_discount SET returned_fen = 1 WHERE order_id = "+dear),
	testkit.Wrong("refunded and a discount kept", "order.discount_returned payment.discounts",
		"UPDATE order_discount SET returned_fen = amount_fen - 1 WHERE order_id IN (SELECT id FROM orders WHERE status = 'refunded')"),
	testkit.Wrong("a discount that the ledger charges another", "payment.discounts ledger.account ledger.page",
		"UPDATE ledger_posting SET account = 'discount:platform' WHERE account = 'discount:bank' AND debit_fen > 0"),

	testkit.Wrong("a claim of no order", "order.claims",
		"UPDATE sku_claim SET quantity = quantity + 1"),
	testkit.Wrong("a claim above its limit", "order.claims",
		"UPDATE sku_claim SET per_person_limit = 1"),
	testkit.Wrong("a claim of other than was ordered", "order.claims order.claimed",
		"UPDATE order_claim SET quantity = quantity + 1"),
	testkit.Wrong("a claim of what was cancelled", "order.claimed",
		"INSERT INTO order_claim (order_id, sku_id, bank_id, quantity) SELECT l.order_id, l.sku_id, l.bank_id, l.quantity FROM order_line l JOIN orders o ON o.id = l.order_id AND o.status = 'cancelled' JOIN sku_claim c ON c.sku_id = l.sku_id"),

	testkit.Wrong("completed and never fulfilled", "order.standing order.shipped",
		"UPDATE orders SET fulfilling_at = NULL WHERE status = 'completed'"),
	testkit.Wrong("paid and fulfilled", "order.standing",
		"UPDATE orders SET status = 'paid' WHERE status = 'fulfilling'"),
	testkit.Wrong("completed before it was paid", "order.standing",
		"UPDATE orders SET completed_at = created_at WHERE id = "+pending),
	testkit.Wrong("on its way without a shipment", "order.shipped",
		"DELETE FROM shipment WHERE order_id IN (SELECT id FROM orders WHERE status = 'fulfilling')"),
	testkit.Wrong("a shipment of another bank's", "order.shipped",
		"UPDATE shipment SET bank_id = 'bank_x'"),
	testkit.Wrong("a shipment of what was not paid", "order.shipped",
		"INSERT INTO shipment (id, bank_id, order_id, carrier, tracking_no, shipped_at, shipped_by) SELECT 'shp_z', bank_id, id, 'x', 'x', created_at, 'x' FROM orders WHERE id = "+pending),
	testkit.Wrong("on its way for ever", "order.completion",
		"DELETE FROM outbox WHERE kind = 'order.complete' AND state = 'pending'"),
}
