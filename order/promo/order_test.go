package promo_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"yinbo/internal/money"
	"yinbo/order"
	"yinbo/order/ordertest"
	"yinbo/order/payment"
	"yinbo/order/promo"
)

// report tells, as the bank does, that a payment has an end.
func report(s *ordertest.Stage, p payment.View, fen money.Fen, end payment.Status) {
	s.T.Helper()
	now := s.Clock.Now()
	body, err := json.Marshal(map[string]any{"out_trade_no": p.ID, "payment_no": "bank-1", "kind": "payment", "amount_fen": fen, "status": end, "at": now})
	if err != nil {
		s.T.Fatal(err)
	}
	mac := hmac.New(sha256.New, []byte(ordertest.CallbackKey))
	fmt.Fprintf(mac, "%d.%s", now.Unix(), body)
	if err := s.Payments.Callback(s.Ctx, fmt.Sprintf("t=%d,v1=%s", now.Unix(), hex.EncodeToString(mac.Sum(nil))), body); err != nil {
		s.T.Fatal(err)
	}
}

func setCoupons(s *ordertest.Stage, viewer, orderID string, coupons ...string) (order.View, error) {
	return s.Orders.SetCoupons(s.Ctx, s.Bank.ID, viewer, orderID, coupons)
}

// RULES 8.12: a coupon comes back once.
func TestACouponComesBackOnceWhenTimerAndPersonCancelTogether(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, sku := s.Viewer(), voucher(s, 1000)
		var coupons, orders []string
		b := batch(s)
		for range 8 {
			c, err := claim(s, viewer, promo.Wish{Batch: b})
			if err != nil {
				t.Fatal(err)
			}
			coupons, orders = append(coupons, c.ID), append(orders, placed(s, viewer, []string{c.ID}, sku).ID)
		}
		s.Clock.Advance(ordertest.TTL)
		var wg sync.WaitGroup
		wg.Go(s.RunTasks)
		for _, o := range orders {
			wg.Go(func() {
				if _, err := s.Orders.Cancel(s.Ctx, s.Bank.ID, viewer, o); err != nil {
					wantCode(t, err, "conflict")
				}
			})
		}
		wg.Wait()
		s.RunTasks()
		for i, c := range coupons {
			if s.Status(orders[i]) != order.Cancelled || status(s, viewer, c) != promo.Granted {
				t.Errorf("order is %s, coupon %s", s.Status(orders[i]), status(s, viewer, c))
			}
			placed(s, viewer, []string{c}, sku)
		}
		conserved(s, b)
	})
}

func TestACouponThatComesBackTooLateEndsAndFreesItsBudget(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, sku := s.Viewer(), voucher(s, 1000)
		now := s.Clock.Now()
		short := func(t *promo.Terms) { t.GrantTo, t.UseTo = now.Add(time.Minute), now.Add(5*time.Minute) }
		b := batch(s, short)
		var coupons [2]string
		for i := range coupons {
			v, err := claim(s, viewer, promo.Wish{Batch: b})
			if err != nil {
				t.Fatal(err)
			}
			coupons[i] = v.ID
		}
		cancelled, refunded := placed(s, viewer, coupons[:1], sku), placed(s, viewer, coupons[1:], sku)
		paid(s, viewer, refunded.ID, "card")
		s.Clock.Advance(6 * time.Minute)
		if _, err := s.Orders.Cancel(s.Ctx, s.Bank.ID, viewer, cancelled.ID); err != nil {
			t.Fatal(err)
		}
		if committed(s, b) != 100 || status(s, viewer, coupons[0]) != promo.Expired {
			t.Errorf("committed %d, coupon %s", committed(s, b), status(s, viewer, coupons[0]))
		}
		refund(s, viewer, refunded.ID, 900)
		if committed(s, b) != 0 || status(s, viewer, coupons[1]) != promo.Expired || account(s, "discount:%") != 0 {
			t.Errorf("committed %d, coupon %s, funder %d", committed(s, b), status(s, viewer, coupons[1]), account(s, "discount:%"))
		}
		conserved(s, b)
	})
}

