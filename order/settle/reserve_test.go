package settle_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yinbo/internal/gateway"
	"yinbo/internal/idem"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
	"yinbo/order/ledger"
	"yinbo/order/settle"
	"yinbo/order/terms"
)

// agreed has two people agree to a change of the tea's contract.
func (s *shop) agreed(w terms.Wish) {
	s.t.Helper()
	book := terms.New(s.db, s.keys)
	w.MerchantID, w.Reason = s.tea, "合同"
	req := idem.Request{Bank: s.bank.ID, Person: maker.ID, Route: "POST /merchants/changes", Key: fmt.Sprint(w.Kind, s.clk.Now()), BodyHash: "b"}
	c, _, err := book.Propose(s.ctx, req, s.bank, w, terms.Person{ID: maker.ID})
	if err == nil {
		_, err = book.Approve(s.ctx, s.bank, c.ID, terms.Person{ID: check.ID, Checker: true})
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func contract(cycle string, bps int64, days int) terms.Wish {
	return terms.Wish{Kind: terms.NewTerms, Terms: &terms.Asked{ValidFrom: today, CommissionBps: 500, Cycle: cycle, ReserveBps: bps, ReserveDays: days}}
}

// payees are what the bank was told to pay to.
type payees struct {
	*payer
	numbers, names []string
}

func (p *payees) CreatePayout(ctx context.Context, no string, amount money.Fen, payee, name string) (gateway.Payout, error) {
	p.numbers, p.names = append(p.numbers, payee), append(p.names, name)
	return p.payer.CreatePayout(ctx, no, amount, payee, name)
}

// A statement is paid when its cycle says, less the reserve; the reserve follows
// when its time is over. Both go to the account that was agreed on.
func TestTheCycleAndTheReserveDecideWhatIsPaidWhen(t *testing.T) {
	onEach(t, func(s *shop) {
		p := &payees{payer: s.payer()}
		s.desk.Payer, s.desk.Payees = p, terms.New(s.db, s.keys)
		s.agreed(contract(terms.T7, 1000, 30))
		s.agreed(terms.Wish{Kind: terms.NewAccount, Account: &terms.NewNumber{Holder: "茶庄有限公司", BankName: "某银行", Number: "6222020200001234"}})
		s.paid(s.bank, s.lineOf(s.tea, "茶", 10_001))
		one := s.approved(s.tea, today)
		got, err := s.desk.Get(s.ctx, s.bank.ID, one)
		if err != nil || got.DueDate == nil || *got.DueDate != "2025-06-17" || got.Payable != 9_501 || got.Reserve != 950 {
			t.Fatalf("%+v, %v", got, err)
		}
		s.tasks()
		if len(s.payouts()) != 0 || s.held(ledger.PayoutDue(s.tea)) != 8_551 || s.held(ledger.Reserve(s.tea)) != 950 {
			t.Errorf("%d payouts before it is due, due %d, kept %d", len(s.payouts()), s.held(ledger.PayoutDue(s.tea)), s.held(ledger.Reserve(s.tea)))
		}
		s.holds()
		proveReserves(s)
		s.clk.Advance(7 * 24 * time.Hour)
		for range 4 {
			s.tasks()
		}
		if list := s.payouts(); s.status(one) != "paid" || len(list) != 1 || list[0].Amount != 8_551 || s.held(ledger.Reserve(s.tea)) != 950 {
			t.Errorf("%s, %+v, kept %d", s.status(one), list, s.held(ledger.Reserve(s.tea)))
		}
		s.clk.Advance(30 * 24 * time.Hour)
		s.tasks()
		s.clk.Advance(time.Minute)
		for range 4 {
			s.tasks()
		}
		list := s.payouts()
		if len(list) != 2 || list[0].Amount != 950 || list[0].Status != "paid" || s.held(ledger.Reserve(s.tea)) != 0 || s.held(ledger.Cash) != 9_501 {
			t.Fatalf("%+v, kept %d, paid %d", list, s.held(ledger.Reserve(s.tea)), s.held(ledger.Cash))
		}
		if full, err := s.desk.GetPayout(s.ctx, s.bank.ID, list[0].ID); err != nil || len(full.Reserves) != 1 || full.Reserves[0] != one || full.AccountID == nil {
			t.Errorf("%+v, %v", full, err)
		}
		for i := range p.numbers {
			if p.numbers[i] != "6222020200001234" || p.names[i] != "茶庄有限公司" {
				t.Errorf("paid to %s %s", p.numbers[i], p.names[i])
			}
		}
		s.holds()
		testkit.Holds(t, s.db, terms.Invariants()...)
	})
}

func proveReserves(s *shop) {
	testkit.Breaks(s.t, s.db, settle.ReserveInvariants(), []testkit.Break{
		testkit.Wrong("more kept than was posted", "reserve.posted", "UPDATE merchant_reserve SET amount_fen = amount_fen + 1"),
		testkit.Wrong("released, and not in the ledger", "reserve.posted", "UPDATE merchant_reserve SET released_at = '2025-06-10 00:00:00.000000'"),
		testkit.Wrong("kept for nobody", "reserve.posted", "DELETE FROM merchant_reserve"),
		testkit.Wrong("paid before it is released", "reserve.posted", "INSERT INTO payout_reserve (settlement_id, payout_id, bank_id, active) SELECT settlement_id, 'pyt_x', bank_id, settlement_id FROM merchant_reserve"),
		testkit.Wrong("nobody releases it", "reserve.release", "DELETE FROM outbox WHERE kind = 'reserve.release'"),
	})
}

// A payout that fails lets its reserve go, and the next one has it again.
func TestAReserveWhosePayoutFailedIsPaidByTheNext(t *testing.T) {
	onEach(t, func(s *shop) {
		p := s.payer()
		s.agreed(contract(terms.T1, 5000, 1))
		s.paid(s.bank, s.lineOf(s.tea, "茶", 1_000))
		s.approved(s.tea, today)
		p.faults(s, `{"payout_fail": true}`)
		s.clk.Advance(72 * time.Hour)
		s.tasks()
		s.clk.Advance(time.Minute)
		for range 3 {
			s.tasks()
		}
		list := s.payouts()
		if len(list) != 1 || list[0].Status != "failed" {
			t.Fatalf("%+v", list)
		}
		s.holds()
		p.faults(s, `{}`)
		again, err := s.desk.Retry(s.ctx, s.bank, list[0].ID, maker)
		if err != nil || again.Amount != 950 || len(again.Reserves) != 1 || len(again.Settlements) != 1 {
			t.Fatalf("%+v, %v", again, err)
		}
		for range 3 {
			s.tasks()
		}
		if s.held(ledger.Cash) != 950 || s.held(ledger.PayoutDue(s.tea)) != 0 || s.held(ledger.Reserve(s.tea)) != 0 {
			t.Errorf("paid %d, due %d, kept %d", s.held(ledger.Cash), s.held(ledger.PayoutDue(s.tea)), s.held(ledger.Reserve(s.tea)))
		}
		s.holds()
	})
}

// What is paid and what is kept are together what the statement pays, to the fen.
func TestWhatIsPaidAndWhatIsKeptAreTheWhole(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		payable := money.Fen(rapid.Int64Range(-1_000_000_000_000, 1_000_000_000_000).Draw(r, "payable"))
		of := terms.Terms{Asked: terms.Asked{ReserveBps: rapid.Int64Range(0, 5000).Draw(r, "bps")}}
		pay, keep, err := of.Reserve(payable)
		if err != nil || pay+keep != payable || keep < 0 || payable > 0 && pay < 0 || payable <= 0 && keep != 0 {
			r.Fatalf("%d: pays %d, keeps %d, %v", payable, pay, keep, err)
		}
	})
}

