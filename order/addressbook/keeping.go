package addressbook

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/keeping"
)

// Erase forgets a person's addresses.
func Erase(ctx context.Context, tx *db.Tx, e *keeping.Removal) error {
	return e.Run(ctx, tx, "address", "*", "DELETE FROM address WHERE bank_id = ? AND viewer_id = ?", e.Bank, e.Viewer)
}
