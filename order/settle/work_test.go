package settle_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"yinbo/internal/db"
	"yinbo/internal/gateway"
	"yinbo/internal/id"
	"yinbo/internal/money"
	"yinbo/internal/testkit"
	"yinbo/order/ledger"
	"yinbo/order/settle"
)

// holds proves that book and work list agree.
func (s *shop) holds() {
	s.t.Helper()
	testkit.Holds(s.t, s.db, settle.Invariants()...)
	testkit.Holds(s.t, s.db, settle.PayoutInvariants()...)
	testkit.Holds(s.t, s.db, settle.ReserveInvariants()...)
	testkit.Holds(s.t, s.db, settle.InvoiceInvariants()...)
	testkit.Holds(s.t, s.db, ledger.Invariants()...)
}

// While a difference is open, suspense holds it; it follows each new file, and
// gives back what was none.
func TestSuspenseHoldsWhatIsOpen(t *testing.T) {
	onEach(t, func(s *shop) {
		_, pay := s.paid(s.bank, s.lineOf(s.tea, "茶", 1_000))
		for _, c := range []struct {
			rows []theirs
			held money.Fen
		}{
			{[]theirs{{trade: pay, amount: 1_000}, {trade: "nobody", amount: 70}}, 70},
			{[]theirs{{trade: pay, amount: 990}, {trade: "nobody", amount: 80}}, 70}, // 80 more, 10 less
			{[]theirs{{trade: pay, amount: 1_000}, {trade: pay, amount: 1_000}}, 1_000},
			{nil, 0}, // the shortage waits
			{[]theirs{{trade: pay, amount: 1_000}}, 0},
		} {
			s.files.put(today, statement(c.rows...))
			s.reconcile(today)
			s.reconcile(today)
			if held := s.held(ledger.Suspense); held != c.held {
				t.Errorf("%+v: suspense holds %d, want %d", c.rows, held, c.held)
			}
			s.holds()
		}
		s.files.put(today, statement())
		s.clk.Advance(48 * time.Hour) // nothing to wait for any more
		if r := s.reconcile(today); r.Status != "exceptions" || s.held(ledger.Suspense) != -1_000 || s.held(ledger.Gateway) != 0 {
			t.Errorf("%+v, suspense %d, gateway %d", r, s.held(ledger.Suspense), s.held(ledger.Gateway))
		}
		s.holds()
	})
}

func TestAboveTheLimitTwoPeopleResolve(t *testing.T) {
	onEach(t, func(s *shop) {
		s.files.put(today, statement(theirs{trade: "large", amount: 1_000_001}, theirs{trade: "small", amount: 1_000_000}))
		r := s.reconcile(today)
		large, small := s.exceptions(r.ID)["surplus large"], s.exceptions(r.ID)["surplus small"]
		if got, err := s.desk.Resolve(s.ctx, s.bank, small.ID, "written_off", "x", maker); err != nil || got.Status != "resolved" || got.ConfirmedBy != nil {
			t.Fatalf("%+v, %v", got, err)
		}
		_, err := s.desk.Confirm(s.ctx, s.bank, large.ID, check)
		s.wantCode(err, "conflict")
		both := settle.Actor{Kind: "staff", ID: maker.ID, Checker: true}
		propose := func() {
			t.Helper()
			got, err := s.desk.Resolve(s.ctx, s.bank, large.ID, "written_off", "查无此人 11010519491231002X", maker)
			if err != nil || got.Status != "proposed" || *got.ProposedAs != "written_off" || *got.ProposedBy != maker.ID || got.Resolution != nil {
				t.Fatalf("%+v, %v", got, err)
			}
		}
		propose()
		if s.held(ledger.WriteOff) != 1_000_000 {
			t.Errorf("written off before it was confirmed: %d", s.held(ledger.WriteOff))
		}
		_, err = s.desk.Resolve(s.ctx, s.bank, large.ID, "matched", "x", maker)
		s.wantCode(err, "conflict")
		_, err = s.desk.TakeBack(s.ctx, s.bank, large.ID, check)
		s.wantCode(err, "proposal.not_yours")
		if got, err := s.desk.TakeBack(s.ctx, s.bank, large.ID, maker); err != nil || got.Status != "open" || got.ProposedAs != nil || got.Comment != nil {
			t.Errorf("%+v, %v", got, err)
		}
		_, err = s.desk.TakeBack(s.ctx, s.bank, large.ID, maker)
		s.wantCode(err, "conflict")
		propose()
		_, err = s.desk.Confirm(s.ctx, s.bank, large.ID, both)
		s.wantCode(err, "exception.same_person")
		_, err = s.desk.Confirm(s.ctx, s.bank, large.ID, settle.Actor{ID: "stf_x"})
		s.wantCode(err, "auth.forbidden")
		s.reconcile(today) // the same file again leaves the proposal
		got, err := s.desk.Decline(s.ctx, s.bank, large.ID, "先问商户 13812345678", check)
		if err != nil || got.Status != "open" || *got.DeclinedFor != "先问商户 ***" || got.ProposedBy != nil {
			t.Fatalf("%+v, %v", got, err)
		}
		propose()
		got, err = s.desk.Confirm(s.ctx, s.bank, large.ID, check)
		if err != nil || got.Status != "resolved" || *got.ResolvedBy != maker.ID || *got.ConfirmedBy != check.ID || *got.Comment != "查无此人 ***" {
			t.Fatalf("%+v, %v", got, err)
		}
		if s.held(ledger.WriteOff) != 2_000_001 || s.held(ledger.Suspense) != 0 {
			t.Errorf("written off %d, suspense %d", s.held(ledger.WriteOff), s.held(ledger.Suspense))
		}
		s.holds()
	})
}

