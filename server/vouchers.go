package server

import (
	"context"
	"net/http"

	"yinbo/internal/auth"
	"yinbo/order/voucher"
)

type vouchersIn struct {
	Page
	OrderID string `query:"order_id" maxLength:"60" doc:"Only those of this order"`
}

func (s *Server) voucherRoutes() {
	route(s, http.MethodGet, "/vouchers", viewers, "One's vouchers with their codes, the newest first", s.vouchers)
}

func (s *Server) vouchers(ctx context.Context, in *vouchersIn) (*body[list[voucher.View]], error) {
	after, err := decodeCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	p := auth.From(ctx)
	items, err := s.Vouchers.List(ctx, p.Bank.ID, p.ID, in.OrderID, after, in.Limit)
	if err != nil {
		return nil, err
	}
	return paged(items, in.Limit, func(v voucher.View) string { return v.ID }), nil
}
