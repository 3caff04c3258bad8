package flash_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"yinbo/internal/fault"
	"yinbo/internal/testkit"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/flash"
	"yinbo/order/ordertest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"))
}

// wantCode fails unless err has the stable code.
func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if fault.Code(err) != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

// conserved holds the invariants of a sale against the whole database.
func conserved(t *testing.T, s *ordertest.Stage, f flash.View, stockBefore int64) {
	t.Helper()
	sold := s.Number("SELECT sold FROM flash_sale WHERE id = ?", f.ID)
	inOrders := s.Number("SELECT COALESCE(SUM(l.quantity), 0) FROM order_line l JOIN orders o ON o.id = l.order_id WHERE o.flash_id = ? AND o.status <> 'cancelled'", f.ID)
	claims := s.Number("SELECT COALESCE(SUM(quantity), 0) FROM flash_claim WHERE flash_id = ?", f.ID)
	if sold != inOrders || sold != claims {
		t.Errorf("sold %d, in orders %d, claimed %d", sold, inOrders, claims)
	}
	stock := s.Stock(f.SKUID)
	isOpen := s.Number("SELECT COUNT(*) FROM flash_sale WHERE id = ? AND state = 'open'", f.ID) == 1
	if isOpen && stock+f.Total != stockBefore || !isOpen && stock+sold != stockBefore {
		t.Errorf("open %v: stock %d, total %d, sold %d; before %d", isOpen, stock, f.Total, sold, stockBefore)
	}
}

// RULES 8.2: the counter never goes negative, and nothing stays unsold.
func TestFlashNeverOversells(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		const units, buyers = 100, 400
		f := s.Sale(units, 2)
		var bought, soldOut atomic.Int64
		var wg sync.WaitGroup
		for _, viewer := range s.Viewers(buyers) {
			wg.Go(func() {
				v, err := s.Buy(viewer, f.ID, 1)
				switch fault.Code(err) {
				case "":
					bought.Add(1)
					if v.Status != order.PendingPayment || v.PayableFen != 990 {
						t.Errorf("%+v", v)
					}
				case "flash.sold_out":
					soldOut.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if bought.Load() != units || soldOut.Load() != buyers-units {
			t.Errorf("bought %d, sold out %d", bought.Load(), soldOut.Load())
		}
		if n := s.Number("SELECT COUNT(*) FROM orders WHERE flash_id = ?", f.ID); n != units {
			t.Errorf("%d orders", n)
		}
		conserved(t, s, f, 2*units)
		if got := s.Live.Facts(); !slices.Equal(got, []string{"flash.scheduled", "flash.sold_out"}) {
			t.Errorf("facts %v", got)
		}
		v, err := s.Sales.Get(s.Ctx, s.Bank.ID, f.ID)
		if err != nil || v.Status != flash.SoldOut || v.Left != 0 {
			t.Errorf("%+v %v", v, err)
		}
	})
}

// RULES 8.1: one viewer × 1,000 clicks takes what the limit allows, once.
func TestRepeatClicksTakeTheLimitOnce(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		f, viewer := s.Sale(100, 2), s.Viewer()
		var bought atomic.Int64
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				for range 20 {
					if _, err := s.Buy(viewer, f.ID, 1); err == nil {
						bought.Add(1)
					} else {
						wantCode(t, err, "flash.limit_reached")
					}
				}
			})
		}
		wg.Wait()
		if bought.Load() != 2 {
			t.Errorf("bought %d", bought.Load())
		}
		conserved(t, s, f, 200)
	})
}

// RULES 8.5: the last unit, many workers, many nodes.
func TestTwoNodesWithoutCommonAdmissionDoNotOversell(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		f := s.Sale(30, 1)
		nodes := []*flash.Sales{s.Sales, s.Node(flash.NewMemory()), s.Node(flash.NewMemory())}
		var bought atomic.Int64
		var wg sync.WaitGroup
		for i, viewer := range s.Viewers(120) {
			wg.Go(func() {
				_, _, err := nodes[i%3].Buy(s.Ctx, s.Request(viewer, "POST /flash"), flash.Purchase{Bank: s.Bank.ID, Viewer: viewer, Flash: f.ID, Quantity: 1})
				if err == nil {
					bought.Add(1)
				} else {
					wantCode(t, err, "flash.sold_out")
				}
			})
		}
		wg.Wait()
		if bought.Load() != 30 {
			t.Errorf("bought %d", bought.Load())
		}
		conserved(t, s, f, 60)
	})
}

