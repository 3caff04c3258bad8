package follow

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/keeping"
)

// Erase cancels what a person is still to be asked.
func (f *FollowUps) Erase(ctx context.Context, tx *db.Tx, e *keeping.Removal) error {
	applications, err := db.All(ctx, tx, func(r db.Row) (v string, err error) { return v, r.Scan(&v) },
		"SELECT DISTINCT application_id FROM follow_up WHERE bank_id = ? AND viewer_id = ? AND status = 'waiting' ORDER BY application_id", e.Bank, e.Viewer)
	if err != nil {
		return err
	}
	for _, application := range applications {
		if err := f.Cancel(ctx, tx, e.Bank, application, "person erased"); err != nil {
			return err
		}
	}
	return nil
}
