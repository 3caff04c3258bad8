package promo

import (
	"context"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/idem"
	"yinbo/internal/money"
	"yinbo/internal/outbox"
	"yinbo/internal/tenant"
	"yinbo/order"
)

// Status is where a coupon stands.
type Status string

// The statuses.
const (
	Granted  Status = "granted"
	Reserved Status = "reserved"
	Used     Status = "used"
	Expired  Status = "expired"
)

// at narrows a condition to coupons that are in the status now: one whose time is
// over has expired, though coupon.expire has not come by yet.
func (s Status) at(now time.Time, where string, args []any) (string, []any) {
	switch s {
	case Granted:
		return where + " AND state = 'granted' AND use_to > ?", append(args, now)
	case Expired:
		return where + " AND (state = 'expired' OR state = 'granted' AND use_to <= ?)", append(args, now)
	}
	return where + " AND state = ?", append(args, string(s))
}

// source is where a coupon came from.
type source string

const (
	byDrop  source = "drop"
	byClaim source = "claim"
	byRule  source = "rule"
	byStaff source = "staff"
)

// The events and tasks of coupons.
const (
	DroppedFact  = "coupon.dropped"
	EndedFact    = "coupon.drop_ended"
	GrantedEvent = "coupon.granted"
	ExpireTask   = "coupon.expire"   // of the whole installation
	SpentTask    = "coupon.spend"    // ref is the order that was paid
	DropTask     = "coupon.drop_end" // ref is the drop
)

// Coupon is a coupon as it is stored.
type Coupon struct {
	ID, Bank, Batch, Viewer string
	Status                  Status
	Amount                  money.Fen
	UseTo                   time.Time
	Order                   string // while reserved or used
	GrantedAt               time.Time
}

// Rooms knows who may run a room and which rooms there are; live implements it.
type Rooms interface {
	RoomHost(ctx context.Context, bank, room string) (host, branch string, ok bool, err error)
	// HostMay is nil when the member of staff may run the room, else 404 not_found.
	HostMay(ctx context.Context, bank, room, staff string, operator bool) error
	// LetsIn is nil unless the viewer is kept out of the room: 403 viewer.banned.
	LetsIn(ctx context.Context, q db.Querier, bank, room, viewer string) error
}

// Banks finds a bank by its id; *tenant.Directory is one.
type Banks interface {
	ByID(ctx context.Context, bankID string) (tenant.Bank, bool, error)
}

// Deps is what Coupons stands on.
type Deps struct {
	DB        *db.DB
	Box       *outbox.Box
	Keeper    *idem.Keeper
	Rooms     Rooms
	Banks     Banks
	Announcer order.Announcer
}

// Coupons grants coupons and takes them off orders.
type Coupons struct{ Deps }

var _ order.Coupons = (*Coupons)(nil)

// New makes the service.
func New(d Deps) *Coupons { return &Coupons{Deps: d} }

// View is a coupon as its viewer sees it.
type View struct {
	ID        string             `json:"id"`
	BatchID   string             `json:"batch_id"`
	Status    Status             `json:"status" enum:"granted,reserved,used,expired"`
	Kind      order.DiscountKind `json:"kind" enum:"instant,coupon"`
	Title     string             `json:"title"`
	Amount    money.Fen          `json:"amount_fen"`
	Threshold money.Fen          `json:"threshold_fen" doc:"What the goods must cost that it is for"`
	FundedBy  order.Funder       `json:"funded_by" enum:"bank,merchant,platform"`
	Merchant  *string            `json:"merchant_id" doc:"Whose goods alone it is for"`
	SKUs      []string           `json:"sku_ids" doc:"What it is for; empty for all goods"`
	BINs      []string           `json:"bins" doc:"The bound cards that an instant discount is paid by"`
	Stacking  Stacking           `json:"stacking" enum:"exclusive,stackable"`
	OrderID   *string            `json:"order_id" doc:"The order that holds it or used it"`
	UseFrom   clock.Stamp        `json:"use_starts_at"`
	ExpiresAt clock.Stamp        `json:"expires_at"`
	GrantedAt clock.Stamp        `json:"granted_at"`
	ForOrder  *Fit               `json:"for_order" doc:"Where an order was named: how the coupon fits it"`
}

// Fit says how a coupon, used alone, fits an order.
type Fit struct {
	TakesOff money.Fen `json:"takes_off_fen"`
	WhyNot   string    `json:"why_not" doc:"The code of why it cannot be used; empty when it can"`
}

func (c Coupon) view(b Batch, now time.Time) View {
	status := c.Status
	if status == Granted && !now.Before(c.UseTo) {
		status = Expired // coupon.expire has not come by yet
	}
	return View{ID: c.ID, BatchID: c.Batch, Status: status, Kind: b.Kind, Title: b.Title, Amount: c.Amount, Threshold: b.Threshold,
		FundedBy: b.FundedBy, Merchant: orNull(b.Merchant), SKUs: b.SKUs, BINs: b.payBINs(), Stacking: b.Stacking, OrderID: orNull(c.Order),
		UseFrom: clock.At(b.UseFrom), ExpiresAt: clock.At(c.UseTo), GrantedAt: clock.At(c.GrantedAt)}
}

func batchOf(c Coupon) string { return c.Batch }

// told is the payload of GrantedEvent.
type told struct {
	CouponID string             `json:"coupon_id"`
	BatchID  string             `json:"batch_id"`
	Kind     order.DiscountKind `json:"kind"`
	Title    string             `json:"title"`
	Amount   money.Fen          `json:"amount_fen"`
}

// List shows the viewer's coupons, newest first, after the one named: one more
// than limit when there are further ones. An empty status means all. Where one of
// the viewer's orders is named, each tells how it fits: 404 not_found for others.
func (s *Coupons) List(ctx context.Context, bank, viewer string, status Status, orderID, after string, limit int) ([]View, error) {
	now := s.DB.Clock().Now()
	where, args := "bank_id = ? AND viewer_id = ?", []any{bank, viewer}
	if status != "" {
		where, args = status.at(now, where, args)
	}
	if after != "" {
		where, args = where+" AND id < ?", append(args, after)
	}
	held, err := readCoupons(ctx, s.DB, where+" ORDER BY id DESC LIMIT ?", append(args, limit+1)...)
	if err != nil {
		return nil, err
	}
	batches, err := batchesOf(ctx, s.DB, bank, held, batchOf)
	items := make([]View, len(held))
	for i, c := range held {
		items[i] = c.view(batches[c.Batch], now)
	}
	if err != nil || orderID == "" {
		return items, err
	}
	o, err := order.ReadOwn(ctx, s.DB, bank, viewer, orderID)
	if err != nil {
		return nil, err
	}
	for i, c := range held {
		fit := pick{Coupon: c, batch: batches[c.Batch]}.fit(o, now)
		items[i].ForOrder = &fit
	}
	return items, nil
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
