package payment_test

import (
	"encoding/json"
	"testing"
	"time"

	"yinbo/internal/testkit"
	"yinbo/order"
	"yinbo/order/ordertest"
)

// Whoever keeps a signed message may send it again until its signature is too
// old: it is taken in as it was the first time, and changes nothing any more,
// whatever came in between.
func TestAReplayedCallbackChangesNothing(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, o, p, _ := opened(t, s)
		message := func(r report) func() error {
			r.At, r.PaymentNo = s.Clock.Now(), "bank-"+r.OutTradeNo
			body, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			signature := sign(ordertest.CallbackKey, s.Clock.Now(), body)
			return func() error { return s.Payments.Callback(s.Ctx, signature, body) }
		}
		failed := paid(p, 2335)
		failed.Status = "failed"
		first := message(failed)
		success := message(paid(p, 2335))
		for _, send := range []func() error{first, success} {
			if err := send(); err != nil {
				t.Fatal(err)
			}
		}
		r, err := refund(s, viewer, o.ID, 2335)
		if err != nil {
			t.Fatal(err)
		}
		s.RunTasks()
		given := message(report{OutTradeNo: p.ID, OutRefundNo: r.ID, Kind: "refund", AmountFen: 2335, Status: "succeeded"})
		if err := given(); err != nil || s.Status(o.ID) != order.Refunded {
			t.Fatalf("order is %s: %v", s.Status(o.ID), err)
		}
		s.Clock.Advance(4 * time.Minute)
		for what, send := range map[string]func() error{"a failure": first, "a payment": success, "a refund": given} {
			testkit.Unchanged(t, s.DB, "the replay of "+what, func() {
				if err := send(); err != nil {
					t.Errorf("the replay of %s: %v", what, err)
				}
			})
		}
		s.Clock.Advance(2 * time.Minute)
		wantCode(t, success(), "callback.signature")
		balanced(t, s)
	})
}

func TestAReplayedWeChatNoticeChangesNothing(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		server := withWeChat(s)
		viewer, o, p := scanned(t, s)
		server.Pay(p.ID)
		header, body := server.Notice(p.ID)
		if err := notice(s, header, body); err != nil {
			t.Fatal(err)
		}
		r, err := refund(s, viewer, o.ID, 2335)
		if err != nil {
			t.Fatal(err)
		}
		s.RunTasks()
		server.EndRefund(r.ID, "SUCCESS")
		refunded, content := server.RefundNotice(r.ID)
		if err := notice(s, refunded, content); err != nil || s.Status(o.ID) != order.Refunded {
			t.Fatalf("order is %s: %v", s.Status(o.ID), err)
		}
		for range 2 {
			testkit.Unchanged(t, s.DB, "the replay of a notice", func() {
				if err := notice(s, header, body); err != nil {
					t.Errorf("a payment: %v", err)
				}
				if err := notice(s, refunded, content); err != nil {
					t.Errorf("a refund: %v", err)
				}
			})
		}
		balanced(t, s)
	})
}
