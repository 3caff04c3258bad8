package promo_test

import (
	"fmt"
	"testing"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/ordertest"
	"yinbo/order/payment"
	"yinbo/order/promo"
)

var operator = promo.Staff{ID: "operator", Operator: true}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if fault.Code(err) != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

// wantField wants a refusal that names a field.
func wantField(t *testing.T, err error, code, field string) {
	t.Helper()
	wantCode(t, err, code)
	if err == nil {
		return
	}
	for _, f := range fault.From(err).Fields {
		if f.Name == field {
			return
		}
	}
	t.Errorf("%v does not name %s", err, field)
}

// terms are those of a stackable coupon of 1 yuan that can be claimed, up to ten
// a person, out of 1,000 yuan.
func terms(s *ordertest.Stage, change ...func(*promo.Terms)) promo.Terms {
	now := s.Clock.Now()
	t := promo.Terms{Kind: order.Coupon, Title: "减 1 元", FundedBy: order.ByBank, Stacking: promo.Stackable, Amount: 100, Budget: 100_000,
		PerPerson: 10, GrantedBy: promo.Claimed, GrantFrom: now, GrantTo: now.Add(time.Hour), UseFrom: now, UseTo: now.Add(2 * time.Hour)}
	for _, c := range change {
		c(&t)
	}
	return t
}

// batch opens a batch.
func batch(s *ordertest.Stage, change ...func(*promo.Terms)) string {
	s.T.Helper()
	v, _, err := s.Coupons.Create(s.Ctx, s.Request("operator", "batches"), s.Bank.ID, operator, terms(s, change...))
	if err != nil {
		s.T.Fatal(err)
	}
	if _, err := s.Coupons.OpenBatch(s.Ctx, s.Bank.ID, operator, v.ID); err != nil {
		s.T.Fatal(err)
	}
	return v.ID
}

func amount(fen money.Fen) func(*promo.Terms) { return func(t *promo.Terms) { t.Amount = fen } }

func way(w promo.Way) func(*promo.Terms) { return func(t *promo.Terms) { t.GrantedBy = w } }

func exclusive(t *promo.Terms) { t.Stacking = promo.Exclusive }

// instant makes an instant discount for the stage's own cards.
func instant(t *promo.Terms) { t.Kind, t.BINs = order.Instant, []string{ordertest.OwnBIN} }

func funded(by order.Funder, merchant string) func(*promo.Terms) {
	return func(t *promo.Terms) { t.FundedBy, t.Merchant = by, merchant }
}

func claim(s *ordertest.Stage, viewer string, w promo.Wish) (promo.View, error) {
	v, _, err := s.Coupons.Claim(s.Ctx, s.Request(viewer, "POST /coupons/claims"), s.Bank, viewer, w)
	return v, err
}

// coupon claims a coupon of a new batch.
func coupon(s *ordertest.Stage, viewer string, change ...func(*promo.Terms)) string {
	s.T.Helper()
	v, err := claim(s, viewer, promo.Wish{Batch: batch(s, change...)})
	if err != nil {
		s.T.Fatal(err)
	}
	return v.ID
}

// placeWith orders one piece of each SKU with coupons.
func placeWith(s *ordertest.Stage, viewer string, coupons []string, skus ...string) (order.View, error) {
	cart := order.Cart{Bank: s.Bank.ID, Viewer: viewer, Room: s.Room, Coupons: coupons}
	for _, sku := range skus {
		cart.Items = append(cart.Items, order.Wanted{SKU: sku, Quantity: 1})
	}
	v, _, err := s.Orders.Place(s.Ctx, s.Request(viewer, "POST /orders"), cart)
	return v, err
}

// placed is placeWith that must succeed.
func placed(s *ordertest.Stage, viewer string, coupons []string, skus ...string) order.View {
	s.T.Helper()
	v, err := placeWith(s, viewer, coupons, skus...)
	if err != nil {
		s.T.Fatal(err)
	}
	return v
}

func pay(s *ordertest.Stage, viewer, orderID, card string) (payment.View, error) {
	method := payment.Cashier
	if card != "" {
		method = payment.BoundCard
	}
	v, _, err := s.Payments.Pay(s.Ctx, s.Request(viewer, "POST /pay"), payment.Wish{Bank: s.Bank, Viewer: viewer, Order: orderID, Method: method, Card: card})
	return v, err
}

// paid is pay that must succeed at once.
func paid(s *ordertest.Stage, viewer, orderID, card string) payment.View {
	s.T.Helper()
	p, err := pay(s, viewer, orderID, card)
	if err != nil || s.Status(orderID) != order.Paid {
		s.T.Fatalf("%+v %v, the order is %s", p, err, s.Status(orderID))
	}
	return p
}

