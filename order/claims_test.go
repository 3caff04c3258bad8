package order_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/ordertest"
)

// limited is a voucher SKU of which one person may have limit.
func limited(s *ordertest.Stage, stock, limit int64) string {
	s.T.Helper()
	sku := s.SKU(catalog.Voucher, 1000, stock)
	setLimit(s, sku, limit)
	return sku
}

func setLimit(s *ordertest.Stage, sku string, limit int64) {
	s.T.Helper()
	inTx(s, func(tx *db.Tx) error {
		_, err := tx.Exec(s.Ctx, "UPDATE sku SET per_person_limit = ? WHERE id = ?", limit, sku)
		return err
	})
}

func inTx(s *ordertest.Stage, fn func(tx *db.Tx) error) {
	s.T.Helper()
	if err := s.DB.InTx(s.Ctx, fn); err != nil {
		s.T.Fatal(err)
	}
}

func held(s *ordertest.Stage, viewer, sku string) int64 {
	return s.Number("SELECT COALESCE(SUM(quantity), 0) FROM sku_claim WHERE viewer_id = ? AND sku_id = ?", viewer, sku)
}

// RULES 8.1, for goods outside of a flash sale.
func TestOneViewersThousandClicksTakeWhatTheLimitAllows(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, other := s.Viewer(), s.Viewer()
		sku := limited(s, 500, 3)
		var placed atomic.Int64
		var wg sync.WaitGroup
		clicks := make(chan struct{}, 1000)
		for range 1000 {
			clicks <- struct{}{}
		}
		close(clicks)
		for range 50 {
			wg.Go(func() {
				for range clicks {
					if _, err := s.Place(viewer, order.Wanted{SKU: sku, Quantity: 1}); err == nil {
						placed.Add(1)
					} else {
						wantCode(t, err, "order.limit_reached")
					}
				}
			})
		}
		wg.Wait()
		if placed.Load() != 3 || s.Stock(sku) != 497 || held(s, viewer, sku) != 3 {
			t.Errorf("%d orders, stock %d, claim %d", placed.Load(), s.Stock(sku), held(s, viewer, sku))
		}
		if _, err := s.Place(other, order.Wanted{SKU: sku, Quantity: 3}); err != nil {
			t.Errorf("another viewer: %v", err)
		}
	})
}

func TestALimitNamesEachLineThatIsOverAndTakesNothing(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer := s.Viewer()
		a, b, c := limited(s, 10, 2), s.SKU(catalog.Voucher, 100, 10), limited(s, 10, 1)
		_, err := s.Place(viewer, order.Wanted{SKU: a, Quantity: 2}, order.Wanted{SKU: b, Quantity: 9}, order.Wanted{SKU: c, Quantity: 1}, order.Wanted{SKU: a, Quantity: 1}, order.Wanted{SKU: c, Quantity: 1})
		wantCode(t, err, "order.limit_reached")
		var names []string
		for _, f := range fault.From(err).Fields {
			names = append(names, f.Name)
		}
		if len(names) != 2 || names[0] != "items[0].quantity" || names[1] != "items[2].quantity" {
			t.Errorf("named %v", names)
		}
		if s.Stock(a) != 10 || s.Stock(b) != 10 || held(s, viewer, a) != 0 || s.Number("SELECT COUNT(*) FROM order_claim") != 0 {
			t.Error("a refusal took something")
		}
		// What stock refuses holds no claim either.
		_, err = s.Place(viewer, order.Wanted{SKU: a, Quantity: 1}, order.Wanted{SKU: b, Quantity: 11})
		wantCode(t, err, "stock.insufficient")
		if held(s, viewer, a) != 0 {
			t.Error("a claim without an order")
		}
	})
}

// RULES 8.12, for the claim of limited goods.
func TestACancelledOrderGivesItsClaimBackOnce(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, sku := s.Viewer(), limited(s, 10, 2)
		v, err := s.Place(viewer, order.Wanted{SKU: sku, Quantity: 2})
		if err != nil {
			t.Fatal(err)
		}
		s.Clock.Advance(ordertest.TTL)
		var wg sync.WaitGroup
		wg.Go(s.RunTasks)
		for range 5 {
			wg.Go(func() {
				if _, err := s.Orders.Cancel(s.Ctx, s.Bank.ID, viewer, v.ID); err != nil {
					wantCode(t, err, "conflict")
				}
			})
		}
		wg.Wait()
		if held(s, viewer, sku) != 0 || s.Stock(sku) != 10 {
			t.Errorf("claim %d, stock %d", held(s, viewer, sku), s.Stock(sku))
		}
		if _, err := s.Place(viewer, order.Wanted{SKU: sku, Quantity: 2}); err != nil {
			t.Error(err)
		}
	})
}

// capture pays an order within a transaction of its own.
func capture(s *ordertest.Stage, orderID string) (ok bool) {
	s.T.Helper()
	inTx(s, func(tx *db.Tx) error {
		o, err := order.Lock(s.Ctx, tx, s.Bank.ID, orderID)
		if err != nil {
			return err
		}
		ok, err = s.Orders.Capture(s.Ctx, tx, &o, "pay_1")
		return err
	})
	return ok
}

