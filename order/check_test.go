package order_test

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"yinbo/internal/id"
	"yinbo/internal/invariant"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/flash"
	"yinbo/order/ledger"
	"yinbo/order/ordertest"
	"yinbo/order/payment"
	"yinbo/order/settle"
)

// trade is everything that orders can come to, on the stage.
type trade struct {
	*ordertest.Stage
	t *testing.T
}

func (x trade) order(viewer string, items ...order.Wanted) string {
	x.t.Helper()
	v, err := x.Place(viewer, items...)
	if err != nil {
		x.t.Fatal(err)
	}
	return v.ID
}

func (x trade) pay(viewer, orderID string, m payment.Method, card string) payment.View {
	x.t.Helper()
	v, _, err := x.Payments.Pay(x.Ctx, x.Request(viewer, "POST /pay"), payment.Wish{Bank: x.Bank, Viewer: viewer, Order: orderID, Method: m, Card: card})
	if err != nil {
		x.t.Fatal(err)
	}
	return v
}

func (x trade) refund(viewer, orderID string, amount money.Fen) {
	x.t.Helper()
	if _, _, err := x.Payments.Refund(x.Ctx, x.Request(viewer, "POST /refunds"), x.Bank.ID, viewer, orderID, amount, "不想要了"); err != nil {
		x.t.Fatal(err)
	}
}

func (x trade) cancel(viewer, orderID string) {
	x.t.Helper()
	if _, err := x.Orders.Cancel(x.Ctx, x.Bank.ID, viewer, orderID); err != nil {
		x.t.Fatal(err)
	}
}

// go through it all: bought, paid, cancelled, refunded, paid late, settled.
func (x trade) run() {
	x.t.Helper()
	v := x.Viewers(7)
	a, b, last := x.SKUOf(0, catalog.Voucher, 1001, 50), x.SKUOf(1, catalog.Voucher, 333, 50), x.SKU(catalog.Voucher, 500, 1)
	sale := x.Sale(10, 2)
	for i, n := range []int64{2, 1, 1} {
		o, err := x.Buy(v[i], sale.ID, n)
		if err != nil {
			x.t.Fatal(err)
		}
		if i == 0 {
			x.pay(v[i], o.ID, payment.BoundCard, "card")
		}
		if i == 2 {
			x.cancel(v[i], o.ID)
		}
	}
	part := x.order(v[3], order.Wanted{SKU: a, Quantity: 2}, order.Wanted{SKU: b, Quantity: 1})
	x.pay(v[3], part, payment.BoundCard, "card")
	x.refund(v[3], part, 700)
	whole := x.order(v[4], order.Wanted{SKU: b, Quantity: 3})
	x.pay(v[4], whole, payment.BoundCard, "card")
	x.refund(v[4], whole, 999)
	// The last piece goes to another before the money comes: it is given back.
	late := x.order(v[5], order.Wanted{SKU: last, Quantity: 1})
	p := x.pay(v[5], late, payment.Cashier, "")
	x.cancel(v[5], late)
	x.order(v[6], order.Wanted{SKU: last, Quantity: 1})
	x.Gateway.PayAt(p.ID, x.Clock.Now())
	x.Clock.Advance(ordertest.TTL / 2) // asked about by now
	x.RunTasks()
	x.settle()
	x.discounted()
	x.RunTasks()
	// And what is still under way.
	open := x.order(v[3], order.Wanted{SKU: a, Quantity: 1})
	x.pay(v[3], open, payment.Cashier, "")
	under := x.order(v[4], order.Wanted{SKU: a, Quantity: 1})
	x.pay(v[4], under, payment.BoundCard, "card2")
	x.refund(v[4], under, 1)
	x.claimed()
	x.sent()
	x.byHand()
}