// RULES 8.14: the same key again, on any node, also with another body.
func TestAKeyBuysOnce(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		f, viewer := s.Sale(1, 1), s.Viewer()
		req := s.Request(viewer, "POST /flash/"+f.ID+"/orders")
		p := flash.Purchase{Bank: s.Bank.ID, Viewer: viewer, Flash: f.ID, Quantity: 1}
		first, replayed, err := s.Sales.Buy(s.Ctx, req, p)
		if err != nil || replayed {
			t.Fatalf("%v %v", replayed, err)
		}
		s.PayByCard(viewer, first.ID)
		// The limit is reached, the sale sold out, the order paid: the key gives the
		// first answer all the same.
		other := s.Node(flash.NewMemory())
		for name, node := range map[string]*flash.Sales{"same": s.Sales, "other": other} {
			again, replayed, err := node.Buy(s.Ctx, req, p)
			if err != nil || !replayed || told(t, again) != told(t, first) {
				t.Errorf("%s node: %+v %v %v", name, again, replayed, err)
			}
			mismatch := req
			mismatch.BodyHash = "other body"
			_, _, err = node.Buy(s.Ctx, mismatch, p)
			wantCode(t, err, "idempotency.mismatch")
		}
		if n := s.Number("SELECT COUNT(*) FROM orders"); n != 1 {
			t.Errorf("%d orders", n)
		}
	})
}

// told is an order as its viewer is told of it.
func told(t *testing.T, v order.View) string {
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// RULES 8.14: one key, twice at once.
func TestOneKeyAtOnceBuysOnce(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		f, viewer := s.Sale(50, 20), s.Viewer()
		req := s.Request(viewer, "POST /flash/"+f.ID+"/orders")
		nodes := []*flash.Sales{s.Sales, s.Node(flash.NewMemory())}
		var wg sync.WaitGroup
		ids := sync.Map{}
		for i := range 40 {
			wg.Go(func() {
				v, _, err := nodes[i%2].Buy(s.Ctx, req, flash.Purchase{Bank: s.Bank.ID, Viewer: viewer, Flash: f.ID, Quantity: 1})
				if err == nil {
					ids.Store(v.ID, true)
				} else {
					wantCode(t, err, "idempotency.in_flight")
				}
			})
		}
		wg.Wait()
		n := 0
		ids.Range(func(any, any) bool { n++; return true })
		if orders := s.Number("SELECT COUNT(*) FROM orders"); orders != 1 || n != 1 {
			t.Errorf("%d orders, %d ids told", orders, n)
		}
		conserved(t, s, f, 100)
	})
}

// RULES 8.11: "sold out" goes when stock comes back, on every node.
func TestCancelGivesBackUnitAndClaimOnAllNodes(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		f, first, second := s.Sale(1, 1), s.Viewer(), s.Viewer()
		other := s.Node(flash.NewMemory()) // a node whose admission is told nothing
		v, err := s.Buy(first, f.ID, 1)
		if err != nil {
			t.Fatal(err)
		}
		buyOther := func(viewer string) error {
			_, _, err := other.Buy(s.Ctx, s.Request(viewer, "POST /flash"), flash.Purchase{Bank: s.Bank.ID, Viewer: viewer, Flash: f.ID, Quantity: 1})
			return err
		}
		wantCode(t, buyOther(second), "flash.sold_out")
		_, err = s.Buy(second, f.ID, 1)
		wantCode(t, err, "flash.sold_out")
		if _, err := s.Orders.Cancel(s.Ctx, s.Bank.ID, first, v.ID); err != nil {
			t.Fatal(err)
		}
		conserved(t, s, f, 2)
		if got := s.Live.State("flash.stock", f.ID); got != `{"flash_id":"`+f.ID+`","left":1}` {
			t.Errorf("told %s", got)
		}
		// Two rounds, as Run makes them within two seconds, heal the other node.
		for range 2 {
			if err := other.Round(s.Ctx); err != nil {
				t.Fatal(err)
			}
		}
		if err := buyOther(first); err != nil {
			t.Errorf("the claim did not come back: %v", err)
		}
		_, err = s.Buy(second, f.ID, 1)
		wantCode(t, err, "flash.sold_out")
		conserved(t, s, f, 2)
	})
}

func TestExpiryReturnsUnitsAndAnotherBuysThem(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		f, first, second := s.Sale(2, 2), s.Viewer(), s.Viewer()
		v, err := s.Buy(first, f.ID, 2)
		if err != nil {
			t.Fatal(err)
		}
		s.Clock.Advance(ordertest.TTL)
		s.RunTasks()
		if got := s.Status(v.ID); got != order.Cancelled {
			t.Fatalf("order is %s", got)
		}
		conserved(t, s, f, 4)
		for _, viewer := range []string{second, first} {
			if _, err := s.Buy(viewer, f.ID, 1); err != nil {
				t.Errorf("after the expiry: %v", err)
			}
		}
		conserved(t, s, f, 4)
	})
}

