package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yinbo/internal/auth"
	"yinbo/internal/bankbox"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/gateway"
	"yinbo/internal/id"
	"yinbo/internal/outbox"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
	"yinbo/order/ledger"
	"yinbo/order/report"
	"yinbo/order/settle"
	"yinbo/order/terms"
	"yinbo/server"
)

// back is a back office over HTTP, with a real bank on the other side.
type back struct {
	t      *testing.T
	ctx    context.Context
	db     *db.DB
	bank   tenant.Bank
	desk   *settle.Desk
	book   *ledger.Book
	url    string
	theirs *bankbox.Server
	gate   *gateway.Client
	token  map[string]string
	people *auth.Service
}

func newBack(t *testing.T, d *db.DB) *back {
	b := &back{t: t, ctx: testkit.Context(t), db: d, book: ledger.New(d), token: map[string]string{}}
	keys := testkit.Keyring(t, d)
	b.bank = testkit.Bank(t, d, keys, "demo")
	b.openBank()
	banks := tenant.NewDirectory(d, "demo")
	people, err := auth.New(b.ctx, d, keys, banks, b.gate)
	if err != nil {
		t.Fatal(err)
	}
	people.PasswordCost = testkit.CheapPasswords
	b.desk = settle.New(d, b.book, outbox.New(d), banks, b.gate)
	s := server.New(server.Deps{Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Auth: people,
		Banks: banks, Keys: keys, Ledger: b.book, Settle: b.desk, Terms: terms.New(d, keys), Reports: report.New(d), DB: d})
	web := httptest.NewServer(s.Handler())
	t.Cleanup(web.Close)
	b.url = web.URL + "/api/v1"
	b.people = people
	b.employ(people)
	return b
}

func (b *back) openBank() {
	var err error
	b.theirs, err = bankbox.Open(b.ctx, bankbox.Config{Dir: b.t.TempDir(), Addr: "127.0.0.1:0"})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		// No one answers its callbacks here: it need not wait for them.
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := b.theirs.Close(ctx); err != nil {
			b.t.Error(err)
		}
	})
	b.gate = gateway.New(b.theirs.URL(), "http://127.0.0.1:9")
	b.t.Cleanup(b.gate.Close)
}

func (b *back) employ(people *auth.Service) {
	for name, roles := range map[string][]auth.Role{
		"finance": {auth.Finance}, "checker": {auth.FinanceChecker}, "both": {auth.Finance, auth.FinanceChecker},
		"auditor": {auth.Auditor}, "reviewer": {auth.Reviewer},
	} {
		err := b.db.InTx(b.ctx, func(tx *db.Tx) error {
			_, err := people.CreateStaff(b.ctx, tx, b.bank.ID, auth.NewStaff{Username: name, Name: name, Password: "pass-" + name, Roles: roles})
			return err
		})
		if err != nil {
			b.t.Fatal(err)
		}
		t, err := people.Login(b.ctx, b.bank, name, "pass-"+name, "")
		if err != nil {
			b.t.Fatal(err)
		}
		b.token[name] = t.Access
	}
}

// call makes a request as someone of the staff ("" is nobody) and gives the
// status and the body.
func (b *back) call(who, method, path, body string, header ...string) (int, []byte, http.Header) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.ctx, method, b.url+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if who != "" {
		req.Header.Set("Authorization", "Bearer "+b.token[who])
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return res.StatusCode, raw, res.Header
}

// want makes a request, proves its status, and reads the answer into out; a
// refusal's code comes back.
func (b *back) want(status int, out any, who, method, path, body string) (code string) {
	b.t.Helper()
	got, raw, _ := b.call(who, method, path, body)
	if got != status {
		b.t.Fatalf("%s %s as %s: %d %s, want %d", method, path, who, got, raw, status)
	}
	var p struct{ Code string }
	if status >= 400 {
		out = &p
	}
	if out != nil {
		if err := json.Unmarshal(raw, out); err != nil {
			b.t.Fatalf("%s: %v", raw, err)
		}
	}
	return p.Code
}