func refund(s *ordertest.Stage, viewer, orderID string, amount money.Fen) {
	s.T.Helper()
	_, _, err := s.Payments.Refund(s.Ctx, s.Request(viewer, "POST /refunds"), s.Bank.ID, viewer, orderID, amount, "不想要了")
	if err != nil {
		s.T.Fatal(err)
	}
	s.RunTasks()
}

// status is a coupon's, as its viewer sees it.
func status(s *ordertest.Stage, viewer, couponID string) promo.Status {
	s.T.Helper()
	all, err := s.Coupons.List(s.Ctx, s.Bank.ID, viewer, "", "", "", 100)
	if err != nil {
		s.T.Fatal(err)
	}
	for _, c := range all {
		if c.ID == couponID {
			return c.Status
		}
	}
	s.T.Fatalf("%s is not the viewer's", couponID)
	return ""
}

func committed(s *ordertest.Stage, batchID string) money.Fen {
	s.T.Helper()
	return money.Fen(s.Number("SELECT committed_fen FROM coupon_batch WHERE id = ?", batchID))
}

// conserved holds that a batch has committed what its coupons are worth that are
// not expired, within its budget.
func conserved(s *ordertest.Stage, batchID string) {
	s.T.Helper()
	worth := s.Number("SELECT COALESCE(SUM(amount_fen), 0) FROM coupon WHERE batch_id = ? AND state <> 'expired'", batchID)
	if got := committed(s, batchID); got != money.Fen(worth) || got > money.Fen(s.Number("SELECT budget_fen FROM coupon_batch WHERE id = ?", batchID)) {
		s.T.Errorf("committed %d, coupons are worth %d", got, worth)
	}
}

// account is credits less debits of accounts by pattern.
func account(s *ordertest.Stage, pattern string) money.Fen {
	s.T.Helper()
	return money.Fen(s.Number("SELECT COALESCE(SUM(credit_fen) - SUM(debit_fen), 0) FROM ledger_posting WHERE account LIKE ?", pattern))
}

func voucher(s *ordertest.Stage, price money.Fen) string {
	return s.SKU(catalog.Voucher, price, 10_000)
}

func merchantOf(s *ordertest.Stage, sku string) string {
	s.T.Helper()
	goods, err := catalog.Goods(s.Ctx, s.DB, s.Clock.Now(), s.Bank.ID, []string{sku})
	if err != nil {
		s.T.Fatal(err)
	}
	return goods[sku].MerchantID
}

func TestACouponComesOffTheOrderAndIsUsedByItsPayment(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, sku := s.Viewer(), voucher(s, 1000)
		c := coupon(s, viewer, amount(300))
		o := placed(s, viewer, []string{c}, sku)
		want := []order.Discount{{Kind: order.Coupon, AmountFen: 300, FundedBy: order.ByBank, CouponID: c}}
		if o.PayableFen != 700 || fmt.Sprint(o.Discounts) != fmt.Sprint(want) || status(s, viewer, c) != promo.Reserved {
			t.Errorf("%+v, the coupon is %s", o, status(s, viewer, c))
		}
		got, err := s.Orders.Get(s.Ctx, s.Bank.ID, viewer, o.ID)
		if err != nil || fmt.Sprint(got.Discounts) != fmt.Sprint(want) || got.PayableFen != 700 {
			t.Errorf("%+v %v", got, err)
		}
		paid(s, viewer, o.ID, "card")
		if status(s, viewer, c) != promo.Used || account(s, "gateway:%") != -700 || account(s, "discount:bank") != -300 || account(s, "%") != 0 {
			t.Errorf("the coupon is %s, gateway %d, bank %d", status(s, viewer, c), account(s, "gateway:%"), account(s, "discount:bank"))
		}
		// 5 % of the whole line is the commission.
		if account(s, "commission") != 50 || account(s, "merchant:%") != 950 {
			t.Errorf("commission %d, merchant %d", account(s, "commission"), account(s, "merchant:%"))
		}
		_, err = placeWith(s, viewer, []string{c}, sku)
		wantField(t, err, "coupon.taken", "coupon_ids[0]")
	})
}

func TestPlacingAgainWithAKeyTakesTheCouponOnce(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, sku := s.Viewer(), voucher(s, 1000)
		c := coupon(s, viewer)
		req := s.Request(viewer, "POST /orders")
		cart := order.Cart{Bank: s.Bank.ID, Viewer: viewer, Items: []order.Wanted{{SKU: sku, Quantity: 1}}, Coupons: []string{c}}
		once, _, err := s.Orders.Place(s.Ctx, req, cart)
		if err != nil {
			t.Fatal(err)
		}
		again, replayed, err := s.Orders.Place(s.Ctx, req, cart)
		if err != nil || !replayed || fmt.Sprint(again.Discounts) != fmt.Sprint(once.Discounts) || len(again.Discounts) != 1 || s.Stock(sku) != 9_999 {
			t.Errorf("%+v %v %v", again, replayed, err)
		}
	})
}

