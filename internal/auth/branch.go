package auth

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// setBranch sets a viewer's branch if the bank has it.
const setBranch = `UPDATE viewer SET branch_id = ? WHERE bank_id = ? AND id = ?
	AND EXISTS (SELECT 1 FROM branch b WHERE b.bank_id = ? AND b.id = ?)`

// ViewerBranch is the viewer's branch, "" for none: the one that the bank's app
// named, or that the viewer chose, whichever was later.
func (s *Service) ViewerBranch(ctx context.Context, bank, viewer string) (string, error) {
	branch, _, err := db.Value[string](ctx, s.db, "SELECT COALESCE(branch_id, '') FROM viewer WHERE bank_id = ? AND id = ?", bank, viewer)
	return branch, err
}

// ChooseBranch sets the viewer's branch, "" for none; 422 branch.unknown.
func (s *Service) ChooseBranch(ctx context.Context, bank, viewer, branch string) error {
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		if branch == "" {
			_, err := tx.Exec(ctx, "UPDATE viewer SET branch_id = NULL WHERE bank_id = ? AND id = ?", bank, viewer)
			return err
		}
		n, err := tx.Exec(ctx, setBranch, branch, bank, viewer, bank, branch)
		if err == nil && n == 0 {
			err = fault.InvalidField("branch_id", "branch.unknown")
		}
		return err
	})
}
