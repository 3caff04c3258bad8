package payment_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/order"
	"yinbo/order/ordertest"
	"yinbo/order/payment"
)

// RULES 8.9: a forged callback.
func TestRule8_9AForgedCallbackIsRefused(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		_, o, p, _ := opened(t, s)
		body, err := json.Marshal(paid(p, 2335))
		if err != nil {
			t.Fatal(err)
		}
		now := s.Clock.Now()
		good := sign(ordertest.CallbackKey, now, body)
		for name, header := range map[string]string{
			"none": "", "no key": sign("", now, body), "other key": sign("other", now, body),
			"old":          sign(ordertest.CallbackKey, now.Add(-5*time.Minute-time.Second), body),
			"to come":      sign(ordertest.CallbackKey, now.Add(5*time.Minute+time.Second), body),
			"end of time":  sign(ordertest.CallbackKey, time.Unix(1<<62, 0), body),
			"other body":   sign(ordertest.CallbackKey, now, append(body, ' ')),
			"other time":   fmt.Sprintf("t=%d%s", now.Unix()-1, good[len(fmt.Sprintf("t=%d", now.Unix())):]),
			"half":         good[:len(good)-2],
			"other scheme": "v0" + good,
		} {
			if err := s.Payments.Callback(s.Ctx, header, body); fault.Code(err) != "callback.signature" {
				t.Errorf("%s: %v", name, err)
			}
		}
		if got := s.Status(o.ID); got != order.PendingPayment || s.Number("SELECT COUNT(*) FROM ledger_entry") != 0 {
			t.Errorf("order is %s", got)
		}
		for _, at := range []time.Duration{-5*time.Minute + time.Second, 5*time.Minute - time.Second} { // the two clocks may differ
			if err := s.Payments.Callback(s.Ctx, sign(ordertest.CallbackKey, now.Add(at), body), body); err != nil {
				t.Errorf("%s: %v", at, err)
			}
		}
	})
}

// RULES 8.9: a callback for another person's order: what is paid for one order
// never pays another, whatever of it is changed.
func TestRule8_9ACallbackPaysNoOtherOrder(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		_, mine, p, _ := opened(t, s)
		_, theirs, q, _ := opened(t, s)
		s.Gateway.PayAt(p.ID, s.Clock.Now())
		body, err := json.Marshal(paid(p, 2335))
		if err != nil {
			t.Fatal(err)
		}
		header := sign(ordertest.CallbackKey, s.Clock.Now(), body)
		for _, other := range []string{q.ID, theirs.ID, "pay_nobody"} { // a signature is of its body
			changed, _ := json.Marshal(paid(payment.View{ID: other}, 2335))
			wantCode(t, s.Payments.Callback(s.Ctx, header, changed), "callback.signature")
		}
		// The bank's own mix-up, signed: the bank's number is another payment's.
		mixed := paid(q, 2335)
		mixed.PaymentNo = "bank-" + p.ID
		for range 2 {
			wantCode(t, send(s, mixed), "payment.number_mismatch")
		}
		if n := s.Number("SELECT COUNT(*) FROM money_exception WHERE kind = 'callback_number' AND ref = ?", q.ID); n != 1 {
			t.Errorf("%d exceptions", n)
		}
		wantCode(t, send(s, paid(payment.View{ID: mine.ID}, 2335)), "not_found")
		if err := s.Payments.Callback(s.Ctx, header, body); err != nil {
			t.Fatal(err)
		}
		if s.Status(mine.ID) != order.Paid || s.Status(theirs.ID) != order.PendingPayment || account(s, "gateway:%") != -2335 {
			t.Errorf("mine is %s, theirs %s", s.Status(mine.ID), s.Status(theirs.ID))
		}
	})
}

// RULES 8.9, §7: a wrong amount is never accepted, whoever reports it.
func TestRule8_9AWrongAmountIsAnException(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		for _, amount := range []money.Fen{0, 1, -2335, 2334, 2336, 1 << 62} {
			_, o, p, _ := opened(t, s)
			for range 2 {
				wantCode(t, send(s, paid(p, amount)), "payment.amount_mismatch")
			}
			n := s.Number("SELECT COUNT(*) FROM money_exception WHERE kind = 'callback_amount' AND ref = ? AND ours_fen = 2335 AND theirs_fen = ?", p.ID, int64(amount))
			if n != 1 || s.Status(o.ID) != order.PendingPayment {
				t.Errorf("%d: %d exceptions, order is %s", amount, n, s.Status(o.ID))
			}
		}
		if n := s.Number("SELECT COUNT(*) FROM ledger_entry"); n != 0 {
			t.Errorf("%d entries", n)
		}
	})
}

// RULES 8.10: callback against client return. The person's app asks at the very
// moment that the bank reports and the query is due: one effect, one answer.
func TestRule8_10CallbackAgainstClientReturn(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, o, p, _ := opened(t, s)
		s.Gateway.PayAt(p.ID, s.Clock.Now())
		s.Clock.Advance(10 * time.Second)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if err := send(s, paid(p, 2335)); err != nil {
					t.Error(err)
				}
			})
			wg.Go(func() { // comes back from the cashier and presses "pay" again
				v, err := pay(s, viewer, o.ID, payment.Cashier, "")
				if fault.Code(err) != "order.not_payable" && (err != nil || v.ID != p.ID) {
					t.Errorf("%+v %v", v, err)
				}
			})
			wg.Go(func() {
				if v, err := s.Orders.Get(s.Ctx, s.Bank.ID, viewer, o.ID); err != nil || v.Status != order.PendingPayment && v.Status != order.Paid {
					t.Errorf("%+v %v", v, err)
				}
			})
		}
		wg.Go(s.RunTasks)
		wg.Wait()
		if s.Status(o.ID) != order.Paid || s.Number("SELECT COUNT(*) FROM ledger_entry") != 1 || s.Number("SELECT COUNT(*) FROM payment") != 1 {
			t.Errorf("order is %s, %d entries, %d payments", s.Status(o.ID), s.Number("SELECT COUNT(*) FROM ledger_entry"), s.Number("SELECT COUNT(*) FROM payment"))
		}
	})
}

