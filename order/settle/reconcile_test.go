package settle_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
	"yinbo/order/settle"
)

func (s *shop) reconcile(date string) settle.Reconciliation {
	s.t.Helper()
	r, err := s.desk.Reconcile(s.ctx, s.bank, date)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// exceptions are a reconciliation's by kind and ref.
func (s *shop) exceptions(recID string) map[string]settle.Exception {
	s.t.Helper()
	items, err := s.desk.Exceptions(s.ctx, s.bank.ID, recID, "", 0)
	if err != nil {
		s.t.Fatal(err)
	}
	by := map[string]settle.Exception{}
	for _, e := range items {
		by[e.Kind+" "+e.Ref] = e
	}
	return by
}

func (s *shop) other() tenant.Bank {
	return testkit.Bank(s.t, s.db, s.keys, "other")
}

func TestAStatementThatAgreesIsMatched(t *testing.T) {
	onEach(t, func(s *shop) {
		other := s.other()
		order, pay := s.paid(s.bank, s.lineOf(s.tea, "茶", 10_000))
		back := s.refunded(order, pay, s.tea, 1_500, 75)
		_, foreign := s.paid(other, s.lineOf("mch_other", "外", 700))
		s.files.put(today, "\xef\xbb\xbf"+statement(theirs{trade: pay, amount: 10_000},
			theirs{trade: pay, refund: back, amount: 1_500}, theirs{trade: foreign, amount: 700}))
		r := s.reconcile(today)
		if r.Status != "matched" || r.OursCount != 2 || r.Ours != 8_500 || r.TheirsCount != 2 || r.Theirs != 8_500 || r.MatchedCount != 2 || r.ExceptionCount != 0 {
			t.Errorf("%+v", r)
		}
		theirsOther, err := s.desk.Reconcile(s.ctx, other, today)
		if err != nil || theirsOther.Status != "matched" || theirsOther.Theirs != 700 {
			t.Errorf("other bank: %+v, %v", theirsOther, err)
		}
		items, err := s.desk.Reconciliations(s.ctx, s.bank.ID, today, "", 0)
		if err != nil || len(items) != 1 || items[0] != r {
			t.Errorf("%+v, %v", items, err)
		}
	})
}

func TestAnotherChannelsMoneyIsNoMatterOfTheStatement(t *testing.T) {
	onEach(t, func(s *shop) {
		_, here := s.paid(s.bank, s.lineOf(s.tea, "茶", 1_000))
		order, elsewhere := s.paid(s.bank, s.lineOf(s.tea, "茶", 3_000))
		back := s.refunded(order, elsewhere, s.tea, 1_500, 75)
		s.tx(func(tx *db.Tx) error {
			_, err := tx.Exec(s.ctx, "UPDATE payment SET channel = 'wechatpay' WHERE id = ?", elsewhere)
			return err
		})
		s.files.put(today, statement(theirs{trade: here, amount: 1_000}))
		if r := s.reconcile(today); r.Status != "matched" || r.OursCount != 1 || r.Ours != 1_000 || r.ExceptionCount != 0 {
			t.Errorf("%+v", r)
		}
		// Where the bank's statement has them all the same, it has too much.
		s.files.put(today, statement(theirs{trade: here, amount: 1_000}, theirs{trade: elsewhere, amount: 3_000},
			theirs{trade: elsewhere, refund: back, amount: 1_500}))
		r := s.reconcile(today)
		got := s.exceptions(r.ID)
		if len(got) != 2 || got["surplus "+elsewhere].Theirs != 3_000 || got["surplus "+back].Theirs != -1_500 {
			t.Errorf("%+v, %+v", r, got)
		}
	})
}

func TestEachKindOfDifferenceIsRecordedOnce(t *testing.T) {
	onEach(t, func(s *shop) {
		other := s.other()
		order, right := s.paid(s.bank, s.lineOf(s.tea, "茶", 1_000))
		_, wrong := s.paid(s.bank, s.lineOf(s.tea, "茶", 2_000))
		_, missing := s.paid(s.bank, s.lineOf(s.tea, "茶", 3_000))
		_, twice := s.paid(s.bank, s.lineOf(s.tea, "茶", 400))
		back := s.refunded(order, right, s.tea, 100, 5)
		pending := id.New(id.Payment)
		s.tx(func(tx *db.Tx) error { return s.insertPayment(tx, s.bank, pending, order, 600, "pending") })
		file := statement(theirs{trade: right, amount: 1_000}, theirs{trade: wrong, amount: 2_001},
			theirs{trade: pending, amount: 600}, theirs{trade: "nobody", amount: 8_888},
			theirs{trade: twice, amount: 400}, theirs{trade: twice, amount: 400},
			theirs{trade: right, refund: "rfd_unknown", amount: 50}, theirs{trade: "gone", amount: 5, status: "failed"})
		s.files.put(today, file)
		var first settle.Reconciliation
		for i := range 3 { // a repeat changes nothing
			r := s.reconcile(today)
			r.File.Tries, r.File.Repeat, first.File.Repeat = 0, "", ""
			if i == 0 {
				first = r
			}
			if r != first || r.Status != "exceptions" || r.ExceptionCount != 7 || r.MatchedCount != 2 || r.OursCount != 5 || r.TheirsCount != 7 {
				t.Fatalf("run %d: %+v", i, r)
			}
		}
		got := s.exceptions(first.ID)
		for key, want := range map[string][2]money.Fen{
			"amount " + wrong: {2_000, 2_001}, "shortage " + missing: {3_000, 0}, "shortage " + back: {-100, 0},
			"status " + pending: {0, 600}, "surplus nobody": {0, 8_888}, "duplicate " + twice: {0, 400}, "surplus rfd_unknown": {0, -50},
		} {
			e, ok := got[key]
			if !ok || e.Ours != want[0] || e.Theirs != want[1] {
				t.Errorf("%s: %+v, want %v", key, e, want)
			}
			if waits := strings.HasPrefix(key, "shortage"); waits != (e.Status == "waiting") {
				t.Errorf("%s is %s", key, e.Status)
			}
		}
		// What nobody claims is one bank's only.
		r, err := s.desk.Reconcile(s.ctx, other, today)
		if err != nil || r.Status != "matched" || r.TheirsCount != 0 {
			t.Errorf("other bank: %+v, %v", r, err)
		}
	})
}

func TestAShortageWaitsForTheNextDaysFile(t *testing.T) {
	onEach(t, func(s *shop) {
		_, late := s.paid(s.bank, s.lineOf(s.tea, "茶", 1_000))
		_, lost := s.paid(s.bank, s.lineOf(s.tea, "茶", 2_000))
		r := s.reconcile(today)
		if r.Status != "waiting" || r.ExceptionCount != 2 {
			t.Fatalf("%+v", r)
		}
		s.files.put("2025-06-11", statement(theirs{trade: late, amount: 1_000}))
		s.clk.Advance(46 * time.Hour) // the 12th, 10:00: the 11th's file is published
		if next := s.reconcile("2025-06-11"); next.Status != "matched" || next.TheirsCount != 1 {
			t.Errorf("the next date: %+v", next)
		}
		r = s.reconcile(today)
		got := s.exceptions(r.ID)
		if r.Status != "exceptions" || r.MatchedCount != 1 || len(got) != 2 || got["shortage "+lost].Status != "open" || *got["shortage "+late].Resolution != "matched" {
			t.Errorf("%+v, %+v", r, got)
		}
	})
}

func TestWhatAPersonResolvedStaysResolved(t *testing.T) {
	onEach(t, func(s *shop) {
		s.files.put(today, statement(theirs{trade: "nobody", amount: 100}, theirs{trade: "none", amount: 200}))
		r := s.reconcile(today)
		one := s.exceptions(r.ID)["surplus nobody"]
		_, err := s.desk.Resolve(s.ctx, s.bank, one.ID, "forgotten", "", maker)
		s.wantCode(err, "validation")
		got, err := s.desk.Resolve(s.ctx, s.bank, one.ID, "written_off", "银行测试数据 6222021234567890123", maker)
		if err != nil || got.Status != "resolved" || *got.Resolution != "written_off" || *got.Comment != "银行测试数据 ***" || got.ResolvedAt == nil {
			t.Fatalf("%+v, %v", got, err)
		}
		_, err = s.desk.Resolve(s.ctx, s.bank, one.ID, "matched", "再来", maker)
		s.wantCode(err, "conflict")
		_, err = s.desk.Resolve(s.ctx, tenant.Bank{ID: "bank_other"}, one.ID, "matched", "外行", maker)
		s.wantCode(err, "not_found")
		if r = s.reconcile(today); r.Status != "exceptions" || r.ExceptionCount != 1 {
			t.Errorf("%+v", r)
		}
		s.files.put(today, statement(theirs{trade: "nobody", amount: 100})) // the other was corrected
		if r = s.reconcile(today); r.Status != "matched" || r.ExceptionCount != 0 {
			t.Errorf("%+v", r)
		}
		if all := s.exceptions(r.ID); len(all) != 2 || *all["surplus nobody"].Resolution != "written_off" || *all["surplus none"].Resolution != "matched" {
			t.Errorf("%+v", all)
		}
		_, err = s.desk.Exceptions(s.ctx, "bank_other", r.ID, "", 0)
		s.wantCode(err, "not_found")
	})
}

// What callbacks and refunds leave for a person is of no reconciliation; the
// day's run shows it, and no run takes it away.
func TestCallbackAmountsAreShownWithTheirDay(t *testing.T) {
	onEach(t, func(s *shop) {
		for range 3 { // the callback comes again and again
			s.tx(func(tx *db.Tx) error {
				var rows [][]any
				for _, kind := range []string{"callback_amount", "callback_number", "refund_failed", "refund_exceeds"} {
					rows = append(rows, []any{id.New(id.Exception), s.bank.ID, kind, "pay_1", 100, 1, "open", tx.Now})
				}
				return tx.InsertIgnore(s.ctx, "money_exception (id, bank_id, kind, ref, ours_fen, theirs_fen, status, created_at)", rows)
			})
			if r := s.reconcile(today); r.ExceptionCount != 4 || r.Status != "exceptions" || len(s.exceptions(r.ID)) != 4 {
				t.Errorf("%+v", r)
			}
		}
	})
}

// A file that is not whole changes no figure, and the reconciliation says what is
// wrong with it and what to do.
func TestAFileThatIsNotWholeIsSaidAndNotUsed(t *testing.T) {
	onEach(t, func(s *shop) {
		_, pay := s.paid(s.bank, s.lineOf(s.tea, "茶", 300))
		good := statement(theirs{trade: pay, amount: 300}, theirs{trade: "b", amount: 200})
		row := "2025-06-10 12:00:00,payment," + pay + ",,BP0,3.00,succeeded\n"
		bad := map[string]struct {
			text  string
			state settle.FileState
		}{
			"empty":        {"", settle.Truncated},
			"cut off":      {good[:strings.Index(good, "#total")], settle.Truncated},
			"cut in a row": {good[:strings.Index(good, "#total")-12], settle.Malformed},
			"lost row":     {strings.Replace(good, row, "", 1), settle.WrongTotal},
			"a row twice":  {strings.Replace(good, row, row+row, 1), settle.WrongTotal},
			"other sum":    {strings.Replace(good, ",5.00,", ",5.01,", 1), settle.WrongTotal},
			"goes on":      {good + row, settle.Malformed},
			"other header": {strings.Replace(good, "amount_yuan", "amount_fen", 1), settle.Malformed},
			"float":        {strings.Replace(good, "3.00", "3.0", 1), settle.Malformed},
			"kind":         {strings.Replace(good, "payment,b", "charge,b", 1), settle.Malformed},
			"no number":    {strings.Replace(good, "payment,b,,BP1", "payment,,,", 1), settle.Malformed},
			"another day":  {strings.Replace(good, "2025-06-10 12:00:00,payment,b", "2025-06-09 12:00:00,payment,b", 1), settle.WrongDay},
			"not text":     {strings.Replace(good, "payment,b", "payment,\xff\xfe", 1), settle.BadEncoding},
		}
		tries := 0
		for name, c := range bad {
			tries++
			s.files.raw(today, c.text)
			r, err := s.desk.Reconcile(s.ctx, s.bank, today)
			var no *settle.FileError
			if !errors.As(err, &no) || no.State != c.state || no.Date != today {
				t.Errorf("%s: %v", name, err)
			}
			if r.Status != "unread" || r.File.State != c.state || r.File.Reason == "" || r.File.Next != "ask_gateway" || r.File.Tries != tries ||
				r.TheirsCount != 0 || r.MatchedCount != 0 || r.ExceptionCount != 0 || r.OursCount != 1 {
				t.Errorf("%s: %+v", name, r)
			}
		}
		s.files.fail = true
		if r, err := s.desk.Reconcile(s.ctx, s.bank, today); err == nil || r.File.State != settle.Unreachable || r.File.Next != "run_again" {
			t.Errorf("%+v, %v", r, err)
		}
		s.files.fail, s.files.none = false, true
		if r, err := s.desk.Reconcile(s.ctx, s.bank, today); err == nil || r.File.State != settle.Late || r.File.Next != "wait" {
			t.Errorf("%+v, %v", r, err)
		}
		s.files.none = false
		s.files.put(today, good)
		whole := s.reconcile(today)
		if whole.Status != "exceptions" || whole.File.State != settle.Whole || whole.File.Next != "resolve" || whole.MatchedCount != 1 || whole.File.Rows != 2 || whole.File.Repeat != "first" {
			t.Errorf("%+v", whole)
		}
		// What a whole file told stays when a later try fails.
		s.files.raw(today, bad["cut off"].text)
		r, err := s.desk.Reconcile(s.ctx, s.bank, today)
		if err == nil || r.Status != "exceptions" || r.MatchedCount != 1 || r.File.State != settle.Truncated || r.File.SHA256 != whole.File.SHA256 {
			t.Errorf("%+v, %v", r, err)
		}
		s.files.put(today, good)
		if r := s.reconcile(today); r.File.Repeat != "same" || r.ExceptionCount != 1 {
			t.Errorf("%+v", r)
		}
		s.files.put(today, statement(theirs{trade: pay, amount: 300}))
		if r := s.reconcile(today); r.File.Repeat != "changed" || r.Status != "matched" {
			t.Errorf("%+v", r)
		}
	})
}

// work takes every task that is due and runs its handler.
func (s *shop) work() (kinds []string) {
	s.t.Helper()
	handlers := s.desk.Handlers()
	for {
		due, err := s.box.Due(s.ctx, 10)
		if err != nil {
			s.t.Fatal(err)
		}
		if len(due) == 0 {
			return kinds
		}
		for _, w := range due {
			task, ok, err := s.box.Take(s.ctx, w.ID)
			if err != nil || !ok {
				s.t.Fatal(ok, err)
			}
			if err := handlers[task.Kind](s.ctx, task); err != nil {
				s.t.Fatal(err)
			}
			if err := s.box.Done(s.ctx, task); err != nil {
				s.t.Fatal(err)
			}
			kinds = append(kinds, task.Kind+" "+task.Ref)
		}
	}
}

func TestARunAsksForItsReconciliation(t *testing.T) {
	onEach(t, func(s *shop) {
		_, pay := s.paid(s.bank, s.lineOf(s.tea, "茶", 1_000))
		s.files.put(today, statement(theirs{trade: pay, amount: 1_000}))
		s.run(today)
		s.run(today)
		if items, err := s.desk.Reconciliations(s.ctx, s.bank.ID, today, "", 0); err != nil || len(items) != 1 || items[0].Status != "matched" {
			t.Errorf("%+v, %v", items, err)
		}
		s.clk.Advance(time.Minute)
		if got := s.work(); len(got) != 0 { // it was done at once
			t.Errorf("%v", got)
		}
		s.files.fail = true
		s.run(today) // the gateway does not answer: a task asks again
		s.files.fail = false
		s.clk.Advance(time.Minute)
		if got := s.work(); !slices.Equal(got, []string{"reconcile.run " + today}) {
			t.Fatalf("%v", got)
		}
	})
}

func TestNightsCloseByThemselves(t *testing.T) {
	onEach(t, func(s *shop) {
		for range 2 {
			s.tx(func(tx *db.Tx) error { return s.desk.ScheduleNightly(s.ctx, tx, s.bank) })
		}
		_, lost := s.paid(s.bank, s.lineOf(s.tea, "茶", 1_000))
		if got := s.work(); len(got) != 0 {
			t.Fatalf("before midnight: %v", got)
		}
		s.clk.Advance(12*time.Hour + 31*time.Minute) // 00:31
		if got := s.work(); !slices.Equal(got, []string{"settlement.nightly " + today}) {
			t.Fatalf("at night: %v", got)
		}
		if items, err := s.desk.List(s.ctx, s.bank.ID, settle.Filter{Date: today}, "", 0); err != nil || len(items) != 1 {
			t.Errorf("%+v, %v", items, err)
		}
		s.clk.Advance(10 * time.Hour) // 10:31
		if got := s.work(); !slices.Equal(got, []string{"reconcile.run " + today}) {
			t.Fatalf("in the morning: %v", got)
		}
		s.clk.Advance(48 * time.Hour) // the node was down for two nights
		got := s.work()
		slices.Sort(got)
		want := []string{"reconcile.run 2025-06-11", "reconcile.run 2025-06-12", "settlement.nightly 2025-06-11", "settlement.nightly 2025-06-12"}
		if !slices.Equal(got, want) {
			t.Fatalf("%v", got)
		}
		items, err := s.desk.Reconciliations(s.ctx, s.bank.ID, today, "", 0)
		if err != nil || len(items) != 1 || s.exceptions(items[0].ID)["shortage "+lost].Status != "open" {
			t.Errorf("the shortage did not come out: %+v, %v", items, err)
		}
	})
}
