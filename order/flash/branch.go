package flash

import (
	"context"

	"yinbo/internal/fault"
	"yinbo/order"
)

// branchOnly refuses goods of a branch to others than its viewers and those in
// its rooms; other goods cost nothing here.
func (s *Sales) branchOnly(ctx context.Context, goodsBranch string, p Purchase) (*fault.Error, error) {
	if goodsBranch == "" {
		return nil, nil
	}
	_, branch, _, err := s.Rooms.RoomHost(ctx, p.Bank, p.Room)
	if err != nil {
		return nil, err
	}
	return order.BranchOnly(ctx, s.DB, p.Bank, p.Viewer, goodsBranch, branch)
}
