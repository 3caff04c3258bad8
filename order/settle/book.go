package settle

import (
	"context"
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
var byFile = []string{"surplus", "shortage", "amount", "status"}

const refundFailed = "refund_failed"

// post writes to the ledger what a person resolved, once. After it the book says
// what the gateway says: the difference goes to suspense, where it waits for its
// owner (refunded: it went back to him), or is written off. What was matched
// moves nothing.
func (k *Desk) post(ctx context.Context, tx *db.Tx, bank tenant.Bank, e Exception, resolution string) error {
	lines, err := resolved(ctx, tx, bank.ID, e, resolution)
	if err != nil || len(lines) == 0 {
		return err
	}
	_, err = k.book.Post(ctx, tx, ledger.Entry{Bank: bank, Event: ledger.ExceptionResolved, Ref: e.ID, Lines: lines})
	return err
}

func resolved(ctx context.Context, tx *db.Tx, bankID string, e Exception, resolution string) ([]ledger.Line, error) {
	switch {
	case resolution == "matched":
		return nil, nil
	case slices.Contains(byFile, e.Kind):
		against := ledger.Suspense
		if resolution == "written_off" {
			against = ledger.WriteOff
		}
		return move(ledger.Gateway, against, e.Theirs-e.Ours), nil
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
