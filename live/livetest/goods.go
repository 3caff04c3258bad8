package livetest

import (
	"context"
	"sync"
	"time"

	"yinbo/internal/id"
	"yinbo/internal/money"
	"yinbo/live"
)

// Goods is what a bank sells, as a room sees it.
type Goods struct {
	mu      sync.Mutex
	goods   map[string]live.Good
	bank    map[string]string // of a SKU
	flashes []live.Flash
}

var _ live.Goods = (*Goods)(nil)

// Add puts a SKU on sale at a bank.
func (g *Goods) Add(bank, title string, price money.Fen) (sku string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.bank == nil {
		g.bank = map[string]string{}
	}
	sku = id.New(id.SKU)
	g.goods[sku] = live.Good{ProductID: id.New(id.Product), Title: title, Kind: "physical", MerchantID: id.New(id.Merchant), MerchantName: "农场",
		SKUID: sku, Spec: "5 kg", PriceFen: price, ListPriceFen: 2 * price, StockState: "in_stock"}
	g.bank[sku] = bank
	return sku
}

// Sell sets the room's flash sales.
func (g *Goods) Sell(flashes ...live.Flash) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.flashes = flashes
}

// ShelfGoods gives those of the SKUs that the bank has.
func (g *Goods) ShelfGoods(_ context.Context, bank string, skus []string) (map[string]live.Good, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := map[string]live.Good{}
	for _, sku := range skus {
		if g.bank[sku] == bank {
			out[sku] = g.goods[sku]
		}
	}
	return out, nil
}

// RoomFlashes gives what Sell set.
func (g *Goods) RoomFlashes(context.Context, string, string) ([]live.Flash, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.flashes, nil
}

// figures is a trade that stands still.
type figures struct{}

var _ live.Figures = figures{}

// Traded is what every room sold.
var Traded = live.Trade{Orders: 7, PaidOrders: 5, GMV: 49500, Applications: 3, Bindings: 2,
	Flash: []live.FlashFigure{{ID: "flash_1", Total: 200, Sold: 7, Left: 193}}}

// RoomFigures gives Traded.
func (figures) RoomFigures(context.Context, string, string) (live.Trade, error) { return Traded, nil }

// RoomItems gives nothing sold.
func (figures) RoomItems(_ context.Context, _, _ string, skus []string) ([]live.ItemFigure, error) {
	items := make([]live.ItemFigure, len(skus))
	for i, sku := range skus {
		items[i].SKUID = sku
	}
	return items, nil
}

// RoomTurnovers gives one order for each while.
func (figures) RoomTurnovers(_ context.Context, _, _ string, times ...time.Time) ([]live.Turnover, error) {
	all := make([]live.Turnover, len(times)-1)
	for i := range all {
		all[i].Orders = 1
	}
	return all, nil
}

// RoomMinutes gives none.
func (figures) RoomMinutes(context.Context, string, string) (map[time.Time]live.Turnover, error) {
	return map[time.Time]live.Turnover{}, nil
}
