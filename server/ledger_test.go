package server_test

import (
	"encoding/json"
	"strings"
	"testing"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/testkit"
	"yinbo/order/ledger"
	"yinbo/order/report"
)

type entriesPage struct {
	Items []ledger.Posted
	Next  *string `json:"next_cursor"`
}

func TestFinanceFollowsAnEntryToItsPayment(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		b := newBack(t, d)
		b.sell()
		b.post("pay_2", "ord_2")
		today := b.bank.BusinessDate(clock.System{}.Now())
		var page entriesPage
		b.want(200, &page, "auditor", "GET", "/ledger/entries?limit=1&date="+today, "")
		if len(page.Items) != 1 || page.Next == nil || page.Items[0].Event != ledger.OrderPaid {
			t.Fatalf("%+v", page)
		}
		first := page.Items[0]
		b.want(200, &page, "auditor", "GET", "/ledger/entries?limit=1&cursor="+*page.Next, "")
		if len(page.Items) != 1 || page.Next != nil || page.Items[0].ID == first.ID {
			t.Fatalf("%+v", page)
		}
		first = page.Items[0] // the older one, that was paid at the bank
		for query, want := range map[string]int{"account=commission": 2, "account=suspense": 0, "event=order.paid": 2, "event=order.refunded": 0,
			"ref=" + first.Ref: 1, "order=" + *first.OrderID: 1, "account=commission&date=2001-01-01": 0, "date=" + today: 2} {
			b.want(200, &page, "finance", "GET", "/ledger/entries?"+query, "")
			if len(page.Items) != want {
				t.Errorf("%s: %d entries, want %d", query, len(page.Items), want)
			}
		}
		var e report.Entry
		b.want(200, &e, "checker", "GET", "/ledger/entries/"+first.ID, "")
		var debits, credits int64
		for _, p := range e.Postings {
			debits, credits = debits+int64(p.Debit), credits+int64(p.Credit)
			if p.Kind == "" {
				t.Errorf("%+v has no kind", p)
			}
		}
		if debits != int64(e.Total) || credits != debits || e.Object.Kind != "payment" || e.Object.ID != first.Ref {
			t.Errorf("%+v", e)
		}
		if len(e.Payments) != 1 || e.Payments[0].ID != first.Ref || e.Payments[0].Status != "succeeded" {
			t.Errorf("payments %+v", e.Payments)
		}
		b.want(404, nil, "finance", "GET", "/ledger/entries/"+id.New(id.Entry), "")
		b.want(422, nil, "finance", "GET", "/ledger/entries?event=nothing", "")
		b.want(403, nil, "reviewer", "GET", "/ledger/entries", "")
	})
}

