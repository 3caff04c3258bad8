package server

import (
	"context"
	"net/http"

	"yinbo/internal/auth"
	"yinbo/internal/money"
	"yinbo/order/payment"
)

type payIn struct {
	ID string `path:"id" maxLength:"60" doc:"The order"`
	Keyed
	Body struct {
		Method payment.Method `json:"method" enum:"cashier,bound_card"`
		CardID string         `json:"card_id,omitempty" maxLength:"60" doc:"The bound card to charge"`
	}
}

type payOut struct {
	Payment payment.View `json:"payment"`
}

type refundIn struct {
	ID string `path:"id" maxLength:"60" doc:"The order"`
	Keyed
	Body struct {
		AmountFen money.Fen `json:"amount_fen" minimum:"1"`
		Reason    string    `json:"reason" minLength:"1" maxLength:"200"`
	}
}

type callbackIn struct {
	Signature string `header:"X-Bank-Signature" doc:"t=<unix seconds>,v1=<hex HMAC-SHA256 over t, a dot and the body>"`
	RawBody   []byte
}

type callbackOut struct {
	Received bool `json:"received"`
}

func (s *Server) paymentRoutes() {
	route(s, http.MethodPost, "/orders/{id}/pay", viewers, "Pay an order", s.pay)
	route(s, http.MethodPost, "/orders/{id}/refunds", viewers, "Ask for money back", s.refund, status(http.StatusCreated))
	route(s, http.MethodPost, "/callbacks/payments", callback, "The bank reports a payment or a refund", s.paymentCallback, rawBody("application/json"))
}

func (s *Server) pay(ctx context.Context, in *payIn) (*answer[payOut], error) {
	req, err := s.idem(ctx, "POST /orders/"+in.ID+"/pay", in.Keyed)
	if err != nil {
		return nil, err
	}
	p := auth.From(ctx)
	v, replayed, err := s.Payments.Pay(ctx, req, payment.Wish{Bank: p.Bank, Viewer: p.ID, Order: in.ID, Method: in.Body.Method, Card: in.Body.CardID})
	if err != nil {
		return nil, err
	}
	return reply(payOut{v}, replayed), nil
}

func (s *Server) refund(ctx context.Context, in *refundIn) (*answer[payment.RefundView], error) {
	req, err := s.idem(ctx, "POST /orders/"+in.ID+"/refunds", in.Keyed)
	if err != nil {
		return nil, err
	}
	p := auth.From(ctx)
	v, replayed, err := s.Payments.Refund(ctx, req, p.Bank.ID, p.ID, in.ID, in.Body.AmountFen, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return reply(v, replayed), nil
}

func (s *Server) paymentCallback(ctx context.Context, in *callbackIn) (*body[callbackOut], error) {
	if err := s.Payments.Callback(ctx, in.Signature, in.RawBody); err != nil {
		return nil, err
	}
	return ok(callbackOut{true}), nil
}
