package server

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"yinbo/internal/auth"
	"yinbo/order/desk"
)

// PartFilter is embedded in the inputs that pick a merchant's orders.
type PartFilter struct {
	Query string `query:"q" maxLength:"60" doc:"The beginning of an order id, a tracking number, or part of a product's title"`
	From  string `query:"from" maxLength:"40" doc:"Placed from this day (YYYY-MM-DD in the bank's zone) or time on"`
	To    string `query:"to" maxLength:"40" doc:"Placed to the end of this day, or before this time"`
}

func (in PartFilter) filter(ctx context.Context) (desk.Filter, error) {
	return orderFilter(ctx, OrderFilter{Query: in.Query, From: in.From, To: in.To})
}

type ownOrdersIn struct {
	Page
	PartFilter
	Stage desk.Stage `query:"stage" enum:"to_ship,shipped,completed,returned"`
}

type toShipIn struct {
	PartFilter
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"200" doc:"Goes to the audit log"`
	}
}

// ownOrderRoutes show a merchant the orders that have goods of its own, and let it
// ship those that have no others'. Whose they are is in every statement.
func (s *Server) ownOrderRoutes() {
	route(s, http.MethodGet, "/my/orders", merchantItself, "One's own orders that were paid, masked: first what is to be shipped, what waits longest before the rest", s.ownOrders)
	route(s, http.MethodPost, "/my/orders/export", merchantItself, "What is to be shipped as CSV with the addresses in clear, with a reason, audited", s.exportToShip)
	route(s, http.MethodGet, "/my/orders/{id}", merchantItself, "One of them, masked", func(ctx context.Context, in *idIn) (*body[desk.Part], error) {
		return s.ownPart(ctx, in.ID, nil)
	})
	route(s, http.MethodPost, "/my/orders/{id}/reveal", merchantItself, "See where an order goes, with a reason, audited", func(ctx context.Context, in *reasonIn) (*revealAddressOut, error) {
		a, left, err := s.OrderDesk.RevealPart(ctx, auth.From(ctx).Bank.ID, orderStaff(ctx), in.ID, in.Body.Reason)
		if err != nil {
			return nil, err
		}
		return revealed(a, left), nil
	})
	route(s, http.MethodPost, "/my/orders/{id}/ship", merchantItself, "Record that an order was handed to a carrier", func(ctx context.Context, in *shipIn) (*body[desk.Part], error) {
		return s.ownPart(ctx, in.ID, s.Orders.Ship(ctx, auth.From(ctx).Bank, orderStaff(ctx), in.line()))
	})
	route(s, http.MethodPut, "/my/orders/{id}/shipment", merchantItself, "Correct the carrier or the number of an order on its way", func(ctx context.Context, in *shipIn) (*body[desk.Part], error) {
		return s.ownPart(ctx, in.ID, s.Orders.CorrectShipment(ctx, auth.From(ctx).Bank.ID, orderStaff(ctx), in.line()))
	})
}

// ownPart gives an order as it stands when an act on it was done.
func (s *Server) ownPart(ctx context.Context, orderID string, err error) (*body[desk.Part], error) {
	if err != nil {
		return nil, err
	}
	p := auth.From(ctx)
	return answered(s.OrderDesk.Part(ctx, p.Bank.ID, p.Of, orderID))
}

func (s *Server) ownOrders(ctx context.Context, in *ownOrdersIn) (*body[list[desk.Part]], error) {
	after, err := decodeCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	f, err := in.filter(ctx)
	if err != nil {
		return nil, err
	}
	p := auth.From(ctx)
	items, err := s.OrderDesk.Parts(ctx, p.Bank.ID, p.Of, in.Stage, f, after, in.Limit)
	if err != nil {
		return nil, err
	}
	return paged(items, in.Limit, desk.Part.Place), nil
}

func (s *Server) exportToShip(ctx context.Context, in *toShipIn) (*huma.StreamResponse, error) {
	f, err := in.filter(ctx)
	if err != nil {
		return nil, err
	}
	p := auth.From(ctx)
	write, err := s.OrderDesk.ExportToShip(ctx, p.Bank.ID, orderStaff(ctx), f, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return s.csv(ctx, fmt.Sprintf("to-ship-%s.csv", p.Bank.BusinessDate(s.DB.Clock().Now())), write), nil
}
