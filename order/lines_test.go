package order_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/testkit"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/flash"
	"yinbo/order/ordertest"
)

// RULES 8.5 and 8.6: many buyers want several of the same SKUs, each in an order
// of lines of its own, while others cancel. Nobody sees a deadlock, and every
// unit is in the stock or in an order that is not cancelled.
func TestOrdersOverTheSameSKUsNeitherBlockNorLoseUnits(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		const skus, stock, buyers = 8, 25, 60
		var goods []string
		for range skus {
			goods = append(goods, s.SKU(catalog.Voucher, 100, stock))
		}
		var wg sync.WaitGroup
		for _, viewer := range s.Viewers(buyers) {
			wg.Go(func() {
				var items []order.Wanted
				for _, i := range rand.Perm(skus)[:2+rand.IntN(skus-2)] {
					items = append(items, order.Wanted{SKU: goods[i], Quantity: 1 + rand.Int64N(3)})
				}
				o, err := s.Place(viewer, items...)
				if err != nil {
					wantCode(t, err, "stock.insufficient")
					return
				}
				if rand.IntN(2) == 0 {
					if _, err := s.Orders.Cancel(s.Ctx, s.Bank.ID, viewer, o.ID); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		for _, sku := range goods {
			in := s.Number(`SELECT COALESCE(SUM(l.quantity), 0) FROM order_line l JOIN orders o ON o.id = l.order_id
				WHERE l.sku_id = ? AND o.status <> 'cancelled'`, sku)
			if left := s.Stock(sku); left < 0 || left+in != stock {
				t.Errorf("%s: %d left and %d in orders of %d", sku, left, in, stock)
			}
		}
	})
}

// RULES 8.4: connections die while orders are placed, also between a commit and
// its answer. Who is told "no" has no order, who is told of an order has it, and
// who is told nothing finds out by the same key.
func TestNobodyIsToldNoWhileTheOrderExists(t *testing.T) {
	clk := clock.NewFake(time.Now())
	s := ordertest.New(t, testkit.MariaDB(t, clk), clk, flash.NewMemory())
	a, b := s.SKU(catalog.Voucher, 100, 40), s.SKU(catalog.Voucher, 100, 60)
	stop := ordertest.Go(t, cutConnections(s))
	var wg sync.WaitGroup
	for _, viewer := range s.Viewers(60) {
		wg.Go(func() {
			told, err := placeUntilKnown(s, viewer, a, b)
			if err != nil {
				t.Error(err)
				return
			}
			var has string
			for range 20 { // our own look may lose its connection too
				if has, _, err = db.Value[string](s.Ctx, s.DB, "SELECT COALESCE(MAX(id), '') FROM orders WHERE viewer_id = ?", viewer); err == nil {
					break
				}
			}
			if err != nil || has != told {
				t.Errorf("told %q, the database has %q: %v", told, has, err)
			}
		})
	}
	wg.Wait()
	stop()
	if s.Number("SELECT COUNT(*) FROM orders") != 40 || s.Stock(a) != 0 || s.Stock(b) != 20 {
		t.Errorf("%d orders, stock %d and %d", s.Number("SELECT COUNT(*) FROM orders"), s.Stock(a), s.Stock(b))
	}
}

// placeUntilKnown asks again with the same key while the answer is "not known";
// it gives the order, or "" when there was too little stock.
func placeUntilKnown(s *ordertest.Stage, viewer string, skus ...string) (orderID string, err error) {
	cart := order.Cart{Bank: s.Bank.ID, Viewer: viewer}
	for _, sku := range skus {
		cart.Items = append(cart.Items, order.Wanted{SKU: sku, Quantity: 1})
	}
	req := s.Request(viewer, "POST /orders")
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		var v order.View
		switch v, _, err = s.Orders.Place(s.Ctx, req, cart); fault.Code(err) {
		case "":
			return v.ID, nil
		case "stock.insufficient":
			return "", nil
		}
	}
	return "", fmt.Errorf("never told: %w", err)
}

// cutConnections kills what others have open to the stage's database.
func cutConnections(s *ordertest.Stage) func(context.Context) error {
	return func(ctx context.Context) error {
		for n := 0; n < 40; n++ {
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(5 * time.Millisecond):
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

// RULES 8.12: the timer, the viewer and staff give up one flash order together:
// its unit and its claim come back once.
func TestAFlashOrderIsGivenUpOnceWhoeverIsFirst(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		f := s.Sale(10, 1)
		type held struct{ viewer, order string }
		var all []held
		for _, viewer := range s.Viewers(8) {
			o, err := s.Buy(viewer, f.ID, 1)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, held{viewer, o.ID})
		}
		s.Clock.Advance(ordertest.TTL)
		var wg sync.WaitGroup
		wg.Go(s.RunTasks)
		for _, h := range all {
			wg.Go(func() {
				if _, err := s.Orders.Cancel(s.Ctx, s.Bank.ID, h.viewer, h.order); err != nil {
					wantCode(t, err, "conflict")
				}
			})
			wg.Go(func() {
				if err := s.Orders.CancelByStaff(s.Ctx, s.Bank.ID, clerk, h.order, "x"); err != nil {
					wantCode(t, err, "conflict")
				}
			})
		}
		wg.Wait()
		s.RunTasks()
		if sold, claims := s.Number("SELECT sold FROM flash_sale WHERE id = ?", f.ID), s.Number("SELECT SUM(quantity) FROM flash_claim WHERE flash_id = ?", f.ID); sold != 0 || claims != 0 {
			t.Errorf("%d sold, %d claimed", sold, claims)
		}
		for _, h := range all {
			if got := s.Live.Updates(h.order); len(got) != 1 || got[0] != order.Cancelled {
				t.Errorf("told %v", got)
			}
		}
	})
}
