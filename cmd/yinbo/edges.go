package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"

	"yinbo/card"
	"yinbo/card/funnel"
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
	shop         *catalog.Catalog
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

// RoomItems puts what was sold beside what is left of it.
func (f *roomFigures) RoomItems(ctx context.Context, bank, room string, skus []string) ([]live.ItemFigure, error) {
	sold, err := f.orders.RoomSKUs(ctx, bank, room)
	if err != nil {
		return nil, err
	}
	items := make([]live.ItemFigure, 0, len(sold)+len(skus))
	seen := map[string]bool{}
	for _, x := range sold {
		seen[x.SKU] = true
		items = append(items, live.ItemFigure{SKUID: x.SKU, Title: x.Title, Orders: x.Orders, Sold: x.Units, GMV: x.Amount})
	}
	for _, sku := range skus {
		if !seen[sku] {
			items = append(items, live.ItemFigure{SKUID: sku})
		}
	}
	all := make([]string, len(items))
	for i, x := range items {
		all[i] = x.SKUID
	}
	goods, err := f.shop.Goods(ctx, bank, all)
	if err != nil {
		return nil, err
	}
	on, err := f.sales.RoomFlashes(ctx, bank, room)
	if err != nil {
		return nil, err
	}
	for i := range items {
		g := goods[items[i].SKUID]
		items[i].Left = g.Stock
		if items[i].Title == "" {
			items[i].Title = g.Title
		}
		for _, sale := range on {
			if sale.SKUID == items[i].SKUID {
				items[i].Left += sale.Left
			}
		}
	}
	return items, nil
}

// RoomTurnovers asks orders and applications.
func (f *roomFigures) RoomTurnovers(ctx context.Context, bank, room string, times ...time.Time) ([]live.Turnover, error) {
	orders, err := f.orders.RoomFiguresBetween(ctx, bank, room, times...)
	if err != nil {
		return nil, err
	}
	applied, err := f.applications.RoomApplications(ctx, bank, room)
	out := make([]live.Turnover, len(orders))
	for i, o := range orders {
		out[i] = live.Turnover{Orders: o.Orders, Paid: o.Paid, GMV: o.GMV}
		for _, at := range applied {
			if !at.Before(times[i]) && at.Before(times[i+1]) {
				out[i].Applications++
			}
		}
	}
	return out, err
}

// RoomMinutes asks them for every minute.
func (f *roomFigures) RoomMinutes(ctx context.Context, bank, room string) (map[time.Time]live.Turnover, error) {
	orders, err := f.orders.RoomMinutes(ctx, bank, room)
	if err != nil {
		return nil, err
	}
	out := make(map[time.Time]live.Turnover, len(orders))
	for at, o := range orders {
		out[at] = live.Turnover{Orders: o.Orders, Paid: o.Paid, GMV: o.GMV}
	}
	applied, err := f.applications.RoomApplications(ctx, bank, room)
	for _, at := range applied {
		t := out[at.Truncate(time.Minute)]
		t.Applications++
		out[at.Truncate(time.Minute)] = t
	}
	return out, err
}

// document is the OpenAPI document: the routes' types make it, no service runs.
func document() *huma.OpenAPI {
	return server.New(server.Deps{Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry()}).OpenAPI()
}

// cardAudiences tells the funnel who was in rooms.
type cardAudiences struct{ rooms *live.Rooms }

var _ funnel.Audiences = cardAudiences{}

// CardAudiences gives them in the funnel's words.
func (c cardAudiences) CardAudiences(ctx context.Context, bank, room string, from, to time.Time) ([]funnel.Audience, error) {
	all, err := c.rooms.CardAudiences(ctx, bank, room, from, to)
	out := make([]funnel.Audience, len(all))
	for i, a := range all {
		out[i] = funnel.Audience(a)
	}
	return out, err
}
