package voucher

import (
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/idem"
	"yinbo/internal/money"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
	"yinbo/order"
)

// Status is where a voucher stands, as people see it.
type Status string

// The statuses. Expired is never stored.
const (
	Issued   Status = "issued"
	Redeemed Status = "redeemed"
	Void     Status = "void"
	Expired  Status = "expired"
)

// DefaultDays is how long a code can be used when its product says nothing.
const DefaultDays = 90

// ExpireTask looks at an order whose codes run out; ref is the order.
const ExpireTask = "voucher.expire"

// Deps is what Vouchers stands on.
type Deps struct {
	DB      *db.DB
	Box     *outbox.Box
	Keeper  *idem.Keeper
	Keyring *pii.Keyring
	Orders  *order.Orders
}

// Vouchers issues, shows and redeems codes.
type Vouchers struct{ Deps }

var _ order.Vouchers = (*Vouchers)(nil)

// New makes the service.
func New(d Deps) *Vouchers { return &Vouchers{Deps: d} }

// View is a voucher as its owner sees it.
type View struct {
	ID         string       `json:"id"`
	OrderID    string       `json:"order_id"`
	Title      string       `json:"title"`
	Spec       string       `json:"spec"`
	Code       string       `json:"code" doc:"To be shown at the merchant's terminal; hyphens do not matter"`
	Status     Status       `json:"status" enum:"issued,redeemed,void,expired"`
	ValueFen   money.Fen    `json:"value_fen" doc:"Its part of what was paid"`
	IssuedAt   clock.Stamp  `json:"issued_at"`
	ValidUntil clock.Stamp  `json:"valid_until_at"`
	RedeemedAt *clock.Stamp `json:"redeemed_at"`
}

// Redemption is what a terminal is told of a code that it used up.
type Redemption struct {
	ID         string      `json:"id"`
	OrderID    string      `json:"order_id"`
	MerchantID string      `json:"merchant_id"`
	Title      string      `json:"title"`
	Spec       string      `json:"spec"`
	ValueFen   money.Fen   `json:"value_fen"`
	RedeemedAt clock.Stamp `json:"redeemed_at"`
}

// voucher is a voucher as it is stored.
type voucher struct {
	ID, Bank, Order, Merchant string
	Title, Spec               string
	Value                     money.Fen
	Sealed                    string
	State                     Status
	IssuedAt, ValidUntil      time.Time
	RedeemedAt                time.Time // zero for not
}

// status is what people see at a time.
func (v voucher) status(now time.Time) Status {
	if v.State == Issued && !now.Before(v.ValidUntil) {
		return Expired
	}
	return v.State
}

func codePlace(bank, voucherID string) pii.Place {
	return pii.Place{Bank: bank, Table: "voucher", Column: "code", Row: voucherID}
}
