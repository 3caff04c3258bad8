package payment_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yinbo/internal/money"
	"yinbo/order"
	"yinbo/order/ordertest"
	"yinbo/order/payment"
)

// bought is an order of 23.35 yuan that is paid.
func bought(t *testing.T, s *ordertest.Stage) (viewer string, o order.View, p payment.View) {
	t.Helper()
	viewer, o, p, _ = opened(t, s)
	if err := send(s, paid(p, 2335)); err != nil {
		t.Fatal(err)
	}
	return viewer, o, p
}

func refund(s *ordertest.Stage, viewer, orderID string, amount money.Fen) (payment.RefundView, error) {
	v, _, err := s.Payments.Refund(s.Ctx, s.Request(viewer, "POST /refunds"), s.Bank.ID, viewer, orderID, amount, "不想要了")
	return v, err
}

func TestRefundsInPartsGiveBackAllToTheFen(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, o, p := bought(t, s)
		for i, amount := range []money.Fen{1, 700, 999, 635} {
			r, err := refund(s, viewer, o.ID, amount)
			if err != nil || r.Status != payment.Pending || s.Status(o.ID) != order.Refunding {
				t.Fatalf("%d: %+v %v, order is %s", i, r, err, s.Status(o.ID))
			}
			s.RunTasks()
			want := order.Paid
			if i == 3 {
				want = order.Refunded
			}
			if got := s.Status(o.ID); got != want {
				t.Errorf("%d: order is %s", i, got)
			}
			balanced(t, s)
		}
		if s.Gateway.PaidOut(p.ID) != 2335 {
			t.Errorf("given back %d", s.Gateway.PaidOut(p.ID))
		}
		if n := s.Number("SELECT COUNT(DISTINCT account) FROM ledger_posting"); n != 4 {
			t.Errorf("%d accounts", n)
		}
		for _, name := range []string{"gateway:%", "commission", "merchant:%"} {
			if account(s, name) != 0 {
				t.Errorf("%s keeps %d", name, account(s, name))
			}
		}
		if off := s.Number("SELECT COUNT(*) FROM (SELECT account FROM ledger_posting GROUP BY account HAVING SUM(debit_fen) <> SUM(credit_fen)) x"); off != 0 {
			t.Errorf("%d accounts are not even", off)
		}
		_, err := refund(s, viewer, o.ID, 1)
		wantCode(t, err, "refund.exceeds")
	})
}

func TestRefundsNeverExceedWhatWasPaid(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, o, p := bought(t, s)
		_, err := refund(s, s.Viewer(), o.ID, 1)
		wantCode(t, err, "not_found")
		_, err = refund(s, viewer, o.ID, 2336)
		wantCode(t, err, "refund.exceeds")
		var granted atomic.Int64
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				if _, err := refund(s, viewer, o.ID, 1000); err == nil {
					granted.Add(1)
				} else {
					wantCode(t, err, "refund.exceeds")
				}
			})
		}
		wg.Wait()
		s.RunTasks()
		got, err := s.Orders.Get(s.Ctx, s.Bank.ID, viewer, o.ID)
		if err != nil || granted.Load() != 2 || s.Gateway.PaidOut(p.ID) != 2000 || got.RefundedFen != 2000 || got.Status != order.Paid {
			t.Errorf("granted %d, given back %d, %+v %v", granted.Load(), s.Gateway.PaidOut(p.ID), got, err)
		}
	})
}

// RULES 8.10: answer and callback of one refund, in any order.
func TestARefundCountsOnceByAnswerAndCallback(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, o, p := bought(t, s)
		s.Gateway.Mute = true
		r, err := refund(s, viewer, o.ID, 335)
		if err != nil {
			t.Fatal(err)
		}
		s.RunTasks() // the bank acts, its answer is lost
		if got := s.Status(o.ID); got != order.Refunding {
			t.Fatalf("order is %s", got)
		}
		wrong := report{OutTradeNo: p.ID, OutRefundNo: r.ID, Kind: "refund", AmountFen: 336, Status: "succeeded"}
		wantCode(t, send(s, wrong), "payment.amount_mismatch")
		unknown := wrong
		unknown.OutRefundNo = "rfd_unknown"
		wantCode(t, send(s, unknown), "not_found")
		for _, no := range []string{"", r.ID, ""} {
			if err := send(s, report{OutTradeNo: p.ID, OutRefundNo: no, Kind: "refund", AmountFen: 335, Status: "succeeded"}); err != nil {
				t.Error(err)
			}
		}
		s.Gateway.Mute = false
		s.Clock.Advance(ordertest.TTL)
		s.RunTasks()
		got, err := s.Orders.Get(s.Ctx, s.Bank.ID, viewer, o.ID)
		if err != nil || got.RefundedFen != 335 || got.Status != order.Paid || s.Gateway.PaidOut(p.ID) != 335 {
			t.Errorf("%+v %v, given back %d", got, err, s.Gateway.PaidOut(p.ID))
		}
		balanced(t, s)
	})
}

func TestARefundThatTheBankRefusesReturnsTheOrder(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, o, _ := bought(t, s)
		s.Gateway.Refuse = true
		if _, err := refund(s, viewer, o.ID, 335); err != nil {
			t.Fatal(err)
		}
		s.RunTasks()
		if got := s.Status(o.ID); got != order.Paid {
			t.Errorf("order is %s", got)
		}
		s.Gateway.Refuse = false
		if _, err := refund(s, viewer, o.ID, 2335); err != nil {
			t.Errorf("what failed counts against the rest: %v", err)
		}
		s.RunTasks()
		if got := s.Status(o.ID); got != order.Refunded {
			t.Errorf("order is %s", got)
		}
	})
}

