package order_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/ordertest"
)

var clerk = order.Staff{ID: "stf_clerk", RequestID: "req"}

func ship(s *ordertest.Stage, orderID string) error {
	return s.Orders.Ship(s.Ctx, s.Bank, clerk, order.ShipLine{Order: orderID, Carrier: "顺丰", TrackingNo: "sf-1" + orderID[len(orderID)-8:]})
}

func wantStatus(t *testing.T, s *ordertest.Stage, orderID string, want order.Status) {
	t.Helper()
	if got := s.Status(orderID); got != want {
		t.Errorf("order is %s, want %s", got, want)
	}
}

func TestAnOrderIsSentAndReceivedOnce(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, o := s.Bought()
		wantCode(t, s.Orders.Confirm(s.Ctx, s.Bank.ID, viewer, o.ID), "conflict")
		wantCode(t, s.Orders.CompleteByStaff(s.Ctx, s.Bank.ID, clerk, o.ID), "conflict")
		for range 2 { // the same again changes nothing
			if err := ship(s, o.ID); err != nil {
				t.Fatal(err)
			}
		}
		wantCode(t, s.Orders.Ship(s.Ctx, s.Bank, clerk, order.ShipLine{Order: o.ID, Carrier: "顺丰", TrackingNo: "SF-99999"}), "shipment.exists")
		if err := s.Orders.CorrectShipment(s.Ctx, s.Bank.ID, clerk, order.ShipLine{Order: o.ID, Carrier: "中通", TrackingNo: "zt-99999"}); err != nil {
			t.Fatal(err)
		}
		sent, err := order.Shipments(s.Ctx, s.DB, s.Bank.ID, []string{o.ID})
		if err != nil || sent[o.ID].Carrier != "中通" || sent[o.ID].TrackingNo != "ZT-99999" {
			t.Errorf("%+v %v", sent, err)
		}
		var done, refused sync.Map
		var wg sync.WaitGroup
		for i := range 6 { // viewer, staff and the timer together
			wg.Go(func() {
				complete := func() error { return s.Orders.Confirm(s.Ctx, s.Bank.ID, viewer, o.ID) }
				if i%2 == 0 {
					complete = func() error { return s.Orders.CompleteByStaff(s.Ctx, s.Bank.ID, clerk, o.ID) }
				}
				if err := complete(); err == nil {
					done.Store(i, true)
				} else {
					wantCode(t, err, "conflict")
					refused.Store(i, true)
				}
			})
		}
		wg.Wait()
		if n := size(&done); n != 1 {
			t.Errorf("%d people completed it", n)
		}
		s.Clock.Advance(11 * 24 * time.Hour)
		s.RunTasks()
		want := []order.Status{order.Paid, order.Fulfilling, order.Fulfilling, order.Completed} // the correction is told too
		if got := s.Live.Updates(o.ID); !slices.Equal(got, want) {
			t.Errorf("told %v", got)
		}
		if n := s.Number("SELECT COUNT(*) FROM audit WHERE object_id = ? AND action IN ('order.shipped', 'order.shipment_corrected')", o.ID); n != 2 {
			t.Errorf("%d audit entries", n)
		}
		wantCode(t, s.Orders.CorrectShipment(s.Ctx, s.Bank.ID, clerk, order.ShipLine{Order: o.ID, Carrier: "中通", TrackingNo: "zt-99998"}), "conflict")
	})
}

// A merchant's own account ships an order all of whose goods are its own; one with
// others' goods too is one parcel, the bank's to send.
func TestAMerchantShipsWhatIsAllItsOwn(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer := s.Viewer()
		_, both := s.Bought()
		mine := s.PlaceGoods(viewer, order.Wanted{SKU: s.SKU(catalog.Physical, 1000, 10), Quantity: 1})
		s.PayByCard(viewer, mine.ID)
		own, other := order.Staff{ID: "stf_own", Merchant: s.Merchant(0)}, order.Staff{ID: "stf_other", Merchant: s.Merchant(1)}
		line := func(orderID string) order.ShipLine {
			return order.ShipLine{Order: orderID, Carrier: "顺丰", TrackingNo: "SF-10001"}
		}
		wantCode(t, s.Orders.Ship(s.Ctx, s.Bank, own, line(both.ID)), "order.several_merchants")
		wantCode(t, s.Orders.Ship(s.Ctx, s.Bank, other, line(mine.ID)), "not_found")
		wantCode(t, s.Orders.Ship(s.Ctx, s.OtherBank(), own, line(mine.ID)), "not_found")
		wantStatus(t, s, mine.ID, order.Paid)
		if err := s.Orders.Ship(s.Ctx, s.Bank, own, line(mine.ID)); err != nil {
			t.Fatal(err)
		}
		if err := s.Orders.Ship(s.Ctx, s.Bank, clerk, line(both.ID)); err != nil {
			t.Fatal(err)
		}
		wantCode(t, s.Orders.CorrectShipment(s.Ctx, s.Bank.ID, other, line(mine.ID)), "not_found")
		wantCode(t, s.Orders.CorrectShipment(s.Ctx, s.Bank.ID, own, line(both.ID)), "order.several_merchants")
		if err := s.Orders.CorrectShipment(s.Ctx, s.Bank.ID, own, line(mine.ID)); err != nil {
			t.Error(err)
		}
		if by := s.Text("SELECT shipped_by FROM shipment WHERE order_id = ?", mine.ID); by != own.ID {
			t.Errorf("shipped by %s", by)
		}
	})
}

