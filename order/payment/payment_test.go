package payment_test

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

	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/ordertest"
	"yinbo/order/payment"
)

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if fault.Code(err) != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

// report is a callback as the bank sends it.
type report struct {
	OutTradeNo  string    `json:"out_trade_no"`
	OutRefundNo string    `json:"out_refund_no,omitempty"`
	PaymentNo   string    `json:"payment_no"`
	Kind        string    `json:"kind"`
	AmountFen   money.Fen `json:"amount_fen"`
	Status      string    `json:"status"`
	At          time.Time `json:"at"`
}

func send(s *ordertest.Stage, r report) error {
	if r.At.IsZero() {
		r.At = s.Clock.Now()
	}
	if r.PaymentNo == "" {
		r.PaymentNo = "bank-" + r.OutTradeNo // as the stage's gateway numbers them
	}
	body, err := json.Marshal(r)
	if err != nil {
		s.T.Fatal(err)
	}
	return s.Payments.Callback(s.Ctx, sign(ordertest.CallbackKey, s.Clock.Now(), body), body)
}

func sign(key string, at time.Time, body []byte) string {
	stamp := fmt.Sprint(at.Unix())
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return "t=" + stamp + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

func paid(p payment.View, amount money.Fen) report {
	return report{OutTradeNo: p.ID, Kind: "payment", AmountFen: amount, Status: "succeeded"}
}

// pay opens a payment.
func pay(s *ordertest.Stage, viewer, orderID string, m payment.Method, card string) (payment.View, error) {
	v, _, err := s.Payments.Pay(s.Ctx, s.Request(viewer, "POST /orders/"+orderID+"/pay"),
		payment.Wish{Bank: s.Bank, Viewer: viewer, Order: orderID, Method: m, Card: card})
	return v, err
}

// ordered is an order over lines of two merchants, 2 × 10.01 and 1 × 3.33 yuan.
func ordered(t *testing.T, s *ordertest.Stage) (viewer string, o order.View, skus [2]string) {
	t.Helper()
	viewer = s.Viewer()
	skus = [2]string{s.SKUOf(0, catalog.Voucher, 1001, 5), s.SKUOf(1, catalog.Voucher, 333, 5)}
	o, err := s.Place(viewer, order.Wanted{SKU: skus[0], Quantity: 2}, order.Wanted{SKU: skus[1], Quantity: 1})
	if err != nil {
		t.Fatal(err)
	}
	return viewer, o, skus
}

// opened is ordered with a payment open at the cashier.
func opened(t *testing.T, s *ordertest.Stage) (viewer string, o order.View, p payment.View, skus [2]string) {
	t.Helper()
	viewer, o, skus = ordered(t, s)
	p, err := pay(s, viewer, o.ID, payment.Cashier, "")
	if err != nil || p.Status != payment.Pending || p.CashierURL == "" {
		t.Fatalf("%+v %v", p, err)
	}
	return viewer, o, p, skus
}

// account is credits less debits of an account.
func account(s *ordertest.Stage, name string) int64 {
	s.T.Helper()
	return s.Number("SELECT COALESCE(SUM(credit_fen) - SUM(debit_fen), 0) FROM ledger_posting WHERE account LIKE ?", name)
}

func balanced(t *testing.T, s *ordertest.Stage) {
	t.Helper()
	if off := account(s, "%"); off != 0 {
		t.Errorf("the ledger is off by %d", off)
	}
}

// RULES 8.10: the same callback many times, at once.
func TestACallbackPaysOnceHoweverOftenItComes(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, o, p, _ := opened(t, s)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if err := send(s, paid(p, 2335)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		failed := paid(p, 2335)
		failed.Status = "failed" // late and out of order
		if err := send(s, failed); err != nil {
			t.Error(err)
		}
		got, err := s.Orders.Get(s.Ctx, s.Bank.ID, viewer, o.ID)
		if err != nil || got.Status != order.Paid || got.PaidFen != 2335 {
			t.Errorf("%+v %v", got, err)
		}
		if n := s.Number("SELECT COUNT(*) FROM ledger_entry"); n != 1 {
			t.Errorf("%d entries", n)
		}
		if got := s.Live.Updates(o.ID); !slices.Equal(got, []order.Status{order.Paid}) || len(s.Live.Tickers()) != 1 {
			t.Errorf("told %v, shown %v", got, s.Live.Tickers())
		}
		// 5 % of 20.02 is 1.00, 0.33 % of 3.33 is 0.01.
		if account(s, "gateway:%") != -2335 || account(s, "commission") != 101 || account(s, "merchant:%") != 2234 {
			t.Errorf("gateway %d, commission %d, merchants %d", account(s, "gateway:%"), account(s, "commission"), account(s, "merchant:%"))
		}
		s.Clock.Advance(ordertest.TTL)
		s.RunTasks()
		if got := s.Status(o.ID); got != order.Paid {
			t.Errorf("expired to %s", got)
		}
		f, err := s.Orders.RoomFigures(s.Ctx, s.Bank.ID, s.Room)
		if err != nil || f != (order.Figures{Orders: 1, Paid: 1, GMV: 2335}) {
			t.Errorf("%+v %v", f, err)
		}
	})
}