// RULES 8.8: a payable below zero.
func TestAPayableIsNeverBelowOneFen(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer := s.Viewer()
		skus := []string{voucher(s, 1), voucher(s, 1), voucher(s, 1)}
		big, small := coupon(s, viewer, amount(500)), coupon(s, viewer)
		_, err := placeWith(s, viewer, []string{big, small}, skus...)
		wantField(t, err, "coupon.no_effect", "coupon_ids[1]")
		if status(s, viewer, big) != promo.Granted || s.Stock(skus[0]) != 10_000 {
			t.Error("a refused order kept what it took")
		}
		o := placed(s, viewer, []string{big}, skus...)
		if o.PayableFen != 1 || o.Discounts[0].AmountFen != 2 {
			t.Errorf("%+v", o)
		}
		paid(s, viewer, o.ID, "card")
		if account(s, "%") != 0 || account(s, "discount:bank") != -2 {
			t.Error("the ledger is off")
		}
	})
}

// RULES 8.8: one coupon used by five orders at once.
func TestOneCouponIsUsedByOneOfFiveOrders(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, sku := s.Viewer(), voucher(s, 1000)
		c := coupon(s, viewer)
		won := race(5, func(int) error {
			_, err := placeWith(s, viewer, []string{c}, sku)
			if err != nil {
				wantField(t, err, "coupon.taken", "coupon_ids[0]")
			}
			return err
		})
		if won != 1 || s.Number("SELECT COUNT(*) FROM orders") != 1 || s.Stock(sku) != 9_999 {
			t.Errorf("%d orders used it", won)
		}
	})
}

func TestWhatACouponDoesNotAllow(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, other := s.Viewer(), s.Viewer()
		sku, foreign := voucher(s, 1000), s.SKUOf(1, catalog.Voucher, 5000, 10)
		theirs := coupon(s, other)
		threshold := coupon(s, viewer, func(t *promo.Terms) { t.Threshold, t.SKUs = 1001, []string{sku} })
		scoped := coupon(s, viewer, funded(order.ByMerchant, merchantOf(s, foreign)))
		early := coupon(s, viewer, func(t *promo.Terms) { t.UseFrom = t.UseFrom.Add(time.Hour) })
		mine := coupon(s, viewer)
		for _, c := range []struct {
			code, field string
			coupons     []string
		}{
			{"validation", "coupon_ids[1]", []string{mine, "cpn_unknown"}},
			{"validation", "coupon_ids[0]", []string{theirs}},
			{"validation", "coupon_ids[1]", []string{mine, mine}},
			{"coupon.threshold", "coupon_ids[0]", []string{threshold}},
			{"coupon.scope", "coupon_ids[1]", []string{mine, scoped}},
			{"coupon.not_yet", "coupon_ids[0]", []string{early}},
		} {
			_, err := placeWith(s, viewer, c.coupons, sku)
			wantField(t, err, c.code, c.field)
		}
		s.Clock.Advance(2 * time.Hour) // its time decides, though no task has ended it
		_, err := placeWith(s, viewer, []string{mine}, sku)
		wantField(t, err, "coupon.expired", "coupon_ids[0]")
		if s.Number("SELECT COUNT(*) FROM orders") != 0 || s.Number("SELECT COUNT(*) FROM coupon WHERE state <> 'granted'") != 0 {
			t.Error("a refusal left something")
		}
	})
}

