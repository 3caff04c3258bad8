package settle_test

import (
	"bytes"
	"encoding/csv"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/xuri/excelize/v2"

	"yinbo/internal/audit"
	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/order/ledger"
	"yinbo/order/settle"
)

func TestLinesAddUpToPaidOrdersLessRefundsAndCommission(t *testing.T) {
	onEach(t, func(s *shop) {
		// One order of both merchants, one of two lines whose commissions round.
		first, pay := s.paid(s.bank, s.lineOf(s.tea, "明前龙井", 10_000), s.lineOf(s.honey, "椴树蜜", 8_800))
		second, _ := s.paid(s.bank, s.lineOf(s.tea, "茶饼", 333), s.lineOf(s.tea, "茶针", 17))
		s.refundedOf(first, pay, 1_880) // 1000 of the tea's, 880 of the honey's
		got := s.run(today)
		if len(got) != 2 {
			t.Fatalf("%d settlements of 2 merchants", len(got))
		}
		tea, honey := got[s.tea], got[s.honey]
		wantAmounts(t, tea, 10_350, 1_000, 500+17+1-50)
		wantAmounts(t, honey, 8_800, 880, 70-7)
		if tea.Status != "draft" || tea.BusinessDate != today || tea.Merchant.Name != "茶庄" || tea.LineCount != 4 {
			t.Errorf("%+v", tea)
		}
		for _, item := range got {
			full, err := s.desk.Get(s.ctx, s.bank.ID, item.ID)
			if err != nil {
				t.Fatal(err)
			}
			var net, amount, commission money.Fen
			for _, l := range full.Lines {
				net, amount, commission = net+l.Net, amount+l.Amount, commission+l.Commission
				if l.Net != l.Amount-l.Commission || l.Title == "" || l.OrderID != first && l.OrderID != second {
					t.Errorf("line %+v", l)
				}
			}
			if net != item.Payable || amount != item.Sales-item.Refunds || commission != item.Commission || len(full.Lines) != item.LineCount {
				t.Errorf("%s: lines net %d, amount %d, commission %d; statement %+v", item.Merchant.Name, net, amount, commission, item)
			}
			if held := s.held(ledger.Merchant(item.Merchant.ID)); held != item.Payable {
				t.Errorf("the ledger owes %s %d, the statement says %d", item.Merchant.Name, held, item.Payable)
			}
		}
	})
}

// refundedOf gives back 1000 to the tea's line and 880 to the honey's.
func (s *shop) refundedOf(orderID, paymentID string, amount money.Fen) {
	s.t.Helper()
	const cutTea, cutHoney = 50, 7
	s.refundEntry(orderID, paymentID, amount, []ledger.Line{
		{Account: ledger.Merchant(s.tea), Debit: 1_000 - cutTea}, {Account: ledger.Merchant(s.honey), Debit: 880 - cutHoney},
		{Account: ledger.Commission, Debit: cutTea + cutHoney}, {Account: ledger.Gateway, Credit: amount}})
}

func wantAmounts(t *testing.T, s settle.Settlement, sales, refunds, commission money.Fen) {
	t.Helper()
	if s.Sales != sales || s.Refunds != refunds || s.Commission != commission || s.Discounts != 0 || s.Payable != sales-refunds-commission {
		t.Errorf("%s: sales %d, refunds %d, commission %d, payable %d; want %d, %d, %d", s.Merchant.Name,
			s.Sales, s.Refunds, s.Commission, s.Payable, sales, refunds, commission)
	}
}

func (s *shop) held(account string) money.Fen {
	s.t.Helper()
	b, err := s.book.TrialBalance(s.ctx, s.db, s.bank.ID, "")
	if err != nil || b.Debit != b.Credit {
		s.t.Fatalf("%+v, %v", b, err)
	}
	for _, a := range b.Items {
		if a.Account == account {
			return a.Credit - a.Debit
		}
	}
	return 0
}

func TestRunningAgainChangesNothing(t *testing.T) {
	onEach(t, func(s *shop) {
		s.paid(s.bank, s.lineOf(s.tea, "茶", 100))
		before := s.run(today)
		s.paid(s.bank, s.lineOf(s.tea, "茶", 100)) // after closing: the next date's
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if items, err := s.desk.Run(s.ctx, s.bank, today, maker); err != nil || len(items) != 1 || !reflect.DeepEqual(items[0], before[s.tea]) {
					t.Errorf("%+v, %v; before %+v", items, err, before)
				}
			})
		}
		wg.Wait()
		s.clk.Advance(24 * 3600e9)
		if next := s.run("2025-06-11"); next[s.tea].Sales != 100 {
			t.Errorf("the next date has %+v", next)
		}
	})
}

func TestConcurrentRunsMakeOneStatementAMerchant(t *testing.T) {
	onEach(t, func(s *shop) {
		s.paid(s.bank, s.lineOf(s.tea, "茶", 100), s.lineOf(s.honey, "蜜", 100))
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				if items, err := s.desk.Run(s.ctx, s.bank, today, maker); err != nil || len(items) != 2 {
					t.Errorf("%d settlements, %v", len(items), err)
				}
			})
		}
		wg.Wait()
		if _, err := audit.Verify(s.ctx, s.db, s.bank.ID); err != nil {
			t.Error(err)
		}
	})
}

