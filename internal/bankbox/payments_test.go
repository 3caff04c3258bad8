package bankbox_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"yinbo/internal/bankbox"
)

func TestPaymentIsMadeOnceForANumber(t *testing.T) {
	b := newBank(t)
	order := fields{"out_trade_no": "pay_1", "amount_fen": 1234, "notify_url": nowhere, "subject": "茶"}
	first := b.post("/pay/v1/payments", order).want(201)
	no := first.str("payment_no")
	first.has(t, fields{
		"out_trade_no": "pay_1", "amount_fen": 1234, "status": "pending",
		"cashier_url": b.server.URL() + "/pay/cashier/" + no,
	})

	again := b.post("/pay/v1/payments", order).want(200)
	again.has(t, first)

	order["amount_fen"] = 1235
	b.post("/pay/v1/payments", order).refused(409, "out_trade_no.mismatch")
	b.get("/pay/v1/payments/pay_1").want(200).has(t, fields{
		"out_trade_no": "pay_1", "payment_no": no, "amount_fen": 1234, "status": "pending",
		"paid_at": nil, "refunded_fen": 0, "method": "cashier",
	})
}

func TestCashierLinksBeginWithThePublicAddress(t *testing.T) {
	b := newBank(t, func(c *bankbox.Config) { c.PublicURL = "https://bank.example/" })
	got := b.post("/pay/v1/payments", fields{
		"out_trade_no": "p", "amount_fen": 1, "notify_url": nowhere, "subject": "s",
	}).want(201)
	if want := "https://bank.example/pay/cashier/" + got.str("payment_no"); got.str("cashier_url") != want {
		t.Errorf("cashier_url %q, want %q", got.str("cashier_url"), want)
	}
}

func TestPayingIsToldOnceAndStays(t *testing.T) {
	b := newBank(t)
	m := newMerchant(b, nil)
	no := b.pending("pay_1", 990, m.url)
	for range 2 {
		b.post("/pay/cashier/"+no+"/pay", nil).want(200).has(t, fields{"payment_no": no, "status": "succeeded"})
	}
	b.post("/pay/cashier/"+no+"/fail", nil).refused(409, "payment.closed")

	got := b.get("/pay/v1/payments/pay_1").want(200)
	got.has(t, fields{"status": "succeeded"})
	if paidAt := isTime(t, "paid_at", got.str("paid_at")); b.clock.ago(paidAt) > time.Minute {
		t.Errorf("paid_at %v is not the bank's now", paidAt)
	}

	all := b.settled(m)
	if len(all) != 1 {
		t.Fatalf("%d callbacks for one payment", len(all))
	}
	all[0].body.has(t, fields{
		"out_trade_no": "pay_1", "payment_no": no, "kind": "payment",
		"amount_fen": 990, "status": "succeeded", "at": got.str("paid_at"),
	})
	if h := all[0].header; h.Get("X-Request-Id") == "" || h.Get("Content-Type") != "application/json" {
		t.Errorf("callback's headers: %v", h)
	}
}

func TestFailedPaymentIsFinal(t *testing.T) {
	b := newBank(t)
	m := newMerchant(b, nil)
	no := b.pending("pay_1", 990, m.url)
	for range 2 {
		b.post("/pay/cashier/"+no+"/fail", nil).want(200).has(t, fields{"payment_no": no, "status": "failed"})
	}
	b.post("/pay/cashier/"+no+"/pay", nil).refused(409, "payment.closed")
	b.get("/pay/v1/payments/pay_1").want(200).has(t, fields{"status": "failed", "paid_at": nil})
	b.post("/pay/v1/refunds", fields{
		"out_refund_no": "r", "out_trade_no": "pay_1", "amount_fen": 1, "notify_url": m.url,
	}).refused(409, "payment.not_paid")

	all := b.settled(m)
	if len(all) != 1 {
		t.Fatalf("%d callbacks for one failed payment", len(all))
	}
	all[0].body.has(t, fields{"kind": "payment", "status": "failed", "amount_fen": 990})
}

func TestFiftyAtOneCashierMakeOneCallback(t *testing.T) {
	b := newBank(t)
	m := newMerchant(b, nil)
	no := b.pending("pay_1", 100, m.url)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			r, err := b.try("POST", "/pay/cashier/"+no+"/pay", nil)
			if err != nil || r.status != 200 {
				t.Errorf("pay: %v, %d %s", err, r.status, r.raw)
			}
		})
	}
	wg.Wait()
	if n := len(b.settled(m)); n != 1 {
		t.Errorf("%d callbacks, want 1", n)
	}
}

func TestPayAndFailRaceToOneEnd(t *testing.T) {
	b := newBank(t)
	m := newMerchant(b, nil)
	no := b.pending("pay_1", 100, m.url)
	var wg sync.WaitGroup
	ends := make(chan int, 20)
	for i := range 20 {
		wg.Go(func() {
			r, err := b.try("POST", "/pay/cashier/"+no+[]string{"/pay", "/fail"}[i%2], nil)
			if err != nil {
				t.Error(err)
			}
			ends <- r.status
		})
	}
	wg.Wait()
	close(ends)
	count := map[int]int{}
	for status := range ends {
		count[status]++
	}
	if count[200] != 10 || count[409] != 10 {
		t.Errorf("answers by status: %v; the ten that asked for the end it had get 200", count)
	}
	if n := len(b.settled(m)); n != 1 {
		t.Errorf("%d callbacks, want 1", n)
	}
}

func TestFiftyCallsMakeOnePayment(t *testing.T) {
	b := newBank(t)
	var wg sync.WaitGroup
	var made, numbers sync.Map
	for i := range 50 {
		wg.Go(func() {
			r, err := b.try("POST", "/pay/v1/payments",
				`{"out_trade_no":"pay_1","amount_fen":5,"notify_url":"`+nowhere+`","subject":"s"}`)
			if err != nil {
				t.Error(err)
				return
			}
			if r.status == 201 {
				made.Store(i, true)
			}
			_, rest, _ := strings.Cut(string(r.raw), `"payment_no":"`)
			no, _, _ := strings.Cut(rest, `"`)
			numbers.Store(no, true)
		})
	}
	wg.Wait()
	if size(&made) != 1 || size(&numbers) != 1 {
		t.Errorf("%d made, %d numbers; want one of each", size(&made), size(&numbers))
	}
}

func size(m *sync.Map) (n int) {
	m.Range(func(any, any) bool { n++; return true })
	return n
}
