package ledger

import (
	"context"
	"errors"
	"sync"

	"yinbo/internal/db"
)

// known remembers which accounts stand in ledger_account for certain, so that
// posting looks an account up once in a process.
type known struct{ accounts sync.Map } // of [2]string: bank, account

// register writes, within tx, what the accounts of lines are, where that is not
// written yet.
func (k *known) register(ctx context.Context, tx *db.Tx, bankID string, lines []Line) error {
	rows, seen := [][]any{}, map[string]bool{}
	for _, l := range lines {
		if _, there := k.accounts.Load([2]string{bankID, l.Account}); there || seen[l.Account] {
			continue
		}
		seen[l.Account] = true
		_, there, err := db.Value[string](ctx, tx, "SELECT account FROM ledger_account WHERE bank_id = ? AND account = ?", bankID, l.Account)
		if err != nil {
			return err
		}
		if !there {
			t, _ := TypeOf(l.Account) // check has seen that it is one
			rows = append(rows, []any{bankID, l.Account, string(t.Kind), string(t.Party), t.PartyID})
		}
	}
	if len(seen) == 0 {
		return nil
	}
	if err := tx.InsertIgnore(ctx, "ledger_account (bank_id, account, kind, party, party_id)", rows); err != nil {
		return err
	}
	tx.AfterCommit(func() { // not before: what is rolled back is not there
		for account := range seen {
			k.accounts.Store([2]string{bankID, account}, true)
		}
	})
	return nil
}

// party proves that an account whose party has a row of its own is of the bank:
// a merchant that there is, a funder or a channel that was posted to.
func (k *known) party(ctx context.Context, tx *db.Tx, bankID, account string) error {
	t, _ := TypeOf(account)
	query, arg := "", ""
	switch t.Party {
	case OfMerchant:
		query, arg = "SELECT id FROM merchant WHERE bank_id = ? AND id = ?", t.PartyID
	case OfFunder, OfChannel:
		query, arg = "SELECT party_id FROM ledger_account WHERE bank_id = ? AND party_id = ? LIMIT 1", t.PartyID
	default:
		return nil
	}
	_, there, err := db.Value[string](ctx, tx, query, bankID, arg)
	if err == nil && !there {
		err = errStrange
	}
	return err
}

var errStrange = errors.New("ledger: nobody of that name")
