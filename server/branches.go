package server

import (
	"context"
	"net/http"

	"yinbo/internal/auth"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/outlet"
	"yinbo/internal/tenant"
)

// ownBranch is a viewer's branch.
type ownBranch struct {
	BranchID *string `json:"branch_id" nullable:"true" maxLength:"60" doc:"null for none"`
}

type ownBranchIn struct{ Body ownBranch }

type outletsIn struct {
	Page
	CityCode string `query:"city_code" maxLength:"6" doc:"Six digits: those of its city are listed; all without"`
}

type outletIn struct {
	ID   string `path:"id" maxLength:"60" doc:"brn_…"`
	Body outlet.Details
}

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

// outletRoutes tell where cards are collected, and let administrators say so.
func (s *Server) outletRoutes() {
	route(s, http.MethodGet, "/outlets/cities", public, "Cities with outlets where a card may be collected", func(ctx context.Context, in *listIn) (*body[list[outlet.City]], error) {
		items, err := outlet.Cities(ctx, s.DB, auth.From(ctx).Bank.ID)
		return short(items, err, in.Page, func(c outlet.City) string { return c.CityCode })
	})
	route(s, http.MethodGet, "/outlets", public, "Outlets where a card may be collected", func(ctx context.Context, in *outletsIn) (*body[list[outlet.Outlet]], error) {
		after, err := cursorOf(in.Cursor, id.Branch)
		if err != nil {
			return nil, err
		}
		items, err := outlet.In(ctx, s.DB, auth.From(ctx).Bank.ID, in.CityCode, after, in.Limit)
		if err != nil {
			return nil, err
		}
		return paged(items, in.Limit, func(o outlet.Outlet) string { return o.ID }), nil
	})
	route(s, http.MethodGet, "/outlets/{id}", public, "An outlet, also one where no card may be collected now", func(ctx context.Context, in *RowID) (*body[outlet.Outlet], error) {
		o, found, err := outlet.Find(ctx, s.DB, auth.From(ctx).Bank.ID, in.ID)
		if err == nil && !found {
			err = fault.New(fault.NotFound, "not_found")
		}
		return answered(o, err)
	})
	route(s, http.MethodGet, "/branches/outlets", staff(auth.Admin, auth.Supervisor, auth.Auditor), "Branches, and what is kept of them as outlets", func(ctx context.Context, in *listIn) (*body[list[outlet.Branch]], error) {
		after, err := cursorOf(in.Cursor, id.Branch)
		if err != nil {
			return nil, err
		}
		items, err := outlet.Branches(ctx, s.DB, auth.From(ctx).Bank.ID, after, in.Limit)
		if err != nil {
			return nil, err
		}
		return paged(items, in.Limit, func(b outlet.Branch) string { return b.ID }), nil
	})
	route(s, http.MethodPut, "/branches/{id}/outlet", staff(auth.Admin), "Say where a branch is, and whether cards are collected there", func(ctx context.Context, in *outletIn) (*body[outlet.Branch], error) {
		p := auth.From(ctx)
		return answered(outlet.Save(ctx, s.DB, outlet.By{Bank: p.Bank.ID, ID: p.ID, RequestID: requestID(ctx)}, in.ID, in.Body))
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
