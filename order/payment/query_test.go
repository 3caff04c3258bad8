package payment_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"yinbo/internal/bankbox"
	"yinbo/internal/fault"
	"yinbo/internal/gateway"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/ordertest"
	"yinbo/order/payment"
)

// atBankbox puts the bank on the other side of real HTTP in place of the stage's
// gateway, with faults on; the two share the stage's clock.
func atBankbox(s *ordertest.Stage, faults string) (url string) {
	box, err := bankbox.Open(s.Ctx, bankbox.Config{Dir: s.T.TempDir(), Addr: "127.0.0.1:0", CallbackKey: ordertest.CallbackKey, Now: s.Clock.Now})
	if err != nil {
		s.T.Fatal(err)
	}
	client := gateway.New(box.URL(), "http://127.0.0.1:1")
	s.Payments.Gateways[payment.Bankbox], s.Payments.Charger = client, client
	s.T.Cleanup(func() {
		client.Close()
		if err := box.Close(context.Background()); err != nil {
			s.T.Error(err)
		}
	})
	call(s, http.MethodPut, box.URL()+"/faults", faults)
	return box.URL()
}

func call(s *ordertest.Stage, method, url, body string) {
	s.T.Helper()
	req, err := http.NewRequestWithContext(s.Ctx, method, url, strings.NewReader(body))
	if err != nil {
		s.T.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.T.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode >= 300 {
		s.T.Fatalf("%s %s: %s", method, url, res.Status)
	}
}

// until lets time pass, in steps of a second, and gives how long it took.
func until(s *ordertest.Stage, limit time.Duration, done func() bool) time.Duration {
	s.T.Helper()
	for passed := time.Duration(0); passed <= limit; passed += time.Second {
		s.RunTasks()
		if done() {
			return passed
		}
		s.Clock.Advance(time.Second)
	}
	s.T.Fatalf("not within %s", limit)
	return 0
}

func TestABankThatDropsItsCallbacksIsAskedInBoundedTime(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		atBankbox(s, `{"drop_callback":true}`)
		for _, wait := range []time.Duration{0, 20 * time.Second, 5 * time.Minute} { // how long the person takes to pay
			viewer := s.Viewer()
			o, err := s.Place(viewer, order.Wanted{SKU: s.SKU(catalog.Voucher, 990, 5), Quantity: 1})
			if err != nil {
				t.Fatal(err)
			}
			p, err := pay(s, viewer, o.ID, payment.Cashier, "")
			if err != nil {
				t.Fatal(err)
			}
			for end := s.Clock.Now().Add(wait); s.Clock.Now().Before(end); s.Clock.Advance(5 * time.Second) {
				s.RunTasks()
			}
			call(s, http.MethodPost, p.CashierURL+"/pay", "")
			took := until(s, max(wait, 10*time.Second), func() bool { return s.Status(o.ID) == order.Paid })
			t.Logf("paid after %s, known %s later", wait, took)
		}
	})
}

func TestALostAnswerOfTheCashierIsNoPaymentLost(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, o, _ := ordered(t, s)
		s.Gateway.Mute = true
		_, err := pay(s, viewer, o.ID, payment.Cashier, "")
		wantCode(t, err, "unavailable")
		s.Clock.Advance(10 * time.Second)
		s.RunTasks()
		s.Gateway.Mute = false
		p, err := pay(s, viewer, o.ID, payment.Cashier, "")
		if err != nil || p.CashierURL == "" || s.Number("SELECT COUNT(*) FROM payment") != 1 {
			t.Fatalf("%+v %v", p, err)
		}
		s.Gateway.PayAt(p.ID, s.Clock.Now())
		until(s, time.Minute, func() bool { return s.Status(o.ID) == order.Paid })
	})
}

func TestAPaymentThatNeverReachedTheBankFailsAndAnotherMayBegin(t *testing.T) {
	s := ordertest.OnSQLite(t)
	viewer, o, _ := ordered(t, s)
	s.Gateway.Deaf = true
	p, err := pay(s, viewer, o.ID, payment.BoundCard, "card")
	if err != nil || p.Status != payment.Pending { // nobody knows
		t.Fatalf("%+v %v", p, err)
	}
	s.Clock.Advance(4 * time.Minute)
	s.RunTasks()
	if n := s.Number("SELECT COUNT(*) FROM payment WHERE status = 'pending'"); n != 1 {
		t.Error("a bank that does not answer was taken for a no")
	}
	s.Gateway.Deaf = false // it answers: it has no such payment
	until(s, 3*time.Minute, func() bool { return s.Number("SELECT COUNT(*) FROM payment WHERE status = 'failed'") == 1 })
	if _, err := pay(s, viewer, o.ID, payment.BoundCard, "card"); err != nil || s.Status(o.ID) != order.Paid {
		t.Errorf("%v, order is %s", err, s.Status(o.ID))
	}
}

func TestOurNumberDecidesWhichPaymentACallbackIsAbout(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		_, o, p, _ := opened(t, s)
		second := paid(p, 2335)
		second.PaymentNo = "transaction-1" // of the money, not of the cashier's page
		for range 2 {
			if err := send(s, second); err != nil {
				t.Error(err)
			}
		}
		if s.Status(o.ID) != order.Paid || s.Number("SELECT COUNT(*) FROM payment WHERE payment_no = ?", "bank-"+p.ID) != 1 {
			t.Errorf("order is %s", s.Status(o.ID))
		}
	})
}

func TestATimeThatCannotBeIsNotBelieved(t *testing.T) {
	s := ordertest.OnSQLite(t)
	for _, at := range []time.Time{{}, time.Unix(1, 0), s.Clock.Now().AddDate(5, 0, 0)} {
		_, _, p, _ := opened(t, s)
		r := paid(p, 2335)
		r.At = at
		if err := send(s, r); err != nil {
			t.Fatal(err)
		}
		if n := s.Number("SELECT COUNT(*) FROM payment WHERE id = ? AND paid_at BETWEEN created_at AND ?", p.ID, s.Clock.Now()); n != 1 {
			t.Errorf("%s was taken", at)
		}
	}
}

func TestAChargeOverAnotherAmountIsAnException(t *testing.T) {
	s := ordertest.OnSQLite(t)
	viewer, o, _ := ordered(t, s)
	s.Gateway.Short = 1
	_, err := pay(s, viewer, o.ID, payment.BoundCard, "card")
	if fault.Code(err) != "payment.amount_mismatch" || s.Status(o.ID) != order.PendingPayment {
		t.Errorf("%v, order is %s", err, s.Status(o.ID))
	}
	s.Clock.Advance(10 * time.Second)
	s.RunTasks() // asked, the bank says the same
	if n := s.Number("SELECT COUNT(*) FROM money_exception WHERE kind = 'callback_amount' AND ours_fen = 2335 AND theirs_fen = 2334"); n != 1 {
		t.Errorf("%d exceptions", n)
	}
}