// post writes a sale of which the book alone knows.
func (b *back) post(ref, order string) {
	b.t.Helper()
	err := b.db.InTx(b.ctx, func(tx *db.Tx) error {
		_, err := b.book.Post(b.ctx, tx, ledger.Entry{Bank: b.bank, Event: ledger.OrderPaid, Ref: ref, OrderID: order, Lines: []ledger.Line{
			{Account: ledger.Gateway, Debit: 100}, {Account: ledger.Commission, Credit: 5}, {Account: ledger.Merchant("mch_1"), Credit: 95}}})
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

const handEntry = `{"reason":"手续费 6222021234567890","postings":[{"account":"cash","debit_fen":300,"credit_fen":0},{"account":"suspense","debit_fen":0,"credit_fen":300}]}`

func TestAnEntryByHandNeedsTwoPeopleAndIsReversedOnce(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		b := newBack(t, d)
		b.sell()
		propose := func(who, path, body, key string, want int) (p ledger.Proposal, code string) {
			t.Helper()
			status, raw, _ := b.call(who, "POST", path, body, "Idempotency-Key", key)
			if status != want {
				t.Fatalf("%s as %s: %d %s, want %d", path, who, status, raw, want)
			}
			return p, decode(t, raw, &p)
		}
		var page entriesPage
		p, _ := propose("finance", "/ledger/adjustments", handEntry, "one", 201)
		if again, _ := propose("finance", "/ledger/adjustments", handEntry, "one", 201); again.ID != p.ID {
			t.Errorf("the same key made %s and %s", p.ID, again.ID)
		}
		propose("checker", "/ledger/adjustments", handEntry, "two", 403)
		one := "/ledger/proposals/" + p.ID
		if code := b.want(403, nil, "finance", "POST", one+"/approve", ""); code != "ledger.same_person" {
			t.Errorf("who proposed it: %s", code)
		}
		b.want(200, &page, "finance", "GET", "/ledger/entries?event=ledger.adjusted", "")
		if len(page.Items) != 0 {
			t.Fatalf("posted before it was approved: %+v", page)
		}
		b.want(200, &p, "checker", "POST", one+"/approve", "")
		b.want(409, nil, "checker", "POST", one+"/approve", "")
		b.want(200, &page, "finance", "GET", "/ledger/entries?event=ledger.adjusted", "")
		if p.Status != "approved" || len(page.Items) != 1 || page.Items[0].Ref != p.ID || page.Items[0].Total != 300 {
			t.Fatalf("%+v, %+v", p, page)
		}
		back := "/ledger/entries/" + page.Items[0].ID + "/reverse"
		r, _ := propose("finance", back, `{"reason":"记错"}`, "three", 201)
		if _, code := propose("both", back, `{"reason":"记错"}`, "four", 409); code != "conflict" {
			t.Errorf("twice: %s", code)
		}
		b.want(200, &r, "checker", "POST", "/ledger/proposals/"+r.ID+"/reject", `{"reason":"请附凭证"}`)
		r, _ = propose("finance", back, `{"reason":"记错"}`, "five", 201)
		b.want(200, &r, "both", "POST", "/ledger/proposals/"+r.ID+"/approve", "")
		propose("finance", back, `{"reason":"记错"}`, "six", 409)
		b.want(200, &page, "finance", "GET", "/ledger/entries?account=cash", "")
		if len(page.Items) != 2 || page.Items[0].Event != ledger.Reversed || page.Items[1].ReversedBy == nil || *page.Items[1].ReversedBy != page.Items[0].ID {
			t.Fatalf("%+v", page)
		}
		_, code := propose("finance", "/ledger/entries/"+page.Items[0].ID+"/reverse", `{"reason":"x"}`, "seven", 409)
		b.want(200, &page, "finance", "GET", "/ledger/entries?event=order.paid", "")
		_, paid := propose("finance", "/ledger/entries/"+page.Items[0].ID+"/reverse", `{"reason":"x"}`, "eight", 409)
		if code != "ledger.not_reversible" || paid != code {
			t.Errorf("a reversal: %s, a sale: %s", code, paid)
		}
		b.wantTold(p.ID)
		testkit.Holds(t, d, ledger.Invariants()...)
	})
}

// wantTold proves that both acts are in the audit log, without what was pasted.
func (b *back) wantTold(proposal string) {
	b.t.Helper()
	acts, err := audit.List(b.ctx, b.db, b.bank.ID, audit.Filter{Object: proposal, Limit: 5})
	if err != nil || len(acts) != 2 || acts[0].Action != "ledger.approved" || acts[1].Action != "ledger.proposed" ||
		strings.Contains(acts[1].Detail["reason"].(string), "6222") {
		b.t.Errorf("%+v, %v", acts, err)
	}
}

func TestAnEntryByHandIsRefusedWithTheFieldNamed(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		b := newBack(t, d)
		const good = `{"account":"cash","debit_fen":5,"credit_fen":0}`
		for field, lines := range map[string]string{
			"postings":            good + `,{"account":"suspense","debit_fen":0,"credit_fen":4}`,
			"postings[1]":         good + `,{"account":"suspense","debit_fen":5,"credit_fen":5}`,
			"postings[1].account": good + `,{"account":"nowhere","debit_fen":0,"credit_fen":5}`,
			"postings[0].account": `{"account":"merchant:mch_1","debit_fen":5,"credit_fen":0},` + good,
			"postings[0].account ": `{"account":"payout_due:mch_nobody","debit_fen":5,"credit_fen":0},` +
				`{"account":"cash","debit_fen":0,"credit_fen":5}`,
			"postings[0].debit_fen": `{"account":"cash","debit_fen":-1,"credit_fen":0},` + good,
		} {
			status, raw, _ := b.call("finance", "POST", "/ledger/adjustments", `{"reason":"x","postings":[`+lines+`]}`, "Idempotency-Key", id.New(id.Event))
			var p struct{ Errors []struct{ Field string } }
			if err := json.Unmarshal(raw, &p); err != nil {
				t.Fatalf("%s: %v", raw, err)
			}
			if status != 422 || len(p.Errors) == 0 || p.Errors[0].Field != strings.TrimSpace(field) {
				t.Errorf("%s: %d %s", field, status, raw)
			}
		}
		if code := b.want(400, nil, "finance", "POST", "/ledger/adjustments", handEntry); code != "idempotency.required" {
			t.Errorf("without a key: %s", code)
		}
	})
}

