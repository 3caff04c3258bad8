package settle_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"yinbo/internal/bankbox"
	"yinbo/internal/db"
	"yinbo/internal/gateway"
	"yinbo/internal/money"
	"yinbo/internal/outbox"
	"yinbo/internal/testkit"
	"yinbo/order/ledger"
	"yinbo/order/settle"
)

// payer is a real bank behind a wire that a test cuts.
type payer struct {
	*gateway.Client
	theirs *bankbox.Server
	after  func() // when the bank has acted and we have not heard
	calls  atomic.Int64
}

func (p *payer) CreatePayout(ctx context.Context, no string, amount money.Fen, payee, name string) (gateway.Payout, error) {
	p.calls.Add(1)
	g, err := p.Client.CreatePayout(ctx, no, amount, payee, name)
	if p.after != nil {
		p.after()
	}
	return g, err
}

func (s *shop) payer() *payer {
	s.t.Helper()
	theirs, err := bankbox.Open(s.ctx, bankbox.Config{Dir: s.t.TempDir(), Addr: "127.0.0.1:0"})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := theirs.Close(ctx); err != nil {
			s.t.Error(err)
		}
	})
	p := &payer{Client: gateway.New(theirs.URL(), "http://127.0.0.1:9"), theirs: theirs}
	s.t.Cleanup(p.Close)
	s.desk.Payer = p
	return p
}

func (p *payer) faults(s *shop, body string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.ctx, http.MethodPut, p.theirs.URL()+"/faults", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.StatusCode != http.StatusOK {
		s.t.Fatal(res, err)
	}
	res.Body.Close()
}

// approved has two people agree to a merchant's settlement of a date.
func (s *shop) approved(merchant, date string) (settlementID string) {
	s.t.Helper()
	one := s.run(date)[merchant]
	if _, err := s.desk.Submit(s.ctx, s.bank, one.ID, maker); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.desk.Approve(s.ctx, s.bank, one.ID, check); err != nil {
		s.t.Fatal(err)
	}
	s.clk.Advance(time.Minute)
	return one.ID
}

// tasks works what is due once, and puts off what its handler puts off.
func (s *shop) tasks() {
	s.t.Helper()
	due, err := s.box.Due(s.ctx, 50)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, w := range due {
		task, ok, err := s.box.Take(s.ctx, w.ID)
		if err != nil {
			s.t.Fatal(err)
		}
		if !ok {
			continue
		}
		s.end(task, s.desk.Handlers()[task.Kind](s.ctx, task))
	}
}