func size(m *sync.Map) (n int) {
	m.Range(func(any, any) bool { n++; return true })
	return n
}

func TestAnOrderNobodySpeaksOfIsCompletedByItself(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		s.Bank.Settings = tenant.Settings{CompleteAfterDays: 3}
		_, o := s.Bought()
		viewer, back := s.Bought()
		for _, v := range []order.View{o, back} {
			if err := ship(s, v.ID); err != nil {
				t.Fatal(err)
			}
		}
		s.Clock.Advance(3*24*time.Hour - time.Minute)
		s.RunTasks()
		wantStatus(t, s, o.ID, order.Fulfilling)
		s.Gateway.Mute = true // a refund's answer is lost: the money is under way
		if _, err := s.Refund(viewer, back.ID, 3000); err != nil {
			t.Fatal(err)
		}
		s.Clock.Advance(time.Minute)
		s.RunTasks()
		wantStatus(t, s, o.ID, order.Completed)
		wantStatus(t, s, back.ID, order.Refunding)
		s.Gateway.Mute = false
		s.Clock.Advance(2 * time.Hour)
		s.RunTasks()
		wantStatus(t, s, back.ID, order.Refunded)
		if n := s.Number("SELECT COUNT(*) FROM orders WHERE id = ? AND completed_at IS NOT NULL", back.ID); n != 0 {
			t.Error("what came back was completed")
		}
	})
}

func TestARefundReturnsAnOrderToWhereItStood(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, o := s.Bought()
		refund := func(amount money.Fen, want order.Status) {
			t.Helper()
			if _, err := s.Refund(viewer, o.ID, amount); err != nil {
				t.Fatal(err)
			}
			wantStatus(t, s, o.ID, order.Refunding)
			s.RunTasks()
			wantStatus(t, s, o.ID, want)
		}
		refund(100, order.Paid)
		if err := ship(s, o.ID); err != nil {
			t.Fatal(err)
		}
		refund(100, order.Fulfilling)
		s.Gateway.Refuse = true
		refund(100, order.Fulfilling)
		s.Gateway.Refuse = false
		if _, err := s.Refund(viewer, o.ID, 100); err != nil {
			t.Fatal(err)
		}
		wantCode(t, ship(s, o.ID), "") // the same line again, while money goes back
		if err := s.Orders.Confirm(s.Ctx, s.Bank.ID, viewer, o.ID); err != nil {
			t.Fatal(err)
		}
		wantStatus(t, s, o.ID, order.Refunding)
		s.RunTasks()
		wantStatus(t, s, o.ID, order.Completed)
		refund(100, order.Completed)
		refund(2600, order.Refunded)
	})
}

func TestGoodsAreNotSentWhileTheirMoneyGoesBack(t *testing.T) {
	s := ordertest.OnSQLite(t)
	viewer, o := s.Bought()
	if _, err := s.Refund(viewer, o.ID, 3000); err != nil {
		t.Fatal(err)
	}
	wantCode(t, ship(s, o.ID), "conflict")
	s.RunTasks()
	wantCode(t, ship(s, o.ID), "conflict")
	wantStatus(t, s, o.ID, order.Refunded)
}

