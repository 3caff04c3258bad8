package voucher

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/keeping"
)

// Erase says that a person's codes stay: they were paid for, whoever brings one
// may redeem it, and the order that they belong to stays for its time. Nobody can
// be shown them any more, since nobody can sign in as the person.
func Erase(ctx context.Context, tx *db.Tx, e *keeping.Removal) error {
	left, _, err := db.Value[int64](ctx, tx, `SELECT COUNT(*) FROM voucher v JOIN orders o ON o.bank_id = v.bank_id AND o.id = v.order_id
		WHERE o.bank_id = ? AND o.viewer_id = ?`, e.Bank, e.Viewer)
	e.Kept("voucher", "viewer_id", left, "trade, three years from its completion: E-commerce Law 31")
	return err
}
