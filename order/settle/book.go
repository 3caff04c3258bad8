package settle

import (
	"context"
	"fmt"
	"slices"

	"yinbo/internal/db"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
	"yinbo/order/ledger"
)

// byFile are the kinds of differences that a gateway's file shows: money that it
// moved and we did not, or the other way. The others came up in a callback and
// are looked at before any money is counted; what of them is money shows in the
// next file as one of these.
var byFile = []string{surplus, shortage, amount, status, duplicate}

const refundFailed = "refund_failed"

// hold makes suspense hold target for an exception: with what is open there, the
// book says what the gateway says. Each change is an entry of its own.
func (k *Desk) hold(ctx context.Context, tx *db.Tx, bank tenant.Bank, exceptionID string, target money.Fen) error {
	type state struct {
		channel string
		held    money.Fen
		n       int
		before  bool
	}
	s, _, err := db.One(ctx, tx, func(r db.Row) (s state, err error) { return s, r.Scan(&s.channel, &s.held, &s.n, &s.before) },
		"SELECT channel, held_fen, held_count, before_ledger FROM money_exception WHERE id = ?", exceptionID)
	if err != nil || s.held == target && !s.before {
		return err
	}
	if s.held != target {
		s.n++
		lines := move(ledger.GatewayOf(s.channel), ledger.Suspense, target-s.held)
		ref := fmt.Sprintf("%s/%d", exceptionID, s.n)
		if _, err := k.book.Post(ctx, tx, ledger.Entry{Bank: bank, Event: ledger.ExceptionHeld, Ref: ref, Lines: lines}); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, "UPDATE money_exception SET held_fen = ?, held_count = ?, before_ledger = 0 WHERE id = ?", target, s.n, exceptionID)
	return err
}

// post writes to the ledger how an exception ended, once. What was matched was no
// difference, and suspense gives it back. What was refunded or adjusted stays
// there until the other side of it comes: the refund in the gateway's next file, or
// the entry by hand. What is written off leaves it.
func (k *Desk) post(ctx context.Context, tx *db.Tx, bank tenant.Bank, e Exception, resolution string) error {
	if slices.Contains(byFile, e.Kind) {
		held := e.Theirs - e.Ours
		if resolution == "matched" {
			held = 0
		}
		if err := k.hold(ctx, tx, bank, e.ID, held); err != nil {
			return err
		}
	}
	lines, err := resolved(ctx, tx, bank.ID, e, resolution)
	if err != nil || len(lines) == 0 {
		return err
	}
	_, err = k.book.Post(ctx, tx, ledger.Entry{Bank: bank, Event: ledger.ExceptionResolved, Ref: e.ID, Lines: lines})
	return err
}

func resolved(ctx context.Context, tx *db.Tx, bankID string, e Exception, resolution string) ([]ledger.Line, error) {
	switch {
	case slices.Contains(byFile, e.Kind):
		if resolution == "written_off" {
			return move(ledger.Suspense, ledger.WriteOff, e.Theirs-e.Ours), nil
		}
		if e.givenBack() {
			return move(ledger.Suspense, ledger.GatewayOf(e.Channel), e.Theirs), nil
		}
	case e.Kind == refundFailed:
		// Only money that no order could use stands in suspense.
		waits, err := inSuspense(ctx, tx, bankID, e.Ref)
		if err != nil || !waits {
			return nil, err
		}
		switch resolution {
		case "refunded": // by the bank's own transfer: the gateway did not
			return move(ledger.Suspense, ledger.Cash, -e.Ours), nil
		case "written_off":
			return move(ledger.Suspense, ledger.WriteOff, -e.Ours), nil
		}
	}
	return nil, nil
}

// givenBack tells a surplus that a rule refunded at the gateway.
func (e Exception) givenBack() bool {
	return e.Rule != nil && *e.Rule == ruleRefund && e.Resolution != nil && *e.Resolution == "refunded"
}

// inSuspense tells whether a refund was of money that no order could use, and
// failed.
func inSuspense(ctx context.Context, q db.Querier, bankID, refundID string) (bool, error) {
	_, found, err := db.Value[string](ctx, q, "SELECT id FROM refund WHERE bank_id = ? AND id = ? AND cause <> 'viewer' AND status = 'failed'", bankID, refundID)
	return found, err
}

// move debits one account and credits another; an amount below zero goes the
// other way.
func move(debit, credit string, amount money.Fen) []ledger.Line {
	switch {
	case amount == 0:
		return nil
	case amount < 0:
		debit, credit, amount = credit, debit, -amount
	}
	return []ledger.Line{{Account: debit, Debit: amount}, {Account: credit, Credit: amount}}
}
