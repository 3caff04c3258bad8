package flash_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/idem"
	"yinbo/internal/testkit"
	"yinbo/order"
	"yinbo/order/flash"
	"yinbo/order/ordertest"
)

// RULES 8.4: told "failed" while the order exists.
//
// Connections die in mid-sale, also between a commit and its answer. Nobody is
// told "refused" while an order exists, or the other way round, and who was told
// nothing finds out by the same key.
func TestAnswersHoldWhenConnectionsAreLost(t *testing.T) {
	clk := clock.NewFake(time.Now())
	s := ordertest.New(t, testkit.MariaDB(t, clk), clk, flash.NewMemory())
	const units, buyers = 60, 90
	f, viewers := s.Sale(units, 1), s.Viewers(buyers)
	stop := ordertest.Go(t, killer(s))
	var wg sync.WaitGroup
	var mu sync.Mutex
	told := map[string]string{} // viewer → order, "" for sold out
	for _, viewer := range viewers {
		wg.Go(func() {
			req := s.Request(viewer, "POST /flash/"+f.ID+"/orders")
			id, err := buyUntilKnown(s, req, f.ID)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			told[viewer] = id
		})
	}
	wg.Wait()
	stop()
	bought := 0
	for viewer, id := range told {
		got, _, err := db.Value[string](s.Ctx, s.DB, "SELECT COALESCE(MAX(id), '') FROM orders WHERE viewer_id = ?", viewer)
		if err != nil {
			t.Fatal(err)
		}
		if got != id {
			t.Errorf("told %q, the database has %q", id, got)
		}
		if id != "" {
			bought++
		}
	}
	if bought != units {
		t.Errorf("%d of %d sold", bought, units)
	}
	conserved(t, s, f, 2*units)
}

// buyUntilKnown asks again with the same key, as a client does, until it is told
// that it has bought or that nothing is left for good: holds that were lost with
// their connections come back with the repair.
func buyUntilKnown(s *ordertest.Stage, req idem.Request, flashID string) (orderID string, err error) {
	soldOut := 0
	for end := time.Now().Add(time.Minute); time.Now().Before(end); <-time.After(5 * time.Millisecond) {
		var v order.View
		v, _, err = s.Sales.Buy(s.Ctx, req, flash.Purchase{Bank: s.Bank.ID, Viewer: req.Person, Flash: flashID, Quantity: 1})
		switch fault.Code(err) {
		case "":
			return v.ID, nil
		case "flash.sold_out":
			if now, err := s.Sales.Get(s.Ctx, s.Bank.ID, flashID); err == nil && now.Left == 0 {
				return "", nil
			}
			if soldOut++; soldOut%20 == 0 {
				_ = s.Sales.Round(s.Ctx) // may itself lose its connection
			}
		}
	}
	return "", fmt.Errorf("never told: %w", err)
}

// killer cuts the connections that others have to the stage's database.
func killer(s *ordertest.Stage) func(context.Context) error {
	return func(ctx context.Context) error {
		for n := 0; n < 25; n++ {
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(15 * time.Millisecond):
			}
			_ = s.DB.InTx(ctx, func(tx *db.Tx) error {
				ids, err := db.All(ctx, tx, func(r db.Row) (id int64, err error) { return id, r.Scan(&id) },
					"SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()")
				for _, id := range ids {
					_, _ = tx.Exec(ctx, fmt.Sprintf("KILL CONNECTION %d", id))
				}
				return err
			})
		}
		return nil
	}
}
