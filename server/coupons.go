package server

import (
	"context"
	"net/http"
	"time"

	"yinbo/internal/auth"
	"yinbo/order"
	"yinbo/order/promo"
)

type couponsIn struct {
	Page
	Status  promo.Status `query:"status" enum:"granted,reserved,used,expired"`
	OrderID string       `query:"order_id" maxLength:"60" doc:"One of one's orders: each coupon then tells how it fits"`
}

type claimIn struct {
	Keyed
	Body struct {
		BatchID string `json:"batch_id,omitempty" maxLength:"60" doc:"A batch that is open to claims; this or drop_id"`
		DropID  string `json:"drop_id,omitempty" maxLength:"60" doc:"A drop in a room; this or batch_id"`
	}
}

type orderCouponsIn struct {
	ID   string `path:"id" maxLength:"60" doc:"The order"`
	Body struct {
		CouponIDs []string `json:"coupon_ids" maxItems:"5" doc:"In place of those that the order has; none takes its discounts off"`
	}
}

type dropIn struct {
	ID string `path:"id" maxLength:"60" doc:"The room"`
	Keyed
	Body struct {
		BatchID  string `json:"batch_id" minLength:"1" maxLength:"60"`
		Quantity int64  `json:"quantity" minimum:"1" maximum:"1000000"`
		Seconds  int64  `json:"seconds" minimum:"1" maximum:"86400" doc:"How long they can be claimed"`
	}
}

// couponRoutes are what viewers and hosts do with coupons.
func (s *Server) couponRoutes() {
	route(s, http.MethodGet, "/coupons", viewers, "List one's coupons", s.listCoupons)
	route(s, http.MethodPost, "/coupons/claims", viewers, "Claim a coupon of a batch or a drop", s.claimCoupon, status(http.StatusCreated))
	route(s, http.MethodPut, "/orders/{id}/coupons", viewers, "Replace an unpaid order's coupons", s.setCoupons)
	route(s, http.MethodGet, "/rooms/{id}/coupons", public, "What coupons can be claimed in a room now", func(ctx context.Context, in *idIn) (*body[promo.Offers], error) {
		return answered(s.Coupons.RoomOffers(ctx, auth.From(ctx).Bank.ID, in.ID))
	})
	route(s, http.MethodPost, "/host/rooms/{id}/coupons", roomHands, "Drop coupons into a room", s.dropCoupons, status(http.StatusCreated))
}

func (s *Server) listCoupons(ctx context.Context, in *couponsIn) (*body[list[promo.View]], error) {
	after, err := decodeCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	p := auth.From(ctx)
	items, err := s.Coupons.List(ctx, p.Bank.ID, p.ID, in.Status, in.OrderID, after, in.Limit)
	if err != nil {
		return nil, err
	}
	return paged(items, in.Limit, func(v promo.View) string { return v.ID }), nil
}

func (s *Server) claimCoupon(ctx context.Context, in *claimIn) (*answer[promo.View], error) {
	req, err := s.idem(ctx, "POST /coupons/claims", in.Keyed)
	if err != nil {
		return nil, err
	}
	p := auth.From(ctx)
	v, replayed, err := s.Coupons.Claim(ctx, req, p.Bank, p.ID, promo.Wish{Batch: in.Body.BatchID, Drop: in.Body.DropID})
	if err != nil {
		return nil, err
	}
	return reply(v, replayed), nil
}

func (s *Server) setCoupons(ctx context.Context, in *orderCouponsIn) (*body[order.View], error) {
	p := auth.From(ctx)
	return answered(s.Orders.SetCoupons(ctx, p.Bank.ID, p.ID, in.ID, in.Body.CouponIDs))
}

func (s *Server) dropCoupons(ctx context.Context, in *dropIn) (*answer[promo.DropView], error) {
	req, err := s.idem(ctx, "POST /host/rooms/"+in.ID+"/coupons", in.Keyed)
	if err != nil {
		return nil, err
	}
	v, replayed, err := s.Coupons.Drop(ctx, req, couponStaff(ctx), auth.From(ctx).Bank.ID, in.ID,
		promo.Throw{Batch: in.Body.BatchID, Quantity: in.Body.Quantity, For: time.Duration(in.Body.Seconds) * time.Second})
	if err != nil {
		return nil, err
	}
	return reply(v, replayed), nil
}

func couponStaff(ctx context.Context) promo.Staff {
	p := auth.From(ctx)
	return promo.Staff{ID: p.ID, Operator: p.Has(auth.Operator), RequestID: requestID(ctx)}
}
