package desk

import (
	"context"
	"strings"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/order"
)

// RevealsPerHour is how often one person may look at addresses in clear.
const RevealsPerHour = 60

// Reveal opens an order's address for a member of staff and leaves the reason in
// the audit chain; left is how many looks remain this hour. Errors: 404
// not_found, 409 order.no_address, 422 validation of reason, 429 rate_limited.
func (d *Desk) Reveal(ctx context.Context, bank string, by order.Staff, orderID, reason string) (a order.Address, left int, err error) {
	if strings.TrimSpace(reason) == "" {
		return a, 0, fault.InvalidField("reason", "field.required")
	}
	found, err := order.Read(ctx, d.DB, bank, []string{orderID})
	if err != nil {
		return a, 0, err
	}
	if len(found) == 0 {
		return a, 0, fault.New(fault.NotFound, "not_found")
	}
	if found[0].AddressSealed == "" {
		return a, 0, fault.New(fault.Conflict, "order.no_address")
	}
	err = d.DB.InTx(ctx, func(tx *db.Tx) error {
		// The chain's head is held until the commit: two looks at once are counted
		// one after the other.
		if err := by.Audit(ctx, tx, bank, "order.revealed", orderID, map[string]any{"reason": audit.Reason(reason)}); err != nil {
			return err
		}
		n, _, err := db.Value[int](ctx, tx, "SELECT COUNT(*) FROM order_reveal WHERE bank_id = ? AND staff_id = ? AND at > ?",
			bank, by.ID, tx.Now.Add(-time.Hour))
		if err != nil {
			return err
		}
		if n >= RevealsPerHour {
			return fault.New(fault.RateLimited, "rate_limited").After(10 * time.Minute)
		}
		left = RevealsPerHour - n - 1
		return tx.Insert(ctx, "order_reveal (id, bank_id, order_id, staff_id, at)",
			[][]any{{id.New(id.Event), bank, orderID, by.ID, tx.Now}}, "")
	})
	if err != nil {
		return a, 0, err
	}
	a, err = order.OpenAddress(ctx, d.Keyring, bank, orderID, found[0].AddressSealed)
	return a, left, err
}
