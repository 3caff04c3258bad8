package bankbox_test

import "testing"

func TestHistoryIsLoadedOnceAndTellsNobody(t *testing.T) {
	b := newBank(t)
	history := fields{"items": []fields{
		{
			"out_trade_no": "old_1", "amount_fen": 500, "paid_at": "2026-03-01T15:59:59.999Z", "subject": "旧单",
			"refunds": []fields{{"out_refund_no": "oldr_1", "amount_fen": 200, "at": "2026-03-01T16:00:00Z"}},
		},
		{"out_trade_no": "old_2", "amount_fen": 70, "paid_at": "2026-03-02T10:00:00+08:00"},
	}}
	for range 2 {
		b.post("/sandbox/v1/payments", history).want(201)
	}
	b.get("/pay/v1/payments/old_1").want(200).has(t, fields{
		"status": "succeeded", "amount_fen": 500, "refunded_fen": 200, "paid_at": "2026-03-01T15:59:59.999Z",
	})
	b.get("/pay/v1/refunds/oldr_1").want(200).has(t, fields{"amount_fen": 200, "out_trade_no": "old_1"})
	// The last millisecond of a day in Shanghai, and the first of the next.
	if s := b.statement("2026-03-01"); s.paid != 500 || s.refunded != 0 || s.count != 1 {
		t.Errorf("first day: %+v", s)
	}
	if s := b.statement("2026-03-02"); s.paid != 70 || s.refunded != 200 || s.count != 2 {
		t.Errorf("second day: %+v", s)
	}
}

func TestHistoryIsAllOrNothing(t *testing.T) {
	b := newBank(t)
	good := fields{"out_trade_no": "old_1", "amount_fen": 500, "paid_at": "2026-03-01T10:00:00Z"}
	for name, bad := range map[string]fields{
		"over-refunded": {"out_trade_no": "old_2", "amount_fen": 5, "paid_at": "2026-03-01T10:00:00Z",
			"refunds": []fields{{"out_refund_no": "r", "amount_fen": 6, "at": "2026-03-01T10:00:00Z"}}},
		"other amount": {"out_trade_no": "old_1", "amount_fen": 501, "paid_at": "2026-03-01T10:00:00Z"},
	} {
		r := b.post("/sandbox/v1/payments", fields{"items": []fields{good, bad}})
		if r.status != 409 {
			t.Errorf("%s: %d %s", name, r.status, r.raw)
		}
		b.get("/pay/v1/payments/old_1").refused(404, "not_found")
	}
	for name, body := range map[string]string{
		"no items":   `{"items":[]}`,
		"no time":    `{"items":[{"out_trade_no":"x","amount_fen":1}]}`,
		"bad time":   `{"items":[{"out_trade_no":"x","amount_fen":1,"paid_at":"yesterday"}]}`,
		"no amount":  `{"items":[{"out_trade_no":"x","paid_at":"2026-03-01T10:00:00Z"}]}`,
		"bad refund": `{"items":[{"out_trade_no":"x","amount_fen":1,"paid_at":"2026-03-01T10:00:00Z","refunds":[{"amount_fen":1}]}]}`,
		"wrong type": `{"items":{}}`,
	} {
		if r := b.post("/sandbox/v1/payments", body); r.status != 422 {
			t.Errorf("%s: %d %s", name, r.status, r.raw)
		}
	}
}
