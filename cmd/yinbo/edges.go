package main

import (
	"context"
	"log/slog"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"

	"yinbo/card"
	"yinbo/internal/clock"
	"yinbo/live"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/flash"
	"yinbo/order/promo"
	"yinbo/server"
)

// roomGoods shows rooms what is sold. Its fields are set once the goods' side is
// made; nothing asks before.
type roomGoods struct {
	shop  *catalog.Catalog
	sales *flash.Sales
}

var _ live.Goods = (*roomGoods)(nil)

// ShelfGoods gives those of the SKUs that the bank has and shows.
func (g *roomGoods) ShelfGoods(ctx context.Context, bank string, skus []string) (map[string]live.Good, error) {
	goods, err := g.shop.ShelfGoods(ctx, bank, skus)
	out := make(map[string]live.Good, len(goods))
	for sku, x := range goods {
		out[sku] = live.Good{ProductID: x.ProductID, Title: x.Title, Kind: string(x.Kind), Images: x.Images,
			MerchantID: x.MerchantID, MerchantName: x.MerchantName, SKUID: x.SKUID, Spec: x.Spec,
			PriceFen: x.PriceFen, ListPriceFen: x.ListPriceFen, StockState: x.StockState(),
			BranchID: x.BranchID, PerPersonLimit: x.PerPersonLimit}
	}
	return out, err
}

// RoomFlashes gives the room's sales, by their start.
func (g *roomGoods) RoomFlashes(ctx context.Context, bank, room string) ([]live.Flash, error) {
	sales, err := g.sales.RoomFlashes(ctx, bank, room)
	if err != nil {
		return nil, err
	}
	skus := make([]string, len(sales))
	for i, f := range sales {
		skus[i] = f.SKUID
	}
	goods, err := g.shop.Goods(ctx, bank, skus)
	out := make([]live.Flash, 0, len(sales))
	for _, f := range sales {
		if f.Status == flash.Cancelled {
			continue
		}
		out = append(out, live.Flash{ID: f.ID, SKUID: f.SKUID, Title: goods[f.SKUID].Title, Status: string(f.Status),
			PriceFen: f.PriceFen, Total: f.Total, Left: f.Left, PerUserLimit: f.PerUserLimit,
			StartsAt: clock.At(f.StartsAt.Time), EndsAt: clock.At(f.EndsAt.Time)})
	}
	return out, err
}

// roomFigures counts a room's trade.
type roomFigures struct {
	orders       *order.Orders
	sales        *flash.Sales
	coupons      *promo.Coupons
	applications *card.Applications
}

var _ live.Figures = (*roomFigures)(nil)

// RoomFigures asks each domain for its part.
func (f *roomFigures) RoomFigures(ctx context.Context, bank, room string) (live.Trade, error) {
	var t live.Trade
	orders, err := f.orders.RoomFigures(ctx, bank, room)
	if err != nil {
		return t, err
	}
	t.Orders, t.PaidOrders, t.GMV = orders.Orders, orders.Paid, orders.GMV
	if t.Applications, t.Bindings, err = f.applications.RoomFigures(ctx, bank, room); err != nil {
		return t, err
	}
	rate, err := f.coupons.RoomFigures(ctx, bank, room)
	if err != nil {
		return t, err
	}
	t.CouponPayers, t.BindRateBps = rate.Payers, rate.Bps()
	sales, err := f.sales.RoomFigures(ctx, bank, room)
	t.Flash = make([]live.FlashFigure, len(sales))
	for i, s := range sales {
		t.Flash[i] = live.FlashFigure(s)
	}
	return t, err
}

// document is the OpenAPI document: the routes' types make it, no service runs.
func document() *huma.OpenAPI {
	return server.New(server.Deps{Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry()}).OpenAPI()
}
