package server

import (
	"context"
	"net/http"

	"yinbo/internal/auth"
	"yinbo/order/settle"
	"yinbo/order/terms"
)

type ownStatementsIn struct {
	Page
	Date string `query:"date" format:"date" doc:"Business date, YYYY-MM-DD"`
}

// ownContract is what a merchant sees of its contract.
type ownContract struct {
	terms.Merchant
	History []terms.Terms `json:"history" doc:"All terms, the newest first"`
}

// merchantItself is a merchant's own account: whatever it asks for is of its own
// merchant, and another's is 404.
var merchantItself = staff(auth.Merchant)

// ownRoutes show a merchant what is its own money.
func (s *Server) ownRoutes() {
	route(s, http.MethodGet, "/my/contract", merchantItself, "One's own terms and account", func(ctx context.Context, _ *struct{}) (*body[ownContract], error) {
		p := auth.From(ctx)
		d, err := s.Terms.Merchant(ctx, p.Bank, p.Of)
		d.Pending = 0 // what is proposed is the bank's matter until it holds
		return answered(ownContract{d.Merchant, d.History}, err)
	})
	route(s, http.MethodGet, "/my/settlements", merchantItself, "One's own approved settlements, the newest first",
		func(ctx context.Context, in *ownStatementsIn) (*body[list[settle.Settlement]], error) {
			after, err := decodeCursor(in.Cursor)
			if err != nil {
				return nil, err
			}
			p := auth.From(ctx)
			items, err := s.Settle.OwnStatements(ctx, p.Bank.ID, p.Of, in.Date, after, in.Limit+1)
			if err != nil {
				return nil, err
			}
			return paged(items, in.Limit, func(x settle.Settlement) string { return x.ID }), nil
		})
	route(s, http.MethodGet, "/my/settlements/{id}", merchantItself, "One of them with its lines",
		func(ctx context.Context, in *settlementIn) (*body[settle.Settlement], error) {
			p := auth.From(ctx)
			return answered(s.Settle.OwnStatement(ctx, p.Bank.ID, p.Of, in.ID))
		})
	route(s, http.MethodGet, "/my/settlements/{id}/file", merchantItself, "One of them as CSV or XLSX",
		func(ctx context.Context, in *settlementFileIn) (*settlementFileOut, error) {
			p := auth.From(ctx)
			f, err := s.Settle.OwnFile(ctx, p.Bank.ID, p.Of, in.ID, in.format())
			if err != nil {
				return nil, err
			}
			return s.settlementOut(ctx, in, f)
		})
	route(s, http.MethodGet, "/my/payouts", merchantItself, "One's own payouts, the newest first", func(ctx context.Context, in *Page) (*body[list[settle.Payout]], error) {
		after, err := decodeCursor(in.Cursor)
		if err != nil {
			return nil, err
		}
		p := auth.From(ctx)
		items, err := s.Settle.OwnPayouts(ctx, p.Bank.ID, p.Of, after, in.Limit+1)
		if err != nil {
			return nil, err
		}
		return paged(items, in.Limit, func(x settle.Payout) string { return x.ID }), nil
	})
	route(s, http.MethodGet, "/my/invoices", merchantItself, "Invoices that one was asked for, the newest first", func(ctx context.Context, in *Page) (*body[list[settle.Invoice]], error) {
		after, err := decodeCursor(in.Cursor)
		if err != nil {
			return nil, err
		}
		p := auth.From(ctx)
		items, err := s.Settle.OwnInvoices(ctx, p.Bank.ID, p.Of, after, in.Limit+1)
		if err != nil {
			return nil, err
		}
		return paged(items, in.Limit, func(x settle.Invoice) string { return x.ID }), nil
	})
}