// sell pays 100 yuan at the bank, and writes here what the order domain would.
func (b *back) sell() {
	b.t.Helper()
	merchant, order, payment := id.New(id.Merchant), id.New(id.Order), id.New(id.Payment)
	p, err := b.gate.CreatePayment(b.ctx, payment, 10_000, "茶")
	if err != nil {
		b.t.Fatal(err)
	}
	res, err := http.Post(b.theirs.URL()+"/pay/cashier/"+p.PaymentNo+"/pay", "", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	res.Body.Close()
	if p, err = b.gate.QueryPayment(b.ctx, payment); err != nil || p.PaidAt == nil {
		b.t.Fatalf("%+v, %v", p, err)
	}
	err = b.db.InTx(b.ctx, func(tx *db.Tx) error {
		// A row each, in any order: nothing here refers to another.
		for into, row := range map[string][]any{
			"merchant (id, bank_id, name, commission_bps, created_at)": {merchant, b.bank.ID, "茶庄", 500, tx.Now},
			"order_line (order_id, line_no, bank_id, sku_id, product_id, merchant_id, kind, title, spec, quantity, price_fen, amount_fen, commission_bps)": {
				order, 1, b.bank.ID, "sku_x", "prd_x", merchant, "physical", "茶", "", 1, 10_000, 10_000, 500},
			"payment (id, bank_id, order_id, viewer_id, method, amount_fen, status, created_at, paid_at)": {
				payment, b.bank.ID, order, "vwr_x", "cashier", 10_000, "succeeded", tx.Now, *p.PaidAt},
		} {
			if err := tx.Insert(b.ctx, into, [][]any{row}, ""); err != nil {
				return err
			}
		}
		_, err := b.book.Post(b.ctx, tx, ledger.Entry{Bank: b.bank, Event: ledger.OrderPaid, Ref: payment, OrderID: order, Lines: []ledger.Line{
			{Account: ledger.Gateway, Debit: 10_000}, {Account: ledger.Merchant(merchant), Credit: 9_500}, {Account: ledger.Commission, Credit: 500}}})
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

func TestFinanceSettlesADayWithTwoPeople(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		b := newBack(t, d)
		b.sell()
		today := b.bank.BusinessDate(clock.System{}.Now())
		run := `{"date":"` + today + `"}`
		for who, status := range map[string]int{"": 401, "reviewer": 403, "auditor": 403, "checker": 403} {
			b.want(status, nil, who, "POST", "/settlements/run", run)
		}
		for _, bad := range []string{`{"date":"2999-01-01"}`, `{"date":"soon"}`, `{}`, `{"date":"` + today + `","x":1}`} {
			if code := b.want(422, nil, "finance", "POST", "/settlements/run", bad); code != "validation" {
				t.Errorf("%s: %s", bad, code)
			}
		}
		var made struct{ Items []settle.Settlement }
		for range 2 {
			b.want(200, &made, "finance", "POST", "/settlements/run", run)
			if len(made.Items) != 1 || made.Items[0].Payable != 9_500 {
				t.Fatalf("%+v", made)
			}
		}
		one := "/settlements/" + made.Items[0].ID
		var full settle.Settlement
		b.want(200, &full, "auditor", "GET", one, "")
		if len(full.Lines) != 1 || full.Lines[0].Net != 9_500 {
			t.Errorf("%+v", full)
		}
		b.want(200, nil, "both", "POST", one+"/submit", "")
		for who, code := range map[string]string{"both": "settlement.same_person", "finance": "auth.forbidden", "auditor": "auth.forbidden"} {
			if got := b.want(403, nil, who, "POST", one+"/approve", ""); got != code {
				t.Errorf("%s: %s, want %s", who, got, code)
			}
		}
		b.want(422, nil, "checker", "POST", one+"/reject", `{}`)
		b.want(200, &full, "checker", "POST", one+"/reject", `{"reason":"请补充合同"}`)
		b.want(200, nil, "finance", "POST", one+"/submit", "")
		if got := b.want(403, nil, "finance", "POST", one+"/approve", ""); got != "settlement.same_person" {
			t.Errorf("the submitter alone: %s", got)
		}
		b.want(200, &full, "checker", "POST", one+"/approve", "")
		if full.Status != "approved" || full.RejectReason != nil || *full.SubmittedName != "finance" || *full.DecidedName != "checker" {
			t.Errorf("%+v", full)
		}
		b.want(409, nil, "checker", "POST", one+"/approve", "")
		b.want(404, nil, "checker", "GET", "/settlements/stl_00000000000000000000000000", "")
		b.wantBalance(today)
		b.wantFiles(one)
	})
}

func (b *back) wantBalance(date string) {
	b.t.Helper()
	for _, query := range []string{"", "?date=" + date} {
		var sums struct {
			Items         []struct{ Account string }
			Debit, Credit *int64
		}
		_, raw, _ := b.call("auditor", "GET", "/ledger/trial-balance"+query, "")
		raw = bytes.ReplaceAll(raw, []byte("_fen"), nil)
		if err := json.Unmarshal(raw, &sums); err != nil || sums.Debit == nil || sums.Credit == nil || *sums.Debit != *sums.Credit || *sums.Debit == 0 {
			b.t.Errorf("%s: %s, %v", query, raw, err)
		}
	}
	b.want(422, nil, "auditor", "GET", "/ledger/trial-balance?date=never", "")
}

func (b *back) wantFiles(one string) {
	b.t.Helper()
	for _, c := range [][3]string{
		{"", "", settle.CSVType}, {"?format=csv", settle.XLSXType, settle.CSVType},
		{"?format=xlsx", "", settle.XLSXType}, {"", settle.XLSXType, settle.XLSXType},
	} {
		status, raw, header := b.call("finance", "GET", one+"/file"+c[0], "", "Accept", c[1])
		if status != 200 || header.Get("Content-Type") != c[2] || !strings.HasPrefix(header.Get("Content-Disposition"), "attachment; filename=") {
			b.t.Errorf("%v: %d %v", c, status, header)
		}
		magic := "\xef\xbb\xbf"
		if c[2] == settle.XLSXType {
			magic = "PK"
		}
		if !bytes.HasPrefix(raw, []byte(magic)) {
			b.t.Errorf("%v begins with %q", c, raw[:min(len(raw), 8)])
		}
	}
	b.want(422, nil, "finance", "GET", one+"/file?format=pdf", "")
}

func TestFinanceResolvesWhatTheBankHasBesides(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		b := newBack(t, d)
		b.sell()
		req, err := http.NewRequestWithContext(b.ctx, "PUT", b.theirs.URL()+"/faults", strings.NewReader(`{"statement_extra":true}`))
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		today := b.bank.BusinessDate(clock.System{}.Now())
		if _, err := b.desk.Reconcile(b.ctx, b.bank, today); err != nil {
			t.Fatal(err)
		}
		var recs struct{ Items []settle.Reconciliation }
		b.want(200, &recs, "auditor", "GET", "/reconciliations?date="+today, "")
		if len(recs.Items) != 1 || recs.Items[0].MatchedCount != 1 || recs.Items[0].ExceptionCount != 1 || recs.Items[0].Status != "exceptions" {
			t.Fatalf("%+v", recs)
		}
		var found struct{ Items []settle.Exception }
		b.want(200, &found, "finance", "GET", "/reconciliations/"+recs.Items[0].ID+"/exceptions", "")
		if len(found.Items) != 1 || found.Items[0].Kind != "surplus" || found.Items[0].Theirs != 8_888 {
			t.Fatalf("%+v", found)
		}
		end := "/exceptions/" + found.Items[0].ID + "/resolve"
		b.want(403, nil, "checker", "POST", end, `{"resolution":"refunded","comment":"退回"}`)
		b.want(422, nil, "finance", "POST", end, `{"resolution":"forgotten","comment":"退回"}`)
		b.want(200, nil, "finance", "POST", end, `{"resolution":"refunded","comment":"退回"}`)
		if code := b.want(409, nil, "finance", "POST", end, `{"resolution":"refunded","comment":"退回"}`); code != "conflict" {
			t.Error(code)
		}
		b.want(200, &recs, "finance", "GET", "/reconciliations?date="+today, "")
		if recs.Items[0].Status != "matched" || recs.Items[0].ExceptionCount != 0 {
			t.Errorf("%+v", recs)
		}
		b.want(404, nil, "finance", "GET", "/reconciliations/rec_nobody/exceptions", "")
	})
}
