package order

import (
	"slices"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/idem"
	"yinbo/internal/money"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
	"yinbo/order/catalog"
)

// Order is an order as it is stored, with its lines.
type Order struct {
	ID, Bank, Viewer               string
	Room, Flash, ShareCode         string // empty for none
	Status                         Status
	Goods, Payable, Paid, Refunded money.Fen
	PaidBy                         string // the payment that paid it, empty for none
	AddressSealed                  string
	ExpiresAt, CreatedAt           time.Time
	Key, Body                      string    // hashes of the press that placed it in a flash sale, else empty
	FulfillingAt, CompletedAt      time.Time // zero for not (yet)
	Lines                          []Line
	Deductions                     []Deduction // in the order in which they are taken off
}

// Line is one SKU of an order, as it was when the order was placed.
type Line struct {
	SKU, Product, Merchant string
	Kind                   catalog.Kind
	Title, Spec            string
	Quantity               int64
	Price, Amount          money.Fen
	CommissionBps          int64

	limit int64 // of the SKU per person when the order is placed; 0 for none
}

// Title is what the order is called to people: its first line.
func (o Order) Title() string {
	if len(o.Lines) == 0 {
		return o.ID
	}
	return o.Lines[0].Title
}

// AllOf tells that every line is of one merchant, the one named.
func (o Order) AllOf(merchant string) bool {
	return !slices.ContainsFunc(o.Lines, func(l Line) bool { return l.Merchant != merchant })
}

// OnlyVouchers tells that nothing of the order is sent anywhere.
func (o Order) OnlyVouchers() bool {
	for _, l := range o.Lines {
		if l.Kind != catalog.Voucher {
			return false
		}
	}
	return len(o.Lines) > 0
}

// Deps is what Orders stands on.
type Deps struct {
	DB        *db.DB
	Box       *outbox.Box
	Keeper    *idem.Keeper
	Keyring   *pii.Keyring
	Units     Units
	Vouchers  Vouchers
	Coupons   Coupons
	Tills     Tills
	Rooms     Rooms
	Announcer Announcer
	TTL       time.Duration // from placing to cancelling what is not paid
}

// Orders places, moves and shows orders.
type Orders struct{ Deps }

// New makes the service.
func New(d Deps) *Orders { return &Orders{Deps: d} }