// settle closes the day and has one of its statements approved.
func (x trade) settle() {
	x.t.Helper()
	desk := settle.New(x.DB, ledger.New(x.DB), x.Box, tenant.NewDirectory(x.DB, ""), noStatement{})
	maker, checker := settle.Actor{Kind: "staff", ID: id.New(id.Staff)}, settle.Actor{Kind: "staff", ID: id.New(id.Staff), Checker: true}
	made, err := desk.Run(x.Ctx, x.Bank, x.Bank.BusinessDate(x.Clock.Now()), maker)
	if err != nil || len(made) != 2 {
		x.t.Fatalf("%d settlements: %v", len(made), err)
	}
	if _, err := desk.Submit(x.Ctx, x.Bank, made[0].ID, maker); err != nil {
		x.t.Fatal(err)
	}
	if _, err := desk.Approve(x.Ctx, x.Bank, made[0].ID, checker); err != nil {
		x.t.Fatal(err)
	}
}

// noStatement is a gateway that has none yet.
type noStatement struct{}

func (noStatement) Statement(context.Context, string) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader("")), nil
}

func invariants() []invariant.Rule {
	return slices.Concat(order.Invariants(), flash.Invariants(), payment.Invariants(), ledger.Invariants(), settle.Invariants(), catalog.Invariants())
}

// Of a stage on which all has happened nothing is broken, and each invariant
// sees what breaks it and nothing else.
func TestInvariantsOfTradeHoldAndCanFail(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		trade{s, t}.run()
		testkit.Breaks(t, s.DB, invariants(), slices.Concat(tradeBreaks, placedBreaks, ledgerBreaks))
	})
}

// one is the first id that a table has where.
func one(table, where string) string {
	return "(SELECT x FROM (SELECT MIN(id) AS x FROM " + table + " WHERE " + where + ") y)"
}

var (
	paidFlash = one("orders", "status = 'paid' AND flash_id IS NOT NULL")
	partial   = one("orders", "refunded_fen = 700")
	refunding = one("orders", "status = 'refunding'")
	pending   = one("orders", "status = 'pending_payment'")
	dear      = one("orders", "discount_fen = 300 AND status = 'pending_payment'")
	lateOne   = one("payment", "id IN (SELECT payment_id FROM refund WHERE cause = 'late_payment')")
	approved  = one("settlement", "status = 'approved'")
	draft     = one("settlement", "status = 'draft'")
)

