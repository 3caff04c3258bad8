package flash_test

import (
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/money"
	"yinbo/internal/testkit"
	"yinbo/order/catalog"
	"yinbo/order/flash"
	"yinbo/order/ordertest"
)

func change(s *ordertest.Stage, sale string, c flash.Change) (flash.View, error) {
	return s.Sales.Change(s.Ctx, flash.Staff{ID: "host"}, s.Bank.ID, sale, c)
}

func ptr[T any](v T) *T { return &v }

// Units go from and to the SKU's stock with the change, and the sale starts and
// sells at what it says then.
func TestAScheduledSaleIsChangedWithItsUnits(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		sku := s.SKU(catalog.Voucher, 1000, 100)
		sale := s.Schedule(sku, 40, 2, time.Hour, 2*time.Hour)
		for _, c := range []struct{ total, stock int64 }{{70, 30}, {10, 90}, {100, 0}, {40, 60}} {
			v, err := change(s, sale.ID, flash.Change{Total: &c.total})
			if err != nil || v.Total != c.total || s.Stock(sku) != c.stock {
				t.Fatalf("total %d: %+v %v, stock %d", c.total, v, err, s.Stock(sku))
			}
		}
		_, err := change(s, sale.ID, flash.Change{Total: ptr[int64](101)})
		wantCode(t, err, "stock.insufficient")
		other := s.Schedule(sku, 10, 2, 3*time.Hour, 4*time.Hour)
		_, err = change(s, sale.ID, flash.Change{Ends: ptr(clock.At(other.StartsAt.Add(time.Minute)))})
		wantCode(t, err, "flash.overlap")
		_, err = change(s, sale.ID, flash.Change{Price: ptr[money.Fen](-1)})
		wantCode(t, err, "validation")
		_, err = s.Sales.Change(s.Ctx, flash.Staff{ID: "host"}, "bank_other", sale.ID, flash.Change{})
		wantCode(t, err, "not_found")
		if s.Stock(sku) != 50 {
			t.Errorf("refusals moved units: %d in stock", s.Stock(sku))
		}
		soon := clock.At(s.Clock.Now().Add(time.Minute))
		if _, err := change(s, sale.ID, flash.Change{Price: ptr[money.Fen](770), PerUserLimit: ptr[int64](1), Starts: &soon}); err != nil {
			t.Fatal(err)
		}
		s.Clock.Advance(time.Minute)
		s.RunTasks()
		if kinds := s.Live.Facts(); kinds[len(kinds)-1] != flash.StartedFact {
			t.Errorf("the facts are %v", kinds)
		}
		viewer := s.Viewer()
		o, err := s.Buy(viewer, sale.ID, 1)
		if err != nil || o.GoodsFen != 770 {
			t.Fatalf("%+v %v", o, err)
		}
		_, err = s.Buy(viewer, sale.ID, 1)
		wantCode(t, err, "flash.limit_reached")
		_, err = change(s, sale.ID, flash.Change{Price: ptr[money.Fen](1)})
		wantCode(t, err, "conflict")
		testkit.Holds(t, s.DB, flash.Invariants()...)
	})
}

// A node that has not heard of another price sells nothing at the old one.
func TestANodeThatHasNotHeardOfAPriceSellsNothingAtTheOldOne(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		sale := s.Schedule(s.SKU(catalog.Voucher, 1000, 100), 40, 2, time.Minute, time.Hour)
		far := s.Node(flash.NewMemory())
		if err := far.Round(s.Ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := change(s, sale.ID, flash.Change{Price: ptr[money.Fen](770)}); err != nil {
			t.Fatal(err)
		}
		s.Clock.Advance(2 * time.Minute)
		viewer := s.Viewer()
		press := func() (money.Fen, error) {
			v, _, err := far.Buy(s.Ctx, s.Request(viewer, "press"), flash.Purchase{Bank: s.Bank.ID, Viewer: viewer, Flash: sale.ID, Quantity: 1})
			return v.GoodsFen, err
		}
		_, err := press()
		wantCode(t, err, "flash.price_changed")
		if err := far.Round(s.Ctx); err != nil {
			t.Fatal(err)
		}
		if paid, err := press(); err != nil || paid != 770 {
			t.Errorf("%d %v", paid, err)
		}
		testkit.Holds(t, s.DB, flash.Invariants()...)
	})
}
