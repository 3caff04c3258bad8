package live

import (
	"context"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
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
	// SoundURL is where its sound alone is, "" where it has none.
	SoundURL(room, kind string) string
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

// ItemFigure is what a room sold of one SKU.
type ItemFigure struct {
	SKUID  string    `json:"sku_id"`
	Title  string    `json:"title"`
	Orders int64     `json:"orders" doc:"Those that were paid"`
	Sold   int64     `json:"sold" doc:"Units in them, before refunds"`
	GMV    money.Fen `json:"gmv_fen" doc:"Of its lines, before discounts and refunds"`
	Left   int64     `json:"left" doc:"Units in the SKU's stock, and in flash sales of the room that are not over"`
}

// Scopes knows which branches somebody of a branch sees; tenant.Directory is one.
type Scopes interface {
	ScopeOf(ctx context.Context, bank, branch string) (tenant.Scope, error)
}

// Figures counts a room's trade.
type Figures interface {
	RoomFigures(ctx context.Context, bank, room string) (Trade, error)
	// RoomItems counts those SKUs and whatever else the room sold, by GMV.
	RoomItems(ctx context.Context, bank, room string, skus []string) ([]ItemFigure, error)
	// RoomTurnovers counts each while between two of the times, which rise: what
	// was placed, paid and applied for in it.
	RoomTurnovers(ctx context.Context, bank, room string, times ...time.Time) ([]Turnover, error)
	// RoomMinutes counts every minute in which something was.
	RoomMinutes(ctx context.Context, bank, room string) (map[time.Time]Turnover, error)
}
