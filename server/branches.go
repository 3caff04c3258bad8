package server

import (
	"context"
	"net/http"

	"yinbo/internal/auth"
	"yinbo/internal/tenant"
)

// ownBranch is a viewer's branch.
type ownBranch struct {
	BranchID *string `json:"branch_id" nullable:"true" maxLength:"60" doc:"null for none"`
}

type ownBranchIn struct{ Body ownBranch }

// branchRoutes show the bank's branches, and let viewers say which is theirs:
// some goods are for one branch's viewers only.
func (s *Server) branchRoutes() {
	route(s, http.MethodGet, "/branches", public, "List the bank's branches", func(ctx context.Context, in *listIn) (*body[list[tenant.Branch]], error) {
		after, err := decodeCursor(in.Cursor)
		if err != nil {
			return nil, err
		}
		items, err := s.Banks.Branches(ctx, auth.From(ctx).Bank.ID, after, in.Limit)
		if err != nil {
			return nil, err
		}
		return paged(items, in.Limit, func(b tenant.Branch) string { return b.ID }), nil
	})
	route(s, http.MethodGet, "/me/branch", viewers, "One's branch", func(ctx context.Context, _ *struct{}) (*body[ownBranch], error) {
		p := auth.From(ctx)
		branch, err := s.Auth.ViewerBranch(ctx, p.Bank.ID, p.ID)
		return answered(ownBranchOf(branch), err)
	})
	route(s, http.MethodPut, "/me/branch", viewers, "Choose one's branch", func(ctx context.Context, in *ownBranchIn) (*body[ownBranch], error) {
		p, branch := auth.From(ctx), ""
		if in.Body.BranchID != nil {
			branch = *in.Body.BranchID
		}
		return answered(ownBranchOf(branch), s.Auth.ChooseBranch(ctx, p.Bank.ID, p.ID, branch))
	})
}

func ownBranchOf(branch string) ownBranch {
	return ownBranch{orNil(branch)}
}

// asSeenFrom is the branch as whose viewer goods are shown: the one that is
// asked for, else the signed-in viewer's own.
func (s *Server) asSeenFrom(ctx context.Context, asked string) (string, error) {
	p := auth.From(ctx)
	if asked != "" || p.Kind != auth.Viewer {
		return asked, nil
	}
	return s.Auth.ViewerBranch(ctx, p.Bank.ID, p.ID)
}
