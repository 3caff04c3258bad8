package bankbox_test

import "testing"

func TestAPayoutIsMadeOnceForANumber(t *testing.T) {
	b := newBank(t)
	ask := fields{"out_payout_no": "pyt_1", "amount_fen": 900, "payee_no": "mch_1", "payee_name": "茶庄"}
	first := b.post("/payout/v1/payouts", ask).want(201)
	first.has(t, fields{"out_payout_no": "pyt_1", "amount_fen": 900, "status": "succeeded", "payee_no": "mch_1"})
	b.post("/payout/v1/payouts", ask).want(200).has(t, first)
	b.get("/payout/v1/payouts/pyt_1").want(200).has(t, first)
	for name, v := range map[string]any{"amount_fen": 901, "payee_no": "mch_2"} {
		other := fields{"out_payout_no": "pyt_1", "amount_fen": 900, "payee_no": "mch_1", "payee_name": "茶庄"}
		other[name] = v
		b.post("/payout/v1/payouts", other).refused(409, "out_payout_no.mismatch")
	}
	for name, v := range map[string]any{"amount_fen": 0, "payee_no": "", "payee_name": " ", "out_payout_no": "a b"} {
		wrong := fields{"out_payout_no": "pyt_2", "amount_fen": 900, "payee_no": "mch_1", "payee_name": "茶庄"}
		wrong[name] = v
		b.post("/payout/v1/payouts", wrong).refused(422, "validation")
	}
	b.get("/payout/v1/payouts/pyt_2").refused(404, "not_found")
	b.reopen()
	b.get("/payout/v1/payouts/pyt_1").want(200).has(t, first)
}

func TestPayoutsFailWaitAndComeBack(t *testing.T) {
	b := newBank(t)
	ask := func(no, payee string) fields {
		return fields{"out_payout_no": no, "amount_fen": 900, "payee_no": "mch_1", "payee_name": payee}
	}
	b.post("/payout/v1/payouts", ask("pyt_1", "测试付款失败")).want(201).has(t, fields{"status": "failed"})
	b.post("/payout/v1/payouts", ask("pyt_2", "测试退汇")).want(201).has(t, fields{"status": "succeeded"})
	for range 2 {
		b.get("/payout/v1/payouts/pyt_2").want(200).has(t, fields{"status": "returned"})
	}
	b.put("/faults", fields{"payout_pending": true})
	b.post("/payout/v1/payouts", ask("pyt_3", "茶庄")).want(201).has(t, fields{"status": "processing"})
	b.get("/payout/v1/payouts/pyt_3").want(200).has(t, fields{"status": "processing"})
	b.put("/faults", fields{"payout_fail": true})
	b.get("/payout/v1/payouts/pyt_3").want(200).has(t, fields{"status": "failed"})
	b.put("/faults", fields{})
	b.get("/payout/v1/payouts/pyt_3").want(200).has(t, fields{"status": "failed"})
}

// A file that is cut, or whose total is another's, is so each time it is fetched.
func TestStatementsGoWrongOnPurpose(t *testing.T) {
	b := newBank(t)
	b.paid("pay_1", 1000, nowhere)
	const at = "/pay/v1/statements/2026-03-10.csv"
	good := string(b.get(at).raw)
	for fault, wrong := range map[string]func(text string) bool{
		"statement_cut":    func(text string) bool { return len(text) < len(good) && good[:len(text)] == text },
		"statement_total":  func(text string) bool { return len(text) == len(good)+1 },
		"statement_twice":  func(text string) bool { return len(text) > len(good)+40 },
		"statement_amount": func(text string) bool { return len(text) == len(good) && text != good },
	} {
		b.put("/faults", fields{fault: true})
		if text := string(b.get(at).raw); !wrong(text) || text != string(b.get(at).raw) {
			t.Errorf("%s: %q", fault, text)
		}
	}
	b.put("/faults", fields{"statement_late": true})
	b.get(at).refused(404, "not_found")
	b.put("/faults", fields{})
	if text := string(b.get(at).raw); text != good {
		t.Errorf("%q", text)
	}
}