// RULES 8.10: the same callback many times, in any order. Whatever sequence of
// reports, queries and returns a payment meets, once the bank has the money the
// order is paid, the book has it once, and nothing else is different.
func TestRule8_10AnyOrderOfReportsEndsTheSame(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		rapid.Check(t, func(rt *rapid.T) {
			viewer := s.Viewer()
			o, err := s.Place(viewer, order.Wanted{SKU: s.SKU("voucher", 990, 5), Quantity: 1})
			if err != nil {
				rt.Fatal(err)
			}
			p, err := pay(s, viewer, o.ID, payment.Cashier, "")
			if err != nil {
				rt.Fatal(err)
			}
			failed := paid(p, 990)
			failed.Status = "failed"
			back := report{OutTradeNo: p.ID, OutRefundNo: "rfd_none", Kind: "refund", AmountFen: 990, Status: "succeeded"}
			told := false
			steps := map[string]func(){
				"success":      func() { told = true; check(rt, send(s, paid(p, 990)), "") },
				"failure":      func() { check(rt, send(s, failed), "") },
				"wrong amount": func() { check(rt, send(s, paid(p, 989)), "payment.amount_mismatch") },
				"forged":       func() { check(rt, s.Payments.Callback(s.Ctx, "t=1,v1=00", []byte("{}")), "callback.signature") },
				"early refund": func() { check(rt, send(s, back), "not_found") },
				"query":        func() { s.Clock.Advance(30 * time.Second); s.RunTasks() },
				"return": func() { // an answer of any kind; never a second effect
					_, err := pay(s, viewer, o.ID, payment.Cashier, "")
					if code := fault.Code(err); code != "" && code != "order.not_payable" {
						rt.Error(err)
					}
				},
			}
			for _, name := range rapid.SliceOfN(rapid.SampledFrom(slices.Sorted(maps.Keys(steps))), 0, 10).Draw(rt, "steps") {
				steps[name]()
			}
			if !told { // the bank has the money in the end, and says so
				steps["success"]()
			}
			if got := s.Status(o.ID); got != order.Paid {
				rt.Errorf("order is %s", got)
			}
			if n := s.Number("SELECT COUNT(*) FROM ledger_entry WHERE order_id = ? AND event = 'order.paid'", o.ID); n != 1 {
				rt.Errorf("posted %d times", n)
			}
			if n := s.Number("SELECT COUNT(*) FROM payment WHERE order_id = ? AND status = 'succeeded'", o.ID); n != 1 {
				rt.Errorf("%d payments succeeded", n)
			}
			if n := s.Number("SELECT COUNT(*) FROM refund WHERE order_id = ?", o.ID); n != 0 {
				rt.Errorf("%d refunds", n)
			}
		})
	})
}

func check(t *rapid.T, err error, code string) {
	t.Helper()
	if fault.Code(err) != code {
		t.Errorf("got %v, want %q", err, code)
	}
}

// RULES 8.10: three charges for one order, by three ways of paying, reported in
// any order: one pays, the others go back in full.
func TestRule8_10ThreeChargesForOneOrder(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		rapid.Check(t, func(rt *rapid.T) {
			s.Gateway.Charges = "pending"
			viewer := s.Viewer()
			o, err := s.Place(viewer, order.Wanted{SKU: s.SKU("voucher", 990, 5), Quantity: 1})
			if err != nil {
				rt.Fatal(err)
			}
			var all []payment.View
			for _, card := range []string{"", "card", "card2"} {
				method := payment.Cashier
				if card != "" {
					method = payment.BoundCard
				}
				p, err := pay(s, viewer, o.ID, method, card)
				if err != nil {
					rt.Fatal(err)
				}
				all = append(all, p)
			}
			reports := rapid.Permutation([]int{0, 1, 2, 0, 1, 2}).Draw(rt, "reports")
			if rapid.Bool().Draw(rt, "cancelled first") {
				if _, err := s.Orders.Cancel(s.Ctx, s.Bank.ID, viewer, o.ID); err != nil {
					rt.Fatal(err)
				}
			}
			for _, i := range reports {
				check(rt, send(s, paid(all[i], 990)), "")
			}
			s.RunTasks()
			var back money.Fen
			for _, p := range all {
				if n := s.Gateway.PaidOut(p.ID); n != 0 && n != 990 {
					rt.Errorf("%d of %s given back", n, p.ID)
				} else {
					back += n
				}
			}
			first := all[reports[0]].ID
			if s.Status(o.ID) != order.Paid || back != 2*990 || s.Gateway.PaidOut(first) != 0 {
				rt.Errorf("order is %s, %d given back, %d of the first", s.Status(o.ID), back, s.Gateway.PaidOut(first))
			}
			held := s.Number("SELECT COALESCE(SUM(p.debit_fen) - SUM(p.credit_fen), 0) FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry_id WHERE e.order_id = ? AND p.account = 'gateway:bankbox'", o.ID)
			if held != 990 || account(s, "suspense") != 0 {
				rt.Errorf("the gateway holds %d, suspense %d", held, account(s, "suspense"))
			}
		})
	})
}