var tradeBreaks = []testkit.Break{
	testkit.Wrong("an order of nobody", "order.owner order.answered order.keyed",
		"UPDATE orders SET viewer_id = 'vwr_x' WHERE id = "+one("orders", "flash_id IS NULL AND status = 'pending_payment' AND id NOT IN (SELECT order_id FROM payment)")),
	testkit.Wrong("a line dearer than the goods", "order.lines",
		"UPDATE order_line SET price_fen = price_fen + 1, amount_fen = amount_fen + quantity WHERE order_id = "+partial),
	testkit.Wrong("an order without lines", "order.lines",
		"DELETE FROM order_line WHERE order_id = "+partial),
	testkit.Wrong("a line of another bank", "order.line_owner",
		"UPDATE order_line SET bank_id = 'bank_x' WHERE order_id = "+partial),
	testkit.Wrong("a discount that nobody gave", "order.amounts order.discounts",
		"UPDATE orders SET discount_fen = 1 WHERE id = "+partial),
	testkit.Wrong("nothing to be paid", "order.amounts order.discounts",
		"UPDATE orders SET discount_fen = goods_fen, payable_fen = 0 WHERE id = "+pending),
	testkit.Wrong("cancelled without an end", "order.status",
		"UPDATE orders SET closed_at = NULL WHERE status = 'cancelled'"),
	testkit.Wrong("an order that never expires", "order.expiry",
		"UPDATE orders SET expires_at = '2020-01-01 00:00:00.000000' WHERE id = "+pending),
	testkit.Wrong("an answer without an order", "order.answered order.keyed",
		"UPDATE idempotency SET response = REPLACE(response, '{\"id\":\"ord_', '{\"id\":\"ord_x') WHERE response LIKE '%pending_payment%'"),
	testkit.Wrong("one order under two keys", "order.once",
		`INSERT INTO idempotency (bank_id, person_id, route, key_hash, body_hash, response, expires_at)
		SELECT bank_id, person_id, route, 'again', body_hash, response, expires_at FROM idempotency WHERE response LIKE '{"id":"ord%' LIMIT 1`),
	testkit.Wrong("an order without a key", "order.keyed",
		"DELETE FROM idempotency WHERE response LIKE '{\"id\":\"ord_%'"),

	testkit.Wrong("a press without a key", "order.keyed",
		"UPDATE orders SET request_key = NULL WHERE flash_id IS NOT NULL"),
	testkit.Wrong("sold without an order", "flash.sold",
		"UPDATE flash_sale SET sold = sold + 1"),
	testkit.Wrong("more sold than there is", "flash.units",
		"UPDATE flash_sale SET total = 1"),
	testkit.Wrong("more sold than ever", "flash.sold_ever",
		"UPDATE flash_sale SET sold_ever = sold - 1"),
	testkit.Wrong("a claim without units", "flash.claims flash.sold",
		"UPDATE flash_claim SET quantity = 1 WHERE quantity = 0"),
	testkit.Wrong("a claim of another's units", "flash.claims",
		"UPDATE flash_claim SET quantity = CASE quantity WHEN 1 THEN 0 ELSE 1 END WHERE quantity < 2"),
	testkit.Wrong("a viewer above the limit", "flash.limit",
		"UPDATE flash_sale SET per_user_limit = 1"),
	testkit.Wrong("cheaper than the sale", "flash.goods",
		"UPDATE flash_sale SET price_fen = price_fen + 1"),
	testkit.Wrong("two sales at once", "flash.overlap",
		`INSERT INTO flash_sale (id, bank_id, room_id, sku_id, price_fen, total, per_user_limit, starts_at, ends_at, state, created_by, created_at)
			SELECT 'flash_z', bank_id, room_id, sku_id, price_fen, total, per_user_limit, starts_at, ends_at, state, created_by, created_at FROM flash_sale`,
		"INSERT INTO outbox (id, bank_id, kind, ref, payload, state, due_at, next_at, created_at) SELECT 'evt_z', bank_id, 'flash.end', 'flash_z', '{}', 'pending', ends_at, ends_at, created_at FROM flash_sale WHERE id = 'flash_z'"),
	testkit.Wrong("a sale without an end", "flash.end",
		"DELETE FROM outbox WHERE kind = 'flash.end'"),
	testkit.Wrong("a sale of another host's key", "flash.answered",
		"UPDATE flash_sale SET created_by = 'stf_x'"),

	testkit.Wrong("a payment for another's order", "payment.owner payment.answered",
		"UPDATE payment SET viewer_id = 'vwr_x' WHERE status = 'pending'"),
	testkit.Wrong("paid and still open", "payment.state",
		"UPDATE payment SET open_key = 'x' WHERE id = "+lateOne),
	testkit.Wrong("paid by a payment that failed", "payment.paid_by payment.counted payment.returned",
		"UPDATE orders SET paid_by = "+lateOne+" WHERE id = "+paidFlash),
	testkit.Wrong("a payment that the ledger lacks", "payment.counted",
		"UPDATE ledger_entry SET event = 'x' WHERE event = 'payment.unmatched'"),
	testkit.Wrong("a payment counted twice", "payment.counted ledger.day",
		`INSERT INTO ledger_entry (id, bank_id, event, ref, order_id, business_date, total_fen, debit_fen, credit_fen, posted_at)
			SELECT 'ent_z', bank_id, 'payment.unmatched', ref, order_id, business_date, total_fen, debit_fen, credit_fen, posted_at FROM ledger_entry WHERE id = `+one("ledger_entry", "event = 'order.paid'"),
		`INSERT INTO ledger_posting (entry_id, line_no, bank_id, business_date, account, debit_fen, credit_fen) SELECT 'ent_z', 1, bank_id, business_date, 'gateway:bankbox', total_fen, 0 FROM ledger_entry WHERE id = 'ent_z'`,
		`INSERT INTO ledger_posting (entry_id, line_no, bank_id, business_date, account, debit_fen, credit_fen) SELECT 'ent_z', 2, bank_id, business_date, 'suspense', 0, total_fen FROM ledger_entry WHERE id = 'ent_z'`),
	testkit.Wrong("a success that was none", "payment.posted",
		"UPDATE refund SET status = 'failed' WHERE cause = 'late_payment'"),
	testkit.Wrong("money kept", "payment.returned payment.posted",
		"DELETE FROM refund WHERE cause = 'late_payment'"),
	testkit.Wrong("a payment that nobody asks about", "payment.asked",
		"DELETE FROM outbox WHERE kind = 'payment.query' AND state = 'pending'"),
	testkit.Wrong("a payment told and not there", "payment.answered",
		"UPDATE idempotency SET response = REPLACE(response, '{\"id\":\"pay_', '{\"id\":\"pay_x')"),
	testkit.Wrong("a refund of another payment", "refund.owner",
		"UPDATE refund SET payment_id = "+lateOne+" WHERE order_id = "+refunding),
	testkit.Wrong("more refunded than given back", "refund.sums",
		"UPDATE orders SET refunded_fen = refunded_fen + 1 WHERE id = "+partial),
	testkit.Wrong("refunding without a refund", "refund.under_way",
		"UPDATE orders SET status = 'refunding' WHERE id = "+partial),
	testkit.Wrong("a refund that the ledger lacks", "refund.counted",
		"UPDATE ledger_entry SET event = 'x' WHERE event = 'payment.returned'"),
	testkit.Wrong("a refund that is never sent", "refund.sent",
		"DELETE FROM outbox WHERE kind = 'refund.send' AND state = 'pending'"),
	testkit.Wrong("a refund told and not there", "refund.answered",
		"UPDATE idempotency SET response = REPLACE(response, '{\"id\":\"rfd_', '{\"id\":\"rfd_x')"),

	testkit.Wrong("an entry that does not balance", "ledger.entry ledger.balance ledger.day",
		"UPDATE ledger_posting SET credit_fen = credit_fen + 1 WHERE account = 'suspense' AND credit_fen > 0 AND entry_id IN (SELECT id FROM ledger_entry WHERE event = 'payment.unmatched')"),
	testkit.Wrong("a total that is none", "ledger.entry",
		"UPDATE ledger_entry SET total_fen = total_fen + 1 WHERE event = 'payment.unmatched'"),
	testkit.Wrong("a posting on another day", "ledger.posting ledger.balance ledger.day",
		"UPDATE ledger_posting SET business_date = '2001-01-01' WHERE account = 'suspense' AND credit_fen > 0"),

	testkit.Wrong("a line too few", "settlement.lines",
		"DELETE FROM settlement_line WHERE settlement_id = "+draft+" AND line_no = 1"),
	testkit.Wrong("a statement of other money", "settlement.ledger",
		"UPDATE settlement SET payable_fen = payable_fen + 1, sales_fen = sales_fen + 1 WHERE id = "+draft,
		"UPDATE settlement_line SET amount_fen = amount_fen + 1, net_fen = net_fen + 1 WHERE settlement_id = "+draft+" AND line_no = 1"),
	testkit.Wrong("a merchant left out", "settlement.whole",
		"DELETE FROM settlement WHERE id = "+draft),
	testkit.Wrong("a book opened again", "settlement.whole ledger.rolled",
		"UPDATE book SET closed_through = '2001-01-01'"),
	testkit.Wrong("approved by who submitted", "settlement.decided",
		"UPDATE settlement SET decided_by = submitted_by WHERE id = "+approved),
	testkit.Wrong("approved without a payout", "settlement.posted ledger.page",
		"DELETE FROM ledger_posting WHERE entry_id IN (SELECT id FROM ledger_entry WHERE event = 'settlement.approved')",
		"DELETE FROM ledger_entry WHERE event = 'settlement.approved'"),
	testkit.Wrong("resolved by nobody", "exception.resolved",
		"UPDATE money_exception SET resolved_by = NULL WHERE status = 'resolved'"),

	testkit.Wrong("a stock below nothing", "catalog.stock",
		"UPDATE sku SET stock = -1"),
	testkit.Wrong("a SKU of no product", "catalog.owner",
		"UPDATE sku SET product_id = 'prd_x' WHERE id = "+one("sku", "1 = 1")),
}