func TestAFailureBeforeTheSuccessDoesNotHideIt(t *testing.T) {
	s := ordertest.OnSQLite(t)
	_, o, p, _ := opened(t, s)
	failed := paid(p, 2335)
	failed.Status = "failed"
	if err := send(s, failed); err != nil {
		t.Fatal(err)
	}
	if err := send(s, paid(p, 2335)); err != nil || s.Status(o.ID) != order.Paid {
		t.Errorf("%v, order is %s", err, s.Status(o.ID))
	}
}

// RULES 8.9: forged, or for another person's order.
func TestForgedUnknownAndWrongCallbacksAreRefused(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		_, o, p, _ := opened(t, s)
		body, _ := json.Marshal(paid(p, 2335))
		now := s.Clock.Now()
		for name, header := range map[string]string{"none": "", "other key": sign("other", now, body), "old": sign(ordertest.CallbackKey, now.Add(-6*time.Minute), body),
			"other body": sign(ordertest.CallbackKey, now, append(body, ' '))} {
			if err := s.Payments.Callback(s.Ctx, header, body); fault.Code(err) != "callback.signature" {
				t.Errorf("%s: %v", name, err)
			}
		}
		wantCode(t, s.Payments.Callback(s.Ctx, sign(ordertest.CallbackKey, now, []byte("{")), []byte("{")), "bad_request")
		wantCode(t, send(s, paid(payment.View{ID: "pay_unknown"}, 2335)), "not_found")
		chargeback, pending := paid(p, 2335), paid(p, 2335)
		chargeback.Kind, pending.Status = "chargeback", "pending"
		wantCode(t, send(s, chargeback), "validation")
		wantCode(t, send(s, pending), "validation")
		for name, text := range map[string]string{"a list": "[]", "text": `"x"`, "an amount in yuan": `{"status":"succeeded","amount_fen":23.35}`,
			"no time": `{"status":"succeeded","at":"yesterday"}`, "two": `{"status":"succeeded"}{}`} {
			if err := s.Payments.Callback(s.Ctx, sign(ordertest.CallbackKey, now, []byte(text)), []byte(text)); fault.Code(err) != "bad_request" {
				t.Errorf("%s: %v", name, err)
			}
		}
		for range 2 {
			wantCode(t, send(s, paid(p, 2334)), "payment.amount_mismatch")
		}
		if n := s.Number("SELECT COUNT(*) FROM money_exception WHERE kind = 'callback_amount' AND ref = ? AND theirs_fen = 2334", p.ID); n != 1 {
			t.Errorf("%d exceptions", n)
		}
		if got := s.Status(o.ID); got != order.PendingPayment {
			t.Errorf("order is %s", got)
		}
	})
}

func TestADroppedCallbackIsAskedFor(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		_, o, p, _ := opened(t, s)
		s.Clock.Advance(6 * time.Second)
		s.RunTasks()
		if got := s.Status(o.ID); got != order.PendingPayment {
			t.Fatalf("order is %s", got)
		}
		s.Gateway.PayAt(p.ID, s.Clock.Now())
		s.Clock.Advance(10 * time.Second)
		s.RunTasks()
		if got := s.Status(o.ID); got != order.Paid {
			t.Errorf("order is %s", got)
		}
		if n := s.Number("SELECT COUNT(*) FROM outbox WHERE kind = 'payment.query' AND state = 'pending'"); n != 0 {
			t.Errorf("%d queries still planned", n)
		}
	})
}

