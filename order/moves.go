package order

import (
	"context"
	"fmt"
	"slices"

	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// Status is where an order stands; CONTRACT §3.
type Status string

// The statuses.
const (
	PendingPayment Status = "pending_payment"
	Paid           Status = "paid"
	Fulfilling     Status = "fulfilling"
	Completed      Status = "completed"
	Cancelled      Status = "cancelled"
	Refunding      Status = "refunding"
	Refunded       Status = "refunded"
)

// Statuses lists every status.
var Statuses = []Status{PendingPayment, Paid, Fulfilling, Completed, Cancelled, Refunding, Refunded}

// moves is every move there is.
var moves = map[Status][]Status{
	PendingPayment: {Paid, Cancelled},
	Cancelled:      {Paid},                             // paid late, and the stock was still to be had
	Paid:           {Fulfilling, Completed, Refunding}, // completed at once when it is nothing but codes
	Fulfilling:     {Completed, Refunding},
	Completed:      {Refunding},
	Refunding:      {Paid, Fulfilling, Completed, Refunded}, // back to where it stands
}

// stands is where a paid order stands apart from refunds: what was sent or
// completed stays so while money goes back.
func (o Order) stands() Status {
	switch {
	case !o.CompletedAt.IsZero():
		return Completed
	case !o.FulfillingAt.IsZero() && !o.OnlyVouchers():
		return Fulfilling
	}
	return Paid
}

// move takes o, whose row tx holds, to another status together with what set
// says, and tells its viewer after the commit. A move that the table does not
// have is 409 conflict.
func (s *Orders) move(ctx context.Context, tx *db.Tx, o *Order, to Status, set string, args ...any) error {
	if !slices.Contains(moves[o.Status], to) {
		return fault.New(fault.Conflict, "conflict").Because(fmt.Errorf("order %s: no move from %s to %s", o.ID, o.Status, to))
	}
	if set != "" {
		set = ", " + set
	}
	n, err := tx.Exec(ctx, "UPDATE orders SET status = ?"+set+" WHERE id = ? AND bank_id = ? AND status = ?",
		append(append([]any{string(to)}, args...), o.ID, o.Bank, string(o.Status))...)
	if err != nil {
		return err
	}
	if n != 1 {
		return fmt.Errorf("order %s left %s while it was held", o.ID, o.Status)
	}
	o.Status = to
	s.tellUpdated(tx, *o)
	return nil
}

func (s *Orders) tellUpdated(tx *db.Tx, o Order) {
	tx.AfterCommit(func() { s.Announcer.Private(o.Bank, o.Viewer, UpdatedEvent, Updated{o.ID, o.Status}) })
}
