package settle_test

import (
	"testing"

	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/money"
	"yinbo/internal/testkit"
	"yinbo/order/ledger"
	"yinbo/order/settle"
)

// except puts a difference into the work list, and for a refund that failed the
// money that no order could use into suspense.
func (s *shop) except(kind string, ours, theirs money.Fen) (exceptionID string) {
	s.t.Helper()
	exceptionID = id.New(id.Exception)
	ref := id.New(id.Refund)
	err := s.db.InTx(s.ctx, func(tx *db.Tx) error {
		if kind == "refund_failed" {
			err := tx.Insert(s.ctx, "refund (id, bank_id, order_id, payment_id, amount_fen, reason, cause, status, created_at)",
				[][]any{{ref, s.bank.ID, "ord_x", "pay_x", -ours, "x", "late_payment", "failed", tx.Now}}, "")
			if err != nil {
				return err
			}
			_, err = s.book.Post(s.ctx, tx, ledger.Entry{Bank: s.bank, Event: ledger.PaymentUnmatched, Ref: ref, Lines: []ledger.Line{
				{Account: ledger.Gateway, Debit: -ours}, {Account: ledger.Suspense, Credit: -ours}}})
			if err != nil {
				return err
			}
		}
		return tx.Insert(s.ctx, "money_exception (id, bank_id, kind, ref, ours_fen, theirs_fen, status, created_at)",
			[][]any{{exceptionID, s.bank.ID, kind, ref, ours, theirs, "open", tx.Now}}, "")
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return exceptionID
}

// What a person resolves moves the book to what the gateway says, against
// suspense or as a loss, once; what matched moves nothing.
func TestAResolutionPostsWhatItSays(t *testing.T) {
	onEach(t, func(s *shop) {
		for _, c := range []struct {
			kind, resolution                   string
			ours, theirs                       money.Fen
			gateway, suspense, writeOff, funds money.Fen // credits less debits, what each gains
		}{
			{"surplus", "adjusted", 0, 70, -70, 70, 0, 0},
			{"surplus", "refunded", 0, 70, -70, 70, 0, 0},
			{"surplus", "refunded", 0, -70, 70, -70, 0, 0}, // the refund's own row
			{"surplus", "written_off", 0, 70, -70, 0, 70, 0},
			{"surplus", "matched", 0, 70, 0, 0, 0, 0},
			{"shortage", "written_off", 50, 0, 50, 0, -50, 0},
			{"shortage", "adjusted", 50, 0, 50, -50, 0, 0},
			{"amount", "adjusted", 50, 49, 1, -1, 0, 0},
			{"status", "written_off", 0, 30, -30, 0, 30, 0},
			{"callback_amount", "adjusted", 50, 49, 0, 0, 0, 0},
			{"refund_failed", "refunded", -20, 0, 0, -20, 0, 20},
			{"refund_failed", "written_off", -20, 0, 0, -20, 20, 0},
			{"refund_failed", "matched", -20, 0, 0, 0, 0, 0},
		} {
			exception := s.except(c.kind, c.ours, c.theirs)
			accounts := []string{ledger.Gateway, ledger.Suspense, ledger.WriteOff, ledger.Cash}
			var before [4]money.Fen
			for i, a := range accounts {
				before[i] = s.held(a)
			}
			for try := range 2 {
				if _, err := s.desk.Resolve(s.ctx, s.bank, exception, c.resolution, "x", maker); (err == nil) != (try == 0) {
					s.t.Fatalf("%s %s, try %d: %v", c.kind, c.resolution, try, err)
				}
			}
			for i, want := range []money.Fen{c.gateway, c.suspense, c.writeOff, c.funds} {
				if got := s.held(accounts[i]) - before[i]; got != want {
					s.t.Errorf("%s %s: %s gained %d, want %d", c.kind, c.resolution, accounts[i], got, want)
				}
			}
		}
		testkit.Holds(s.t, s.db, ledger.Invariants()...)
		testkit.Holds(s.t, s.db, settle.Invariants()...)
	})
}