// An invoice is asked for once, and matches only what its statement says.
func TestAnInvoiceMatchesItsStatementOnly(t *testing.T) {
	onEach(t, func(s *shop) {
		s.paid(s.bank, s.lineOf(s.tea, "茶", 10_000), s.lineOf(s.honey, "蜜", 1))
		draft := s.run(today)[s.tea]
		_, err := s.desk.RequestInvoice(s.ctx, s.bank, draft.ID, "sales", maker)
		s.wantCode(err, "conflict")
		one, none := s.approved(s.tea, today), s.approved(s.honey, today)
		_, err = s.desk.RequestInvoice(s.ctx, s.bank, none, "commission", maker)
		s.wantCode(err, "invoice.nothing")
		sales, err := s.desk.RequestInvoice(s.ctx, s.bank, one, "sales", maker)
		if err != nil || sales.Expected != 10_000 || sales.Status != "requested" {
			t.Fatalf("%+v, %v", sales, err)
		}
		commission, err := s.desk.RequestInvoice(s.ctx, s.bank, one, "commission", maker)
		if err != nil || commission.Expected != 500 {
			t.Fatalf("%+v, %v", commission, err)
		}
		_, err = s.desk.RequestInvoice(s.ctx, s.bank, one, "sales", maker)
		s.wantCode(err, "conflict")
		_, err = s.desk.MatchInvoice(s.ctx, s.bank, sales.ID, maker)
		s.wantCode(err, "conflict")
		_, err = s.desk.ReceiveInvoice(s.ctx, s.bank, sales.ID, "24317000", 9_999, "2025-06-11", maker)
		s.wantCode(err, "validation")
		if _, err = s.desk.ReceiveInvoice(s.ctx, s.bank, sales.ID, "24317000", 9_999, today, maker); err != nil {
			t.Fatal(err)
		}
		_, err = s.desk.ReceiveInvoice(s.ctx, s.bank, commission.ID, "24317000", 500, today, maker)
		s.wantCode(err, "invoice.number_taken")
		_, err = s.desk.MatchInvoice(s.ctx, s.bank, sales.ID, maker)
		s.wantCode(err, "invoice.amount")
		if _, err = s.desk.ReceiveInvoice(s.ctx, s.bank, sales.ID, "24317001", 10_000, today, maker); err != nil {
			t.Fatal(err)
		}
		if got, err := s.desk.MatchInvoice(s.ctx, s.bank, sales.ID, maker); err != nil || got.Status != "matched" {
			t.Fatalf("%+v, %v", got, err)
		}
		_, err = s.desk.ReceiveInvoice(s.ctx, s.bank, sales.ID, "24317002", 10_000, today, maker)
		s.wantCode(err, "conflict")
		_, err = s.desk.MatchInvoice(s.ctx, tenant.Bank{ID: "bank_other"}, sales.ID, maker)
		s.wantCode(err, "not_found")
		if list, err := s.desk.Invoices(s.ctx, s.bank.ID, s.tea, one, "matched", "", 10); err != nil || len(list) != 1 || list[0].ID != sales.ID {
			t.Errorf("%+v, %v", list, err)
		}
		testkit.Breaks(t, s.db, settle.InvoiceInvariants(), []testkit.Break{
			testkit.Wrong("matched and of another amount", "invoice.statement", "UPDATE merchant_invoice SET amount_fen = amount_fen + 1 WHERE status = 'matched'"),
			testkit.Wrong("asks for another sum", "invoice.statement", "UPDATE merchant_invoice SET expected_fen = expected_fen + 1 WHERE status = 'requested'"),
		})
	})
}
