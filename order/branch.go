package order

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// BranchOnly refuses goods that are for one branch's viewers only: 403
// order.branch_only, unless the viewer is of that branch or buys in a room of
// it. A nil refusal lets the viewer buy.
func BranchOnly(ctx context.Context, q db.Querier, bank, viewer, goodsBranch, roomBranch string) (refusal *fault.Error, err error) {
	if goodsBranch == "" || goodsBranch == roomBranch {
		return nil, nil
	}
	own, _, err := db.Value[string](ctx, q, "SELECT COALESCE(branch_id, '') FROM viewer WHERE bank_id = ? AND id = ?", bank, viewer)
	if err != nil || own == goodsBranch {
		return nil, err
	}
	return fault.New(fault.Forbidden, "order.branch_only"), nil
}
