package server

import (
	"context"
	"net/http"

	"yinbo/internal/auth"
	"yinbo/internal/id"
)

type membersIn struct {
	Page
	Query  string `query:"q" maxLength:"60" doc:"A part of the user name or name"`
	Role   string `query:"role" enum:"admin,host,operator,reviewer,supervisor,finance,finance_checker,risk,auditor,merchant"`
	Branch string `query:"branch" pattern:"^brn_[0-9a-z]{26}$" doc:"Of this branch itself"`
	State  string `query:"state" enum:"active,disabled"`
}

type staffReasonIn struct {
	RowID
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"300" doc:"Goes to the audit log; long numbers are taken out"`
	}
}

type endSessionsIn struct {
	RowID
	Body struct {
		SessionID string `json:"session_id,omitempty" maxLength:"60" doc:"All when left out"`
	}
}

type requestsIn struct {
	Page
	State string `query:"state" enum:"asked,applied,rejected,withdrawn"`
}

type newRequestIn struct {
	Body struct {
		Kind     string      `json:"kind" enum:"create,roles,branch,totp_reset,password,rules"`
		StaffID  string      `json:"staff_id,omitempty" maxLength:"60" doc:"Of whom; not for create and rules"`
		Username string      `json:"username,omitempty" maxLength:"60" doc:"For create"`
		Name     string      `json:"name,omitempty" maxLength:"60" doc:"For create"`
		Roles    []auth.Role `json:"roles,omitempty" maxItems:"9" enum:"admin,host,operator,reviewer,supervisor,finance,finance_checker,risk,auditor,merchant" doc:"For create and roles: all that the person then has"`
		BranchID string      `json:"branch_id,omitempty" maxLength:"60" doc:"For create and branch; left out for the whole bank"`
		Merchant string      `json:"merchant_id,omitempty" maxLength:"60" doc:"For create with the role merchant: whose own account it is"`
		Rules    *auth.Rules `json:"rules,omitempty" doc:"For rules"`
		Reason   string      `json:"reason" minLength:"1" maxLength:"300" doc:"Long numbers are taken out"`
	}
}

// approvedRequest is a request that was applied.
type approvedRequest struct {
	auth.Request
	OncePassword string `json:"once_password,omitempty" doc:"Of a new person, or one whose password was reset: shown this once, to be changed at the first sign-in"`
}

// admins look after who may do what. Whatever gives rights, or a way in, needs
// two of them.
var admins = staff(auth.Admin)

func (s *Server) staffRoutes() {
	a := s.Auth
	route(s, http.MethodGet, "/staff", admins, "The bank's staff", s.members)
	route(s, http.MethodGet, "/staff/rules", admins, "What the bank asks of its staff's sign-in", func(ctx context.Context, _ *struct{}) (*body[auth.Rules], error) {
		return ok(a.Rules(auth.From(ctx).Bank)), nil
	})
	route(s, http.MethodGet, "/staff/{id}", admins, "A member of staff", func(ctx context.Context, in *RowID) (*body[auth.Member], error) {
		return answered(a.Member(ctx, auth.From(ctx).Bank.ID, in.ID))
	})
	route(s, http.MethodGet, "/staff/{id}/sessions", admins, "Where a member of staff is signed in", func(ctx context.Context, in *struct {
		RowID
		Page
	}) (*body[list[auth.Device]], error) {
		p := auth.From(ctx)
		if _, err := a.Member(ctx, p.Bank.ID, in.ID); err != nil {
			return nil, err
		}
		items, err := a.Devices(ctx, p.Bank.ID, in.ID, p.Session)
		return short(items, err, in.Page, func(d auth.Device) string { return d.ID })
	})
	route(s, http.MethodPost, "/staff/{id}/end-sessions", admins, "Sign a member of staff out", func(ctx context.Context, in *endSessionsIn) (*body[ended], error) {
		if in.Body.SessionID != "" {
			return answered(ended{1}, a.EndDevice(ctx, auth.From(ctx), in.ID, in.Body.SessionID))
		}
		n, err := a.EndDevices(ctx, auth.From(ctx), in.ID)
		return answered(ended{n}, err)
	})
	route(s, http.MethodPost, "/staff/{id}/disable", admins, "Keep a member of staff out, at once", s.setDisabled(true))
	route(s, http.MethodPost, "/staff/{id}/enable", admins, "Let a member of staff in again", s.setDisabled(false))
	route(s, http.MethodPost, "/staff/{id}/unlock", admins, "End the wait after failed sign-ins", func(ctx context.Context, in *RowID) (*body[auth.Member], error) {
		return s.member(ctx, in.ID, a.Unlock(ctx, auth.From(ctx), in.ID))
	})
	route(s, http.MethodGet, "/staff/requests", admins, "Changes that were asked for, the newest first", s.staffRequests)
	route(s, http.MethodPost, "/staff/requests", admins, "Ask for a change; another admin decides", func(ctx context.Context, in *newRequestIn) (*body[auth.Request], error) {
		b := in.Body
		return answered(a.Ask(ctx, auth.From(ctx), auth.NewRequest{Kind: b.Kind, StaffID: b.StaffID, Reason: b.Reason,
			Wish: auth.Wish{Username: b.Username, Name: b.Name, Roles: b.Roles, BranchID: b.BranchID, Merchant: b.Merchant, Rules: b.Rules}}))
	}, status(http.StatusCreated))
	route(s, http.MethodPost, "/staff/requests/{id}/approve", admins, "Apply a change, as a second person", func(ctx context.Context, in *RowID) (*body[approvedRequest], error) {
		r, password, err := a.Approve(ctx, auth.From(ctx), in.ID)
		return answered(approvedRequest{r, password}, err)
	})
	route(s, http.MethodPost, "/staff/requests/{id}/reject", admins, "Refuse a change, as a second person", func(ctx context.Context, in *staffReasonIn) (*body[auth.Request], error) {
		return answered(a.Reject(ctx, auth.From(ctx), in.ID, in.Body.Reason))
	})
	route(s, http.MethodPost, "/staff/requests/{id}/withdraw", admins, "Take back a change that one asked for", func(ctx context.Context, in *RowID) (*body[auth.Request], error) {
		return answered(a.Withdraw(ctx, auth.From(ctx), in.ID))
	})
}

func (s *Server) members(ctx context.Context, in *membersIn) (*body[list[auth.Member]], error) {
	after, err := cursorOf(in.Cursor, id.Staff)
	if err != nil {
		return nil, err
	}
	items, err := s.Auth.Members(ctx, auth.From(ctx).Bank.ID, auth.MemberFilter{Query: in.Query, Role: in.Role, Branch: in.Branch, State: in.State, After: after, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	return paged(items, in.Limit, func(m auth.Member) string { return m.ID }), nil
}

func (s *Server) member(ctx context.Context, staffID string, err error) (*body[auth.Member], error) {
	if err != nil {
		return nil, err
	}
	return answered(s.Auth.Member(ctx, auth.From(ctx).Bank.ID, staffID))
}

func (s *Server) setDisabled(disabled bool) func(context.Context, *staffReasonIn) (*body[auth.Member], error) {
	return func(ctx context.Context, in *staffReasonIn) (*body[auth.Member], error) {
		return s.member(ctx, in.ID, s.Auth.SetDisabled(ctx, auth.From(ctx), in.ID, disabled, in.Body.Reason))
	}
}

func (s *Server) staffRequests(ctx context.Context, in *requestsIn) (*body[list[auth.Request]], error) {
	before, err := cursorOf(in.Cursor, id.StaffRequest)
	if err != nil {
		return nil, err
	}
	items, err := s.Auth.Requests(ctx, auth.From(ctx).Bank, in.State, before, in.Limit)
	if err != nil {
		return nil, err
	}
	return paged(items, in.Limit, func(r auth.Request) string { return r.ID }), nil
}
