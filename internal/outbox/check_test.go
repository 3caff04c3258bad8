package outbox_test

import (
	"testing"

	"yinbo/internal/db"
	"yinbo/internal/outbox"
	"yinbo/internal/testkit"
)

func TestInvariantsOfTheBoxHoldAndCanFail(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		ctx, box := testkit.Context(t), outbox.New(d)
		add := func(ref string) {
			t.Helper()
			err := d.InTx(ctx, func(tx *db.Tx) error {
				return box.Add(ctx, tx, outbox.Task{Bank: "bank_1", Kind: "test.do", Ref: ref, Payload: struct{}{}})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		add("done")
		due, err := box.Due(ctx, 1)
		if err != nil || len(due) != 1 {
			t.Fatalf("%d due: %v", len(due), err)
		}
		task, ok, err := box.Take(ctx, due[0].ID)
		if err != nil || !ok {
			t.Fatalf("taken %t: %v", ok, err)
		}
		if err := box.Done(ctx, task); err != nil {
			t.Fatal(err)
		}
		add("waits")
		testkit.Breaks(t, d, outbox.Invariants(), []testkit.Break{
			testkit.Wrong("done at no time", "outbox.ended", "UPDATE outbox SET ended_at = NULL WHERE ref = 'done'"),
			testkit.Wrong("given up", "outbox.dead", "UPDATE outbox SET state = 'dead' WHERE ref = 'waits'"),
			testkit.Wrong("nobody works", "outbox.overdue", "UPDATE outbox SET next_at = '2001-01-01 00:00:00.000000' WHERE ref = 'waits'"),
		})
	})
}
