package server

import (
	"context"
	"net/http"

	"yinbo/card/bind"
	"yinbo/internal/auth"
	"yinbo/internal/pii"
)

type bindIn struct {
	Keyed
	Body struct {
		PAN   pii.Text `json:"pan" minLength:"1" maxLength:"40" doc:"13 to 19 digits; passed on to the bank, never stored"`
		Name  pii.Text `json:"name" minLength:"1" maxLength:"160"`
		IDNo  pii.Text `json:"id_no" minLength:"1" maxLength:"40"`
		Phone pii.Text `json:"phone" minLength:"1" maxLength:"20" doc:"The phone that the bank knows; may differ from the signed-in one"`
	}
}

type confirmIn struct {
	ID   string `path:"id" maxLength:"60" doc:"bnd_…"`
	Body struct {
		Code pii.Text `json:"code" minLength:"1" maxLength:"10" doc:"From the bank's message"`
	}
}

type cardIn struct {
	ID string `path:"id" maxLength:"60" doc:"bnd_…"`
}

type cardOut struct {
	Card bind.Card `json:"card"`
}

func (s *Server) cardRoutes() {
	route(s, http.MethodPost, "/cards/bindings", viewers, "Begin to bind a bank card; the bank sends a code", s.startBinding, status(http.StatusCreated))
	route(s, http.MethodPost, "/cards/bindings/{id}/confirm", viewers, "End a binding with the bank's code", s.confirmBinding)
	route(s, http.MethodGet, "/cards", viewers, "One's bound cards", s.cards)
	route(s, http.MethodPut, "/cards/{id}/default", viewers, "Take this card when no other is named", s.setDefaultCard)
	route(s, http.MethodDelete, "/cards/{id}", viewers, "Unbind a card", s.unbindCard, status(http.StatusNoContent))
}

func (s *Server) startBinding(ctx context.Context, in *bindIn) (*answer[bind.Started], error) {
	req, err := s.idem(ctx, "POST /cards/bindings", in.Keyed)
	if err != nil {
		return nil, err
	}
	p := auth.From(ctx)
	started, replayed, err := s.Bindings.Start(ctx, p.Bank, p.ID,
		bind.Factors{PAN: in.Body.PAN, Name: in.Body.Name, IDNo: in.Body.IDNo, Phone: in.Body.Phone}, req)
	if err != nil {
		return nil, err
	}
	return reply(started, replayed), nil
}

func (s *Server) confirmBinding(ctx context.Context, in *confirmIn) (*body[cardOut], error) {
	p := auth.From(ctx)
	c, err := s.Bindings.Confirm(ctx, p.Bank, p.ID, in.ID, in.Body.Code, viewerActor(ctx))
	return answered(cardOut{c}, err)
}

func (s *Server) cards(ctx context.Context, in *listIn) (*body[list[bind.Card]], error) {
	p := auth.From(ctx)
	items, err := s.Bindings.Cards(ctx, p.Bank.ID, p.ID)
	return short(items, err, in.Page, func(c bind.Card) string { return c.ID })
}

func (s *Server) setDefaultCard(ctx context.Context, in *cardIn) (*body[cardOut], error) {
	p := auth.From(ctx)
	c, err := s.Bindings.SetDefault(ctx, p.Bank.ID, p.ID, in.ID, viewerActor(ctx))
	return answered(cardOut{c}, err)
}

func (s *Server) unbindCard(ctx context.Context, in *cardIn) (*struct{}, error) {
	p := auth.From(ctx)
	return nil, s.Bindings.Unbind(ctx, p.Bank.ID, p.ID, in.ID, viewerActor(ctx))
}
