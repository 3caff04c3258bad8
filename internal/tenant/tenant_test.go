package tenant_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
)

// What was read serves on while it is read anew, and while the database is away.
func TestBanksAreKnownWhileTheDatabaseIsAway(t *testing.T) {
	clk := clock.NewFake(time.Now())
	d := testkit.MariaDB(t, clk)
	keys := testkit.Keyring(t, d)
	bank := testkit.Bank(t, d, keys, "demo")
	banks := tenant.NewDirectory(d, "")
	knows := func(when string) {
		t.Helper()
		if b, found, err := banks.ByID(testkit.Context(t), bank.ID); err != nil || !found || b.Slug != "demo" {
			t.Errorf("%s: %+v %v %v", when, b, found, err)
		}
	}
	knows("the first time")
	clk.Advance(time.Minute)

	// One reads anew and is kept waiting by a lock; the others are not.
	held, locked := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		err := d.InTx(testkit.Context(t), func(tx *db.Tx) error {
			if _, err := tx.Exec(testkit.Context(t), "LOCK TABLES bank WRITE"); err != nil {
				return err
			}
			close(locked)
			<-held
			_, err := tx.Exec(testkit.Context(t), "UNLOCK TABLES")
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-locked
	const askers = 20
	answered := make(chan struct{}, askers)
	for range askers {
		all.Go(func() {
			knows("while it is read anew")
			answered <- struct{}{}
		})
	}
	for range askers - 1 {
		select {
		case <-answered:
		case <-time.After(10 * time.Second):
			t.Fatal("more than one wait")
		}
	}
	select {
	case <-answered:
		t.Error("the lock kept nobody waiting")
	case <-time.After(50 * time.Millisecond):
	}
	close(held)
	all.Wait()

	clk.Advance(time.Minute)
	gone, cancel := context.WithCancelCause(testkit.Context(t))
	cancel(errors.New("away"))
	if _, found, err := banks.ByID(gone, bank.ID); err != nil || !found {
		t.Errorf("without the database: %v %v", found, err)
	}
	if _, _, err := tenant.NewDirectory(d, "").ByID(gone, bank.ID); err == nil {
		t.Error("a bank known from nowhere")
	}
}
