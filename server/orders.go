package server

import (
	"context"
	"net/http"

	"yinbo/internal/auth"
	"yinbo/internal/pii"
	"yinbo/order"
	"yinbo/order/desk"
)

// Address is where physical goods go: personal data from the first byte on.
type Address struct {
	Name     pii.Text `json:"name" minLength:"1" maxLength:"40" pattern:"^[^\\x00-\\x1f]*$"`
	Phone    pii.Text `json:"phone" pattern:"^1[3-9][0-9]{9}$" doc:"11-digit mobile number"`
	Province pii.Text `json:"province" minLength:"1" maxLength:"40" pattern:"^[^\\x00-\\x1f]*$"`
	City     pii.Text `json:"city" minLength:"1" maxLength:"40" pattern:"^[^\\x00-\\x1f]*$"`
	District pii.Text `json:"district" maxLength:"40" pattern:"^[^\\x00-\\x1f]*$"`
	Street   pii.Text `json:"street" minLength:"1" maxLength:"200" pattern:"^[^\\x00-\\x1f]*$"`
}

func (a *Address) order() *order.Address {
	if a == nil {
		return nil
	}
	return &order.Address{Name: a.Name, Phone: a.Phone, Province: a.Province, City: a.City, District: a.District, Street: a.Street}
}

type orderIn struct {
	Keyed
	Body struct {
		Items []struct {
			SKUID    string `json:"sku_id" minLength:"1" maxLength:"60"`
			Quantity int64  `json:"quantity" minimum:"1" maximum:"9999"`
		} `json:"items" minItems:"1" maxItems:"50"`
		Address   *Address `json:"address,omitempty" doc:"Where physical goods go; vouchers need none"`
		CouponIDs []string `json:"coupon_ids,omitempty" maxItems:"5" doc:"Coupons of the viewer's own to use"`
		RoomID    string   `json:"room_id,omitempty" maxLength:"60" doc:"The room it was bought in; its own prices count"`
		ShareCode string   `json:"share_code,omitempty" maxLength:"64"`
	}
}

type ordersIn struct {
	Page
	Status order.Status `query:"status" enum:"pending_payment,paid,fulfilling,completed,cancelled,refunding,refunded"`
}

func (s *Server) orderRoutes() {
	route(s, http.MethodPost, "/orders", viewers, "Place an order", s.placeOrder, status(http.StatusCreated))
	route(s, http.MethodGet, "/orders", viewers, "List one's orders", s.listOrders)
	route(s, http.MethodGet, "/orders/{id}", viewers, "Show one's order", s.getOrder)
	route(s, http.MethodPost, "/orders/{id}/cancel", viewers, "Cancel an order that is not paid", s.cancelOrder)
	route(s, http.MethodPost, "/orders/{id}/confirm", viewers, "Say that an order was received", s.confirmOrder)
}

func (s *Server) placeOrder(ctx context.Context, in *orderIn) (*answer[order.View], error) {
	req, err := s.idem(ctx, "POST /orders", in.Keyed)
	if err != nil {
		return nil, err
	}
	p := auth.From(ctx)
	cart := order.Cart{Bank: p.Bank.ID, Viewer: p.ID, Address: in.Body.Address.order(), Coupons: in.Body.CouponIDs,
		Room: in.Body.RoomID, ShareCode: in.Body.ShareCode}
	for _, item := range in.Body.Items {
		cart.Items = append(cart.Items, order.Wanted{SKU: item.SKUID, Quantity: item.Quantity})
	}
	v, replayed, err := s.Orders.Place(ctx, req, cart)
	if err != nil {
		return nil, err
	}
	return reply(v, replayed), nil
}

func (s *Server) listOrders(ctx context.Context, in *ordersIn) (*body[list[order.View]], error) {
	after, err := decodeCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	p := auth.From(ctx)
	items, err := s.Orders.List(ctx, p.Bank.ID, p.ID, in.Status, after, in.Limit)
	if err != nil {
		return nil, err
	}
	return paged(items, in.Limit, func(v order.View) string { return v.ID }), nil
}

func (s *Server) getOrder(ctx context.Context, in *idIn) (*body[desk.Own], error) {
	p := auth.From(ctx)
	return answered(s.OrderDesk.Own(ctx, p.Bank.ID, p.ID, in.ID))
}

func (s *Server) confirmOrder(ctx context.Context, in *idIn) (*body[desk.Own], error) {
	p := auth.From(ctx)
	if err := s.Orders.Confirm(ctx, p.Bank.ID, p.ID, in.ID); err != nil {
		return nil, err
	}
	return answered(s.OrderDesk.Own(ctx, p.Bank.ID, p.ID, in.ID))
}

func (s *Server) cancelOrder(ctx context.Context, in *idIn) (*body[order.View], error) {
	p := auth.From(ctx)
	v, err := s.Orders.Cancel(ctx, p.Bank.ID, p.ID, in.ID)
	if err != nil {
		return nil, err
	}
	return ok(v), nil
}
