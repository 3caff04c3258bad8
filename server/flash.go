package server

import (
	"context"
	"net/http"

	"yinbo/internal/auth"
	"yinbo/internal/clock"
	"yinbo/internal/money"
	"yinbo/order"
	"yinbo/order/flash"
)

type flashOrderIn struct {
	ID string `path:"id" maxLength:"60"`
	Keyed
	Body struct {
		Quantity  int64    `json:"quantity" minimum:"1" maximum:"1000000"`
		Address   *Address `json:"address,omitempty" doc:"Where physical goods go; vouchers need none"`
		RoomID    string   `json:"room_id,omitempty" maxLength:"60" doc:"Where it was bought; the sale's room when left out"`
		ShareCode string   `json:"share_code,omitempty" maxLength:"64"`
	}
}

type flashIn struct {
	ID string `path:"id" maxLength:"60" doc:"The room"`
	Keyed
	Body struct {
		SKUID        string      `json:"sku_id" minLength:"1" maxLength:"60"`
		PriceFen     money.Fen   `json:"price_fen" minimum:"1"`
		Total        int64       `json:"total" minimum:"1" doc:"Units, taken out of the SKU's stock"`
		PerUserLimit int64       `json:"per_user_limit" minimum:"1"`
		StartsAt     clock.Stamp `json:"starts_at" format:"date-time"`
		EndsAt       clock.Stamp `json:"ends_at" format:"date-time"`
	}
}

func (s *Server) flashRoutes() {
	route(s, http.MethodGet, "/flash/{id}", public, "Show a flash sale", s.getFlash)
	route(s, http.MethodPost, "/flash/{id}/orders", viewers, "Buy in a flash sale", s.buyFlash, status(http.StatusCreated))
	s.pressSchema = s.api.OpenAPI().Paths["/flash/{id}/orders"].Post.RequestBody.Content["application/json"].Schema
	hosts := staff(auth.Host, auth.Operator).byBranch()
	route(s, http.MethodPost, "/host/rooms/{id}/flash", hosts, "Schedule a flash sale", s.scheduleFlash, status(http.StatusCreated))
	route(s, http.MethodPost, "/host/flash/{id}/top-up", hosts, "Add units to a flash sale that is not over", s.topUpFlash)
	route(s, http.MethodPost, "/host/flash/{id}/cancel", hosts, "Cancel a flash sale", s.cancelFlash)
}

type topUpIn struct {
	ID string `path:"id" maxLength:"60"`
	Keyed
	Body struct {
		Units int64 `json:"units" minimum:"1" maximum:"1000000" doc:"Taken out of the SKU's stock"`
	}
}

func (s *Server) topUpFlash(ctx context.Context, in *topUpIn) (*answer[flash.View], error) {
	req, err := s.idem(ctx, "POST /host/flash/"+in.ID+"/top-up", in.Keyed)
	if err != nil {
		return nil, err
	}
	v, replayed, err := s.Flash.TopUp(ctx, req, flashStaff(ctx), auth.From(ctx).Bank.ID, in.ID, in.Body.Units)
	if err != nil {
		return nil, err
	}
	return reply(v, replayed), nil
}

func (s *Server) getFlash(ctx context.Context, in *idIn) (*body[flash.View], error) {
	v, err := s.Flash.Get(ctx, auth.From(ctx).Bank.ID, in.ID)
	if err != nil {
		return nil, err
	}
	return ok(v), nil
}

func (s *Server) buyFlash(ctx context.Context, in *flashOrderIn) (*answer[order.View], error) {
	req, err := s.idem(ctx, in.route(), in.Keyed)
	if err != nil {
		return nil, err
	}
	v, replayed, err := s.Flash.Buy(ctx, req, in.purchase(auth.From(ctx)))
	if err != nil {
		return nil, err
	}
	return reply(v, replayed), nil
}

func (s *Server) scheduleFlash(ctx context.Context, in *flashIn) (*answer[flash.View], error) {
	req, err := s.idem(ctx, "POST /host/rooms/"+in.ID+"/flash", in.Keyed)
	if err != nil {
		return nil, err
	}
	b := in.Body
	v, replayed, err := s.Flash.Schedule(ctx, req, flashStaff(ctx), auth.From(ctx).Bank.ID, in.ID, flash.Terms{SKU: b.SKUID,
		Price: b.PriceFen, Total: b.Total, PerUserLimit: b.PerUserLimit, Starts: b.StartsAt.Time, Ends: b.EndsAt.Time})
	if err != nil {
		return nil, err
	}
	return reply(v, replayed), nil
}

func (s *Server) cancelFlash(ctx context.Context, in *idIn) (*body[flash.View], error) {
	v, err := s.Flash.Cancel(ctx, flashStaff(ctx), auth.From(ctx).Bank.ID, in.ID)
	if err != nil {
		return nil, err
	}
	return ok(v), nil
}

func flashStaff(ctx context.Context) flash.Staff {
	p := auth.From(ctx)
	return flash.Staff{ID: p.ID, Operator: p.Has(auth.Operator), RequestID: requestID(ctx)}
}