// RULES 8.7, for the claim of limited goods.
func TestALatePaymentTakesTheClaimAgainOrNothing(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, sku, free := s.Viewer(), limited(s, 10, 2), s.SKU(catalog.Voucher, 100, 10)
		first, err := s.Place(viewer, order.Wanted{SKU: sku, Quantity: 2}, order.Wanted{SKU: free, Quantity: 1})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Orders.Cancel(s.Ctx, s.Bank.ID, viewer, first.ID); err != nil {
			t.Fatal(err)
		}
		if !capture(s, first.ID) || held(s, viewer, sku) != 2 || s.Stock(sku) != 8 {
			t.Errorf("claim %d, stock %d", held(s, viewer, sku), s.Stock(sku))
		}
		_, err = s.Place(viewer, order.Wanted{SKU: sku, Quantity: 1})
		wantCode(t, err, "order.limit_reached")

		// The limit was used up meanwhile, or the stock is gone: nothing is taken.
		viewer = s.Viewer()
		late, err := s.Place(viewer, order.Wanted{SKU: sku, Quantity: 1}, order.Wanted{SKU: free, Quantity: 9})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Orders.Cancel(s.Ctx, s.Bank.ID, viewer, late.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Place(viewer, order.Wanted{SKU: sku, Quantity: 2}); err != nil {
			t.Fatal(err)
		}
		if capture(s, late.ID) || held(s, viewer, sku) != 2 || s.Stock(free) != 9 {
			t.Errorf("claim %d, stock %d", held(s, viewer, sku), s.Stock(free))
		}
		viewer = s.Viewer()
		if late, err = s.Place(viewer, order.Wanted{SKU: sku, Quantity: 1}, order.Wanted{SKU: free, Quantity: 9}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Orders.Cancel(s.Ctx, s.Bank.ID, viewer, late.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Place(s.Viewer(), order.Wanted{SKU: free, Quantity: 5}); err != nil {
			t.Fatal(err)
		}
		stock := s.Stock(sku)
		if capture(s, late.ID) || held(s, viewer, sku) != 0 || s.Stock(sku) != stock || s.Number("SELECT COUNT(*) FROM order_claim WHERE order_id = ?", late.ID) != 0 {
			t.Errorf("claim %d, stock %d", held(s, viewer, sku), s.Stock(sku))
		}
	})
}

func TestARefundGivesNoClaimBack(t *testing.T) {
	s := ordertest.OnSQLite(t)
	viewer, sku := s.Viewer(), limited(s, 10, 1)
	v, err := s.Place(viewer, order.Wanted{SKU: sku, Quantity: 1})
	if err != nil || !capture(s, v.ID) {
		t.Fatal(err)
	}
	inTx(s, func(tx *db.Tx) error {
		o, err := order.Lock(s.Ctx, tx, s.Bank.ID, v.ID)
		if err != nil {
			return err
		}
		if err := s.Orders.ReopenRefund(s.Ctx, tx, &o); err != nil {
			return err
		}
		return s.Orders.EndRefund(s.Ctx, tx, &o, "rfd_test", o.Paid, false)
	})
	if s.Status(v.ID) != order.Refunded {
		t.Fatal(s.Status(v.ID))
	}
	_, err = s.Place(viewer, order.Wanted{SKU: sku, Quantity: 1})
	wantCode(t, err, "order.limit_reached")
}

func TestALimitCountsFromWhenItIsSet(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, sku := s.Viewer(), s.SKU(catalog.Voucher, 1000, 50)
		before, err := s.Place(viewer, order.Wanted{SKU: sku, Quantity: 9})
		if err != nil {
			t.Fatal(err)
		}
		setLimit(s, sku, 4)
		if _, err := s.Place(viewer, order.Wanted{SKU: sku, Quantity: 4}); err != nil {
			t.Fatal(err)
		}
		// Cancelling what was not counted gives nothing back that others count.
		if _, err := s.Orders.Cancel(s.Ctx, s.Bank.ID, viewer, before.ID); err != nil {
			t.Fatal(err)
		}
		_, err = s.Place(viewer, order.Wanted{SKU: sku, Quantity: 1})
		wantCode(t, err, "order.limit_reached")
		setLimit(s, sku, 2) // less than the viewer has
		_, err = s.Place(viewer, order.Wanted{SKU: sku, Quantity: 1})
		wantCode(t, err, "order.limit_reached")
		setLimit(s, sku, 5)
		if _, err := s.Place(viewer, order.Wanted{SKU: sku, Quantity: 1}); err != nil {
			t.Error(err)
		}
		setLimit(s, sku, 0)
		if _, err := s.Place(viewer, order.Wanted{SKU: sku, Quantity: 20}); err != nil {
			t.Error(err)
		}
	})
}
