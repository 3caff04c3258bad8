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
		Method      payment.Method  `json:"method" enum:"cashier,bound_card"`
		CardID      string          `json:"card_id,omitempty" maxLength:"60" doc:"The bound card to charge"`
		Channel     payment.Channel `json:"channel,omitempty" enum:"bankbox,wechatpay" doc:"Whose cashier; bankbox, the bank's own, by default"`
		Instalments int             `json:"instalments,omitempty" minimum:"2" maximum:"60" doc:"In how many terms; for the bank's own bound credit cards, one of the plans quoted"`
	}
}

type payOut struct {
	Payment payment.View `json:"payment"`
}

// channelList is whose cashiers an order can be paid at here.
type channelList struct {
	Items []payment.Channel `json:"items" enum:"bankbox,wechatpay" doc:"The bank's own first"`
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

type wechatIn struct {
	Serial    string `header:"Wechatpay-Serial" doc:"The id of the key that signed"`
	Signature string `header:"Wechatpay-Signature" doc:"Base64 SHA256-RSA2048 over timestamp, nonce and body, a line each"`
	Timestamp string `header:"Wechatpay-Timestamp" doc:"Unix seconds, at most five minutes off"`
	Nonce     string `header:"Wechatpay-Nonce"`
	RawBody   []byte
}

func (in *wechatIn) header(name string) string {
	switch name {
	case "Wechatpay-Serial":
		return in.Serial
	case "Wechatpay-Signature":
		return in.Signature
	case "Wechatpay-Timestamp":
		return in.Timestamp
	case "Wechatpay-Nonce":
		return in.Nonce
	}
	return ""
}

// wechatOut is what WeChat Pay takes for "do not send it again"; any answer
// that is not 2xx makes it try later.
type wechatOut struct {
	Code string `json:"code" enum:"SUCCESS"`
}

type callbackOut struct {
	Received bool `json:"received"`
}

func (s *Server) paymentRoutes() {
	route(s, http.MethodPost, "/orders/{id}/pay", viewers, "Pay an order", s.pay)
	route(s, http.MethodGet, "/payment-channels", viewers, "Whose cashiers there are to pay at", s.channels)
	route(s, http.MethodGet, "/orders/{id}/instalments", viewers, "Quote an order's instalments", s.instalments)
	route(s, http.MethodPost, "/orders/{id}/refunds", viewers, "Ask for money back", s.refund, status(http.StatusCreated))
	route(s, http.MethodPost, "/callbacks/payments", callback, "The bank reports a payment or a refund", s.paymentCallback, rawBody("application/json"))
	route(s, http.MethodPost, "/callbacks/wechatpay", callback, "WeChat Pay reports a payment or a refund", s.wechatCallback, rawBody("application/json"))
}

func (s *Server) pay(ctx context.Context, in *payIn) (*answer[payOut], error) {
	req, err := s.idem(ctx, "POST /orders/"+in.ID+"/pay", in.Keyed)
	if err != nil {
		return nil, err
	}
	p := auth.From(ctx)
	v, replayed, err := s.Payments.Pay(ctx, req, payment.Wish{Bank: p.Bank, Viewer: p.ID, Order: in.ID, Method: in.Body.Method,
		Channel: in.Body.Channel, Card: in.Body.CardID, Instalments: in.Body.Instalments})
	if err != nil {
		return nil, err
	}
	return reply(payOut{v}, replayed), nil
}

func (s *Server) instalments(ctx context.Context, in *idIn) (*body[payment.Quote], error) {
	p := auth.From(ctx)
	return answered(s.Payments.Instalments(ctx, p.Bank, p.ID, in.ID))
}

func (s *Server) channels(context.Context, *struct{}) (*body[channelList], error) {
	return ok(channelList{s.Payments.Channels()}), nil
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

func (s *Server) wechatCallback(ctx context.Context, in *wechatIn) (*body[wechatOut], error) {
	if err := s.Payments.Notice(ctx, payment.WeChatPay, in.header, in.RawBody); err != nil {
		return nil, err
	}
	return ok(wechatOut{"SUCCESS"}), nil
}
