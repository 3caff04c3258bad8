package outbox_test

import (
	"errors"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/outbox"
	"yinbo/internal/testkit"
)

// What recurs may fail for hours, as when the bank does not answer at night; it is
// not given up for ever. What it was due for stays.
func TestARecurringTaskThatDiedIsTriedAnew(t *testing.T) {
	for name, open := range map[string]func(testing.TB, clock.Clock) *db.DB{"sqlite": testkit.SQLite, "mariadb": testkit.MariaDB} {
		t.Run(name, func(t *testing.T) {
			ctx, c := testkit.Context(t), clock.NewFake(time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC))
			d := open(t, c)
			box := outbox.New(d)
			write := func() {
				t.Helper()
				if err := d.InTx(ctx, func(tx *db.Tx) error {
					return box.Recurring(ctx, tx, "again", outbox.Task{Bank: "bank_1", Kind: "test.again", Ref: "again", Payload: struct{}{}})
				}); err != nil {
					t.Fatal(err)
				}
			}
			write()
			first := c.Now()
			for range outbox.MaxAttempts {
				task, ok, err := box.Take(ctx, "again")
				if err != nil || !ok {
					t.Fatalf("taken %t: %v", ok, err)
				}
				if err := box.Fail(ctx, task, errors.New("no answer"), false); err != nil {
					t.Fatal(err)
				}
			}
			c.Advance(time.Hour)
			if due, err := box.Due(ctx, 1); err != nil || len(due) != 0 {
				t.Fatalf("%d due: %v", len(due), err)
			}
			write()
			if due, err := box.Due(ctx, 1); err != nil || len(due) != 1 {
				t.Fatalf("%d due after it was written again: %v", len(due), err)
			}
			task, ok, err := box.Take(ctx, "again")
			if err != nil || !ok || task.Attempts != 0 || !task.Due.Equal(first) {
				t.Errorf("taken %t: %+v: %v", ok, task, err)
			}
		})
	}
}