// RULES 8.3: a hold whose node died comes back.
func TestLostHoldsAreRepaired(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		f, viewer := s.Sale(1, 1), s.Viewer()
		memory := flash.NewMemory()
		node := s.Node(memory)
		buy := func() error {
			_, _, err := node.Buy(s.Ctx, s.Request(viewer, "POST /flash"), flash.Purchase{Bank: s.Bank.ID, Viewer: viewer, Flash: f.ID, Quantity: 1})
			return err
		}
		if err := node.Round(s.Ctx); err != nil {
			t.Fatal(err)
		}
		// A node died between its hold and its commit.
		epoch := s.Text("SELECT epoch FROM flash_sale WHERE id = ?", f.ID)
		if v, err := memory.Hold(s.Ctx, flash.Ref{Sale: f.ID, Epoch: epoch}, "dead", 1, 1); err != nil || v != flash.Held {
			t.Fatal(v, err)
		}
		wantCode(t, buy(), "flash.sold_out")
		for range 3 {
			if err := node.Round(s.Ctx); err != nil {
				t.Fatal(err)
			}
		}
		if err := buy(); err != nil {
			t.Errorf("after the repair: %v", err)
		}
	})
}

// RULES 8.13: Redis emptied in mid-sale.
func TestAdmissionThatForgetsOrFailsLosesNothing(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		f := s.Sale(3, 1)
		memory := flash.NewMemory()
		node := s.Node(broken{memory})
		results := map[string]int{}
		for i, viewer := range s.Viewers(5) {
			if i == 2 {
				_ = memory.Forget(s.Ctx, f.ID)
			}
			_, _, err := node.Buy(s.Ctx, s.Request(viewer, "POST /flash"), flash.Purchase{Bank: s.Bank.ID, Viewer: viewer, Flash: f.ID, Quantity: 1})
			results[fault.Code(err)]++
		}
		if results[""] != 3 || results["flash.sold_out"] != 2 {
			t.Errorf("%v", results)
		}
		conserved(t, s, f, 6)
	})
}

// broken is an admission that does not hear of what comes back.
type broken struct{ *flash.Memory }

func (broken) Release(context.Context, flash.Ref, string, int64) error {
	return errors.New("no connection")
}

func TestWindowDecidesWhoMayBuy(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, sku := s.Viewer(), s.SKU(catalog.Voucher, 1000, 10)
		f := s.Schedule(sku, 5, 1, time.Minute, time.Hour)
		_, err := s.Buy(viewer, f.ID, 1)
		wantCode(t, err, "flash.not_started")
		s.Clock.Advance(time.Minute)
		s.RunTasks()
		s.RunTasks()
		if got := s.Live.Facts(); !slices.Equal(got, []string{"flash.scheduled", "flash.started"}) {
			t.Errorf("facts %v", got)
		}
		if _, err = s.Buy(viewer, f.ID, 1); err != nil {
			t.Error(err)
		}
		s.Clock.Advance(time.Hour)
		_, err = s.Buy(s.Viewer(), f.ID, 1)
		wantCode(t, err, "flash.ended")
		_, err = s.Buy(viewer, "flash_unknown", 1)
		wantCode(t, err, "not_found")
		_, _, err = s.Sales.Buy(s.Ctx, s.Request(viewer, "x"), flash.Purchase{Bank: "bank_other", Viewer: viewer, Flash: f.ID, Quantity: 1})
		wantCode(t, err, "not_found")
	})
}

func TestEndReturnsTheRestAndLaterCancelsToo(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		for name, end := range map[string]func(f flash.View){
			"by time": func(flash.View) { s.Clock.Advance(2 * time.Minute); s.RunTasks() },
			"by host": func(f flash.View) {
				if _, err := s.Sales.Cancel(s.Ctx, flash.Staff{ID: "host"}, s.Bank.ID, f.ID); err != nil {
					t.Fatal(err)
				}
			},
		} {
			viewer, sku := s.Viewer(), s.SKU(catalog.Voucher, 1000, 10)
			f := s.Schedule(sku, 8, 3, 0, time.Minute)
			v, err := s.Buy(viewer, f.ID, 3)
			if err != nil {
				t.Fatal(err)
			}
			end(f)
			conserved(t, s, f, 10)
			if got := s.Stock(sku); got != 7 {
				t.Errorf("%s: stock %d", name, got)
			}
			_, err = s.Buy(viewer, f.ID, 1)
			wantCode(t, err, "flash.ended")
			if _, err := s.Orders.Cancel(s.Ctx, s.Bank.ID, viewer, v.ID); err != nil {
				t.Fatal(err)
			}
			if got := s.Stock(sku); got != 10 {
				t.Errorf("%s: stock %d after the cancel", name, got)
			}
			_, err = s.Sales.Cancel(s.Ctx, flash.Staff{ID: "host"}, s.Bank.ID, f.ID)
			wantCode(t, err, "conflict")
		}
		if n := s.Number("SELECT COUNT(*) FROM audit WHERE action = 'flash.cancel'"); n != 1 {
			t.Errorf("%d cancels audited", n)
		}
	})
}