func TestClosingADateClosesTheOnesBefore(t *testing.T) {
	onEach(t, func(s *shop) {
		s.paid(s.bank, s.lineOf(s.tea, "茶", 100))
		s.clk.Advance(48 * 3600e9)
		s.paid(s.bank, s.lineOf(s.honey, "蜜", 200))
		if got := s.run("2025-06-12"); len(got) != 1 || got[s.honey].Sales != 200 {
			t.Fatalf("%+v", got)
		}
		items, err := s.desk.List(s.ctx, s.bank.ID, settle.Filter{Date: today}, "", 0)
		if err != nil || len(items) != 1 || items[0].Sales != 100 {
			t.Fatalf("%+v, %v", items, err)
		}
		if got := s.run("2025-06-11"); len(got) != 0 {
			t.Errorf("a date without sales has %+v", got)
		}
	})
}

func TestADateToComeCannotBeClosed(t *testing.T) {
	onEach(t, func(s *shop) {
		for _, date := range []string{"2025-06-11", "", "10.06.2025", "2025-02-30"} {
			_, err := s.desk.Run(s.ctx, s.bank, date, maker)
			s.wantCode(err, "validation")
			if f := fault.From(err).Fields; len(f) != 1 || f[0].Name != "date" {
				t.Errorf("%q: fields %v", date, f)
			}
		}
	})
}

func TestWhoSubmitsMayNotDecide(t *testing.T) {
	onEach(t, func(s *shop) {
		s.paid(s.bank, s.lineOf(s.tea, "茶", 10_000))
		one := s.run(today)[s.tea]
		_, err := s.desk.Approve(s.ctx, s.bank, one.ID, check)
		s.wantCode(err, "conflict") // a draft
		both := settle.Actor{Kind: "staff", ID: "stf_both", Checker: true}
		got, err := s.desk.Submit(s.ctx, s.bank, one.ID, both)
		if err != nil || got.Status != "submitted" || *got.SubmittedBy != both.ID || got.SubmittedAt == nil {
			t.Fatalf("%+v, %v", got, err)
		}
		_, err = s.desk.Submit(s.ctx, s.bank, one.ID, maker)
		s.wantCode(err, "conflict")
		_, err = s.desk.Approve(s.ctx, s.bank, one.ID, both)
		s.wantCode(err, "settlement.same_person")
		_, err = s.desk.Reject(s.ctx, s.bank, one.ID, "自查", both)
		s.wantCode(err, "settlement.same_person")
		_, err = s.desk.Approve(s.ctx, s.bank, one.ID, maker) // another, but no checker
		s.wantCode(err, "auth.forbidden")
		got, err = s.desk.Approve(s.ctx, s.bank, one.ID, check)
		if err != nil || got.Status != "approved" || *got.DecidedBy != check.ID {
			t.Fatalf("%+v, %v", got, err)
		}
		if due := s.held(ledger.PayoutDue(s.tea)); due != 9_500 || s.held(ledger.Merchant(s.tea)) != 0 {
			t.Errorf("due for payout: %d", due)
		}
		_, err = s.desk.Approve(s.ctx, s.bank, "stl_nobody", check)
		s.wantCode(err, "not_found")
	})
}

func TestRejectedMayBeSubmittedAgain(t *testing.T) {
	onEach(t, func(s *shop) {
		s.paid(s.bank, s.lineOf(s.tea, "茶", 100))
		one := s.run(today)[s.tea]
		steps := []func() (settle.Settlement, error){
			func() (settle.Settlement, error) { return s.desk.Submit(s.ctx, s.bank, one.ID, maker) },
			func() (settle.Settlement, error) {
				return s.desk.Reject(s.ctx, s.bank, one.ID, "佣金不对，问 13812345678", check)
			},
			func() (settle.Settlement, error) { return s.desk.Submit(s.ctx, s.bank, one.ID, check) }, // who rejected may submit
			func() (settle.Settlement, error) { return s.desk.Get(s.ctx, s.bank.ID, one.ID) },
		}
		for i, want := range []string{"submitted", "rejected", "submitted", "submitted"} {
			got, err := steps[i]()
			if err != nil || got.Status != want {
				t.Fatalf("step %d: %+v, %v", i, got, err)
			}
			if reason := got.RejectReason; (reason != nil) != (want == "rejected") || reason != nil && *reason != "佣金不对，问 ***" {
				t.Errorf("step %d: reason %v", i, reason)
			}
		}
		if n, err := audit.Verify(s.ctx, s.db, s.bank.ID); err != nil || n != 5 { // run, made, three moves
			t.Errorf("%d audit entries: %v", n, err)
		}
	})
}

