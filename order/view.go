package order

import (
	"yinbo/internal/clock"
	"yinbo/internal/money"
)

// View is an order as the API shows it. It holds no personal data.
type View struct {
	ID          string      `json:"id"`
	Status      Status      `json:"status" enum:"pending_payment,paid,fulfilling,completed,cancelled,refunding,refunded"`
	Items       []Item      `json:"items"`
	GoodsFen    money.Fen   `json:"goods_fen"`
	Discounts   []Discount  `json:"discounts"`
	PayableFen  money.Fen   `json:"payable_fen"`
	PaidFen     money.Fen   `json:"paid_fen"`
	RefundedFen money.Fen   `json:"refunded_fen"`
	ExpiresAt   clock.Stamp `json:"expires_at" doc:"when it is cancelled unless it is paid"`
	CreatedAt   clock.Stamp `json:"created_at"`
	RoomID      *string     `json:"room_id"`
	FlashID     *string     `json:"flash_id"`
}

// Item is a line of an order.
type Item struct {
	SKUID     string    `json:"sku_id"`
	ProductID string    `json:"product_id"`
	Title     string    `json:"title"`
	Spec      string    `json:"spec"`
	Quantity  int64     `json:"quantity"`
	PriceFen  money.Fen `json:"price_fen" doc:"for one piece"`
	AmountFen money.Fen `json:"amount_fen" doc:"price times quantity"`
}

// Discount is what somebody else pays of the goods' price.
type Discount struct {
	Kind      DiscountKind `json:"kind" enum:"instant,coupon"`
	AmountFen money.Fen    `json:"amount_fen"`
	FundedBy  Funder       `json:"funded_by" enum:"bank,merchant,platform"`
	CouponID  string       `json:"coupon_id"`
}

// View shows the order.
func (o Order) View() View {
	items := make([]Item, len(o.Lines))
	for i, l := range o.Lines {
		items[i] = Item{SKUID: l.SKU, ProductID: l.Product, Title: l.Title, Spec: l.Spec,
			Quantity: l.Quantity, PriceFen: l.Price, AmountFen: l.Amount}
	}
	discounts := make([]Discount, len(o.Deductions))
	for i, d := range o.Deductions {
		discounts[i] = Discount{Kind: d.Kind, AmountFen: d.Amount(), FundedBy: d.FundedBy, CouponID: d.Coupon}
	}
	return View{ID: o.ID, Status: o.Status, Items: items, GoodsFen: o.Goods, Discounts: discounts,
		PayableFen: o.Payable, PaidFen: o.Paid, RefundedFen: o.Refunded,
		ExpiresAt: clock.At(o.ExpiresAt), CreatedAt: clock.At(o.CreatedAt),
		RoomID: orNull(o.Room), FlashID: orNull(o.Flash)}
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
