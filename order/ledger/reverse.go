package ledger

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/tenant"
)

// Reverse posts within tx the opposite of an entry, once: posted is false when
// that was done before. 404 not_found where the bank has no such entry, 409
// ledger.not_reversible for a reversal itself.
func (b *Book) Reverse(ctx context.Context, tx *db.Tx, bank tenant.Bank, entryID string) (posted bool, err error) {
	e, found, err := db.One(ctx, tx, scanEntry, entryColumns+" WHERE e.bank_id = ? AND e.id = ?", bank.ID, entryID)
	if err != nil {
		return false, err
	}
	if !found {
		return false, fault.New(fault.NotFound, "not_found")
	}
	if e.Event == Reversed {
		return false, fault.New(fault.Conflict, "ledger.not_reversible")
	}
	lines, err := postings(ctx, tx, bank.ID, entryID)
	if err != nil {
		return false, err
	}
	r := Entry{Bank: bank, Event: Reversed, Ref: entryID}
	if e.OrderID != nil {
		r.OrderID = *e.OrderID
	}
	for _, l := range lines {
		r.Lines = append(r.Lines, Line{Account: l.Account, Debit: l.Credit, Credit: l.Debit})
	}
	return b.Post(ctx, tx, r)
}
