package bankbox_test

import (
	"fmt"
	"math"
	"testing"
	"time"
)

const noFaults = `{"drop_callback":false,"duplicate_callback":false,"reorder":false,` +
	`"statement_missing":false,"statement_extra":false,"delay_ms":0,"fail_rate":0}`

func TestFaultsAreReplacedWhole(t *testing.T) {
	b := newBank(t)
	if got := b.get("/faults").text(); got != noFaults {
		t.Errorf("at the start: %s", got)
	}
	b.put("/faults", `{"drop_callback":true,"delay_ms":5,"fail_rate":0.25}`).want(200).
		has(t, fields{"drop_callback": true, "delay_ms": 5, "fail_rate": 0.25, "reorder": false})
	b.put("/faults", `{"reorder":true}`).want(200)
	b.get("/faults").want(200).has(t, fields{"drop_callback": false, "delay_ms": 0, "fail_rate": 0, "reorder": true})

	for _, bad := range []string{
		`{"drop_callbacks":true}`, `{"reorder":1}`, `{"delay_ms":-1}`, `{"delay_ms":1.5}`, `{"delay_ms":99999999}`,
		`{"fail_rate":1.01}`, `{"fail_rate":-0.1}`, `{"fail_rate":"1"}`,
	} {
		b.put("/faults", bad).refused(422, "validation")
	}
	b.get("/faults").want(200).has(t, fields{"reorder": true}) // a refusal changes nothing
	b.reopen()
	if got := b.get("/faults").text(); got != noFaults {
		t.Errorf("after a restart: %s", got)
	}
}

func TestDroppedCallbackIsNeverSent(t *testing.T) {
	b := newBank(t)
	m := newMerchant(b, nil)
	b.faults(`{"drop_callback":true}`)
	b.paid("pay_1", 100, m.url)
	b.get("/pay/v1/payments/pay_1").want(200).has(t, fields{"status": "succeeded"})
	b.faults("")
	b.paid("pay_2", 100, m.url)
	m.wait(1)
	b.reopen()
	all := b.settled(m)
	if len(all) != 1 || all[0].body["out_trade_no"] != "pay_2" {
		t.Errorf("%d callbacks: %v", len(all), all)
	}
}

func TestDuplicateCallbackIsSentTwice(t *testing.T) {
	b := newBank(t)
	m := newMerchant(b, nil)
	b.faults(`{"duplicate_callback":true}`)
	b.paid("pay_1", 100, m.url)
	all := b.settled(m)
	if len(all) != 2 || string(all[0].raw) != string(all[1].raw) {
		t.Errorf("%d callbacks: %v", len(all), all)
	}
}

func TestReorderTellsTheNewestFirst(t *testing.T) {
	b := newBank(t)
	m := newMerchant(b, nil)
	b.faults(`{"reorder":true}`)
	b.paid("pay_1", 100, m.url)
	b.paid("pay_2", 100, m.url)
	all := m.wait(2)
	if all[0].body["out_trade_no"] != "pay_2" || all[1].body["out_trade_no"] != "pay_1" {
		t.Errorf("order: %v, %v", all[0].body, all[1].body)
	}
}

func TestReorderHoldsALoneCallbackForASecond(t *testing.T) {
	b := newBank(t)
	m := newMerchant(b, nil)
	b.faults(`{"reorder":true}`)
	began := time.Now()
	b.paid("pay_1", 100, m.url)
	if held := m.wait(1)[0].at.Sub(began); held < time.Second {
		t.Errorf("held for %v", held)
	}
}

func TestFailingCallsLeaveTheOutcomeUnknown(t *testing.T) {
	b := newBank(t)
	const calls = 60
	b.faults(`{"fail_rate":1}`)
	for i := range calls {
		b.post("/pay/v1/payments", fields{
			"out_trade_no": fmt.Sprint("pay_", i), "amount_fen": 1, "notify_url": nowhere, "subject": "s",
		}).refused(500, "internal")
	}
	b.get("/healthz").want(200)
	b.faults("")
	made := 0
	for i := range calls {
		if b.get(fmt.Sprint("/pay/v1/payments/pay_", i)).status == 200 {
			made++
		}
	}
	// Half of them; outside these bounds by chance less than once in 10^9 runs.
	if made < 6 || made > calls-6 {
		t.Errorf("%d of %d failed calls were acted on", made, calls)
	}
}

func TestFailRateIsAShare(t *testing.T) {
	b := newBank(t)
	b.pending("pay_1", 1, nowhere)
	b.faults(`{"fail_rate":0.5}`)
	const calls = 200
	failed := 0
	for range calls {
		if b.get("/pay/v1/payments/pay_1").status == 500 {
			failed++
		}
	}
	if math.Abs(float64(failed)-calls/2) > 45 { // over six standard deviations
		t.Errorf("%d of %d failed", failed, calls)
	}
}

func TestDelayHoldsAPICallsOnly(t *testing.T) {
	b := newBank(t)
	no := b.pending("pay_1", 1, nowhere)
	b.faults(`{"delay_ms":80}`)
	for _, path := range []string{"/pay/v1/payments/pay_1", "/pay/v1/statements/2026-03-10.csv", "/core/v1/applications"} {
		began := time.Now()
		if r := b.get(path); r.status != 200 {
			t.Errorf("%s: %d", path, r.status)
		}
		if took := time.Since(began); took < 80*time.Millisecond {
			t.Errorf("%s took %v", path, took)
		}
	}
	// So long that the client would give up.
	b.faults(`{"delay_ms":600000}`)
	b.get("/healthz").want(200)
	b.get("/faults").want(200)
	b.get("/sms/v1/messages").want(200)
	b.page("/pay/cashier/"+no, 200)
	b.faults("")
	b.get("/pay/v1/payments/pay_1").want(200)
}

func TestAStopEndsDelaysWithTheAnswer(t *testing.T) {
	b := newBank(t)
	b.faults(`{"delay_ms":600000}`)
	answered := make(chan reply, 1)
	go func() {
		r, err := b.try("POST", "/sms/v1/messages", fields{"phone": "13800138000", "text": "你好"})
		if err != nil {
			t.Error(err)
		}
		answered <- r
	}()
	eventually(t, "the call has acted", func() bool { return len(b.get("/sms/v1/messages").want(200).items()) == 1 })
	b.close()
	if r := <-answered; r.status != 201 || r.header.Get("X-Request-Id") == "" {
		t.Errorf("answer %d %s", r.status, r.raw)
	}
}

// A held answer arrives as the call gave it.
func TestFaultsKeepStatusAndHeaders(t *testing.T) {
	b := newBank(t)
	b.faults(`{"delay_ms":1}`)
	b.get("/pay/v1/payments/none").refused(404, "not_found")
	card := b.bound(debitCard, "13800138000", "王小明")
	if r := b.del("/bind/v1/tokens/" + card); r.status != 204 || len(r.raw) != 0 {
		t.Errorf("unbinding under a delay: %d %s", r.status, r.raw)
	}
}
