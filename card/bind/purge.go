package bind

import (
	"context"
	"time"

	"yinbo/internal/db"
)

// Purge forgets the counts of days that are over in every time zone.
func (b *Bindings) Purge(ctx context.Context) error {
	return b.book.DB.InTx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM bind_check WHERE day < ?", tx.Now.AddDate(0, 0, -2).Format(time.DateOnly))
		return err
	})
}
