package bankbox_test

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func charge(trade string, fen int64, token, notifyURL string) fields {
	return fields{"out_trade_no": trade, "amount_fen": fen, "card_token": token, "notify_url": notifyURL, "subject": "茶"}
}

func TestChargeIsMadeOnceForANumber(t *testing.T) {
	b := newBank(t)
	m := newMerchant(b, nil)
	token := b.bound(creditCard, "13800138000", "王小明")
	first := b.post("/bind/v1/charges", charge("pay_1", 600, token, m.url)).want(201)
	first.has(t, fields{"out_trade_no": "pay_1", "amount_fen": 600, "status": "succeeded"})
	b.post("/bind/v1/charges", charge("pay_1", 600, token, m.url)).want(200).has(t, first)
	b.post("/bind/v1/charges", charge("pay_1", 601, token, m.url)).refused(409, "out_trade_no.mismatch")
	b.post("/pay/v1/payments", fields{
		"out_trade_no": "pay_1", "amount_fen": 600, "notify_url": m.url, "subject": "s",
	}).refused(409, "out_trade_no.mismatch")
	b.get("/pay/v1/payments/pay_1").want(200).has(t, fields{
		"status": "succeeded", "method": "bound_card", "payment_no": first.str("payment_no"),
	})
	if s := b.statement("2026-03-10"); s.count != 1 || s.paid != 600 {
		t.Errorf("statement: %+v", s)
	}
	b.post("/pay/v1/refunds", fields{"out_refund_no": "rfd_1", "out_trade_no": "pay_1", "amount_fen": 600}).want(201)

	kinds := map[string]int{}
	for _, d := range b.settled(m) {
		kinds[d.body.str("kind")]++
		d.body.has(t, fields{"out_trade_no": "pay_1", "amount_fen": 600, "status": "succeeded"})
	}
	if kinds["payment"] != 1 || kinds["refund"] != 1 {
		t.Errorf("callbacks by kind: %v", kinds)
	}
}

func TestFiftyCallsMakeOneCharge(t *testing.T) {
	b := newBank(t)
	m := newMerchant(b, nil)
	token := b.bound(debitCard, "13800138000", "王小明")
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			r, err := b.try("POST", "/bind/v1/charges", charge("pay_1", 600, token, m.url))
			if err != nil || r.status/100 != 2 {
				t.Errorf("%v, %d %s", err, r.status, r.raw)
			}
		})
	}
	wg.Wait()
	if n := len(b.settled(m)); n != 1 {
		t.Errorf("%d callbacks, want 1", n)
	}
}

func TestChargeOfAnEmptyCardFails(t *testing.T) {
	b := newBank(t)
	m := newMerchant(b, nil)
	token := b.bound(debitCard, "13800138000", "测试余额不足")
	b.post("/bind/v1/charges", charge("pay_1", 600, token, m.url)).want(201).has(t, fields{"status": "failed"})
	b.get("/pay/v1/payments/pay_1").want(200).has(t, fields{"status": "failed", "paid_at": nil})
	if s := b.statement("2026-03-10"); s.count != 0 {
		t.Errorf("statement: %+v", s)
	}
	all := b.settled(m)
	if len(all) != 1 {
		t.Fatalf("%d callbacks, want 1", len(all))
	}
	all[0].body.has(t, fields{"kind": "payment", "status": "failed"})
}

func TestUnboundCardCannotBeCharged(t *testing.T) {
	b := newBank(t)
	token := b.bound(debitCard, "13800138000", "王小明")
	before := b.post("/bind/v1/charges", charge("pay_1", 1, token, nowhere)).want(201)
	for range 2 {
		if r := b.del("/bind/v1/tokens/" + token); r.status != 204 {
			t.Errorf("unbind: %d %s", r.status, r.raw)
		}
	}
	b.post("/bind/v1/charges", charge("pay_2", 1, token, nowhere)).refused(404, "not_found")
	b.get("/pay/v1/payments/pay_2").refused(404, "not_found")
	// What was charged before is still told.
	b.post("/bind/v1/charges", charge("pay_1", 1, token, nowhere)).want(200).has(t, before)
}

func TestTheBookHoldsNoCardNumber(t *testing.T) {
	b := newBank(t)
	token := b.bound(debitCard, "13800138000", "王小明")
	b.post("/bind/v1/charges", charge("pay_1", 1, token, nowhere)).want(201)
	check := func(when string) {
		files, err := filepath.Glob(filepath.Join(b.cfg.Dir, "*"))
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(raw, []byte(debitCard)) {
				t.Errorf("%s: %s holds the card number", when, filepath.Base(file))
			}
		}
	}
	check("open")
	b.close()
	check("closed")
}

func TestAChargeByInstalmentsIsKept(t *testing.T) {
	b := newBank(t)
	credit, debit := b.bound(creditCard, "13800138000", "王小明"), b.bound(debitCard, "13800138001", "王小明")
	by := func(trade, token string, terms any) fields {
		c := charge(trade, 600, token, "")
		c["instalments"] = terms
		return c
	}
	b.post("/bind/v1/charges", by("pay_1", credit, 6)).want(201).has(t, fields{"status": "succeeded", "amount_fen": 600})
	b.post("/bind/v1/charges", by("pay_1", credit, 6)).want(200)
	b.post("/bind/v1/charges", by("pay_1", credit, 3)).refused(409, "out_trade_no.mismatch")
	b.post("/bind/v1/charges", by("pay_2", debit, 6)).refused(409, "instalments.credit_only")
	b.post("/bind/v1/charges", by("pay_2", debit, 0)).want(201)
	for _, bad := range []any{1, 61, -3, "6"} {
		b.post("/bind/v1/charges", by("pay_3", credit, bad)).refused(422, "validation")
	}
	b.reopen() // the column is there already
	b.get("/pay/v1/payments/pay_1").want(200).has(t, fields{"instalments": 6})
	if _, there := b.get("/pay/v1/payments/pay_2").want(200)["instalments"]; there {
		t.Error("a charge at once names instalments")
	}
}