// A proposal about an amount that a new file changes is none any more.
func TestAProposalIsOfItsAmount(t *testing.T) {
	onEach(t, func(s *shop) {
		s.files.put(today, statement(theirs{trade: "large", amount: 1_000_001}))
		large := s.exceptions(s.reconcile(today).ID)["surplus large"]
		if _, err := s.desk.Resolve(s.ctx, s.bank, large.ID, "written_off", "x", maker); err != nil {
			t.Fatal(err)
		}
		s.files.put(today, statement(theirs{trade: "large", amount: 9_000_000}))
		if got := s.exceptions(s.reconcile(today).ID)["surplus large"]; got.Status != "open" || got.ProposedBy != nil || got.Theirs != 9_000_000 {
			t.Errorf("%+v", got)
		}
		_, err := s.desk.Confirm(s.ctx, s.bank, large.ID, check)
		s.wantCode(err, "conflict")
		s.holds()
	})
}

func TestTheWorkListIsFilteredAndOwned(t *testing.T) {
	onEach(t, func(s *shop) {
		_, pay := s.paid(s.bank, s.lineOf(s.tea, "茶", 500))
		_, twice := s.paid(s.bank, s.lineOf(s.tea, "茶", 600))
		s.files.put(today, statement(theirs{trade: "nobody", amount: 70}, theirs{trade: twice, amount: 600}, theirs{trade: twice, amount: 600}))
		r := s.reconcile(today)
		all := s.exceptions(r.ID)
		if len(all) != 3 || all["shortage "+pay].Status != "waiting" {
			t.Fatalf("%+v", all)
		}
		one := all["surplus nobody"]
		if got, err := s.desk.Take(s.ctx, s.bank, one.ID, maker); err != nil || *got.Owner != maker.ID {
			t.Fatalf("%+v, %v", got, err)
		}
		count := func(w settle.Work) int {
			items, err := s.desk.WorkList(s.ctx, s.bank.ID, w, "", 0)
			if err != nil {
				t.Fatal(err)
			}
			return len(items)
		}
		for _, c := range []struct {
			w    settle.Work
			want int
		}{
			{settle.Work{}, 3}, {settle.Work{Status: "unresolved"}, 3}, {settle.Work{Status: "waiting"}, 1}, {settle.Work{Status: "open"}, 2},
			{settle.Work{Status: "proposed"}, 0}, {settle.Work{Owner: maker.ID}, 1}, {settle.Work{Owner: "none"}, 2}, {settle.Work{Kind: "duplicate"}, 1},
			{settle.Work{Date: "2025-06-09"}, 0}, {settle.Work{Channel: "wechatpay"}, 0}, {settle.Work{Channel: "bankbox", Date: today}, 3},
		} {
			if got := count(c.w); got != c.want {
				t.Errorf("%+v: %d, want %d", c.w, got, c.want)
			}
		}
		if got, err := s.desk.Release(s.ctx, s.bank, one.ID, maker); err != nil || got.Owner != nil {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := s.desk.Resolve(s.ctx, s.bank, one.ID, "adjusted", "x", maker); err != nil {
			t.Fatal(err)
		}
		_, err := s.desk.Take(s.ctx, s.bank, one.ID, maker)
		s.wantCode(err, "conflict")
		_, err = s.desk.Take(s.ctx, s.other(), one.ID, maker)
		s.wantCode(err, "not_found")
		if count(settle.Work{Status: "unresolved"}) != 2 || count(settle.Work{Status: "resolved"}) != 1 {
			t.Error("the list does not follow")
		}
	})
}

// A payment that two days' files tell of is money twice, on the second day.
func TestANumberInTwoDaysFilesIsADuplicate(t *testing.T) {
	onEach(t, func(s *shop) {
		_, pay := s.paid(s.bank, s.lineOf(s.tea, "茶", 500))
		_, late := s.paid(s.bank, s.lineOf(s.tea, "茶", 300))
		s.files.put(today, statement(theirs{trade: pay, amount: 500}))
		s.files.put("2025-06-11", statement(theirs{trade: pay, amount: 500}, theirs{trade: late, amount: 300}))
		s.clk.Advance(72 * time.Hour)
		if r := s.reconcile(today); r.Status != "matched" || r.MatchedCount != 2 {
			t.Errorf("%+v", r)
		}
		r := s.reconcile("2025-06-11")
		if got := s.exceptions(r.ID); len(got) != 1 || got["duplicate "+pay].Theirs != 500 || r.MatchedCount != 1 {
			t.Errorf("%+v, %+v", r, got)
		}
		s.holds()
	})
}

// asked is a gateway's payments side: what it answers of each number.
type asked struct {
	answers map[string]string
	calls   []string
	unknown bool
	count   func(ref string)
}

func (a *asked) Repair(_ context.Context, _, ref string) (bool, string, error) {
	a.calls = append(a.calls, ref)
	if a.unknown {
		return false, "", gateway.ErrUnknown
	}
	if a.answers[ref] == "succeeded" {
		a.count(ref)
		return true, "counted", nil
	}
	return false, a.answers[ref], nil
}

func TestWhatWasMissedIsAskedForAndCounted(t *testing.T) {
	onEach(t, func(s *shop) {
		order, _ := s.paid(s.bank, s.lineOf(s.tea, "茶", 10))
		missed, other := id.New(id.Payment), id.New(id.Payment)
		s.tx(func(tx *db.Tx) error {
			if err := s.insertPayment(tx, s.bank, other, order, 700, "pending"); err != nil {
				return err
			}
			return s.insertPayment(tx, s.bank, missed, order, 600, "pending")
		})
		desk := *s.desk
		a := &asked{answers: map[string]string{missed: "succeeded", other: "the gateway says pending"}, unknown: true}
		a.count = func(ref string) {
			s.tx(func(tx *db.Tx) error {
				_, err := tx.Exec(s.ctx, "UPDATE payment SET status = 'succeeded', paid_at = ? WHERE id = ?", tx.Now, ref)
				if err == nil {
					_, err = s.book.Post(s.ctx, tx, ledger.Entry{Bank: s.bank, Event: ledger.PaymentUnmatched, Ref: ref, Lines: []ledger.Line{
						{Account: ledger.Gateway, Debit: 600}, {Account: ledger.Suspense, Credit: 600}}})
				}
				return err
			})
		}
		desk.Repairs = a
		s.files.put(today, statement(theirs{trade: missed, amount: 600}, theirs{trade: other, amount: 700}))
		reconcile := func() map[string]settle.Exception {
			t.Helper()
			r, err := desk.Reconcile(s.ctx, s.bank, today)
			if err != nil {
				t.Fatal(err)
			}
			return s.exceptions(r.ID)
		}
		off := s.bank
		off.Settings.Reconciliation.NoRepair = true
		if _, err := desk.Reconcile(s.ctx, off, today); err != nil || len(a.calls) != 0 {
			t.Errorf("asked %v though the bank's rule is off: %v", a.calls, err)
		}
		if got := reconcile(); got["status "+missed].Status != "open" || got["status "+missed].Rule != nil {
			t.Errorf("unknown was taken for an answer: %+v", got)
		}
		a.unknown, a.calls = false, nil
		got := reconcile()
		if e := got["status "+missed]; e.Status != "resolved" || *e.Resolution != "matched" || *e.Rule != "repair" || *e.Note != "counted" || e.Held != 0 {
			t.Errorf("%+v", e)
		}
		if e := got["status "+other]; e.Status != "open" || *e.Note != "the gateway says pending" || e.Held != 700 {
			t.Errorf("%+v", e)
		}
		if reconcile(); len(a.calls) != 2 {
			t.Errorf("asked %v", a.calls)
		}
		s.holds()
	})
}

// giver is a gateway that also gives back.
type giver struct {
	*files
	made     map[string]money.Fen
	err      error
	answered error // after acting
}

func (g *giver) CreateRefund(_ context.Context, no, _ string, amount money.Fen) (gateway.Refund, error) {
	if g.err != nil {
		return gateway.Refund{}, g.err
	}
	g.made[no] = amount
	return gateway.Refund{OutRefundNo: no, RefundNo: "RF1", Status: "succeeded"}, g.answered
}

func TestASurplusOfNobodyGoesBackOnce(t *testing.T) {
	onEach(t, func(s *shop) {
		g := &giver{files: s.files, made: map[string]money.Fen{}}
		s.bank.Settings.Reconciliation.RefundSurplusAfterDays = 3
		s.desk = settle.New(s.db, s.book, s.box, banksOf{s.bank}, g)
		s.files.put(today, statement(theirs{trade: "nobody", amount: 70}, theirs{trade: "refused", amount: 80}))
		s.tx(func(tx *db.Tx) error { return s.desk.ScheduleNightly(s.ctx, tx, s.bank) })
		s.clk.Advance(30 * time.Hour)
		s.work()
		if len(g.made) != 0 {
			t.Fatalf("given back at once: %v", g.made)
		}
		recs, err := s.desk.Reconciliations(s.ctx, s.bank.ID, today, "", 0)
		if err != nil || len(recs) != 1 {
			t.Fatal(recs, err)
		}
		nobody, refused := s.exceptions(recs[0].ID)["surplus nobody"], s.exceptions(recs[0].ID)["surplus refused"]
		if _, err := s.desk.Resolve(s.ctx, s.bank, refused.ID, "adjusted", "x", maker); err != nil {
			t.Fatal(err)
		}
		g.answered = gateway.ErrUnknown // it acts, and we do not hear of it
		s.clk.Advance(3 * 24 * time.Hour)
		s.work()
		if len(g.made) != 1 || g.made[nobody.ID] != 70 {
			t.Fatalf("%v", g.made)
		}
		_, err = s.desk.Resolve(s.ctx, s.bank, nobody.ID, "written_off", "x", maker)
		s.wantCode(err, "exception.refunding")
		g.answered = nil
		s.clk.Advance(24 * time.Hour)
		s.work()
		got := s.exceptions(recs[0].ID)["surplus nobody"]
		if got.Status != "resolved" || *got.Resolution != "refunded" || *got.Rule != "refund" || s.held(ledger.Suspense) != 80 {
			t.Errorf("%+v, suspense %d", got, s.held(ledger.Suspense))
		}
		// The refund is in the file of its day, and is ours.
		date := s.bank.BusinessDate(s.clk.Now())
		s.files.put(date, statement(theirs{trade: "nobody", refund: nobody.ID, amount: 70}))
		if r := s.reconcile(date); r.Status != "matched" || r.MatchedCount != 1 || r.Theirs != -70 || r.Ours != -70 {
			t.Errorf("%+v", r)
		}
		s.holds()
	})
}

func TestAFewFenAreWrittenOffWhereTheBankSaysSo(t *testing.T) {
	onEach(t, func(s *shop) {
		_, one := s.paid(s.bank, s.lineOf(s.tea, "茶", 500))
		_, two := s.paid(s.bank, s.lineOf(s.tea, "茶", 500))
		s.files.put(today, statement(theirs{trade: one, amount: 495}, theirs{trade: two, amount: 506}))
		s.bank.Settings.Reconciliation.WriteOffUpToFen = 5
		got := s.exceptions(s.reconcile(today).ID)
		if e := got["amount "+one]; e.Status != "resolved" || *e.Resolution != "written_off" || *e.Rule != "write_off" {
			t.Errorf("%+v", e)
		}
		if e := got["amount "+two]; e.Status != "open" || e.Rule != nil {
			t.Errorf("%+v", e)
		}
		if s.held(ledger.WriteOff) != -5 || s.held(ledger.Suspense) != 6 {
			t.Errorf("written off %d, suspense %d", s.held(ledger.WriteOff), s.held(ledger.Suspense))
		}
		s.holds()
	})
}

func (s *shop) upload(channel, date string, parts ...string) settle.Upload {
	s.t.Helper()
	u, err := s.desk.BeginUpload(s.ctx, s.bank, channel, date, "对账单.csv", maker)
	for i, p := range parts {
		if err == nil {
			err = s.desk.PutPart(s.ctx, s.bank.ID, u.ID, i+1, []byte(p))
		}
	}
	if err == nil {
		u, err = s.desk.EndUpload(s.ctx, s.bank, u.ID, maker)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return u
}

func TestAFileThatAPersonBringsStandsInForTheGateways(t *testing.T) {
	onEach(t, func(s *shop) {
		_, pay := s.paid(s.bank, s.lineOf(s.tea, "茶", 500))
		file := statement(theirs{trade: pay, amount: 500}, theirs{trade: "nobody", amount: 70})
		s.files.fail = true
		cut := s.upload("bankbox", today, file[:len(file)-10])
		if cut.State != "refused" || cut.Reason == "" || len(cut.SHA256) != 64 {
			t.Errorf("%+v", cut)
		}
		if _, err := s.desk.Reconcile(s.ctx, s.bank, today); err == nil {
			t.Error("a file that was refused was used")
		}
		whole := s.upload("bankbox", today, file[:100], file[100:130], file[130:])
		if whole.State != "whole" || whole.Rows != 2 {
			t.Errorf("%+v", whole)
		}
		items, err := s.desk.Reconciliations(s.ctx, s.bank.ID, today, "", 0)
		if err != nil || len(items) != 1 || items[0].File.Source != "upload" || items[0].File.SHA256 != whole.SHA256 || items[0].MatchedCount != 1 || items[0].Status != "exceptions" {
			t.Fatalf("%+v, %v", items, err)
		}
		s.wantCode(s.desk.PutPart(s.ctx, s.bank.ID, whole.ID, 1, []byte("x")), "conflict")
		s.wantCode(s.desk.PutPart(s.ctx, "bank_other", whole.ID, 1, []byte("x")), "not_found")
		s.files.fail = false // the gateway's own is believed when it is there
		s.files.put(today, statement(theirs{trade: pay, amount: 500}))
		if r := s.reconcile(today); r.Status != "matched" || r.File.Source != "gateway" || r.File.Repeat != "changed" {
			t.Errorf("%+v", r)
		}
		_, err = s.desk.BeginUpload(s.ctx, s.bank, "paper", today, "x", maker)
		s.wantCode(err, "validation")
		_, err = s.desk.BeginUpload(s.ctx, s.bank, "bankbox", "2999-01-01", "x", maker)
		s.wantCode(err, "validation")
		empty, err := s.desk.BeginUpload(s.ctx, s.bank, "bankbox", today, "x", maker)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.desk.EndUpload(s.ctx, s.bank, empty.ID, maker)
		s.wantCode(err, "import.parts")
		s.holds()
		s.clk.Advance(100 * 24 * time.Hour)
		if err := s.desk.Purge(s.ctx); err != nil {
			t.Fatal(err)
		}
		if n, _, err := db.Value[int](s.ctx, s.db, "SELECT COUNT(*) FROM statement_part"); err != nil || n != 0 {
			t.Errorf("%d parts are kept, %v", n, err)
		}
	})
}

// A bill of WeChat Pay, in either encoding, reads like the bank's own file.
func TestAWeChatBillIsReconciled(t *testing.T) {
	onEach(t, func(s *shop) {
		bills := &files{byDate: map[string]string{}}
		s.desk.AddWeChatPay(bills)
		order, pay := s.paid(s.bank, s.lineOf(s.tea, "茶", 1_000))
		back := s.refunded(order, pay, s.tea, 300, 15)
		s.tx(func(tx *db.Tx) error {
			_, err := tx.Exec(s.ctx, "UPDATE payment SET channel = 'wechatpay'")
			return err
		})
		text := bill(theirs{trade: pay, amount: 1_000}, theirs{trade: pay, refund: back, amount: 300}, theirs{trade: "nobody", amount: 70},
			theirs{trade: pay, refund: "closed", amount: 9, status: "CLOSED"})
		gbk, err := simplifiedchinese.GB18030.NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		for encoding, file := range map[string]string{"utf-8": "\xef\xbb\xbf" + text, "gb18030": gbk} {
			bills.raw(today, file)
			r, err := s.desk.ReconcileChannel(s.ctx, s.bank, settle.WeChatPay, today)
			if err != nil || r.Channel != "wechatpay" || r.MatchedCount != 2 || r.TheirsCount != 3 || r.ExceptionCount != 1 || r.File.Encoding != encoding || r.File.Rows != 4 {
				t.Errorf("%s: %+v, %v", encoding, r, err)
			}
		}
		if s.held(ledger.GatewayOf("wechatpay")) != -70 || s.held(ledger.Suspense) != 70 {
			t.Errorf("gateway %d, suspense %d", s.held(ledger.GatewayOf("wechatpay")), s.held(ledger.Suspense))
		}
		for name, c := range map[string]struct {
			text  string
			state settle.FileState
		}{
			"cut off":     {text[:strings.Index(text, "总交易单数")], settle.Truncated},
			"no totals":   {text[:strings.LastIndex(text, "`4")], settle.Truncated},
			"other total": {text[:strings.LastIndex(text, "`10.70")] + strings.Replace(text[strings.LastIndex(text, "`10.70"):], "10.70", "10.71", 1), settle.WrongTotal},
			"lost column": {strings.Replace(text, "退款状态", "状态", 1), settle.Malformed},
			"half a code": {strings.Replace(text, "茶", "\xe8\x8c", 1), settle.BadEncoding},
		} {
			bills.raw(today, c.text)
			_, err := s.desk.ReconcileChannel(s.ctx, s.bank, settle.WeChatPay, today)
			var no *settle.FileError
			if !errors.As(err, &no) || no.State != c.state {
				t.Errorf("%s: %v", name, err)
			}
		}
		s.holds()
	})
}

const billHead = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额," +
	"微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注\r\n"

// bill is WeChat Pay's file of today.
func bill(rows ...theirs) string {
	b := billHead
	var paid, back money.Fen
	var fees int64
	for _, r := range rows {
		state, sum, given, status := "SUCCESS", r.amount, money.Fen(0), ""
		if r.refund != "" {
			state, sum, given, status = "REFUND", 0, r.amount, "SUCCESS"
		}
		if r.status != "" {
			status = r.status
		}
		paid, back, fees = paid+sum, back+given, fees+r.fee
		b += "`" + strings.Join([]string{today + " 12:00:00", "wx1", "1900000109", "0", "", "4200", r.trade, "o1", "NATIVE", state, "OTHERS", "CNY", sum.Yuan(), "0.00",
			"5030", r.refund, given.Yuan(), "0.00", "ORIGINAL", status, "茶, 一两", "", feeText(r.fee), "0.60%", sum.Yuan(), given.Yuan(), ""}, ",`") + "\r\n"
	}
	return b + "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r\n`" +
		strings.Join([]string{string(rune('0' + len(rows))), paid.Yuan(), back.Yuan(), "0.00", feeText(fees), paid.Yuan(), back.Yuan()}, ",`") + "\r\n"
}
