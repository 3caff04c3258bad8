package server

import (
	"context"
	"fmt"
	"net/http"

	"yinbo/card/review"
	"yinbo/internal/auth"
	"yinbo/internal/pii"
)

type secondIn struct {
	LeadID
	Body struct {
		Comment pii.Text `json:"comment,omitempty" maxLength:"1000" doc:"Required to turn down"`
	}
}

type reopenIn struct {
	LeadID
	Body struct {
		Comment pii.Text `json:"comment" minLength:"1" maxLength:"1000" doc:"Why it should be looked at again"`
	}
}

type searchIn struct {
	Body struct {
		Field  string   `json:"field" enum:"id_no,phone"`
		Value  pii.Text `json:"value" minLength:"1" maxLength:"40" doc:"The whole value"`
		Reason string   `json:"reason,omitempty" maxLength:"200" doc:"Goes to the audit log"`
	}
}

type searchOut struct {
	Policy string `header:"RateLimit-Policy"`
	Limit  string `header:"RateLimit"`
	Body   list[review.Lead]
}

type assignManyIn struct {
	Body struct {
		LeadIDs []string `json:"lead_ids" nullable:"false" minItems:"1" maxItems:"500"`
		StaffID string   `json:"staff_id" minLength:"1" maxLength:"60" doc:"A reviewer or supervisor of the bank"`
	}
}

type handoffsIn struct {
	Page
	State string `query:"state" enum:"dead,pending" default:"dead"`
}

// RowID is embedded in the inputs of acts on a row of a list.
type RowID struct {
	ID string `path:"id" maxLength:"60"`
}

type leadReasonIn struct {
	RowID
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"200"`
	}
}

type differencesIn struct {
	Page
	State string `query:"state" enum:"open,resolved" default:"open"`
}

type compareIn struct {
	Body struct {
		Day string `json:"day" format:"date" doc:"Business date"`
	}
}

type compared struct {
	Found int `json:"found" doc:"Differences"`
}

// reviewRoutes are what the department needs beyond a single lead's work.
func (s *Server) reviewRoutes() {
	route(s, http.MethodPost, "/leads/search", reviewers, "Find leads by a whole id or phone number, audited", s.searchLeads)
	route(s, http.MethodPost, "/leads/assign", supervisors, "Give many leads to a reviewer, with a report of each", s.assignLeads)
	route(s, http.MethodPost, "/leads/{id}/renew", reviewers, "Keep a lead that one holds", s.renewLead)
	route(s, http.MethodPost, "/leads/{id}/confirm", reviewers, "Confirm a proposed decision, as a second person", s.second(true))
	route(s, http.MethodPost, "/leads/{id}/turn-down", reviewers, "Turn a proposed decision down, as a second person", s.second(false))
	route(s, http.MethodPost, "/leads/{id}/reopen", reviewers, "Propose that a rejected lead is looked at again", s.reopenLead)
	route(s, http.MethodGet, "/leads/handoffs", headSupervisors, "Hand-overs to the card core that were given up, or wait", s.handoffs)
	route(s, http.MethodPost, "/leads/handoffs/{id}/retry", headSupervisors, "Try a hand-over again", s.retryHandoff, status(http.StatusNoContent))
	route(s, http.MethodPost, "/leads/handoffs/{id}/resolve", headSupervisors, "End a hand-over that was seen to otherwise", s.resolveHandoff, status(http.StatusNoContent))
	route(s, http.MethodGet, "/leads/differences", headSupervisors, "Where the card core and we differ", s.differences)
	route(s, http.MethodPost, "/leads/differences/{id}/resolve", headSupervisors, "End a difference that was seen to", s.resolveDifference, status(http.StatusNoContent))
	route(s, http.MethodPost, "/leads/differences/compare", headSupervisors, "Compare a business date with the card core now", s.compareCore)
	s.queueRoutes()
}

func (s *Server) renewLead(ctx context.Context, in *LeadID) (*body[review.LeadDetail], error) {
	return s.after(ctx, in.ID, s.Leads.Renew(ctx, auth.From(ctx).Bank, reviewerOf(ctx), in.ID))
}

func (s *Server) second(confirm bool) func(context.Context, *secondIn) (*body[review.LeadDetail], error) {
	return func(ctx context.Context, in *secondIn) (*body[review.LeadDetail], error) {
		return s.after(ctx, in.ID, s.Leads.Second(ctx, auth.From(ctx).Bank, reviewerOf(ctx), in.ID, confirm, in.Body.Comment))
	}
}

func (s *Server) reopenLead(ctx context.Context, in *reopenIn) (*body[review.LeadDetail], error) {
	return s.after(ctx, in.ID, s.Leads.ProposeReopening(ctx, auth.From(ctx).Bank, reviewerOf(ctx), in.ID, in.Body.Comment))
}

func (s *Server) searchLeads(ctx context.Context, in *searchIn) (*searchOut, error) {
	found, left, err := s.Leads.Search(ctx, auth.From(ctx).Bank, reviewerOf(ctx), in.Body.Field, in.Body.Value, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return &searchOut{Policy: fmt.Sprintf(`"search";q=%d;w=3600`, review.SearchesPerHour), Limit: fmt.Sprintf(`"search";r=%d;t=3600`, left),
		Body: list[review.Lead]{Items: found}}, nil
}

func (s *Server) assignLeads(ctx context.Context, in *assignManyIn) (*body[list[review.AssignResult]], error) {
	report, err := s.Leads.AssignMany(ctx, auth.From(ctx).Bank, reviewerOf(ctx), in.Body.LeadIDs, in.Body.StaffID)
	return answered(list[review.AssignResult]{Items: report}, err)
}

func (s *Server) handoffs(ctx context.Context, in *handoffsIn) (*body[list[review.HandoffItem]], error) {
	after, err := decodeCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	items, err := s.Leads.Handoffs(ctx, auth.From(ctx).Bank.ID, in.State, after, in.Limit)
	if err != nil {
		return nil, err
	}
	return paged(items, in.Limit, func(h review.HandoffItem) string { return h.ID }), nil
}

func (s *Server) retryHandoff(ctx context.Context, in *RowID) (*struct{}, error) {
	return nil, s.Leads.RetryHandoff(ctx, auth.From(ctx).Bank, reviewerOf(ctx), in.ID)
}

func (s *Server) resolveHandoff(ctx context.Context, in *leadReasonIn) (*struct{}, error) {
	return nil, s.Leads.ResolveHandoff(ctx, auth.From(ctx).Bank, reviewerOf(ctx), in.ID, in.Body.Reason)
}

func (s *Server) differences(ctx context.Context, in *differencesIn) (*body[list[review.Difference]], error) {
	after, err := decodeCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	items, err := s.Leads.Differences(ctx, auth.From(ctx).Bank.ID, in.State, after, in.Limit)
	if err != nil {
		return nil, err
	}
	return paged(items, in.Limit, func(d review.Difference) string { return d.ID }), nil
}

func (s *Server) resolveDifference(ctx context.Context, in *leadReasonIn) (*struct{}, error) {
	return nil, s.Leads.ResolveDifference(ctx, auth.From(ctx).Bank, reviewerOf(ctx), in.ID, in.Body.Reason)
}

func (s *Server) compareCore(ctx context.Context, in *compareIn) (*body[compared], error) {
	n, err := s.Comparer.Compare(ctx, auth.From(ctx).Bank, in.Body.Day)
	if err == nil {
		err = s.noted(ctx, "lead.compared", auth.From(ctx).Bank.ID, map[string]any{"day": in.Body.Day, "found": n})
	}
	return answered(compared{n}, err)
}
