package keeping

import (
	"context"
	"fmt"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/outbox"
	"yinbo/internal/tenant"
)

// Task is the recurring task that Work handles, and its name.
const (
	Task = "keeping.sweep"
	name = "evt_keeping"
)

const (
	every = 6 * time.Hour
	bite  = 500 // rows a transaction
	bites = 40  // a call: a task has a lease
)

// Schedule makes sure that the task is written.
func Schedule(ctx context.Context, tx *db.Tx, box *outbox.Box) error {
	return box.Recurring(ctx, tx, name, outbox.Task{Kind: Task, Ref: name, Payload: struct{}{}})
}

// Work handles Task: it deletes what is over its time at every bank, by bites,
// and comes back at once when there is more than a call's worth.
func (k *Keeper) Work(ctx context.Context, _ outbox.Task) error {
	now := k.DB.Clock().Now()
	banks, err := k.Banks.All(ctx)
	if err != nil {
		return err
	}
	left := bites
	for _, b := range banks {
		for _, c := range k.Classes {
			for more := true; more; left-- {
				if left == 0 {
					return &outbox.Postponed{At: k.DB.Clock().Now().Add(time.Second)}
				}
				if more, err = k.Sweep(ctx, b, c, now); err != nil {
					return err
				}
			}
		}
	}
	return &outbox.Postponed{At: now.Add(every)}
}

// Sweep takes one bite out of a bank's class as of now, with its proof, and tells
// whether there is more.
func (k *Keeper) Sweep(ctx context.Context, b tenant.Bank, c Class, now time.Time) (more bool, err error) {
	days := c.DaysAt(b)
	err = k.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := gate(ctx, tx, b.ID); err != nil {
			return err
		}
		s := &Sweep{Bank: b.ID, Before: now.Add(-time.Duration(days) * 24 * time.Hour), Limit: bite, class: c.Name}
		if err := c.Sweep(ctx, tx, s); err != nil {
			return err
		}
		if more = s.more; len(s.items) == 0 {
			return nil
		}
		_, err := prove(ctx, tx, Proof{Bank: b.ID, Kind: Keeping, Subject: c.Name, Reason: fmt.Sprintf("kept for %d days", days), Items: s.items},
			Actor{Kind: "system", ID: Task})
		return err
	})
	if err != nil {
		return false, fmt.Errorf("keeping: %s of %s: %w", c.Name, b.Slug, err)
	}
	return more, nil
}
