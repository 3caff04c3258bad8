package main

import (
	"context"
	"time"

	"yinbo/internal/idem"
	"yinbo/internal/outbox"
)

// Housekeeping forgets what is past its time, and sees to it that what recurs is
// written, every hour. Whose it is knows what
// that means.
const (
	taskHousekeeping = "house.keep"
	housekeeping     = "evt_housekeeping"
	houseEvery       = time.Hour
	bite             = 1000
)

var housekeepingTask = outbox.Task{Kind: taskHousekeeping, Ref: housekeeping}

func (a *app) keepHouse(ctx context.Context, _ outbox.Task) error {
	for _, purge := range a.purges {
		if err := purge(ctx); err != nil {
			return err
		}
	}
	for n := int64(bite); n == bite; {
		var err error
		if n, err = idem.Purge(ctx, a.core.db, bite); err != nil {
			return err
		}
	}
	if err := a.scheduleRecurring(ctx); err != nil { // for banks that were added meanwhile
		return err
	}
	return &outbox.Postponed{At: a.core.db.Clock().Now().Add(houseEvery)}
}