func TestARefundIsAskedForUntilItIsKnown(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, o, p := bought(t, s)
		if _, err := refund(s, viewer, o.ID, 2335); err != nil {
			t.Fatal(err)
		}
		s.Gateway.Deaf = true
		for range 400 { // a bank that is away for days
			s.Clock.Advance(10 * time.Minute)
			s.RunTasks()
		}
		if s.Status(o.ID) != order.Refunding || s.Number("SELECT COUNT(*) FROM outbox WHERE kind = 'refund.send' AND state = 'pending'") != 1 {
			t.Fatalf("order is %s, given up", s.Status(o.ID))
		}
		s.Gateway.Deaf = false
		s.Clock.Advance(time.Hour)
		s.RunTasks()
		if s.Status(o.ID) != order.Refunded || s.Gateway.PaidOut(p.ID) != 2335 {
			t.Errorf("order is %s, given back %d", s.Status(o.ID), s.Gateway.PaidOut(p.ID))
		}
	})
}

func TestARefundThatFailedAndSucceededAfterAllIsCounted(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, o, p := bought(t, s)
		s.Gateway.Refuse = true
		first, err := refund(s, viewer, o.ID, 2335)
		if err != nil {
			t.Fatal(err)
		}
		s.RunTasks()
		if n := s.Number("SELECT COUNT(*) FROM money_exception WHERE kind = 'refund_failed' AND ref = ? AND ours_fen = -2335", first.ID); n != 1 || s.Status(o.ID) != order.Paid {
			t.Errorf("%d exceptions, order is %s", n, s.Status(o.ID))
		}
		succeeded := report{OutTradeNo: p.ID, OutRefundNo: first.ID, Kind: "refund", AmountFen: 2335, Status: "succeeded"}
		failed := succeeded
		failed.Status = "failed"
		for _, r := range []report{failed, succeeded, failed, succeeded} {
			if err := send(s, r); err != nil {
				t.Error(err)
			}
		}
		if s.Status(o.ID) != order.Refunded || account(s, "gateway:%") != 0 || s.Number("SELECT refunded_fen FROM orders WHERE id = ?", o.ID) != 2335 {
			t.Errorf("order is %s, gateway %d", s.Status(o.ID), account(s, "gateway:%"))
		}
		balanced(t, s)
	})
}

func TestWhatIsGivenBackNeverExceedsWhatWasPaid(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, o, p := bought(t, s)
		s.Gateway.Refuse = true
		first, err := refund(s, viewer, o.ID, 2000)
		if err != nil {
			t.Fatal(err)
		}
		s.RunTasks()
		s.Gateway.Refuse = false
		if _, err := refund(s, viewer, o.ID, 1000); err != nil { // on its way, or done: the same
			t.Fatal(err)
		}
		report := report{OutTradeNo: p.ID, OutRefundNo: first.ID, Kind: "refund", AmountFen: 2000, Status: "succeeded"}
		for range 2 {
			if err := send(s, report); err != nil {
				t.Error(err)
			}
			s.RunTasks()
		}
		if n := s.Number("SELECT COUNT(*) FROM money_exception WHERE kind = 'refund_exceeds' AND ref = ? AND theirs_fen = -2000", first.ID); n != 1 {
			t.Errorf("%d exceptions", n)
		}
		if n := s.Number("SELECT refunded_fen FROM orders WHERE id = ?", o.ID); n != 1000 || s.Status(o.ID) != order.Paid || account(s, "gateway:%") != -1335 {
			t.Errorf("%d refunded, order is %s, gateway %d", n, s.Status(o.ID), account(s, "gateway:%"))
		}
	})
}

func TestMoneyThatCouldNotGoBackIsNotForgotten(t *testing.T) {
	s := ordertest.OnSQLite(t)
	viewer, o, p, skus := opened(t, s)
	if _, err := s.Orders.Cancel(s.Ctx, s.Bank.ID, viewer, o.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Place(s.Viewer(), order.Wanted{SKU: skus[1], Quantity: 5}); err != nil {
		t.Fatal(err)
	}
	s.Gateway.Refuse = true
	if err := send(s, paid(p, 2335)); err != nil {
		t.Fatal(err)
	}
	s.RunTasks()
	if n := s.Number("SELECT COUNT(*) FROM money_exception WHERE kind = 'refund_failed'"); n != 1 || account(s, "suspense") != 2335 {
		t.Errorf("%d exceptions, suspense %d", n, account(s, "suspense"))
	}
}

// RULES 8.10: a refund's callback before its payment's, and one of a refund that
// is not ours.
func TestARefundIsReportedBeforeItsPayment(t *testing.T) {
	s := ordertest.OnSQLite(t)
	viewer, o, p, _ := opened(t, s)
	early := report{OutTradeNo: p.ID, OutRefundNo: "rfd_theirs", Kind: "refund", AmountFen: 2335, Status: "succeeded"}
	wantCode(t, send(s, early), "not_found") // no refund of ours: the bank is told so
	s.Gateway.PayAt(p.ID, s.Clock.Now())
	s.Clock.Advance(10 * time.Second)
	s.RunTasks() // paid by query; the callback is still on its way
	s.Gateway.Mute = true
	r, err := refund(s, viewer, o.ID, 2335)
	if err != nil {
		t.Fatal(err)
	}
	s.RunTasks()
	done := report{OutTradeNo: p.ID, OutRefundNo: r.ID, Kind: "refund", AmountFen: 2335, Status: "succeeded"}
	for _, r := range []report{done, paid(p, 2335), done} {
		if err := send(s, r); err != nil {
			t.Error(err)
		}
	}
	if s.Status(o.ID) != order.Refunded || account(s, "gateway:%") != 0 {
		t.Errorf("order is %s, gateway %d", s.Status(o.ID), account(s, "gateway:%"))
	}
}
