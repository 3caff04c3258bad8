package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
	"yinbo/order/settle"
)

func (b *back) faults(body string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.ctx, "PUT", b.theirs.URL()+"/faults", strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	res.Body.Close()
}

func TestExceptionsAreWorkedOnByTwo(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		b := newBack(t, d)
		b.sell()
		if err := d.InTx(b.ctx, func(tx *db.Tx) error {
			return tenant.Change(b.ctx, tx, b.bank.ID, func(s *tenant.Settings) { s.Reconciliation.SecondAboveFen = 100 })
		}); err != nil {
			t.Fatal(err)
		}
		b.faults(`{"statement_extra":true}`)
		today := b.bank.BusinessDate(clock.System{}.Now())
		run := fmt.Sprintf(`{"date":%q,"channel":"bankbox"}`, today)
		var r settle.Reconciliation
		b.want(403, nil, "checker", "POST", "/reconciliations/run", run)
		b.want(422, nil, "finance", "POST", "/reconciliations/run", `{"date":"2999-01-01","channel":"bankbox"}`)
		b.want(422, nil, "finance", "POST", "/reconciliations/run", fmt.Sprintf(`{"date":%q,"channel":"wechatpay"}`, today)) // not configured
		b.want(200, &r, "finance", "POST", "/reconciliations/run", run)
		if r.File.State != settle.Whole || r.ExceptionCount != 1 {
			t.Fatalf("%+v", r)
		}
		var list struct{ Items []settle.Exception }
		b.want(200, &list, "auditor", "GET", "/exceptions?status=open&kind=surplus&owner=none&date="+today, "")
		if len(list.Items) != 1 {
			t.Fatalf("%+v", list)
		}
		one := "/exceptions/" + list.Items[0].ID
		b.want(422, nil, "auditor", "GET", "/exceptions?status=lost", "")
		b.want(403, nil, "reviewer", "GET", "/exceptions", "")
		b.want(200, nil, "finance", "POST", one+"/take", "")
		b.want(200, &list, "finance", "GET", "/exceptions?owner=me", "")
		if len(list.Items) != 1 || list.Items[0].Owner == nil {
			t.Errorf("%+v", list)
		}
		b.want(200, nil, "finance", "POST", one+"/release", "")
		b.want(403, nil, "checker", "POST", one+"/take", "")
		var e settle.Exception
		b.want(200, &e, "both", "POST", one+"/resolve", `{"resolution":"adjusted","comment":"x"}`)
		if e.Status != "proposed" {
			t.Fatalf("%+v", e)
		}
		if code := b.want(403, nil, "both", "POST", one+"/confirm", ""); code != "exception.same_person" {
			t.Error(code)
		}
		b.want(403, nil, "finance", "POST", one+"/confirm", "")
		b.want(200, &e, "checker", "POST", one+"/decline", `{"reason":"先查"}`)
		b.want(409, nil, "checker", "POST", one+"/confirm", "")
		b.want(200, nil, "both", "POST", one+"/resolve", `{"resolution":"adjusted","comment":"x"}`)
		b.want(200, &e, "checker", "POST", one+"/confirm", "")
		if e.Status != "resolved" || e.ConfirmedBy == nil {
			t.Errorf("%+v", e)
		}
		b.want(404, nil, "checker", "POST", "/exceptions/exc_nobody/confirm", "")
	})
}

func TestAStatementIsUploadedWhenTheBankHasNone(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		b := newBack(t, d)
		today := b.bank.BusinessDate(clock.System{}.Now())
		b.faults(`{"statement_late":true}`)
		var r settle.Reconciliation
		run := fmt.Sprintf(`{"date":%q,"channel":"bankbox"}`, today)
		b.want(200, &r, "finance", "POST", "/reconciliations/run", run)
		if r.Status != "unread" || r.File.State != settle.Late || r.File.Next != "wait" {
			t.Errorf("%+v", r)
		}
		var u settle.Upload
		begin := fmt.Sprintf(`{"date":%q,"channel":"bankbox","name":"对账单.csv"}`, today)
		b.want(403, nil, "checker", "POST", "/statements", begin)
		b.want(201, &u, "finance", "POST", "/statements", begin)
		at := "/statements/" + u.ID
		b.want(422, nil, "finance", "POST", at+"/end", "")
		file := "date_time,kind,out_trade_no,out_refund_no,payment_no,amount_yuan,status\n" + today + " 09:00:00,payment,nobody,,BP1,0.70,succeeded\n#total,1,0.70,0.00\n"
		for i, part := range []string{file[:50], file[50:]} {
			if status, raw, _ := b.call("finance", "PUT", fmt.Sprintf("%s/parts/%d", at, i+1), part, "Content-Type", "text/csv"); status != 204 {
				t.Fatalf("%d %s", status, raw)
			}
		}
		b.want(200, &u, "finance", "POST", at+"/end", "")
		if u.State != "whole" || u.Rows != 1 || len(u.SHA256) != 64 {
			t.Errorf("%+v", u)
		}
		b.want(200, &r, "finance", "POST", "/reconciliations/run", run)
		if r.File.Source != "upload" || r.ExceptionCount != 1 || r.File.SHA256 != u.SHA256 {
			t.Errorf("%+v", r)
		}
		b.want(409, nil, "finance", "POST", at+"/end", "")
		b.want(200, nil, "auditor", "GET", "/payouts?status=failed", "")
		b.want(404, nil, "auditor", "GET", "/payouts/pyt_nobody", "")
		b.want(404, nil, "finance", "POST", "/payouts/pyt_nobody/retry", "")
		b.want(403, nil, "checker", "POST", "/payouts/pyt_nobody/retry", "")
	})
}
