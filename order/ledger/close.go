package ledger

import (
	"context"

	"yinbo/internal/db"
)

// Close closes every business date of a bank up to and including date, within
// tx. closed is false when that was so already. It waits for entries that are
// being posted, and those that wait for it go to the next open date.
func (b *Book) Close(ctx context.Context, tx *db.Tx, bankID, date string) (closed bool, err error) {
	through, err := ends(ctx, tx, bankID, tx.Dialect().ForUpdate())
	if err != nil || through.date >= date {
		return false, err
	}
	_, err = tx.Exec(ctx, "UPDATE book SET closed_through = ? WHERE bank_id = ?", date, bankID)
	return err == nil, err
}

// ClosedThrough is the last closed business date of a bank, "" for none.
func (b *Book) ClosedThrough(ctx context.Context, q db.Querier, bankID string) (string, error) {
	date, _, err := db.Value[string](ctx, q, "SELECT closed_through FROM book WHERE bank_id = ?", bankID)
	return date, err
}

// Lock holds a bank's book within tx, so that what must not happen twice at
// once for a bank takes turns. Posting waits meanwhile: commit soon.
func (b *Book) Lock(ctx context.Context, tx *db.Tx, bankID string) error {
	_, err := ends(ctx, tx, bankID, tx.Dialect().ForUpdate())
	return err
}