// RULES 7: the instant discount comes off first, then coupons.
func TestOneInstantDiscountAndOneExclusiveOrSeveralStackable(t *testing.T) {
	s := ordertest.OnSQLite(t)
	viewer, sku := s.Viewer(), voucher(s, 10_000)
	cash, cash2 := coupon(s, viewer, instant), coupon(s, viewer, instant)
	lone, lone2 := coupon(s, viewer, exclusive), coupon(s, viewer, exclusive)
	a, b := coupon(s, viewer, amount(7)), coupon(s, viewer, amount(5))
	for _, coupons := range [][]string{{cash, cash2}, {lone, lone2}, {lone, a}, {a, b, lone}} {
		_, err := placeWith(s, viewer, coupons, sku)
		wantField(t, err, "coupon.stacking", fmt.Sprintf("coupon_ids[%d]", len(coupons)-1))
	}
	for _, coupons := range [][]string{{lone, cash}, {a, cash, b}} {
		o := placed(s, viewer, coupons, sku)
		if o.Discounts[0].CouponID != cash || len(o.Discounts) != len(coupons) {
			t.Errorf("the instant discount does not come first: %+v", o.Discounts)
		}
		if _, err := s.Orders.Cancel(s.Ctx, s.Bank.ID, viewer, o.ID); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatABatchCannotPromise(t *testing.T) {
	s := ordertest.OnSQLite(t)
	sku := voucher(s, 100)
	for field, change := range map[string]func(*promo.Terms){
		"amount_fen":    amount(0),
		"budget_fen":    func(t *promo.Terms) { t.Budget = 99 },
		"bins":          func(t *promo.Terms) { t.Kind = order.Instant },
		"bins[1]":       func(t *promo.Terms) { t.Kind, t.BINs = order.Instant, []string{"622599", "62x"} },
		"per_person":    func(t *promo.Terms) { t.PerPerson = 0 },
		"spend_fen":     way(promo.Spent),
		"merchant_id":   funded(order.ByMerchant, ""),
		"grant_ends_at": func(t *promo.Terms) { t.GrantTo = t.GrantFrom },
		"use_ends_at":   func(t *promo.Terms) { t.UseTo = t.GrantTo.Add(-time.Second) },
		"sku_ids[1]":    func(t *promo.Terms) { t.SKUs = []string{sku, "sku_other"} },
		"room_id":       func(t *promo.Terms) { t.Room = "room_other" },
	} {
		_, _, err := s.Coupons.Create(s.Ctx, s.Request("operator", "batches"), s.Bank.ID, operator, terms(s, change))
		wantField(t, err, "validation", field)
	}
	_, _, err := s.Coupons.Create(s.Ctx, s.Request("operator", "batches"), s.Bank.ID, operator, terms(s, funded(order.ByPlatform, "mch_other")))
	wantField(t, err, "validation", "merchant_id")
}

func TestABatchGrantsOnlyWhileItIsOpenAndEveryActIsAudited(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, sku := s.Viewer(), voucher(s, 1000)
		v, _, err := s.Coupons.Create(s.Ctx, s.Request("operator", "batches"), s.Bank.ID, operator, terms(s))
		if err != nil || v.State != promo.Draft {
			t.Fatalf("%+v %v", v, err)
		}
		_, err = claim(s, viewer, promo.Wish{Batch: v.ID})
		wantCode(t, err, "not_found") // nobody knows of a draft
		do := func(act func() (promo.BatchView, error), code string) {
			t.Helper()
			_, err := act()
			wantCode(t, err, code)
		}
		by := func(act func(*promo.Coupons) (promo.BatchView, error)) func() (promo.BatchView, error) {
			return func() (promo.BatchView, error) { return act(s.Coupons) }
		}
		open := by(func(c *promo.Coupons) (promo.BatchView, error) { return c.OpenBatch(s.Ctx, s.Bank.ID, operator, v.ID) })
		pause := by(func(c *promo.Coupons) (promo.BatchView, error) { return c.Pause(s.Ctx, s.Bank.ID, operator, v.ID) })
		resume := by(func(c *promo.Coupons) (promo.BatchView, error) { return c.Resume(s.Ctx, s.Bank.ID, operator, v.ID) })
		end := by(func(c *promo.Coupons) (promo.BatchView, error) { return c.Close(s.Ctx, s.Bank.ID, operator, v.ID) })
		do(resume, "conflict")
		do(open, "")
		do(open, "conflict")
		held, err := claim(s, viewer, promo.Wish{Batch: v.ID})
		if err != nil {
			t.Fatal(err)
		}
		do(pause, "")
		_, err = claim(s, viewer, promo.Wish{Batch: v.ID})
		wantCode(t, err, "coupon.paused")
		do(resume, "")
		do(end, "")
		do(end, "conflict")
		_, err = claim(s, viewer, promo.Wish{Batch: v.ID})
		wantCode(t, err, "coupon.ended")
		if o := placed(s, viewer, []string{held.ID}, sku); o.PayableFen != 900 {
			t.Errorf("what is held stays usable: %+v", o)
		}
		do(by(func(c *promo.Coupons) (promo.BatchView, error) { return c.Close(s.Ctx, "bank_other", operator, v.ID) }), "not_found")
		if n, err := audit.Verify(s.Ctx, s.DB, s.Bank.ID); err != nil || n != 5 {
			t.Errorf("%d audit entries: %v", n, err)
		}
		d, err := s.Coupons.Batch(s.Ctx, s.Bank.ID, v.ID)
		if err != nil || d.Figures != (promo.Figures{Reserved: 1}) || d.Left != 99_900 || d.State != promo.Closed {
			t.Errorf("%+v %v", d, err)
		}
		_, err = s.Coupons.Batch(s.Ctx, "bank_other", v.ID)
		wantCode(t, err, "not_found")
	})
}
