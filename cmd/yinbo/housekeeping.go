package main

import (
	"context"
	"errors"
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

	// taskPages adds up what the ledger took in, so that finance need not wait for it.
	taskPages   = "ledger.pages"
	ledgerPages = "evt_ledger_pages"
	pagesEvery  = time.Minute
)

var (
	housekeepingTask = outbox.Task{Kind: taskHousekeeping, Ref: housekeeping}
	pagesTask        = outbox.Task{Kind: taskPages, Ref: ledgerPages}
)

// turnPages turns each bank's page of the ledger, and looks up what came in.
func (a *app) turnPages(ctx context.Context, _ outbox.Task) error {
	banks, err := a.core.banks.All(ctx)
	if err != nil {
		return err
	}
	for _, b := range banks {
		if err := errors.Join(a.book.TurnPage(ctx, b.ID), a.reports.Keep(ctx, b)); err != nil {
			return err
		}
	}
	return &outbox.Postponed{At: a.core.db.Clock().Now().Add(pagesEvery)}
}

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