func TestADayClosesOrSaysWhyNot(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		b := newBack(t, d)
		b.sell()
		today := b.bank.BusinessDate(clock.System{}.Now())
		day := func(want string) (day report.Day) {
			t.Helper()
			b.want(200, &day, "auditor", "GET", "/finance/day?date="+today, "")
			if got := strings.Join(day.Missing, " "); got != want || day.Closes != (want == "") {
				t.Fatalf("missing %q, want %q: %+v", got, want, day)
			}
			return day
		}
		open := day("not_closed no_statements not_reconciled")
		if open.Orders != 1 || open.Sales != 10_000 || open.Debit != open.Credit || open.Commission <= 0 {
			t.Errorf("%+v", open)
		}
		b.want(200, nil, "finance", "POST", "/settlements/run", `{"date":"`+today+`"}`)
		made := day("statements_open")
		if len(made.Statements) != 1 || made.Statements[0].Status != "draft" || len(made.Reconciliation) != 1 || made.Reconciliation[0].Status != "matched" {
			t.Errorf("%+v", made)
		}
		var list struct{ Items []struct{ ID string } }
		b.want(200, &list, "finance", "GET", "/settlements", "")
		b.want(200, nil, "finance", "POST", "/settlements/"+list.Items[0].ID+"/submit", "")
		b.want(200, nil, "checker", "POST", "/settlements/"+list.Items[0].ID+"/approve", "")
		day("")
		b.want(422, nil, "finance", "GET", "/finance/day?date=2999-01-01", "")
		b.want(422, nil, "finance", "GET", "/finance/day?date=never", "")
		b.wantReports(today)
		testkit.Holds(t, d, ledger.Invariants()...)
	})
}

func (b *back) wantReports(today string) {
	b.t.Helper()
	span := "&from=" + today + "&to=" + today
	for _, by := range []string{"room", "merchant", "funder", "channel"} {
		var sums struct{ Items []report.Sum }
		b.want(200, &sums, "finance", "GET", "/finance/report?by="+by+span, "")
		if by != "funder" && (len(sums.Items) != 1 || sums.Items[0].Sales != 10_000) {
			b.t.Errorf("%s: %+v", by, sums)
		}
		status, raw, header := b.call("finance", "GET", "/finance/report/file?by="+by+span, "")
		if status != 200 || header.Get("Content-Type") != report.CSVType || !strings.Contains(string(raw), "合计") {
			b.t.Errorf("%s: %d %s", by, status, raw)
		}
		if by != "funder" && !strings.Contains(string(raw), "100.00") {
			b.t.Errorf("%s lacks its amount: %s", by, raw)
		}
	}
	acts, err := audit.List(b.ctx, b.db, b.bank.ID, audit.Filter{Action: "report.exported", Limit: 9})
	if err != nil || len(acts) != 4 {
		b.t.Errorf("%d exports in the audit log: %v", len(acts), err)
	}
	b.want(422, nil, "finance", "GET", "/finance/report?by=room&from="+today+"&to=2001-01-01", "")
	b.want(422, nil, "finance", "GET", "/finance/report?by=moon"+span, "")
	b.want(422, nil, "finance", "GET", "/finance/report?by=room&from=2020-01-01&to=2022-01-01", "")
	var promised report.Promised
	b.want(200, &promised, "auditor", "GET", "/finance/promised", "")
	if promised.Items == nil {
		b.t.Error("no list of what is promised")
	}
}

// decode reads an answer, or a refusal, whose code it gives.
func decode(t *testing.T, raw []byte, out any) (code string) {
	t.Helper()
	var p struct{ Code string }
	if err := json.Unmarshal(raw, &p); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	if p.Code == "" {
		if err := json.Unmarshal(raw, out); err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
	}
	return p.Code
}