// RULES 8.7: a payment after the timeout released the stock.
func TestALatePaymentTakesTheStockAgain(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		_, o, p, skus := opened(t, s)
		s.Clock.Advance(ordertest.TTL)
		s.RunTasks()
		if s.Status(o.ID) != order.Cancelled || s.Stock(skus[0]) != 5 {
			t.Fatalf("order is %s, stock %d", s.Status(o.ID), s.Stock(skus[0]))
		}
		if err := send(s, paid(p, 2335)); err != nil {
			t.Fatal(err)
		}
		if s.Status(o.ID) != order.Paid || s.Stock(skus[0]) != 3 || s.Stock(skus[1]) != 4 {
			t.Errorf("order is %s, stock %d and %d", s.Status(o.ID), s.Stock(skus[0]), s.Stock(skus[1]))
		}
		balanced(t, s)
	})
}

// RULES 8.7: likewise, and the stock is gone.
func TestALatePaymentWithoutStockIsGivenBackInFull(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, o, p, skus := opened(t, s)
		if _, err := s.Orders.Cancel(s.Ctx, s.Bank.ID, viewer, o.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Place(s.Viewer(), order.Wanted{SKU: skus[1], Quantity: 5}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := send(s, paid(p, 2335)); err != nil {
				t.Fatal(err)
			}
		}
		if account(s, "suspense") != 2335 {
			t.Errorf("suspense %d", account(s, "suspense"))
		}
		s.RunTasks()
		if s.Gateway.PaidOut(p.ID) != 2335 || s.Status(o.ID) != order.Cancelled || s.Stock(skus[0]) != 5 {
			t.Errorf("given back %d, order is %s, stock %d", s.Gateway.PaidOut(p.ID), s.Status(o.ID), s.Stock(skus[0]))
		}
		if account(s, "suspense") != 0 || account(s, "gateway:%") != 0 {
			t.Error("the ledger keeps money that went back")
		}
	})
}

// RULES 8.7: likewise, in a flash sale.
func TestALateFlashPaymentTakesUnitAndClaimAgainOrGoesBack(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		f := s.Sale(1, 1)
		var orders []order.View
		var payments []payment.View
		for range 2 {
			viewer := s.Viewer()
			o, err := s.Buy(viewer, f.ID, 1)
			if err != nil {
				t.Fatal(err)
			}
			p, err := pay(s, viewer, o.ID, payment.Cashier, "")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Orders.Cancel(s.Ctx, s.Bank.ID, viewer, o.ID); err != nil {
				t.Fatal(err)
			}
			orders, payments = append(orders, o), append(payments, p)
		}
		for _, p := range payments {
			if err := send(s, paid(p, 990)); err != nil {
				t.Fatal(err)
			}
		}
		s.RunTasks()
		if s.Status(orders[0].ID) != order.Paid || s.Status(orders[1].ID) != order.Cancelled || s.Gateway.PaidOut(payments[1].ID) != 990 {
			t.Errorf("%s, %s, given back %d", s.Status(orders[0].ID), s.Status(orders[1].ID), s.Gateway.PaidOut(payments[1].ID))
		}
		if s.Number("SELECT sold FROM flash_sale WHERE id = ?", f.ID) != 1 || s.Number("SELECT SUM(quantity) FROM flash_claim WHERE flash_id = ?", f.ID) != 1 {
			t.Error("units are not conserved")
		}
	})
}

