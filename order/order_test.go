package order_test

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/outbox"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/ordertest"
)

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if fault.Code(err) != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

// RULES 8.6: several lines share one stock; a failing line gives back the others.
func TestAnOrderTakesTheStockOfEveryLineOrOfNone(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer := s.Viewer()
		a, b, c := s.SKU(catalog.Voucher, 1000, 10), s.SKU(catalog.Voucher, 250, 2), s.SKU(catalog.Voucher, 1, 5)
		_, err := s.Place(viewer, order.Wanted{SKU: a, Quantity: 3}, order.Wanted{SKU: b, Quantity: 3}, order.Wanted{SKU: c, Quantity: 9})
		wantCode(t, err, "stock.insufficient")
		var names []string
		for _, f := range fault.From(err).Fields {
			names = append(names, f.Name)
		}
		if !slices.Equal(names, []string{"items[1].quantity", "items[2].quantity"}) {
			t.Errorf("named %v", names)
		}
		if s.Stock(a) != 10 || s.Stock(b) != 2 || s.Number("SELECT COUNT(*) FROM orders") != 0 {
			t.Error("a line that failed kept the others")
		}
		v, err := s.Place(viewer, order.Wanted{SKU: b, Quantity: 1}, order.Wanted{SKU: a, Quantity: 3}, order.Wanted{SKU: b, Quantity: 1})
		if err != nil {
			t.Fatal(err)
		}
		if len(v.Items) != 2 || v.GoodsFen != 3500 || v.PayableFen != 3500 || v.Items[0].Quantity != 2 || v.Items[0].AmountFen != 500 {
			t.Errorf("%+v", v)
		}
		if s.Stock(a) != 7 || s.Stock(b) != 0 {
			t.Error("stock was not taken")
		}
		got, err := s.Orders.Get(s.Ctx, s.Bank.ID, viewer, v.ID)
		if err != nil || len(got.Items) != 2 || got.Status != order.PendingPayment || *got.RoomID != s.Room {
			t.Errorf("%+v %v", got, err)
		}
	})
}

// RULES 8.5: the last unit, many buyers.
func TestTheLastUnitIsSoldOnce(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		a, b := s.SKU(catalog.Voucher, 1000, 7), s.SKU(catalog.Voucher, 1000, 7)
		var placed atomic.Int64
		var wg sync.WaitGroup
		for i, viewer := range s.Viewers(30) {
			items := []order.Wanted{{SKU: a, Quantity: 1}, {SKU: b, Quantity: 1}}
			if i%2 == 0 { // others lock in the other order
				slices.Reverse(items)
			}
			wg.Go(func() {
				if _, err := s.Place(viewer, items...); err == nil {
					placed.Add(1)
				} else {
					wantCode(t, err, "stock.insufficient")
				}
			})
		}
		wg.Wait()
		if placed.Load() != 7 || s.Stock(a) != 0 || s.Stock(b) != 0 {
			t.Errorf("%d orders, stock %d and %d", placed.Load(), s.Stock(a), s.Stock(b))
		}
	})
}

func TestWhatCannotBeOrdered(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer := s.Viewer()
		card, rice := s.SKU(catalog.CardOffer, 0, 10), s.SKU(catalog.Physical, 1000, 10)
		_, err := s.Place(viewer, order.Wanted{SKU: card, Quantity: 1})
		wantCode(t, err, "validation")
		_, err = s.Place(viewer, order.Wanted{SKU: rice, Quantity: 1})
		wantCode(t, err, "validation")
		_, err = s.Place(viewer, order.Wanted{SKU: "sku_unknown", Quantity: 1})
		wantCode(t, err, "not_found")
		a := ordertest.Address()
		cart := order.Cart{Bank: s.Bank.ID, Viewer: viewer, Items: []order.Wanted{{SKU: rice, Quantity: 1}}, Address: &a, Room: "room_other"}
		_, _, err = s.Orders.Place(s.Ctx, s.Request(viewer, "POST /orders"), cart)
		wantCode(t, err, "validation")
		cart.Room = ""
		v, _, err := s.Orders.Place(s.Ctx, s.Request(viewer, "POST /orders"), cart)
		if err != nil {
			t.Fatal(err)
		}
		ordertest.CheckSealed(s, v.ID, a)
		if s.Stock(rice) != 9 {
			t.Errorf("stock %d", s.Stock(rice))
		}
	})
}

func TestTheRoomsOwnPriceCounts(t *testing.T) {
	s := ordertest.OnSQLite(t)
	sku := s.SKU(catalog.Voucher, 1000, 10)
	s.Live.SetPrice(sku, 800)
	v, err := s.Place(s.Viewer(), order.Wanted{SKU: sku, Quantity: 2})
	if err != nil || v.PayableFen != 1600 {
		t.Errorf("%+v %v", v, err)
	}
}

