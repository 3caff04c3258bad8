package server

import (
	"context"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"yinbo/card/funnel"
	"yinbo/internal/auth"
	"yinbo/internal/id"
)

type touchIn struct {
	ID   string `path:"id" maxLength:"60" doc:"crd_…"`
	Body struct {
		Kind      string `json:"kind" enum:"clicked,started" doc:"The form was opened, or somebody began to fill it in"`
		RoomID    string `json:"room_id,omitempty" maxLength:"60"`
		ShareCode string `json:"share_code,omitempty" maxLength:"64" pattern:"^[A-Za-z0-9_-]*$"`
		Campaign  string `json:"campaign,omitempty" maxLength:"64" pattern:"^[A-Za-z0-9_.-]*$"`
	}
}

type funnelIn struct {
	From string `query:"from" required:"true" maxLength:"10" doc:"YYYY-MM-DD, in the bank's zone"`
	To   string `query:"to" required:"true" maxLength:"10" doc:"Included; up to 92 days"`
	By   string `query:"by" enum:"room,host,branch,outlet,manager,campaign,product,share_code" default:"room" doc:"What it is split by"`
}

type costsIn struct {
	Page
	By string `query:"by" enum:"room,host,branch,outlet,manager,campaign,product,share_code" doc:"None is all"`
}

type newCostIn struct{ Body funnel.CostForm }

type costIn struct {
	RowID
	Body funnel.CostForm
}

type withdrawCostIn struct {
	RowID
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"200"`
	}
}

// funnelRoutes show what becomes of people whom a card was shown to.
func (s *Server) funnelRoutes() {
	readers := staff(auth.Supervisor, auth.Operator, auth.Risk, auth.Admin, auth.Finance)
	payers := staff(auth.Operator, auth.Finance)
	route(s, http.MethodPost, "/card-products/{id}/touches", public, "A form was opened or begun; counted once a day for a viewer, product and room", s.touch, status(http.StatusNoContent))
	route(s, http.MethodGet, "/funnel", readers, "The funnel of a period", func(ctx context.Context, in *funnelIn) (*body[funnel.Figures], error) {
		return answered(s.Funnel.Read(ctx, auth.From(ctx).Bank, in.From, in.To, in.By))
	})
	route(s, http.MethodGet, "/funnel/export", readers, "The funnel as CSV, audited", s.exportFunnel)
	route(s, http.MethodGet, "/funnel/costs", readers, "What was spent, the newest first", s.funnelCosts)
	route(s, http.MethodPost, "/funnel/costs", payers, "Enter a cost", func(ctx context.Context, in *newCostIn) (*body[funnel.Cost], error) {
		return answered(s.Funnel.EnterCost(ctx, auth.From(ctx).Bank, payer(ctx), in.Body))
	}, status(http.StatusCreated))
	route(s, http.MethodPut, "/funnel/costs/{id}", payers, "Change a cost", func(ctx context.Context, in *costIn) (*body[funnel.Cost], error) {
		return answered(s.Funnel.ChangeCost(ctx, auth.From(ctx).Bank, payer(ctx), in.ID, in.Body))
	})
	route(s, http.MethodPost, "/funnel/costs/{id}/withdraw", payers, "Withdraw a cost; it counts no more", func(ctx context.Context, in *withdrawCostIn) (*body[funnel.Cost], error) {
		return answered(s.Funnel.WithdrawCost(ctx, auth.From(ctx).Bank, payer(ctx), in.ID, in.Body.Reason))
	})
	route(s, http.MethodGet, "/host/rooms/{id}/funnel", staff(auth.Host, auth.Operator).byBranch(), "A room's funnel, over all its days", s.roomFunnel)
}

func payer(ctx context.Context) funnel.Person {
	return funnel.Person{ID: auth.From(ctx).ID, RequestID: requestID(ctx)}
}

func (s *Server) touch(ctx context.Context, in *touchIn) (*struct{}, error) {
	if err := s.touchesByAddress.allow(remoteIP(ctx)); err != nil {
		return nil, err
	}
	p := auth.From(ctx)
	x := funnel.Touch{Kind: in.Body.Kind, Product: in.ID, Room: in.Body.RoomID, ShareCode: in.Body.ShareCode, Campaign: in.Body.Campaign}
	switch p.Kind {
	case auth.Viewer:
		x.Viewer = p.ID
	case auth.Staff: // who tries a form out is nobody's customer
		return nil, nil
	}
	return nil, s.Touches.Note(ctx, p.Bank, x)
}

func (s *Server) exportFunnel(ctx context.Context, in *funnelIn) (*huma.StreamResponse, error) {
	write, err := s.Funnel.Export(ctx, auth.From(ctx).Bank, payer(ctx), in.From, in.To, in.By)
	if err != nil {
		return nil, err
	}
	return s.csv(ctx, "funnel.csv", func(_ context.Context, w io.Writer) error { return write(w) }), nil
}

func (s *Server) funnelCosts(ctx context.Context, in *costsIn) (*body[list[funnel.Cost]], error) {
	before, err := cursorOf(in.Cursor, id.Cost)
	if err != nil {
		return nil, err
	}
	items, err := s.Funnel.Costs(ctx, auth.From(ctx).Bank.ID, in.By, before, in.Limit)
	if err != nil {
		return nil, err
	}
	return paged(items, in.Limit, func(c funnel.Cost) string { return c.ID }), nil
}

func (s *Server) roomFunnel(ctx context.Context, in *idIn) (*body[funnel.Line], error) {
	bank, by := runner(ctx)
	if err := s.Rooms.AssistantMay(ctx, bank, in.ID, by.ID, by.Operator); err != nil {
		return nil, err
	}
	return answered(s.Funnel.OfRoom(ctx, auth.From(ctx).Bank, in.ID))
}