// RULES 8.7: the coupon as well as the stock is to be had again, or is not.
func TestALatePaymentTakesTheCouponAgainOrGoesBack(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, sku := s.Viewer(), voucher(s, 1000)
		free, taken := coupon(s, viewer), coupon(s, viewer)
		var orders []order.View
		var payments []payment.View
		for _, c := range []string{free, taken} {
			o := placed(s, viewer, []string{c}, sku)
			p, err := pay(s, viewer, o.ID, "")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Orders.Cancel(s.Ctx, s.Bank.ID, viewer, o.ID); err != nil {
				t.Fatal(err)
			}
			orders, payments = append(orders, o), append(payments, p)
		}
		elsewhere := placed(s, viewer, []string{taken}, sku)
		for _, p := range payments {
			report(s, p, 900, payment.Succeeded)
		}
		s.RunTasks()
		if s.Status(orders[0].ID) != order.Paid || status(s, viewer, free) != promo.Used {
			t.Errorf("order is %s, coupon %s", s.Status(orders[0].ID), status(s, viewer, free))
		}
		if s.Status(orders[1].ID) != order.Cancelled || s.Gateway.PaidOut(payments[1].ID) != 900 || status(s, viewer, taken) != promo.Reserved {
			t.Errorf("order is %s, given back %d", s.Status(orders[1].ID), s.Gateway.PaidOut(payments[1].ID))
		}
		paid(s, viewer, elsewhere.ID, "card")
		if s.Stock(sku) != 10_000-2 || account(s, "suspense") != 0 || account(s, "gateway:%") != -1800 || account(s, "%") != 0 {
			t.Errorf("stock %d, gateway %d", s.Stock(sku), account(s, "gateway:%"))
		}
	})
}

func TestAnInstantDiscountIsPaidByItsCardsOnly(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, sku := s.Viewer(), voucher(s, 1000)
		o := placed(s, viewer, []string{coupon(s, viewer, instant, amount(200))}, sku)
		for _, card := range []string{"", "card2"} {
			_, err := pay(s, viewer, o.ID, card)
			wantCode(t, err, "payment.card_not_eligible")
		}
		if s.Number("SELECT COUNT(*) FROM payment") != 0 {
			t.Error("a payment was begun")
		}
		paid(s, viewer, o.ID, "card")
		// Taken off, any way of paying serves.
		o = placed(s, viewer, []string{coupon(s, viewer, instant)}, sku)
		v, err := setCoupons(s, viewer, o.ID)
		if err != nil || v.PayableFen != 1000 || len(v.Discounts) != 0 {
			t.Fatalf("%+v %v", v, err)
		}
		if _, err := pay(s, viewer, o.ID, ""); err != nil {
			t.Error(err)
		}
	})
}

func TestAFlashOrderGetsItsDiscountBeforeItIsPaid(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, f := s.Viewer(), s.Sale(5, 2)
		o, err := s.Buy(viewer, f.ID, 2)
		if err != nil {
			t.Fatal(err)
		}
		a, b := coupon(s, viewer, instant), coupon(s, viewer, amount(80))
		for _, step := range []struct {
			coupons []string
			payable money.Fen
		}{{[]string{a}, 1880}, {[]string{a, b}, 1800}, {[]string{b}, 1900}, {nil, 1980}, {[]string{b, a}, 1800}} {
			v, err := setCoupons(s, viewer, o.ID, step.coupons...)
			if err != nil || v.PayableFen != step.payable || len(v.Discounts) != len(step.coupons) {
				t.Errorf("%v: %+v %v", step.coupons, v, err)
			}
			for _, c := range []string{a, b} {
				want := promo.Granted
				if slices.Contains(step.coupons, c) {
					want = promo.Reserved
				}
				if got := status(s, viewer, c); got != want {
					t.Errorf("%v: %s is %s", step.coupons, c, got)
				}
			}
		}
		_, err = setCoupons(s, viewer, o.ID, b, "cpn_unknown")
		wantField(t, err, "validation", "coupon_ids[1]")
		_, err = setCoupons(s, s.Viewer(), o.ID)
		wantCode(t, err, "not_found")
		paid(s, viewer, o.ID, "card")
		_, err = setCoupons(s, viewer, o.ID)
		wantCode(t, err, "order.not_payable")
		if account(s, "gateway:%") != -1800 || account(s, "discount:bank") != -180 {
			t.Errorf("gateway %d, bank %d", account(s, "gateway:%"), account(s, "discount:bank"))
		}
	})
}

func TestDiscountsStayWhileAPaymentIsOpen(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, sku := s.Viewer(), voucher(s, 1000)
		c := coupon(s, viewer)
		o := placed(s, viewer, nil, sku)
		p, err := pay(s, viewer, o.ID, "")
		if err != nil {
			t.Fatal(err)
		}
		_, err = setCoupons(s, viewer, o.ID, c)
		wantCode(t, err, "order.payment_open")
		report(s, p, 1000, payment.Failed)
		if v, err := setCoupons(s, viewer, o.ID, c); err != nil || v.PayableFen != 900 {
			t.Fatalf("%+v %v", v, err)
		}
		// The failure was none: the money is for another amount, and goes back.
		report(s, p, 1000, payment.Succeeded)
		s.RunTasks()
		if s.Status(o.ID) != order.PendingPayment || s.Gateway.PaidOut(p.ID) != 1000 || status(s, viewer, c) != promo.Reserved {
			t.Errorf("order is %s, given back %d", s.Status(o.ID), s.Gateway.PaidOut(p.ID))
		}
		paid(s, viewer, o.ID, "card")
		if account(s, "suspense") != 0 || account(s, "gateway:%") != -900 {
			t.Errorf("suspense %d, gateway %d", account(s, "suspense"), account(s, "gateway:%"))
		}
	})
}