func TestSchedulingTakesStockAndRefusesOverlap(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		sku := s.SKU(catalog.Voucher, 1000, 10)
		f := s.Schedule(sku, 6, 1, time.Hour, 2*time.Hour)
		if got := s.Stock(sku); got != 4 || f.Status != flash.Scheduled {
			t.Errorf("stock %d, %s", got, f.Status)
		}
		now := s.Clock.Now()
		terms := func(from, to time.Duration, total int64) flash.Terms {
			return flash.Terms{SKU: sku, Price: 1, Total: total, PerUserLimit: 1, Starts: now.Add(from), Ends: now.Add(to)}
		}
		for name, c := range map[string]struct {
			t    flash.Terms
			code string
		}{
			"overlaps":        {terms(90*time.Minute, 3*time.Hour, 1), "flash.overlap"},
			"too many":        {terms(3*time.Hour, 4*time.Hour, 5), "stock.insufficient"},
			"ends first":      {terms(4*time.Hour, 3*time.Hour, 1), "validation"},
			"is over":         {terms(-2*time.Hour, -time.Hour, 1), "validation"},
			"unknown SKU":     {flash.Terms{SKU: "sku_x", Price: 1, Total: 1, PerUserLimit: 1, Starts: now, Ends: now.Add(time.Hour)}, "not_found"},
			"follows exactly": {terms(2*time.Hour, 3*time.Hour, 4), ""},
		} {
			_, _, err := s.Sales.Schedule(s.Ctx, s.Request("host", "schedule"), flash.Staff{ID: "host"}, s.Bank.ID, s.Room, c.t)
			if fault.Code(err) != c.code {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, _, err := s.Sales.Schedule(s.Ctx, s.Request("host", "schedule"), flash.Staff{ID: "host"}, s.Bank.ID, "room_other", terms(5*time.Hour, 6*time.Hour, 1))
		wantCode(t, err, "not_found")
	})
}

func TestTwoHostsCannotOverlapAtOnce(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		sku := s.SKU(catalog.Voucher, 1000, 100)
		now := s.Clock.Now()
		var set atomic.Int64
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				_, _, err := s.Sales.Schedule(s.Ctx, s.Request("host", "schedule"), flash.Staff{ID: "host"}, s.Bank.ID, s.Room,
					flash.Terms{SKU: sku, Price: 1, Total: 10, PerUserLimit: 1, Starts: now, Ends: now.Add(time.Hour)})
				if err == nil {
					set.Add(1)
				} else {
					wantCode(t, err, "flash.overlap")
				}
			})
		}
		wg.Wait()
		if set.Load() != 1 || s.Stock(sku) != 90 {
			t.Errorf("%d sales, stock %d", set.Load(), s.Stock(sku))
		}
	})
}

func TestPhysicalGoodsNeedAnAddressAndItIsSealed(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, sku := s.Viewer(), s.SKU(catalog.Physical, 1000, 10)
		f := s.Schedule(sku, 5, 1, 0, time.Hour)
		_, err := s.Buy(viewer, f.ID, 1)
		wantCode(t, err, "validation")
		a := ordertest.Address()
		v, _, err := s.Sales.Buy(s.Ctx, s.Request(viewer, "x"), flash.Purchase{Bank: s.Bank.ID, Viewer: viewer, Flash: f.ID, Quantity: 1, Address: &a})
		if err != nil {
			t.Fatal(err)
		}
		ordertest.CheckSealed(s, v.ID, a)
		_, _, err = s.Sales.Buy(s.Ctx, s.Request(viewer, "y"), flash.Purchase{Bank: s.Bank.ID, Viewer: viewer, Flash: f.ID, Quantity: 1, Address: &a, Room: "room_other"})
		wantCode(t, err, "validation")
	})
}

