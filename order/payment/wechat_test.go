package payment_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/internal/wechatpay/wechattest"
	"yinbo/order"
	"yinbo/order/ordertest"
	"yinbo/order/payment"
)

// withWeChat is the stage with a merchant's WeChat Pay.
func withWeChat(s *ordertest.Stage) *wechattest.Server {
	server := wechattest.New(s.T)
	s.Payments.Gateways[payment.WeChatPay] = server.Client()
	return server
}

func payBy(s *ordertest.Stage, viewer, orderID string, c payment.Channel) (payment.View, error) {
	v, _, err := s.Payments.Pay(s.Ctx, s.Request(viewer, "POST /orders/"+orderID+"/pay"),
		payment.Wish{Bank: s.Bank, Viewer: viewer, Order: orderID, Method: payment.Cashier, Channel: c})
	return v, err
}

// scanned is an order of 23.35 yuan with a payment open at WeChat Pay.
func scanned(t *testing.T, s *ordertest.Stage) (viewer string, o order.View, p payment.View) {
	t.Helper()
	viewer, o, _ = ordered(t, s)
	p, err := payBy(s, viewer, o.ID, payment.WeChatPay)
	if err != nil || p.Status != payment.Pending || !strings.HasPrefix(p.CashierURL, "weixin://") {
		t.Fatalf("%+v %v", p, err)
	}
	return viewer, o, p
}

func notice(s *ordertest.Stage, header http.Header, body []byte) error {
	return s.Payments.Notice(s.Ctx, payment.WeChatPay, header.Get, body)
}

// RULES 8.10, by WeChat Pay: the same notice many times and at once.
func TestRule8_10AWeChatNoticePaysOnceHoweverOftenItComes(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		server := withWeChat(s)
		viewer, o, p := scanned(t, s)
		if again, err := payBy(s, viewer, o.ID, payment.WeChatPay); err != nil || again != p {
			t.Errorf("%+v %v", again, err)
		}
		server.Pay(p.ID)
		if again, err := payBy(s, viewer, o.ID, payment.WeChatPay); err != nil || again != p { // it is paid, and we do not know yet
			t.Errorf("%+v %v", again, err)
		}
		header, body := server.Notice(p.ID)
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				if err := notice(s, header, body); err != nil { // a replay within its window changes nothing
					t.Error(err)
				}
			})
		}
		wg.Wait()
		header, body = server.Notice(p.ID) // signed anew, as retries are
		if err := notice(s, header, body); err != nil {
			t.Error(err)
		}
		if s.Status(o.ID) != order.Paid || s.Number("SELECT COUNT(*) FROM ledger_entry") != 1 {
			t.Errorf("order is %s", s.Status(o.ID))
		}
		if account(s, "gateway:wechatpay") != -2335 || account(s, "gateway:bankbox") != 0 {
			t.Errorf("wechatpay %d, bankbox %d", account(s, "gateway:wechatpay"), account(s, "gateway:bankbox"))
		}
	})
}

// RULES 8.9, by WeChat Pay.
func TestRule8_9ForgedAndWrongWeChatNoticesAreRefused(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		server := withWeChat(s)
		_, o, p := scanned(t, s)
		_, other, q := scanned(t, s)
		server.Pay(p.ID)
		_, body := server.Notice(p.ID)
		wantCode(t, notice(s, server.Signed(body, time.Now(), server.Forger()), body), "callback.signature")
		wantCode(t, notice(s, server.Signed(body, time.Now().Add(-6*time.Minute), nil), body), "callback.signature")
		header, changed := server.Notice(p.ID, func(content map[string]any) { content["amount"].(map[string]any)["total"] = 2334 })
		for range 2 {
			wantCode(t, notice(s, header, changed), "payment.amount_mismatch")
		}
		header, changed = server.Notice(p.ID, func(content map[string]any) { content["amount"].(map[string]any)["currency"] = "USD" })
		wantCode(t, notice(s, header, changed), "payment.amount_mismatch")
		header, changed = server.Notice(p.ID, func(content map[string]any) { content["mchid"] = "1900000110" })
		wantCode(t, notice(s, header, changed), "not_found")
		if n := s.Number("SELECT COUNT(*) FROM money_exception WHERE kind = 'callback_amount' AND ref = ?", p.ID); n != 1 {
			t.Errorf("%d exceptions", n)
		}
		if s.Status(o.ID) != order.PendingPayment || s.Status(other.ID) != order.PendingPayment {
			t.Errorf("orders are %s and %s", s.Status(o.ID), s.Status(other.ID))
		}
		// Who signs for one channel has no say over another's payments.
		viewer, atBank, _ := ordered(t, s)
		b, err := payBy(s, viewer, atBank.ID, "")
		if err != nil {
			t.Fatal(err)
		}
		header, changed = server.Notice(p.ID, func(content map[string]any) { content["out_trade_no"] = b.ID })
		wantCode(t, notice(s, header, changed), "not_found")
		wantCode(t, send(s, paid(q, 2335)), "not_found")
	})
}

