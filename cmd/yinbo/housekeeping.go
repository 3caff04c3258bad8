package main

import (
	"context"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/idem"
	"yinbo/internal/outbox"
)

// Housekeeping forgets what is past its time, every hour, in small bites.
const (
	taskHousekeeping = "house.keep"
	housekeeping     = "evt_housekeeping"
	houseEvery       = time.Hour
	bite             = 1000
)

var housekeepingTask = outbox.Task{Kind: taskHousekeeping, Ref: housekeeping}

// How long what is over is kept for looking back.
const (
	keepTasks = 30 * 24 * time.Hour
	keepCodes = 2 * 24 * time.Hour // the longest limit counts a day
)

func (a *app) keepHouse(ctx context.Context, _ outbox.Task) error {
	for {
		n, err := idem.Purge(ctx, a.core.db, bite)
		if err != nil {
			return err
		}
		if n < bite {
			break
		}
	}
	now := a.core.db.Clock().Now()
	for _, old := range []struct {
		query  string
		before time.Time
	}{
		{"DELETE FROM outbox WHERE state IN ('done','cancelled') AND ended_at < ?", now.Add(-keepTasks)},
		{"DELETE FROM otp WHERE created_at < ?", now.Add(-keepCodes)},
		{"DELETE FROM handoff WHERE expires_at < ?", now},
		{"DELETE FROM refresh_token WHERE expires_at < ?", now},
		{"DELETE FROM bind_check WHERE at < ?", now.Add(-keepCodes)},
	} {
		err := a.core.db.InTx(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, old.query, old.before)
			return err
		})
		if err != nil {
			return err
		}
	}
	return &outbox.Postponed{At: now.Add(houseEvery)}
}
