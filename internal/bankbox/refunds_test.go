package bankbox_test

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

func TestRefundIsMadeOnceForANumber(t *testing.T) {
	b := newBank(t)
	m := newMerchant(b, nil)
	no := b.paid("pay_1", 1000, m.url)
	ask := fields{"out_refund_no": "rfd_1", "out_trade_no": "pay_1", "amount_fen": 400, "notify_url": m.url + "/refund"}
	first := b.post("/pay/v1/refunds", ask).want(201)
	first.has(t, fields{"out_refund_no": "rfd_1", "status": "succeeded"})
	if first.str("refund_no") == "" {
		t.Error("a refund has no refund_no")
	}
	b.post("/pay/v1/refunds", ask).want(200).has(t, first)
	b.get("/pay/v1/refunds/rfd_1").want(200).has(t, first)

	ask["amount_fen"] = 401
	b.post("/pay/v1/refunds", ask).refused(409, "out_refund_no.mismatch")
	b.get("/pay/v1/payments/pay_1").want(200).has(t, fields{"refunded_fen": 400, "status": "succeeded"})

	all := b.settled(m)
	if len(all) != 2 {
		t.Fatalf("%d callbacks, want the payment's and the refund's", len(all))
	}
	for _, d := range all {
		if d.body["kind"] == "refund" {
			d.body.has(t, fields{
				"out_trade_no": "pay_1", "out_refund_no": "rfd_1", "payment_no": no,
				"amount_fen": 400, "status": "succeeded",
			})
			isTime(t, "at", d.body.str("at"))
			return
		}
	}
	t.Error("the refund was not told")
}

func TestRefundsNeverExceedWhatWasPaid(t *testing.T) {
	b := newBank(t)
	b.paid("pay_1", 1000, nowhere)
	var wg sync.WaitGroup
	var made atomic.Int64
	for i := range 20 {
		wg.Go(func() {
			r, err := b.try("POST", "/pay/v1/refunds", fields{
				"out_refund_no": "rfd_" + strconv.Itoa(i), "out_trade_no": "pay_1", "amount_fen": 300,
			})
			switch {
			case err != nil:
				t.Error(err)
			case r.status == 201:
				made.Add(1)
			case r.status != 409:
				t.Errorf("status %d: %s", r.status, r.raw)
			}
		})
	}
	wg.Wait()
	if made.Load() != 3 {
		t.Errorf("%d refunds of 300 out of 1000, want 3", made.Load())
	}
	b.get("/pay/v1/payments/pay_1").want(200).has(t, fields{"refunded_fen": 900})
	b.post("/pay/v1/refunds", fields{"out_refund_no": "last", "out_trade_no": "pay_1", "amount_fen": 100}).want(201)
	b.post("/pay/v1/refunds", fields{"out_refund_no": "over", "out_trade_no": "pay_1", "amount_fen": 1}).
		refused(409, "refund.exceeds")
}

func TestRefundNeedsAPaidPayment(t *testing.T) {
	b := newBank(t)
	b.pending("pay_1", 10, nowhere)
	b.post("/pay/v1/refunds", fields{"out_refund_no": "r", "out_trade_no": "pay_1", "amount_fen": 1}).
		refused(409, "payment.not_paid")
	b.post("/pay/v1/refunds", fields{"out_refund_no": "r", "out_trade_no": "no-such", "amount_fen": 1}).
		refused(404, "not_found")
	b.get("/pay/v1/refunds/r").refused(404, "not_found")
}
