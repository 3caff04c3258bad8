package promo

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/money"
	"yinbo/internal/outbox"
)

// Expiry ends coupons whose time is over. It only frees their budget: at use the
// coupon's own time decides.
const (
	expiry      = "evt_coupon_expiry"
	expiryEvery = 10 * time.Minute
	bite        = 500
)

// ScheduleExpiry makes sure that coupons end by themselves.
func (s *Coupons) ScheduleExpiry(ctx context.Context, tx *db.Tx) error {
	return s.Box.Recurring(ctx, tx, expiry, outbox.Task{Kind: ExpireTask, Ref: expiry, Payload: struct{}{}})
}

// HandleExpire ends what is over, of all banks, and comes again.
func (s *Coupons) HandleExpire(ctx context.Context, _ outbox.Task) error {
	for n := bite; n == bite; {
		err := s.DB.InTx(ctx, func(tx *db.Tx) (err error) {
			n, err = expire(ctx, tx)
			return err
		})
		if err != nil {
			return err
		}
	}
	return &outbox.Postponed{At: s.DB.Clock().Now().Add(expiryEvery)}
}

// expire ends up to a bite of coupons; those that an order takes at this moment
// are left to it.
func expire(ctx context.Context, tx *db.Tx) (int, error) {
	over, err := readCoupons(ctx, tx, "state = 'granted' AND use_to <= ? ORDER BY use_to LIMIT ?"+tx.Dialect().SkipLocked(), tx.Now, bite)
	if err != nil || len(over) == 0 {
		return 0, err
	}
	type batch struct{ bank, id string }
	ids, ended := make([]any, len(over)), map[batch]money.Fen{}
	for i, c := range over {
		ids[i] = c.ID
		ended[batch{c.Bank, c.Batch}] += c.Amount
	}
	if _, err := tx.Exec(ctx, "UPDATE coupon SET state = 'expired' WHERE id IN "+db.Marks(len(ids)), ids...); err != nil {
		return 0, err
	}
	for _, b := range slices.SortedFunc(maps.Keys(ended), func(a, b batch) int { return strings.Compare(a.id, b.id) }) {
		if err := release(ctx, tx, b.bank, b.id, ended[b]); err != nil {
			return 0, err
		}
	}
	return len(over), nil
}