func TestAPaymentByAnotherCardDoesNotEarnTheInstantDiscountLater(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, sku := s.Viewer(), voucher(s, 1000)
		plain, cash := coupon(s, viewer), coupon(s, viewer, instant)
		o := placed(s, viewer, []string{plain}, sku)
		s.Gateway.Charges = "pending"
		p, err := pay(s, viewer, o.ID, "card2")
		if err != nil {
			t.Fatal(err)
		}
		report(s, p, 900, payment.Failed)
		if v, err := setCoupons(s, viewer, o.ID, cash); err != nil || v.PayableFen != 900 { // the same amount
			t.Fatalf("%+v %v", v, err)
		}
		report(s, p, 900, payment.Succeeded)
		s.RunTasks()
		if s.Status(o.ID) != order.PendingPayment || s.Gateway.PaidOut(p.ID) != 900 {
			t.Errorf("order is %s, given back %d", s.Status(o.ID), s.Gateway.PaidOut(p.ID))
		}
	})
}

func TestACouponTellsHowItFitsAnOrder(t *testing.T) {
	s := ordertest.OnSQLite(t)
	viewer, sku := s.Viewer(), voucher(s, 1000)
	fits, dear := coupon(s, viewer, amount(5000)), coupon(s, viewer, func(t *promo.Terms) { t.Threshold = 1001 })
	foreign := coupon(s, viewer, func(t *promo.Terms) { t.SKUs = []string{voucher(s, 1)} })
	inUse, elsewhere := coupon(s, viewer), coupon(s, viewer)
	o := placed(s, viewer, []string{inUse}, sku)
	placed(s, viewer, []string{elsewhere}, sku)
	got, err := s.Coupons.List(s.Ctx, s.Bank.ID, viewer, "", o.ID, "", 10)
	if err != nil || len(got) != 5 {
		t.Fatalf("%+v %v", got, err)
	}
	want := map[string]promo.Fit{fits: {TakesOff: 999}, dear: {WhyNot: "coupon.threshold"}, foreign: {WhyNot: "coupon.scope"},
		inUse: {TakesOff: 100}, elsewhere: {WhyNot: "coupon.taken"}}
	for _, c := range got {
		if c.ForOrder == nil || *c.ForOrder != want[c.ID] {
			t.Errorf("%s fits %+v, want %+v", c.ID, c.ForOrder, want[c.ID])
		}
	}
	_, err = s.Coupons.List(s.Ctx, s.Bank.ID, s.Viewer(), "", o.ID, "", 10)
	wantCode(t, err, "not_found")
}

func TestTheBindRateCountsPeopleNotOrders(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		sku := voucher(s, 1000)
		if r, err := s.Coupons.RoomFigures(s.Ctx, s.Bank.ID, s.Room); err != nil || r.Bps() != 0 {
			t.Errorf("%+v %v", r, err)
		}
		buy := func(viewer, card string, coupons ...string) {
			paid(s, viewer, placed(s, viewer, coupons, sku).ID, card)
		}
		v := s.Viewers(5)
		buy(v[0], "card", coupon(s, v[0]))
		buy(v[0], "card", coupon(s, v[0]))
		buy(v[1], "card2", coupon(s, v[1]))
		buy(v[1], "card", coupon(s, v[1])) // one of theirs was ours
		buy(v[2], "card2", coupon(s, v[2]))
		buy(v[3], "card")                               // without a coupon
		placed(s, v[4], []string{coupon(s, v[4])}, sku) // not paid
		r, err := s.Coupons.RoomFigures(s.Ctx, s.Bank.ID, s.Room)
		if err != nil || r != (promo.BindRate{Payers: 3, Own: 2}) || r.Bps() != 6666 {
			t.Errorf("%+v %v", r, err)
		}
		if r, err := s.Coupons.RoomFigures(s.Ctx, "bank_other", s.Room); err != nil || r.Payers != 0 {
			t.Errorf("another bank: %+v %v", r, err)
		}
	})
}
