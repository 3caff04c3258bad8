package live

import (
	"context"

	"yinbo/internal/clock"
	"yinbo/internal/money"
)

// Good is what a shelf shows of a SKU.
type Good struct {
	ProductID, Title, Kind   string
	Images                   []string
	MerchantID, MerchantName string
	SKUID, Spec              string
	PriceFen, ListPriceFen   money.Fen
	StockState               string
	BranchID                 string // empty for all branches
	PerPersonLimit           int64  // 0 for none
}

// Flash is a flash sale as a room shows it.
type Flash struct {
	ID           string      `json:"id"`
	SKUID        string      `json:"sku_id"`
	Title        string      `json:"title"`
	Status       string      `json:"status" enum:"scheduled,on_sale,sold_out,ended,cancelled"`
	PriceFen     money.Fen   `json:"price_fen"`
	Total        int64       `json:"total"`
	Left         int64       `json:"left"`
	PerUserLimit int64       `json:"per_user_limit"`
	StartsAt     clock.Stamp `json:"starts_at"`
	EndsAt       clock.Stamp `json:"ends_at"`
}

// Goods knows what is sold; order/catalog and order/flash stand behind it.
type Goods interface {
	// ShelfGoods gives those of the SKUs that the bank has and shows.
	ShelfGoods(ctx context.Context, bank string, skus []string) (map[string]Good, error)
	// RoomFlashes gives the room's sales that are not cancelled, by their start.
	RoomFlashes(ctx context.Context, bank, room string) ([]Flash, error)
}

// Video knows where rooms are played; live/video stands behind it.
type Video interface {
	// PlaybackURL is where a room whose picture comes from kind is played.
	PlaybackURL(room, kind string) string
}

// Trade is what a room sold and recruited.
type Trade struct {
	Orders       int64         `json:"orders"`
	PaidOrders   int64         `json:"paid_orders"`
	GMV          money.Fen     `json:"gmv_fen" doc:"What was paid, before refunds"`
	Applications int64         `json:"applications"`
	Bindings     int64         `json:"bindings"`
	CouponPayers int64         `json:"coupon_payers" doc:"Viewers who paid with a coupon"`
	BindRateBps  int64         `json:"bind_rate_bps" doc:"Of those, who paid by a bound card of the bank's own, in basis points"`
	Flash        []FlashFigure `json:"flash"`
}

// FlashFigure is one flash sale's units.
type FlashFigure struct {
	ID    string `json:"id"`
	Total int64  `json:"total"`
	Sold  int64  `json:"sold"`
	Left  int64  `json:"left"`
}

// Figures counts a room's trade.
type Figures interface {
	RoomFigures(ctx context.Context, bank, room string) (Trade, error)
}
