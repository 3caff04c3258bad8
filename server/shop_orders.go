package server

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"yinbo/internal/auth"
	"yinbo/internal/money"
	"yinbo/order"
	"yinbo/order/desk"
	"yinbo/order/payment"
	"yinbo/order/voucher"
)

// OrderFilter is embedded in the inputs that pick orders.
type OrderFilter struct {
	Status   order.Status `query:"status" enum:"pending_payment,paid,fulfilling,completed,cancelled,refunding,refunded"`
	Query    string       `query:"q" maxLength:"60" doc:"The beginning of an order id, a viewer's whole phone, a tracking number, or part of a product's title"`
	Merchant string       `query:"merchant" maxLength:"60" doc:"mch_…: orders with goods of this merchant"`
	Room     string       `query:"room" maxLength:"60" doc:"room_…: bought in this room"`
	From     string       `query:"from" maxLength:"40" doc:"Placed from this day (YYYY-MM-DD in the bank's zone) or time on"`
	To       string       `query:"to" maxLength:"40" doc:"Placed to the end of this day, or before this time"`
}

type shopOrdersIn struct {
	Page
	OrderFilter
}

type exportOrdersIn struct{ OrderFilter }

type quoteIn struct {
	ID        string    `path:"id" maxLength:"60" doc:"ord_…"`
	AmountFen money.Fen `query:"amount_fen" minimum:"1" required:"true"`
}

type shipIn struct {
	ID   string `path:"id" maxLength:"60" doc:"ord_…"`
	Body struct {
		Carrier    string `json:"carrier" minLength:"1" maxLength:"40"`
		TrackingNo string `json:"tracking_no" minLength:"1" maxLength:"60" doc:"5 to 40 letters, digits and hyphens"`
	}
}

// reasonIn is the input of acts on an order that want a reason.
type reasonIn struct {
	ID   string `path:"id" maxLength:"60" doc:"ord_…"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"200" doc:"Goes to the audit log"`
	}
}

type revealAddressOut struct {
	Policy string `header:"RateLimit-Policy"`
	Limit  string `header:"RateLimit"`
	Body   struct {
		Address order.AddressView `json:"address"`
	}
}

