package order

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/money"
)

// Announcer tells rooms and people; live implements it.
type Announcer interface {
	// Fact appends to the room's log within tx.
	Fact(ctx context.Context, tx *db.Tx, bank, room, kind string, payload any) error
	// State replaces what the room knows under kind and key.
	State(room, kind, key string, payload any)
	// Ticker shows a purchase; the nickname is masked on the way.
	Ticker(room, nickname, title string)
	// Private tells one viewer.
	Private(bank, viewer, kind string, payload any)
}

// Rooms knows the bank's rooms and their shelves; live implements it.
type Rooms interface {
	// RoomHost tells whether the bank has the room, and whose it is.
	RoomHost(ctx context.Context, bank, room string) (host, branch string, ok bool, err error)
	// ShelfPrice gives the room's own prices, for those SKUs that have one there.
	ShelfPrice(ctx context.Context, bank, room string, skus []string) (map[string]money.Fen, error)
}

// Units gives back and takes again the units of flash orders; order/flash
// implements it. Both run in the transaction that moves the order.
type Units interface {
	Return(ctx context.Context, tx *db.Tx, bank, flash, viewer string, n int64) error
	// Retake gives false, and takes nothing, when there are no units or the
	// viewer has used up the limit meanwhile.
	Retake(ctx context.Context, tx *db.Tx, bank, flash, viewer string, n int64) (bool, error)
}

// Vouchers keeps the codes of voucher lines; order/voucher implements it. All
// of it runs in the transaction that holds the order's row.
type Vouchers interface {
	// Issue makes a code for each unit of o's voucher lines and tells how many.
	Issue(ctx context.Context, tx *db.Tx, o Order) (n int, err error)
	// Void takes codes back for a refund that leaves left of what was paid, and
	// tells how many can still be used. 409 refund.exceeds when what was used up
	// is worth more than left; what could be voided is voided all the same.
	Void(ctx context.Context, tx *db.Tx, o Order, refund string, left money.Fen) (open int64, err error)
	// Revive makes good again what Void took back for a refund that failed.
	Revive(ctx context.Context, tx *db.Tx, o Order, refund string) error
}

// Coupons decides on discounts; order/promo implements it. All run in the
// transaction that moves the order, whose row it holds.
type Coupons interface {
	// Reserve holds the viewer's coupons for the order and tells what they take
	// off its lines, at least 1 fen being left to pay. Refusals name
	// coupon_ids[i].
	Reserve(ctx context.Context, tx *db.Tx, o Order, coupons []string) ([]Deduction, error)
	// Paid takes the order's coupons to used.
	Paid(ctx context.Context, tx *db.Tx, o Order) error
	// Return gives the order's coupons back to the viewer, or ends those whose
	// time is over.
	Return(ctx context.Context, tx *db.Tx, o Order) error
	// Retake holds again what Return gave back: all, or nothing and false.
	Retake(ctx context.Context, tx *db.Tx, o Order) (bool, error)
}

// Tills knows what is being paid; order/payment implements it.
type Tills interface {
	// Open tells whether a payment of the order is under way.
	Open(ctx context.Context, q db.Querier, bank, orderID string) (bool, error)
}

// Updated is the payload of the private event order.updated.
type Updated struct {
	OrderID string `json:"order_id"`
	Status  Status `json:"status"`
}

// The events and tasks of orders.
const (
	UpdatedEvent = "order.updated"
	SweepTask    = "order.sweep"  // of the whole installation
	ExpireTask   = "order.expire" // of an order that was not paid in time
	CompleteTask = "order.complete"
)
