package server

import (
	"context"
	"net/http"

	"yinbo/internal/auth"
	"yinbo/order/settle"
)

type payoutsIn struct {
	Page
	Status   string `query:"status" enum:"paying,paid,failed,returned"`
	Merchant string `query:"merchant" maxLength:"40" doc:"Merchant's id"`
}

type payoutIn struct {
	ID string `path:"id" doc:"pyt_…"`
}

func (s *Server) payoutRoutes() {
	route(s, http.MethodGet, "/payouts", financeReaders, "Payouts to merchants, the newest first",
		func(ctx context.Context, in *payoutsIn) (*body[list[settle.Payout]], error) {
			after, err := decodeCursor(in.Cursor)
			if err != nil {
				return nil, err
			}
			items, err := s.Settle.PayoutList(ctx, auth.From(ctx).Bank.ID, in.Status, in.Merchant, after, in.Limit+1)
			if err != nil {
				return nil, err
			}
			return paged(items, in.Limit, func(p settle.Payout) string { return p.ID }), nil
		})
	route(s, http.MethodGet, "/payouts/{id}", financeReaders, "A payout with its settlements",
		func(ctx context.Context, in *payoutIn) (*body[settle.Payout], error) {
			return answered(s.Settle.GetPayout(ctx, auth.From(ctx).Bank.ID, in.ID))
		})
	route(s, http.MethodPost, "/payouts/{id}/retry", financeMakers, "Pay again what failed or came back",
		func(ctx context.Context, in *payoutIn) (*body[settle.Payout], error) {
			return answered(s.Settle.Retry(ctx, auth.From(ctx).Bank, in.ID, financeActor(ctx)))
		})
}