func TestShippingLinesAreJudgedOneByOne(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		_, a := s.Bought()
		_, b := s.Bought()
		viewer := s.Viewer()
		unpaid := s.PlaceGoods(viewer, order.Wanted{SKU: s.SKU(catalog.Physical, 1000, 10), Quantity: 1})
		codes, err := s.Place(viewer, order.Wanted{SKU: s.SKU(catalog.Voucher, 1000, 10), Quantity: 1})
		if err != nil {
			t.Fatal(err)
		}
		s.PayByCard(viewer, codes.ID)
		lines := []order.ShipLine{
			{a.ID, "顺丰", " sf10001 "}, {a.ID, "顺丰", "SF10001"}, {a.ID, "顺丰", "SF10002"}, {"ord_unknown", "顺丰", "SF10003"}, {unpaid.ID, "顺丰", "SF10004"},
			{codes.ID, "顺丰", "SF10005"}, {b.ID, "", "SF10006"}, {b.ID, "顺丰", "SF 1"}, {"", "顺丰", "SF10007"}, {b.ID, "中通", "ZT20001"},
		}
		want := []string{"", "again", "shipment.exists tracking_no", "not_found order_id", "conflict order_id",
			"order.nothing_to_ship order_id", "validation carrier", "validation tracking_no", "validation order_id", ""}
		for round := range 2 {
			var got []string
			err := s.DB.InTx(s.Ctx, func(tx *db.Tx) error {
				results, err := s.Orders.ShipLines(s.Ctx, tx, s.Bank, clerk, lines)
				got = nil
				for _, r := range results {
					got = append(got, verdict(r))
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if round == 1 { // the same file again
				want[0], want[9] = "again", "again"
			}
			if !slices.Equal(got, want) {
				t.Errorf("round %d: %q", round, got)
			}
		}
		wantStatus(t, s, a.ID, order.Fulfilling)
		wantStatus(t, s, b.ID, order.Fulfilling)
		if n := s.Number("SELECT COUNT(*) FROM audit WHERE action = 'order.shipped'"); n != 2 {
			t.Errorf("%d audit entries", n)
		}
		if n := s.Number("SELECT COUNT(*) FROM outbox WHERE kind = ?", order.CompleteTask); n != 2 {
			t.Errorf("%d completions planned", n)
		}
		other := s.Bank
		other.ID = "bank_other"
		wantCode(t, s.Orders.Ship(s.Ctx, other, clerk, lines[0]), "not_found")
	})
}

func verdict(r order.ShipResult) string {
	switch {
	case r.Repeated:
		return "again"
	case r.Refusal == nil:
		return ""
	}
	return fmt.Sprint(r.Refusal.Code, " ", r.Refusal.Fields[0].Name)
}

func TestShippingListsWithTheSameOrdersDoNotWaitForEachOther(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		var ids []string
		for range 12 {
			_, o := s.Bought()
			ids = append(ids, o.ID)
		}
		var wg sync.WaitGroup
		for list := range 6 {
			lines := make([]order.ShipLine, len(ids))
			for i, p := range rand.Perm(len(ids)) {
				lines[i] = order.ShipLine{Order: ids[p], Carrier: "顺丰", TrackingNo: fmt.Sprint("SF", list, "000", p)}
			}
			wg.Go(func() {
				err := s.DB.InTx(s.Ctx, func(tx *db.Tx) error {
					_, err := s.Orders.ShipLines(s.Ctx, tx, s.Bank, clerk, lines)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := s.Number("SELECT COUNT(*) FROM shipment"); n != int64(len(ids)) {
			t.Errorf("%d shipments of %d orders", n, len(ids))
		}
	})
}

func TestStaffCancelWhatIsNotPaid(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, sku := s.Viewer(), s.SKU(catalog.Voucher, 1000, 5)
		o, err := s.Place(viewer, order.Wanted{SKU: sku, Quantity: 5})
		if err != nil {
			t.Fatal(err)
		}
		wantCode(t, s.Orders.CancelByStaff(s.Ctx, "bank_other", clerk, o.ID, "x"), "not_found")
		if err := s.Orders.CancelByStaff(s.Ctx, s.Bank.ID, clerk, o.ID, "电话 13800001234 要求取消"); err != nil {
			t.Fatal(err)
		}
		wantCode(t, s.Orders.CancelByStaff(s.Ctx, s.Bank.ID, clerk, o.ID, "x"), "conflict")
		if s.Stock(sku) != 5 {
			t.Errorf("stock %d", s.Stock(sku))
		}
		if n := s.Number("SELECT COUNT(*) FROM audit WHERE action = 'order.cancelled' AND object_id = ? AND detail NOT LIKE '%138000%'", o.ID); n != 1 {
			t.Errorf("%d audit entries", n)
		}
		_, paid := s.Bought()
		wantCode(t, s.Orders.CancelByStaff(s.Ctx, s.Bank.ID, clerk, paid.ID, "x"), "conflict")
		if fault.Code(s.Orders.Confirm(s.Ctx, s.Bank.ID, s.Viewer(), paid.ID)) != "not_found" {
			t.Error("another viewer may speak for the order")
		}
	})
}
