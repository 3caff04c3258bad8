package follow

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/keeping"
)

// Erase cancels what a person is still to be asked, and takes what they were
// told. That they want no promotions stays, by their phone's keyed hash.
func (f *FollowUps) Erase(ctx context.Context, tx *db.Tx, e *keeping.Removal) error {
	waiting, err := readWaiting(ctx, tx, "viewer_id = ?", e.Bank, e.Viewer)
	if err != nil {
		return err
	}
	for _, w := range waiting {
		if err := cancelOne(ctx, tx, f.book.Box, e.Bank, w.id, "person erased"); err != nil {
			return err
		}
	}
	e.Erased("follow_up", "waiting", int64(len(waiting)))
	quiet, _, err := db.Value[int64](ctx, tx, `SELECT COUNT(*) FROM opt_out o JOIN viewer v ON v.bank_id = o.bank_id AND v.phone_hash = o.phone_hash
		WHERE v.bank_id = ? AND v.id = ?`, e.Bank, e.Viewer)
	if err != nil {
		return err
	}
	e.Kept("opt_out", "phone_hash", quiet, "they want no promotions, whoever writes to this phone")
	return e.Run(ctx, tx, "app_message", "*", "DELETE FROM app_message WHERE bank_id = ? AND viewer_id = ?", e.Bank, e.Viewer)
}