// RULES 8.11: a node that heard nothing lifts its flag by itself.
func TestRunLiftsTheFlagOfAnotherNode(t *testing.T) {
	s := ordertest.OnSQLite(t)
	f, first, second := s.Sale(1, 1), s.Viewer(), s.Viewer()
	v, err := s.Buy(first, f.ID, 1)
	if err != nil {
		t.Fatal(err)
	}
	node := s.Node(flash.NewMemory())
	ctx := testkit.Context(t)
	done := ordertest.Go(t, node.Run)
	defer done()
	buy := func() error {
		_, _, err := node.Buy(ctx, s.Request(second, "POST /flash"), flash.Purchase{Bank: s.Bank.ID, Viewer: second, Flash: f.ID, Quantity: 1})
		return err
	}
	wantCode(t, buy(), "flash.sold_out")
	if _, err := s.Orders.Cancel(ctx, s.Bank.ID, first, v.ID); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(5 * time.Second)
	for {
		err := buy()
		if err == nil {
			return
		}
		if !errors.Is(err, fault.New(fault.Conflict, "flash.sold_out")) || time.Now().After(deadline) {
			t.Fatalf("the flag sticks: %v", err)
		}
		time.Sleep(20 * time.Millisecond) // bounded by the deadline
	}
}

// RULES 8.13: stock topped up mid-sale; 8.11: "sold out" does not stick, on no node.
func TestATopUpReachesAllNodes(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		sku := s.SKU(catalog.Voucher, 1000, 10)
		f := s.Schedule(sku, 1, 1, 0, time.Hour)
		other := s.Node(flash.NewMemory())
		buy := func(n *flash.Sales, viewer string) error {
			_, _, err := n.Buy(s.Ctx, s.Request(viewer, "POST /flash"), flash.Purchase{Bank: s.Bank.ID, Viewer: viewer, Flash: f.ID, Quantity: 1})
			return err
		}
		if err := buy(s.Sales, s.Viewer()); err != nil {
			t.Fatal(err)
		}
		wantCode(t, buy(s.Sales, s.Viewer()), "flash.sold_out")
		wantCode(t, buy(other, s.Viewer()), "flash.sold_out")
		topUp := func(n int64) (flash.View, error) {
			v, _, err := s.Sales.TopUp(s.Ctx, s.Request("host", "top-up"), flash.Staff{ID: "host"}, s.Bank.ID, f.ID, n)
			return v, err
		}
		_, err := topUp(10)
		wantCode(t, err, "stock.insufficient")
		_, err = topUp(0)
		wantCode(t, err, "validation")
		if v, err := topUp(2); err != nil || v.Total != 3 || v.Left != 2 || v.Status != flash.OnSale {
			t.Fatalf("%+v %v", v, err)
		}
		if err := buy(s.Sales, s.Viewer()); err != nil {
			t.Errorf("this node, at once: %v", err)
		}
		for range 2 { // rounds, as Run makes them within two seconds
			if err := other.Round(s.Ctx); err != nil {
				t.Fatal(err)
			}
		}
		if err := buy(other, s.Viewer()); err != nil {
			t.Errorf("the other node: %v", err)
		}
		wantCode(t, buy(s.Sales, s.Viewer()), "flash.sold_out")
		conserved(t, s, flash.View{ID: f.ID, SKUID: sku, Total: 3}, 10)
		s.Clock.Advance(2 * time.Hour)
		_, err = topUp(1)
		wantCode(t, err, "conflict")
		_, _, err = s.Sales.TopUp(s.Ctx, s.Request("host", "top-up"), flash.Staff{ID: "host"}, "bank_other", f.ID, 1)
		wantCode(t, err, "not_found")
	})
}

func TestWhoWaitsTooLongIsToldToComeBack(t *testing.T) {
	s := ordertest.OnSQLite(t)
	f, viewers := s.Sale(1000, 1), s.Viewers(40)
	release := s.HoldWriter() // the database stands still
	var refused, bought atomic.Int64
	var wg sync.WaitGroup
	press := func(viewer string) {
		_, err := s.Buy(viewer, f.ID, 1)
		var e *fault.Error
		switch {
		case err == nil:
			bought.Add(1)
		case errors.As(err, &e) && e.Kind == fault.Unavailable && e.RetryAfter > 0:
			refused.Add(1)
		default:
			t.Error(err)
		}
	}
	for _, v := range viewers[:20] {
		wg.Go(func() { press(v) })
	}
	time.Sleep(2500 * time.Millisecond) // longer than anyone may wait in the queue
	for _, v := range viewers[20:] {
		press(v)
	}
	release()
	wg.Wait()
	if refused.Load() < 19 || bought.Load() < 19 {
		t.Errorf("%d refused, %d bought", refused.Load(), bought.Load())
	}
	conserved(t, s, f, 2000)
}