type redeemIn struct {
	Keyed
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"40" doc:"As shown or scanned; case, spaces and hyphens do not matter"`
	}
}

func (s *Server) shopOrderRoutes() {
	sellers, readers := staff(auth.Operator).byBranch(), staff(auth.Operator, auth.Auditor, auth.Finance, auth.FinanceChecker).byBranch()
	route(s, http.MethodGet, "/shop/orders", readers, "Find orders, masked, the newest first", s.shopOrders)
	route(s, http.MethodGet, "/shop/orders/export", readers, "Orders as CSV, masked and audited", s.exportOrders)
	route(s, http.MethodGet, "/shop/orders/{id}", readers, "An order with its payments and its life, masked", s.shopOrder)
	route(s, http.MethodPost, "/shop/orders/{id}/reveal", sellers, "See an order's address, with a reason, audited", s.revealAddress)
	route(s, http.MethodPost, "/shop/orders/{id}/ship", sellers, "Record that an order was handed to a carrier", s.shipOrder)
	route(s, http.MethodPut, "/shop/orders/{id}/shipment", sellers, "Correct the carrier or the number of an order on its way", s.correctShipment)
	route(s, http.MethodPost, "/shop/orders/{id}/complete", sellers, "Record that an order was received", s.completeOrder)
	route(s, http.MethodPost, "/shop/orders/{id}/cancel", sellers, "Cancel an order that is not paid", s.cancelShopOrder)
	route(s, http.MethodGet, "/shop/orders/{id}/refund-quote", sellers, "What a refund would move; nothing changes", s.quoteRefund)
	route(s, http.MethodPost, "/shop/orders/{id}/refunds", sellers, "Give money back", s.refundShopOrder, status(http.StatusCreated))
	route(s, http.MethodPost, "/shop/vouchers/redeem", sellers, "Use a voucher's code up, once", s.redeemVoucher)
}

func orderStaff(ctx context.Context) order.Staff {
	p := auth.From(ctx)
	return order.Staff{ID: p.ID, RequestID: requestID(ctx), Merchant: p.Of}
}

func (s *Server) shopOrders(ctx context.Context, in *shopOrdersIn) (*body[list[desk.Row]], error) {
	after, err := decodeCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	f, err := orderFilter(ctx, in.OrderFilter)
	if err != nil {
		return nil, err
	}
	bank := auth.From(ctx).Bank
	if after == "" && desk.OfPerson(f.Query) {
		if err := s.OrderDesk.NoteSearch(ctx, bank.ID, orderStaff(ctx)); err != nil {
			return nil, err
		}
	}
	items, err := s.OrderDesk.Search(ctx, bank.ID, f, after, in.Limit)
	if err != nil {
		return nil, err
	}
	return paged(items, in.Limit, func(r desk.Row) string { return r.ID }), nil
}

func orderFilter(ctx context.Context, in OrderFilter) (f desk.Filter, err error) {
	p := auth.From(ctx)
	f = desk.Filter{Status: in.Status, Query: in.Query, Merchant: in.Merchant, Room: in.Room, Scope: p.Scope}
	if f.From, err = moment("from", in.From, p.Bank.Zone, 0); err != nil {
		return f, err
	}
	f.To, err = moment("to", in.To, p.Bank.Zone, 1)
	return f, err
}

func (s *Server) exportOrders(ctx context.Context, in *exportOrdersIn) (*huma.StreamResponse, error) {
	f, err := orderFilter(ctx, in.OrderFilter)
	if err != nil {
		return nil, err
	}
	write, err := s.OrderDesk.Export(ctx, auth.From(ctx).Bank.ID, orderStaff(ctx), f)
	if err != nil {
		return nil, err
	}
	return s.csv(ctx, "orders.csv", write), nil
}

func (s *Server) quoteRefund(ctx context.Context, in *quoteIn) (*body[payment.GivenBack], error) {
	if err := s.orderSeen(ctx, in.ID); err != nil {
		return nil, err
	}
	return answered(s.Payments.Quote(ctx, auth.From(ctx).Bank.ID, in.ID, in.AmountFen))
}

func (s *Server) shopOrder(ctx context.Context, in *idIn) (*body[desk.Detail], error) {
	if err := s.orderSeen(ctx, in.ID); err != nil {
		return nil, err
	}
	return answered(s.OrderDesk.Get(ctx, auth.From(ctx).Bank.ID, in.ID))
}

// orderSeen is 404 for an order of a branch that the caller does not see.
func (s *Server) orderSeen(ctx context.Context, orderID string) error {
	p := auth.From(ctx)
	return s.OrderDesk.Sees(ctx, p.Bank.ID, p.Scope, orderID)
}

// afterAct gives the order as it stands when an act on it was done.
func (s *Server) afterAct(ctx context.Context, orderID string, err error) (*body[desk.Detail], error) {
	if err != nil {
		return nil, err
	}
	return answered(s.OrderDesk.Get(ctx, auth.From(ctx).Bank.ID, orderID))
}

func (s *Server) revealAddress(ctx context.Context, in *reasonIn) (*revealAddressOut, error) {
	if err := s.orderSeen(ctx, in.ID); err != nil {
		return nil, err
	}
	a, left, err := s.OrderDesk.Reveal(ctx, auth.From(ctx).Bank.ID, orderStaff(ctx), in.ID, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return revealed(a, left), nil
}

func revealed(a order.Address, left int) *revealAddressOut {
	out := &revealAddressOut{Policy: fmt.Sprintf(`"reveal";q=%d;w=3600`, desk.RevealsPerHour), Limit: fmt.Sprintf(`"reveal";r=%d;t=3600`, left)}
	out.Body.Address = a.InClear()
	return out
}

func (in *shipIn) line() order.ShipLine {
	return order.ShipLine{Order: in.ID, Carrier: in.Body.Carrier, TrackingNo: in.Body.TrackingNo}
}

func (s *Server) shipOrder(ctx context.Context, in *shipIn) (*body[desk.Detail], error) {
	if err := s.orderSeen(ctx, in.ID); err != nil {
		return nil, err
	}
	return s.afterAct(ctx, in.ID, s.Orders.Ship(ctx, auth.From(ctx).Bank, orderStaff(ctx), in.line()))
}

func (s *Server) correctShipment(ctx context.Context, in *shipIn) (*body[desk.Detail], error) {
	if err := s.orderSeen(ctx, in.ID); err != nil {
		return nil, err
	}
	return s.afterAct(ctx, in.ID, s.Orders.CorrectShipment(ctx, auth.From(ctx).Bank.ID, orderStaff(ctx), in.line()))
}

func (s *Server) completeOrder(ctx context.Context, in *idIn) (*body[desk.Detail], error) {
	if err := s.orderSeen(ctx, in.ID); err != nil {
		return nil, err
	}
	return s.afterAct(ctx, in.ID, s.Orders.CompleteByStaff(ctx, auth.From(ctx).Bank.ID, orderStaff(ctx), in.ID))
}

func (s *Server) cancelShopOrder(ctx context.Context, in *reasonIn) (*body[desk.Detail], error) {
	if err := s.orderSeen(ctx, in.ID); err != nil {
		return nil, err
	}
	return s.afterAct(ctx, in.ID, s.Orders.CancelByStaff(ctx, auth.From(ctx).Bank.ID, orderStaff(ctx), in.ID, in.Body.Reason))
}

func (s *Server) refundShopOrder(ctx context.Context, in *refundIn) (*answer[payment.RefundView], error) {
	if err := s.orderSeen(ctx, in.ID); err != nil {
		return nil, err
	}
	req, err := s.idem(ctx, "POST /shop/orders/"+in.ID+"/refunds", in.Keyed)
	if err != nil {
		return nil, err
	}
	v, replayed, err := s.Payments.RefundByStaff(ctx, req, auth.From(ctx).Bank.ID, orderStaff(ctx), in.ID, in.Body.AmountFen, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return reply(v, replayed), nil
}

func (s *Server) redeemVoucher(ctx context.Context, in *redeemIn) (*answer[voucher.Redemption], error) {
	req, err := s.idem(ctx, "POST /shop/vouchers/redeem", in.Keyed)
	if err != nil {
		return nil, err
	}
	v, replayed, err := s.Vouchers.Redeem(ctx, req, auth.From(ctx).Bank, orderStaff(ctx), in.Body.Code)
	if err != nil {
		return nil, err
	}
	return reply(v, replayed), nil
}