// RULES 8.14: the same key again.
func TestPlacingAgainWithAKeyAnswersTheFirst(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, sku := s.Viewer(), s.SKU(catalog.Voucher, 1000, 1)
		req := s.Request(viewer, "POST /orders")
		cart := order.Cart{Bank: s.Bank.ID, Viewer: viewer, Items: []order.Wanted{{SKU: sku, Quantity: 1}}}
		first, _, err := s.Orders.Place(s.Ctx, req, cart)
		if err != nil {
			t.Fatal(err)
		}
		again, replayed, err := s.Orders.Place(s.Ctx, req, cart)
		if err != nil || !replayed || again.ID != first.ID {
			t.Errorf("%+v %v %v", again, replayed, err)
		}
		req.BodyHash = "other"
		_, _, err = s.Orders.Place(s.Ctx, req, cart)
		wantCode(t, err, "idempotency.mismatch")
	})
}

// RULES 8.12: cancel by timer and by person together: one effect.
func TestCancelAndExpiryHaveOneEffect(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, sku := s.Viewer(), s.SKU(catalog.Voucher, 1000, 100)
		var ids []string
		for range 10 {
			v, err := s.Place(viewer, order.Wanted{SKU: sku, Quantity: 3})
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, v.ID)
		}
		s.Clock.Advance(ordertest.TTL)
		var wg sync.WaitGroup
		wg.Go(s.RunTasks)
		for _, orderID := range ids {
			for range 2 {
				wg.Go(func() {
					if _, err := s.Orders.Cancel(s.Ctx, s.Bank.ID, viewer, orderID); err != nil {
						wantCode(t, err, "conflict")
					}
				})
			}
		}
		wg.Wait()
		s.RunTasks()
		if got := s.Stock(sku); got != 100 {
			t.Errorf("stock %d", got)
		}
		for _, orderID := range ids {
			if got := s.Live.Updates(orderID); !slices.Equal(got, []order.Status{order.Cancelled}) {
				t.Errorf("told %v", got)
			}
		}
	})
}

// However often and by how many the sweep is run, an unpaid order has one task; a
// paid one has none.
func TestTheSweepFindsWhatWasNotPaidOnce(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, sku := s.Viewer(), s.SKU(catalog.Voucher, 1000, 100)
		place := func() string {
			v, err := s.Place(viewer, order.Wanted{SKU: sku, Quantity: 1})
			if err != nil {
				t.Fatal(err)
			}
			return v.ID
		}
		s.PayByCard(viewer, place())
		s.RunTasks()
		late := []string{place(), place()}
		s.Clock.Advance(ordertest.TTL / 2)
		early := place()
		s.Clock.Advance(ordertest.TTL / 2)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				var later *outbox.Postponed
				err := s.Orders.HandleSweep(s.Ctx, outbox.Task{})
				if !errors.As(err, &later) && !db.IsDuplicate(err) {
					t.Error(err)
				} else if later != nil && later.At.After(s.Clock.Now().Add(ordertest.TTL/2)) {
					t.Errorf("next look at %v", later.At)
				}
			})
		}
		wg.Wait()
		refs, err := db.All(s.Ctx, s.DB, func(r db.Row) (ref string, err error) { return ref, r.Scan(&ref) },
			"SELECT ref FROM outbox WHERE kind = ? ORDER BY ref", order.ExpireTask)
		if slices.Sort(late); err != nil || !slices.Equal(refs, late) {
			t.Fatalf("tasks of %v, want %v: %v", refs, late, err)
		}
		s.RunTasks()
		if got := s.Stock(sku); got != 98 {
			t.Errorf("stock %d, want those of the paid order and of %s gone", got, early)
		}
	})
}

func TestAnothersOrderIsNotFound(t *testing.T) {
	s := ordertest.OnSQLite(t)
	viewer, other, sku := s.Viewer(), s.Viewer(), s.SKU(catalog.Voucher, 1000, 100)
	v, err := s.Place(viewer, order.Wanted{SKU: sku, Quantity: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Orders.Get(s.Ctx, s.Bank.ID, other, v.ID)
	wantCode(t, err, "not_found")
	_, err = s.Orders.Get(s.Ctx, "bank_other", viewer, v.ID)
	wantCode(t, err, "not_found")
	_, err = s.Orders.Cancel(s.Ctx, s.Bank.ID, other, v.ID)
	wantCode(t, err, "not_found")
}

func TestOrdersAreListedNewestFirstByPages(t *testing.T) {
	s := ordertest.OnSQLite(t)
	viewer, sku := s.Viewer(), s.SKU(catalog.Voucher, 1000, 100)
	var want []string
	for range 5 {
		v, err := s.Place(viewer, order.Wanted{SKU: sku, Quantity: 1})
		if err != nil {
			t.Fatal(err)
		}
		want = append([]string{v.ID}, want...)
	}
	var got []string
	after := ""
	for {
		page, err := s.Orders.List(s.Ctx, s.Bank.ID, viewer, order.PendingPayment, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range page[:min(2, len(page))] {
			got, after = append(got, v.ID), v.ID
		}
		if len(page) <= 2 {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if none, err := s.Orders.List(s.Ctx, s.Bank.ID, viewer, order.Paid, "", 2); err != nil || len(none) != 0 {
		t.Errorf("%v %v", none, err)
	}
	f, err := s.Orders.RoomFigures(s.Ctx, s.Bank.ID, s.Room)
	if err != nil || f != (order.Figures{Orders: 5}) {
		t.Errorf("%+v %v", f, err)
	}
}