func TestCheckersAtOnceDecideOnce(t *testing.T) {
	onEach(t, func(s *shop) {
		s.paid(s.bank, s.lineOf(s.tea, "茶", 10_000))
		one := s.run(today)[s.tea]
		if _, err := s.desk.Submit(s.ctx, s.bank, one.ID, maker); err != nil {
			t.Fatal(err)
		}
		results := make(chan error, 8)
		for i := range cap(results) {
			go func() {
				var err error
				if i%2 == 0 {
					_, err = s.desk.Approve(s.ctx, s.bank, one.ID, check)
				} else {
					_, err = s.desk.Reject(s.ctx, s.bank, one.ID, "不对", check)
				}
				results <- err
			}()
		}
		won := 0
		for range cap(results) {
			if err := <-results; err == nil {
				won++
			} else {
				s.wantCode(err, "conflict")
			}
		}
		got, err := s.desk.Get(s.ctx, s.bank.ID, one.ID)
		if err != nil || won != 1 {
			t.Fatalf("%d decisions: %v", won, err)
		}
		want := map[string]money.Fen{"approved": 9_500, "rejected": 0}[got.Status]
		if due := s.held(ledger.PayoutDue(s.tea)); due != want {
			t.Errorf("%s with %d due", got.Status, due)
		}
	})
}

func TestAPayableBelowZeroIsCarried(t *testing.T) {
	onEach(t, func(s *shop) {
		order, pay := s.paid(s.bank, s.lineOf(s.tea, "茶", 1_000))
		s.run(today)
		s.clk.Advance(24 * 3600e9)
		s.refunded(order, pay, s.tea, 1_000, 50)
		one := s.run("2025-06-11")[s.tea]
		if one.Payable != -950 || one.Refunds != 1_000 || one.Commission != -50 {
			t.Fatalf("%+v", one)
		}
		if _, err := s.desk.Submit(s.ctx, s.bank, one.ID, maker); err != nil {
			t.Fatal(err)
		}
		if _, err := s.desk.Approve(s.ctx, s.bank, one.ID, check); err != nil {
			t.Fatal(err)
		}
		if due := s.held(ledger.PayoutDue(s.tea)); due != -950 {
			t.Errorf("due %d, want it carried", due)
		}
	})
}

func TestPagesFollowEachOther(t *testing.T) {
	onEach(t, func(s *shop) {
		for range 3 {
			s.paid(s.bank, s.lineOf(s.tea, "茶", 100), s.lineOf(s.honey, "蜜", 100))
			s.run(s.bank.BusinessDate(s.clk.Now()))
			s.clk.Advance(24 * 3600e9)
		}
		seen, after := map[string]bool{}, ""
		for {
			items, err := s.desk.List(s.ctx, s.bank.ID, settle.Filter{Status: "draft"}, after, 4)
			if err != nil {
				t.Fatal(err)
			}
			if len(items) == 0 {
				break
			}
			for _, i := range items {
				seen[i.ID] = true
			}
			after = items[len(items)-1].ID
		}
		if len(seen) != 6 {
			t.Errorf("saw %d of 6", len(seen))
		}
		if items, _ := s.desk.List(s.ctx, s.bank.ID, settle.Filter{Merchant: s.tea}, "", 0); len(items) != 3 {
			t.Errorf("%d of the tea's 3", len(items))
		}
		if items, err := s.desk.List(s.ctx, "bank_other", settle.Filter{}, "", 0); err != nil || items == nil || len(items) != 0 {
			t.Errorf("another bank sees %v, %v", items, err)
		}
	})
}

func TestFilesHoldTheLinesAndNoFormula(t *testing.T) {
	onEach(t, func(s *shop) {
		s.paid(s.bank, s.lineOf(s.tea, "=HYPERLINK(\"x\")", 12_345))
		one := s.run(today)[s.tea]
		f, err := s.desk.File(s.ctx, s.bank.ID, one.ID, settle.CSV)
		if err != nil {
			t.Fatal(err)
		}
		body, bom := strings.CutPrefix(string(f.Content), "\xef\xbb\xbf")
		rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
		if err != nil || !bom || len(rows) != 3 {
			t.Fatalf("%v, BOM %v, %q", err, bom, body)
		}
		if rows[1][5] != "'=HYPERLINK(\"x\")" || rows[1][6] != "123.45" || rows[2][8] != one.Payable.Yuan() {
			t.Errorf("%q", rows)
		}
		f, err = s.desk.File(s.ctx, s.bank.ID, one.ID, settle.XLSX)
		if err != nil || f.ContentType != settle.XLSXType {
			t.Fatal(f.ContentType, err)
		}
		x, err := excelize.OpenReader(bytes.NewReader(f.Content))
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		title, _ := x.GetCellValue("结算单", "F2")
		formula, _ := x.GetCellFormula("结算单", "F2")
		net, _ := x.GetCellValue("结算单", "I3", excelize.Options{RawCellValue: true})
		kind, _ := x.GetCellType("结算单", "I3")
		if title != "=HYPERLINK(\"x\")" || formula != "" || net != one.Payable.Yuan() || kind == excelize.CellTypeInlineString || kind == excelize.CellTypeSharedString {
			t.Errorf("title %q, formula %q, net %q of type %v", title, formula, net, kind)
		}
		_, err = s.desk.File(s.ctx, "bank_other", one.ID, settle.CSV)
		s.wantCode(err, "not_found")
	})
}