func TestAWeChatPaymentWithoutANoticeIsAskedFor(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		server := withWeChat(s)
		_, o, p := scanned(t, s)
		until(s, 20*time.Second, func() bool { return server.State(p.ID) == "NOTPAY" }) // asked about, and still open
		server.Tamper.Store(true)
		server.Pay(p.ID)
		s.Clock.Advance(20 * time.Second)
		s.RunTasks() // an answer that is not WeChat Pay's says nothing
		if got := s.Status(o.ID); got != order.PendingPayment {
			t.Fatalf("order is %s", got)
		}
		server.Tamper.Store(false)
		until(s, time.Minute, func() bool { return s.Status(o.ID) == order.Paid })
	})
}

func TestAWeChatRefundTakesItsTime(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		server := withWeChat(s)
		viewer, o, p := scanned(t, s)
		server.Pay(p.ID)
		header, body := server.Notice(p.ID)
		if err := notice(s, header, body); err != nil {
			t.Fatal(err)
		}
		ids := map[string]string{}
		for state, amount := range map[string]money.Fen{"SUCCESS": 335, "CLOSED": 100, "ABNORMAL": 1000} {
			r, err := refund(s, viewer, o.ID, amount)
			if err != nil {
				t.Fatal(err)
			}
			ids[state] = r.ID
		}
		s.RunTasks() // asked for; WeChat Pay takes its time
		if s.Status(o.ID) != order.Refunding || server.Given(p.ID) != 1435 {
			t.Fatalf("order is %s, %d on its way", s.Status(o.ID), server.Given(p.ID))
		}
		for state, refundID := range ids {
			server.EndRefund(refundID, state)
			header, body := server.RefundNotice(refundID)
			for range 2 {
				if err := notice(s, header, body); err != nil {
					t.Errorf("%s: %v", state, err)
				}
			}
		}
		header, body = server.RefundNotice(ids["SUCCESS"], func(content map[string]any) { content["amount"].(map[string]any)["refund"] = 336 })
		wantCode(t, notice(s, header, body), "payment.amount_mismatch")
		if n := s.Number("SELECT refunded_fen FROM orders WHERE id = ?", o.ID); n != 335 || s.Status(o.ID) != order.Refunding {
			t.Errorf("%d refunded, order is %s", n, s.Status(o.ID))
		}
		server.EndRefund(ids["ABNORMAL"], "SUCCESS") // sent another way by hand; no notice comes of it
		until(s, 2*time.Hour, func() bool { return s.Status(o.ID) == order.Paid })
		if n := s.Number("SELECT refunded_fen FROM orders WHERE id = ?", o.ID); n != 1335 || account(s, "gateway:wechatpay") != -1000 {
			t.Errorf("%d refunded, gateway %d", n, account(s, "gateway:wechatpay"))
		}
		balanced(t, s)
	})
}