func (s *shop) end(task outbox.Task, result error) {
	s.t.Helper()
	var later *outbox.Postponed
	var err error
	switch {
	case result == nil:
		err = s.box.Done(s.ctx, task)
	case errors.As(result, &later):
		err = s.box.Postpone(s.ctx, task, later.At)
	default:
		s.t.Fatalf("%s %s: %v", task.Kind, task.Ref, result)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) payouts() []settle.Payout {
	s.t.Helper()
	list, err := s.desk.PayoutList(s.ctx, s.bank.ID, "", "", "", 0)
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

func (s *shop) status(settlementID string) string {
	s.t.Helper()
	got, err := s.desk.Get(s.ctx, s.bank.ID, settlementID)
	if err != nil {
		s.t.Fatal(err)
	}
	return got.Status
}

func TestWhatIsApprovedIsPaidOnce(t *testing.T) {
	onEach(t, func(s *shop) {
		p := s.payer()
		s.paid(s.bank, s.lineOf(s.tea, "茶", 10_000))
		one := s.approved(s.tea, today)
		s.tasks()
		if s.status(one) != "paying" || s.held(ledger.PayoutDue(s.tea)) != 0 || s.held(ledger.PayoutUnderWay(s.tea)) != 9_500 {
			t.Errorf("%s, due %d, under way %d", s.status(one), s.held(ledger.PayoutDue(s.tea)), s.held(ledger.PayoutUnderWay(s.tea)))
		}
		s.holds()
		for range 3 {
			s.tasks()
		}
		if s.status(one) != "paid" || s.held(ledger.PayoutUnderWay(s.tea)) != 0 || s.held(ledger.Cash) != 9_500 || p.calls.Load() != 1 {
			t.Errorf("%s, cash %d, %d calls", s.status(one), s.held(ledger.Cash), p.calls.Load())
		}
		list := s.payouts()
		if len(list) != 1 || list[0].Amount != 9_500 || list[0].PayoutNo == nil || list[0].Merchant.Name != "茶庄" {
			t.Errorf("%+v", list)
		}
		if got, err := s.desk.List(s.ctx, s.bank.ID, settle.Filter{Status: "paid"}, "", 0); err != nil || len(got) != 1 || *got[0].PayoutID != list[0].ID {
			t.Errorf("%+v, %v", got, err)
		}
		_, err := s.desk.Retry(s.ctx, s.bank, list[0].ID, maker)
		s.wantCode(err, "conflict")
		_, err = s.desk.GetPayout(s.ctx, "bank_other", list[0].ID)
		s.wantCode(err, "not_found")
		s.holds()
	})
}

// Killed between the bank's act and the answer, over and over: one payout.
func TestAPayoutWhoseAnswerWasLostIsMadeOnce(t *testing.T) {
	onEach(t, func(s *shop) {
		p := s.payer()
		s.paid(s.bank, s.lineOf(s.tea, "茶", 10_000))
		one := s.approved(s.tea, today)
		s.tasks() // it is made
		payoutID := s.payouts()[0].ID
		task := outbox.Task{Bank: s.bank.ID, Kind: settle.TaskPay, Ref: payoutID}
		killed := 0
		p.after = func() { killed++; panic("killed") }
		for range 3 {
			func() {
				defer func() { _ = recover() }()
				_ = s.desk.OnPay(s.ctx, task)
			}()
		}
		if killed != 1 || s.status(one) != "paid" { // the second asked what had become of it
			t.Errorf("asked to pay %d times, %s", killed, s.status(one))
		}
		p.after = nil
		for range 3 {
			s.tasks()
			s.clk.Advance(time.Hour)
		}
		g, err := p.QueryPayout(s.ctx, payoutID)
		if err != nil || g.Status != "succeeded" || g.AmountFen != 9_500 || s.status(one) != "paid" || s.held(ledger.Cash) != 9_500 {
			t.Errorf("%+v, %v, %s, cash %d", g, err, s.status(one), s.held(ledger.Cash))
		}
		s.holds()
	})
}

// Unknown is never no: half of the answers are lost, before or after the act.
func TestAPayoutIsAskedForUntilTheBankSays(t *testing.T) {
	onEach(t, func(s *shop) {
		p := s.payer()
		p.faults(s, `{"fail_rate":1}`)
		s.paid(s.bank, s.lineOf(s.tea, "茶", 10_000))
		one := s.approved(s.tea, today)
		for range 4 {
			s.tasks()
			s.clk.Advance(time.Hour)
		}
		if s.status(one) != "paying" || s.payouts()[0].Asked != 3 {
			t.Errorf("%s, %+v", s.status(one), s.payouts())
		}
		p.faults(s, `{"payout_pending":true}`)
		s.tasks()
		s.clk.Advance(2 * time.Hour)
		s.tasks()
		if got := s.status(one); got != "paying" && got != "paid" { // one of the lost calls may have acted
			t.Errorf("%s", got)
		}
		p.faults(s, `{}`)
		for range 2 {
			s.clk.Advance(2 * time.Hour)
			s.tasks()
		}
		if s.status(one) != "paid" || s.held(ledger.Cash) != 9_500 {
			t.Errorf("%s, cash %d", s.status(one), s.held(ledger.Cash))
		}
		s.holds()
	})
}

func TestWhatFailedOrCameBackIsDueAgain(t *testing.T) {
	onEach(t, func(s *shop) {
		p := s.payer()
		p.faults(s, `{"payout_fail":true}`)
		s.paid(s.bank, s.lineOf(s.tea, "茶", 10_000))
		one := s.approved(s.tea, today)
		s.tasks()
		s.tasks()
		failed := s.payouts()[0]
		if s.status(one) != "failed" || failed.Status != "failed" || failed.Reason == nil || s.held(ledger.PayoutDue(s.tea)) != 9_500 || s.held(ledger.Cash) != 0 {
			t.Errorf("%s, %+v, due %d", s.status(one), failed, s.held(ledger.PayoutDue(s.tea)))
		}
		s.holds()
		p.faults(s, `{}`)
		s.clk.Advance(24 * time.Hour)
		s.paid(s.bank, s.lineOf(s.tea, "茶", 1_000))
		two := s.approved(s.tea, "2025-06-11")
		s.tasks()
		if got := s.payouts(); len(got) != 1 || s.status(two) != "approved" { // a person has to see to the account first
			t.Errorf("%+v, %s", got, s.status(two))
		}
		s.tx(func(tx *db.Tx) error {
			_, err := tx.Exec(s.ctx, "UPDATE merchant SET name = '测试退汇' WHERE id = ?", s.tea)
			return err
		})
		s.tx(func(tx *db.Tx) error {
			_, err := tx.Exec(s.ctx, "UPDATE settlement SET merchant_name = '测试退汇' WHERE merchant_id = ?", s.tea)
			return err
		})
		next, err := s.desk.Retry(s.ctx, s.bank, failed.ID, maker)
		if err != nil || next.Amount != 10_450 || len(next.Settlements) != 2 {
			t.Fatalf("%+v, %v", next, err)
		}
		_, err = s.desk.Retry(s.ctx, s.bank, next.ID, maker)
		s.wantCode(err, "payout.open")
		s.tasks()
		if s.status(one) != "paid" || s.status(two) != "paid" || s.held(ledger.Cash) != 10_450 {
			t.Errorf("%s, %s, cash %d", s.status(one), s.status(two), s.held(ledger.Cash))
		}
		s.holds()
		s.clk.Advance(25 * time.Hour)
		s.tasks()
		if got := s.payouts()[0]; got.Status != "returned" || s.status(one) != "failed" || s.held(ledger.Cash) != 0 || s.held(ledger.PayoutDue(s.tea)) != 10_450 {
			t.Errorf("%+v, %s, cash %d", got, s.status(one), s.held(ledger.Cash))
		}
		s.holds()
	})
}

func TestWhatIsBelowZeroIsTakenOffTheNextPayout(t *testing.T) {
	onEach(t, func(s *shop) {
		s.payer()
		order, pay := s.paid(s.bank, s.lineOf(s.tea, "茶", 1_000))
		s.run(today)
		s.clk.Advance(24 * time.Hour)
		s.refunded(order, pay, s.tea, 1_000, 50)
		below := s.approved(s.tea, "2025-06-11")
		s.tasks()
		if len(s.payouts()) != 0 || s.status(below) != "approved" {
			t.Errorf("%+v, %s", s.payouts(), s.status(below))
		}
		s.clk.Advance(24 * time.Hour)
		s.paid(s.bank, s.lineOf(s.tea, "茶", 3_000))
		above := s.approved(s.tea, "2025-06-12")
		s.tasks()
		s.tasks()
		if got := s.payouts(); len(got) != 1 || got[0].Amount != 2_850-950 || s.status(below) != "paid" || s.status(above) != "paid" {
			t.Errorf("%+v, %s, %s", got, s.status(below), s.status(above))
		}
		s.holds()
	})
}

// Each invariant of payouts sees what breaks it.
func TestInvariantsOfPayoutsCanFail(t *testing.T) {
	onEach(t, func(s *shop) {
		p := s.payer()
		s.paid(s.bank, s.lineOf(s.tea, "茶", 10_000), s.lineOf(s.honey, "蜜", 500))
		s.approved(s.tea, today)
		s.tasks()
		s.tasks()
		p.faults(s, `{"payout_pending":true}`)
		s.approved(s.honey, today)
		s.tasks()
		s.tasks()
		testkit.Breaks(t, s.db, settle.PayoutInvariants(), []testkit.Break{
			testkit.Wrong("a payout of other money", "payout.settlements payout.posted", "UPDATE payout SET amount_fen = amount_fen + 1"),
			testkit.Wrong("paid by a payout that is not", "payout.settlements", "UPDATE settlement SET status = 'paid'"),
			testkit.Wrong("paid and not in the ledger", "payout.posted", "UPDATE ledger_entry SET event = 'x' WHERE event = 'payout.paid'"),
			testkit.Wrong("nobody asks", "payout.asked", "DELETE FROM outbox WHERE kind = 'payout.pay'"),
			testkit.Wrong("another's settlement", "payout.settlements", "UPDATE payout SET merchant_id = 'mch_x' WHERE status = 'paid'"),
		})
	})
}
