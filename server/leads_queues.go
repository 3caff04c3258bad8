package server

import (
	"context"
	"net/http"

	"yinbo/card/review"
	"yinbo/internal/auth"
)

type queueBody struct {
	Name          string   `json:"name" minLength:"1" maxLength:"60"`
	BranchID      string   `json:"branch_id,omitempty" maxLength:"60" doc:"With all branches below it; none is any"`
	CardProductID string   `json:"card_product_id,omitempty" maxLength:"60" doc:"None is any"`
	Position      int      `json:"position" minimum:"0" maximum:"10000" doc:"The first queue that fits takes a lead"`
	Members       []string `json:"members" nullable:"false" maxItems:"200" doc:"Staff ids"`
}

func (q queueBody) form() review.QueueForm {
	return review.QueueForm{Name: q.Name, BranchID: q.BranchID, CardProductID: q.CardProductID, Position: q.Position, Members: q.Members}
}

type newQueueIn struct{ Body queueBody }

type queueIn struct {
	RowID
	Body queueBody
}

type reviewerIn struct {
	RowID
	Body struct {
		Capacity int  `json:"capacity" minimum:"0" maximum:"1000" doc:"Open leads at once"`
		OnDuty   bool `json:"on_duty"`
	}
}

type figuresIn struct {
	From string `query:"from" required:"true" maxLength:"10" doc:"YYYY-MM-DD, in the bank's zone"`
	To   string `query:"to" required:"true" maxLength:"10" doc:"Included; up to 31 days"`
}

type handoversIn struct {
	Page
	State string `query:"state" enum:"asked,approved,rejected" default:"asked"`
}

type handoverIn struct {
	Body struct {
		From    string   `json:"from" minLength:"1" maxLength:"60" doc:"Whose leads"`
		To      []string `json:"to,omitempty" maxItems:"50" doc:"Who gets them, in turn; none is back to the queues"`
		LeadIDs []string `json:"lead_ids,omitempty" maxItems:"500" doc:"None is all"`
		Reason  string   `json:"reason" minLength:"1" maxLength:"200"`
	}
}

type made struct {
	ID string `json:"id"`
}

type moved struct {
	Moved int `json:"moved" doc:"Leads"`
}

func (s *Server) queueRoutes() {
	route(s, http.MethodGet, "/review/queues", supervisors, "Queues, with what waits in them", s.queues)
	route(s, http.MethodPost, "/review/queues", headSupervisors, "Make a queue", s.makeQueue, status(http.StatusCreated))
	route(s, http.MethodPut, "/review/queues/{id}", headSupervisors, "Change a queue", s.changeQueue)
	route(s, http.MethodDelete, "/review/queues/{id}", headSupervisors, "End a queue; what waits in it is placed anew", s.dropQueue, status(http.StatusNoContent))
	route(s, http.MethodGet, "/review/reviewers", reviewers, "Who may review, with their room", s.reviewerList)
	route(s, http.MethodPut, "/review/reviewers/{id}", headSupervisors, "Set a reviewer's capacity and duty", s.setReviewer, status(http.StatusNoContent))
	route(s, http.MethodGet, "/review/figures", supervisors, "What waits, and what was decided on each day", s.reviewFigures)
	route(s, http.MethodGet, "/review/handovers", supervisors, "Wishes to hand a person's leads over", s.handovers)
	route(s, http.MethodPost, "/review/handovers", reviewers, "Ask for a person's leads to be handed over", s.askHandover, status(http.StatusCreated))
	route(s, http.MethodPost, "/review/handovers/{id}/approve", supervisors, "Hand over, all at once; not by who asked", s.decideHandover(true))
	route(s, http.MethodPost, "/review/handovers/{id}/reject", supervisors, "Let the leads stay where they are; not by who asked", s.decideHandover(false))
}

func (s *Server) queues(ctx context.Context, in *listIn) (*body[list[review.Queue]], error) {
	items, err := s.Leads.Queues(ctx, auth.From(ctx).Bank.ID, reviewerOf(ctx))
	return short(items, err, in.Page, func(q review.Queue) string { return q.ID })
}

func (s *Server) makeQueue(ctx context.Context, in *newQueueIn) (*body[made], error) {
	queue, err := s.Leads.SaveQueue(ctx, auth.From(ctx).Bank, reviewerOf(ctx), "", in.Body.form())
	return answered(made{queue}, err)
}

func (s *Server) changeQueue(ctx context.Context, in *queueIn) (*body[made], error) {
	queue, err := s.Leads.SaveQueue(ctx, auth.From(ctx).Bank, reviewerOf(ctx), in.ID, in.Body.form())
	return answered(made{queue}, err)
}

func (s *Server) dropQueue(ctx context.Context, in *RowID) (*struct{}, error) {
	return nil, s.Leads.DropQueue(ctx, auth.From(ctx).Bank, reviewerOf(ctx), in.ID)
}

func (s *Server) reviewerList(ctx context.Context, in *listIn) (*body[list[review.Reviewer]], error) {
	items, err := s.Leads.Reviewers(ctx, auth.From(ctx).Bank.ID, reviewerOf(ctx))
	return short(items, err, in.Page, func(r review.Reviewer) string { return r.ID })
}

func (s *Server) setReviewer(ctx context.Context, in *reviewerIn) (*struct{}, error) {
	return nil, s.Leads.SetReviewer(ctx, auth.From(ctx).Bank, reviewerOf(ctx), in.ID, in.Body.Capacity, in.Body.OnDuty)
}

func (s *Server) reviewFigures(ctx context.Context, in *figuresIn) (*body[review.Figures], error) {
	return answered(s.Leads.Figures(ctx, auth.From(ctx).Bank, reviewerOf(ctx), in.From, in.To))
}

func (s *Server) handovers(ctx context.Context, in *handoversIn) (*body[list[review.Handover]], error) {
	after, err := decodeCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	items, err := s.Leads.Handovers(ctx, auth.From(ctx).Bank.ID, reviewerOf(ctx), in.State, after, in.Limit)
	if err != nil {
		return nil, err
	}
	return paged(items, in.Limit, func(h review.Handover) string { return h.ID }), nil
}

func (s *Server) askHandover(ctx context.Context, in *handoverIn) (*body[made], error) {
	handover, err := s.Leads.AskHandover(ctx, auth.From(ctx).Bank, reviewerOf(ctx),
		review.HandoverForm{From: in.Body.From, To: in.Body.To, Leads: in.Body.LeadIDs, Reason: in.Body.Reason})
	return answered(made{handover}, err)
}

func (s *Server) decideHandover(approve bool) func(context.Context, *RowID) (*body[moved], error) {
	return func(ctx context.Context, in *RowID) (*body[moved], error) {
		n, err := s.Leads.DecideHandover(ctx, auth.From(ctx).Bank, reviewerOf(ctx), in.ID, approve)
		return answered(moved{n}, err)
	}
}
