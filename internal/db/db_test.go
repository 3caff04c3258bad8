package db_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/testkit"
)

func TestWhatFailsLeavesNothingAndTellsNobody(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		ctx := testkit.Context(t)
		told, boom := 0, errors.New("boom")
		put := func(fail error) error {
			return d.InTx(ctx, func(tx *db.Tx) error {
				tx.AfterCommit(func() { told++ })
				if err := tx.Insert(ctx, "meta (name, value)", [][]any{{"a", "1"}}, ""); err != nil {
					return err
				}
				return fail
			})
		}
		if err := put(boom); !errors.Is(err, boom) || told != 0 {
			t.Fatalf("%v, told %d", err, told)
		}
		if _, found, _ := db.Value[string](ctx, d, "SELECT value FROM meta WHERE name = 'a'"); found {
			t.Error("the row of a failed transaction is there")
		}
		if err := put(nil); err != nil || told != 1 {
			t.Errorf("%v, told %d", err, told)
		}
		if err := put(nil); !db.IsDuplicate(err) || told != 1 {
			t.Errorf("the second of a unique key: %v, told %d", err, told)
		}
	})
}

func TestTimesComeBackAsTheyWere(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		ctx := testkit.Context(t)
		zone := time.FixedZone("x", 8*3600)
		at := time.Date(2026, 11, 21, 20, 0, 0, 123456000, zone)
		err := d.InTx(ctx, func(tx *db.Tx) error {
			return tx.Insert(ctx, "handoff (bank_id, jti_hash, expires_at)", [][]any{{"b", "j", at}}, "")
		})
		if err != nil {
			t.Fatal(err)
		}
		got, found, err := db.Value[db.Time](ctx, d, "SELECT MAX(expires_at) FROM handoff WHERE expires_at >= ?", at)
		if err != nil || !found || !got.Equal(at) {
			t.Errorf("%v came back as %v: %v", at, got, err)
		}
	})
}

// RULES 8.5: read-modify-write on stock: last unit, many workers.
func TestConditionalUpdatesDoNotLoseUnits(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		ctx := testkit.Context(t)
		err := d.InTx(ctx, func(tx *db.Tx) error {
			return tx.Insert(ctx, "sku (id, bank_id, product_id, spec, price_fen, list_price_fen, stock, created_at)",
				[][]any{{"s", "b", "p", "", 1, 1, 5, tx.Now}}, "")
		})
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var all sync.WaitGroup
		taken := 0
		for range 20 {
			all.Go(func() {
				err := d.InTx(ctx, func(tx *db.Tx) error {
					n, err := tx.Exec(ctx, "UPDATE sku SET stock = stock - 1 WHERE id = 's' AND stock >= 1")
					tx.AfterCommit(func() { mu.Lock(); taken += int(n); mu.Unlock() })
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if taken != 5 {
			t.Errorf("%d units of 5 were taken", taken)
		}
		err = d.InTx(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE sku SET stock = -1 WHERE id = 's'")
			return err
		})
		if !db.IsCheck(err) {
			t.Errorf("a stock below zero: %v", err)
		}
	})
}

func TestUpsertsReadAlike(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		ctx := testkit.Context(t)
		for range 2 {
			err := d.InTx(ctx, func(tx *db.Tx) error {
				return tx.Insert(ctx, "flash_claim (flash_id, viewer_id, bank_id, quantity, per_user_limit)",
					[][]any{{"f", "v", "b", 2, 5}, {"f", "w", "b", 1, 5}}, tx.Dialect().OnDuplicate("flash_id, viewer_id", "quantity = quantity + NEW(quantity)"))
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if n, _, err := db.Value[int](ctx, d, "SELECT quantity FROM flash_claim WHERE viewer_id = 'v'"); err != nil || n != 4 {
			t.Errorf("%d: %v", n, err)
		}
	})
}

func TestReadersDoNotWaitForTransactions(t *testing.T) {
	d := testkit.MariaDB(t, clock.System{}) // 16 connections of writers
	ctx := testkit.Context(t)
	var begun, all sync.WaitGroup
	begun.Add(16)
	for range 16 {
		all.Go(func() {
			err := d.InTx(ctx, func(*db.Tx) error {
				begun.Done()
				begun.Wait() // every transaction there can be is open
				_, _, err := db.Value[int](ctx, d, "SELECT 1")
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestADatabaseThatIsAwayIsToldApart(t *testing.T) {
	_, err := db.Open(testkit.Context(t), db.Config{DSN: "root@tcp(127.0.0.1:1)/x"}, nil)
	if !db.IsAway(err) {
		t.Errorf("nobody listens: %v", err)
	}
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		_, _, err := db.Value[int](testkit.Context(t), d, "SELECT no_such_column FROM meta")
		if err == nil || db.IsAway(err) {
			t.Errorf("a mistake of ours: %v", err)
		}
	})
}