func TestAWeChatPaymentThatNobodyWaitsForIsClosed(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		server := withWeChat(s)
		viewer, o, p := scanned(t, s)
		if _, err := pay(s, viewer, o.ID, payment.BoundCard, "card"); err != nil || s.Status(o.ID) != order.Paid {
			t.Fatalf("%v, order is %s", err, s.Status(o.ID))
		}
		_, late, q := scanned(t, s)
		until(s, time.Minute, func() bool { return server.State(p.ID) == "CLOSED" })
		s.Clock.Advance(ordertest.TTL)
		s.RunTasks()
		server.Pay(q.ID) // this moment, and the order is over
		until(s, 10*time.Minute, func() bool { return s.Status(late.ID) == order.Paid })
		if n := s.Number("SELECT COUNT(*) FROM payment WHERE status = 'failed'"); n != 1 {
			t.Errorf("%d closed", n)
		}
	})
}

// RULES 8.10: charges by two channels for one order; the second goes back the
// way it came.
func TestRule8_10ChargesByTwoChannelsPayOnce(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		server := withWeChat(s)
		viewer, o, p := scanned(t, s)
		atBank, err := payBy(s, viewer, o.ID, payment.Bankbox)
		if err != nil || atBank.ID == p.ID {
			t.Fatalf("%+v %v", atBank, err)
		}
		server.Pay(p.ID)
		header, body := server.Notice(p.ID)
		if err := send(s, paid(atBank, 2335)); err != nil {
			t.Fatal(err)
		}
		if err := notice(s, header, body); err != nil {
			t.Fatal(err)
		}
		s.RunTasks()
		if server.Given(p.ID) != 2335 || s.Gateway.PaidOut(atBank.ID) != 0 || account(s, "suspense") != 2335 {
			t.Errorf("given back %d and %d, suspense %d", server.Given(p.ID), s.Gateway.PaidOut(atBank.ID), account(s, "suspense"))
		}
		refundID, _, err := db.Value[string](s.Ctx, s.DB, "SELECT id FROM refund WHERE payment_id = ?", p.ID)
		if err != nil {
			t.Fatal(err)
		}
		server.EndRefund(refundID, "SUCCESS")
		header, body = server.RefundNotice(refundID)
		if err := notice(s, header, body); err != nil {
			t.Fatal(err)
		}
		if account(s, "suspense") != 0 || account(s, "gateway:wechatpay") != 0 || account(s, "gateway:bankbox") != -2335 {
			t.Errorf("suspense %d, wechatpay %d, bankbox %d", account(s, "suspense"), account(s, "gateway:wechatpay"), account(s, "gateway:bankbox"))
		}
	})
}

func TestAChannelThatIsOffIsRefused(t *testing.T) {
	s := ordertest.OnSQLite(t)
	viewer, o, _ := ordered(t, s)
	_, err := payBy(s, viewer, o.ID, payment.WeChatPay)
	if f := fault.From(err); f.Code != "validation" || len(f.Fields) != 1 || f.Fields[0].Name != "channel" || f.Fields[0].Code != "channel.off" {
		t.Errorf("got %+v", f)
	}
	wantCode(t, notice(s, http.Header{}, []byte("{}")), "not_found")
	server := withWeChat(s)
	_, _, err = s.Payments.Pay(s.Ctx, s.Request(viewer, "POST /pay"), payment.Wish{Bank: s.Bank, Viewer: viewer, Order: o.ID,
		Method: payment.BoundCard, Card: "card", Channel: payment.WeChatPay})
	if f := fault.From(err); f.Code != "validation" || f.Fields[0].Name != "channel" {
		t.Errorf("got %+v", f)
	}
	// What was opened while it was on stays unknown when it is off, and is found
	// when it is on again.
	p, err := payBy(s, viewer, o.ID, payment.WeChatPay)
	if err != nil {
		t.Fatal(err)
	}
	on := s.Payments.Gateways[payment.WeChatPay]
	delete(s.Payments.Gateways, payment.WeChatPay)
	server.Pay(p.ID)
	for range 30 {
		s.Clock.Advance(20 * time.Second)
		s.RunTasks()
	}
	s.Payments.Gateways[payment.WeChatPay] = on
	until(s, 10*time.Minute, func() bool { return s.Status(o.ID) == order.Paid })
}