// RULES 8.10: three charges for one order, reported at once.
func TestThreeChargesOfOneOrderPayItOnce(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, o, p, _ := opened(t, s)
		s.Gateway.Charges = "pending"
		all := []payment.View{p}
		for _, card := range []string{"card", "card2"} {
			charged, err := pay(s, viewer, o.ID, payment.BoundCard, card)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, charged)
		}
		var wg sync.WaitGroup
		for _, p := range all {
			wg.Go(func() {
				if err := send(s, paid(p, 2335)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		s.RunTasks()
		var back money.Fen
		for _, p := range all {
			back += s.Gateway.PaidOut(p.ID)
		}
		if s.Status(o.ID) != order.Paid || back != 2*2335 || account(s, "gateway:%") != -2335 || account(s, "suspense") != 0 {
			t.Errorf("order is %s, %d given back, gateway %d", s.Status(o.ID), back, account(s, "gateway:%"))
		}
	})
}

func TestABoundCardPaysAtOnceAndAnUnknownOutcomeIsFoundOut(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, o, _ := ordered(t, s)
		p, err := pay(s, viewer, o.ID, payment.BoundCard, "card")
		if err != nil || p.Status != payment.Succeeded || s.Status(o.ID) != order.Paid {
			t.Errorf("%+v %v", p, err)
		}
		viewer, o, _ = ordered(t, s)
		_, err = pay(s, viewer, o.ID, payment.BoundCard, "another's")
		wantCode(t, err, "not_found")
		_, err = pay(s, viewer, o.ID, payment.BoundCard, "")
		wantCode(t, err, "validation")
		s.Gateway.Mute = true // charges, and the answer is lost
		p, err = pay(s, viewer, o.ID, payment.BoundCard, "card")
		if err != nil || p.Status != payment.Pending {
			t.Errorf("%+v %v", p, err)
		}
		s.Clock.Advance(10 * time.Second)
		s.RunTasks()
		if got := s.Status(o.ID); got != order.Paid {
			t.Errorf("order is %s", got)
		}
		s.Gateway.Mute, s.Gateway.Charges = false, "failed"
		viewer, o, _ = ordered(t, s)
		first, err := pay(s, viewer, o.ID, payment.BoundCard, "card")
		if err != nil || first.Status != payment.Failed {
			t.Errorf("%+v %v", first, err)
		}
		s.Gateway.Charges = "succeeded"
		second, err := pay(s, viewer, o.ID, payment.BoundCard, "card")
		if err != nil || second.Status != payment.Succeeded || second.ID == first.ID {
			t.Errorf("%+v %v", second, err)
		}
	})
}

func TestPayingAgainIsTheSamePayment(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, o, _ := ordered(t, s)
		s.Gateway.Deaf = true
		req := s.Request(viewer, "POST /pay")
		wish := payment.Wish{Bank: s.Bank, Viewer: viewer, Order: o.ID, Method: payment.Cashier}
		_, _, err := s.Payments.Pay(s.Ctx, req, wish)
		wantCode(t, err, "unavailable")
		s.Gateway.Deaf = false
		first, replayed, err := s.Payments.Pay(s.Ctx, req, wish)
		if err != nil || replayed || first.CashierURL == "" {
			t.Fatalf("%+v %v %v", first, replayed, err)
		}
		again, replayed, err := s.Payments.Pay(s.Ctx, req, wish)
		if err != nil || !replayed || again != first {
			t.Errorf("%+v %v %v", again, replayed, err)
		}
		other, err := pay(s, viewer, o.ID, payment.Cashier, "")
		if err != nil || other != first {
			t.Errorf("a second payment is open: %+v %v", other, err)
		}
		_, err = pay(s, s.Viewer(), o.ID, payment.Cashier, "")
		wantCode(t, err, "not_found")
		if err := send(s, paid(first, 2335)); err != nil {
			t.Fatal(err)
		}
		_, err = pay(s, viewer, o.ID, payment.Cashier, "")
		wantCode(t, err, "order.not_payable")
	})
}

// A bank adds to its callbacks without asking: what we do not know is passed
// over, and never refuses money.
func TestACallbackMaySayMore(t *testing.T) {
	s := ordertest.OnSQLite(t)
	_, o, p, _ := opened(t, s)
	body := fmt.Appendf(nil, `{"out_trade_no":%q,"payment_no":%q,"kind":"payment","amount_fen":2335,"status":"succeeded","at":%q,"channel":{"id":7}}`,
		p.ID, "bank-"+p.ID, s.Clock.Now().Format(time.RFC3339Nano))
	if err := s.Payments.Callback(s.Ctx, sign(ordertest.CallbackKey, s.Clock.Now(), body), body); err != nil || s.Status(o.ID) != order.Paid {
		t.Errorf("%v, order is %s", err, s.Status(o.ID))
	}
}
