package bind

import (
	"context"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/tenant"
)

// Our limits for one card and business date: one below the bank's, which locks
// at three failures in a row and ten calls (RULES §2).
const (
	callsPerDay     = 9
	mismatchesInRow = 2
)

// result is how a check at the bank ended.
type result int

const (
	accepted result = iota
	mismatch
	locked
	refused // for another reason, before the factors were looked at
	unknown
)

// check names a card's count on a business date.
type check struct{ bank, card, day string }

// begin counts a call before it is made, or refuses it: binding.locked (429).
// Calls under way count as failures to come.
func (c check) begin(ctx context.Context, tx *db.Tx, bank tenant.Bank) error {
	// Whoever finds the row there locks it for writing at once: from a lock for
	// reading, as INSERT IGNORE takes, two that ask together would block each other.
	if err := tx.Insert(ctx, "bind_check (bank_id, card_hash, day, calls, mismatches, pending)",
		[][]any{{c.bank, c.card, c.day, 0, 0, 0}}, tx.Dialect().OnDuplicate("bank_id, card_hash, day", "calls = calls")); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `UPDATE bind_check SET calls = calls + 1, pending = pending + 1
		WHERE bank_id = ? AND card_hash = ? AND day = ? AND calls < ? AND mismatches + pending < ?`,
		c.bank, c.card, c.day, callsPerDay, mismatchesInRow)
	if err != nil || n == 1 {
		return err
	}
	y, m, d := tx.Now.In(bank.Zone).Date()
	tomorrow := time.Date(y, m, d+1, 0, 0, 0, 0, bank.Zone)
	return fault.New(fault.RateLimited, "binding.locked").After(tomorrow.Sub(tx.Now))
}

// end notes the result. A time-out says nothing about the factors.
func (c check) end(ctx context.Context, tx *db.Tx, r result) error {
	set := "pending = pending - 1"
	switch r {
	case accepted:
		set += ", mismatches = 0"
	case mismatch:
		set += ", mismatches = mismatches + 1"
	case locked:
		set += ", calls = 1000" // not again today
	}
	_, err := tx.Exec(ctx, "UPDATE bind_check SET "+set+" WHERE bank_id = ? AND card_hash = ? AND day = ? AND pending > 0", c.bank, c.card, c.day)
	return err
}
