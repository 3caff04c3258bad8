package promo_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"yinbo/internal/money"
	"yinbo/internal/testkit"
	"yinbo/order/ordertest"
	"yinbo/order/promo"
)

// thrown opens a batch for rooms: coupons of up to 5 yuan out of 100.
func thrown(s *ordertest.Stage, change ...func(*promo.Terms)) string {
	return batch(s, append([]func(*promo.Terms){way(promo.Dropped), amount(500), func(t *promo.Terms) { t.Budget, t.PerPerson = 10_000, 3 }}, change...)...)
}

func openPacket(s *ordertest.Stage, f promo.Filling) (promo.PacketView, error) {
	if f.Title == "" {
		f.Title, f.For = "开门红", time.Minute
	}
	v, _, err := s.Coupons.OpenPacket(s.Ctx, s.Request("host", "packets"), operator, s.Bank.ID, s.Room, f)
	return v, err
}

func take(s *ordertest.Stage, viewer, packet string) (promo.View, error) {
	v, _, err := s.Coupons.TakeShare(s.Ctx, s.Request(viewer, "shares"), s.Bank, viewer, packet)
	return v, err
}

// 100 viewers press for 10 shares: ten have one, together the packet's money,
// and nothing of the batch beyond it is committed.
func TestARedPacketIsSplitExactlyAmongThoseWhoAreFirst(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		b := thrown(s)
		p, err := openPacket(s, promo.Filling{Batch: b, Total: 2_001, Shares: 10})
		if err != nil || committed(s, b) != 2_001 {
			t.Fatalf("%+v %v, committed %d", p, err, committed(s, b))
		}
		var mu sync.Mutex
		var sum money.Fen
		viewers := s.Viewers(100)
		won := race(len(viewers), func(i int) error {
			v, err := take(s, viewers[i], p.PacketID)
			if err != nil {
				wantCode(t, err, "coupon.sold_out")
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			sum += v.Amount
			if v.Amount < 1 || v.Amount > 500 {
				t.Errorf("a share of %d", v.Amount)
			}
			return nil
		})
		if won != 10 || sum != 2_001 || committed(s, b) != 2_001 {
			t.Errorf("%d shares of %d fen together, committed %d", won, sum, committed(s, b))
		}
		conserved(s, b)
		testkit.Holds(t, s.DB, promo.Invariants()...)
	})
}

func TestWhoIsBannedFromTheRoomGetsNothingThrownIntoIt(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		b, viewer := thrown(s), s.Viewer()
		p, err := openPacket(s, promo.Filling{Batch: b, Total: 1_000, Shares: 10})
		if err != nil {
			t.Fatal(err)
		}
		d, _, err := s.Coupons.Drop(s.Ctx, s.Request("host", "drops"), operator, s.Bank.ID, s.Room, promo.Throw{Batch: b, Quantity: 5, For: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		s.Live.Ban(viewer)
		_, err = take(s, viewer, p.PacketID)
		wantCode(t, err, "viewer.banned")
		_, _, err = s.Coupons.Claim(s.Ctx, s.Request(viewer, "claims"), s.Bank, viewer, promo.Wish{Drop: d.DropID})
		wantCode(t, err, "viewer.banned")
		if n := s.Number("SELECT COUNT(*) FROM coupon"); n != 0 {
			t.Errorf("%d coupons", n)
		}
	})
}

func TestAViewerTakesOneShareHoweverOftenTheyPress(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		p, err := openPacket(s, promo.Filling{Batch: thrown(s), Total: 1_000, Shares: 10})
		if err != nil {
			t.Fatal(err)
		}
		viewer := s.Viewer()
		won := race(30, func(int) error {
			_, err := take(s, viewer, p.PacketID)
			if err != nil {
				wantCode(t, err, "coupon.limit_reached")
			}
			return err
		})
		if won != 1 || s.Number("SELECT taken FROM red_packet") != 1 || s.Live.Told(viewer, promo.GrantedEvent) != 1 {
			t.Errorf("%d shares", won)
		}
	})
}

// The rest returns at the end, by the timer and by hand together, once.
func TestTheRestOfARedPacketReturnsOnce(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		b := thrown(s)
		p, err := openPacket(s, promo.Filling{Batch: b, Total: 900, Shares: 9, Title: "红包", For: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		v, err := take(s, s.Viewer(), p.PacketID)
		if err != nil {
			t.Fatal(err)
		}
		s.Clock.Advance(2 * time.Minute)
		_, err = take(s, s.Viewer(), p.PacketID)
		wantCode(t, err, "coupon.ended")
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := s.Coupons.ClosePacket(s.Ctx, operator, s.Bank.ID, p.PacketID); err != nil {
				wantCode(t, err, "conflict")
			}
		})
		s.RunTasks()
		wg.Wait()
		s.RunTasks()
		closed := 0
		for _, kind := range s.Live.Facts() {
			if kind == promo.PacketClosed {
				closed++
			}
		}
		if closed != 1 || committed(s, b) != v.Amount {
			t.Errorf("closed %d times, committed %d of a share of %d", closed, committed(s, b), v.Amount)
		}
		_, err = s.Coupons.ClosePacket(s.Ctx, operator, s.Bank.ID, p.PacketID)
		wantCode(t, err, "conflict")
		testkit.Holds(t, s.DB, promo.Invariants()...)
	})
}

func TestARedPacketNeverGoesBeyondItsBudget(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		b := thrown(s)
		won := race(20, func(int) error {
			_, err := openPacket(s, promo.Filling{Batch: b, Total: 1_500, Shares: 5})
			if err != nil {
				wantField(t, err, "coupon.sold_out", "total_fen")
			}
			return err
		})
		if won != 6 || committed(s, b) != 9_000 {
			t.Errorf("%d packets, committed %d", won, committed(s, b))
		}
		for field, f := range map[string]promo.Filling{
			"shares":    {Batch: b, Total: 100},
			"total_fen": {Batch: b, Total: 501, Shares: 1},
			"seconds":   {Batch: b, Total: 100, Shares: 1, Title: "x"},
		} {
			_, err := openPacket(s, f)
			wantField(t, err, "validation", field)
		}
		_, err := openPacket(s, promo.Filling{Batch: b, Total: 4, Shares: 5})
		wantField(t, err, "validation", "total_fen")
		_, err = openPacket(s, promo.Filling{Batch: batch(s), Total: 5, Shares: 5})
		wantField(t, err, "not_found", "batch_id")
		_, _, err = s.Coupons.OpenPacket(s.Ctx, s.Request("host", "packets"), operator, "bank_other", s.Room, promo.Filling{Batch: b, Total: 5, Shares: 5, Title: "x", For: time.Minute})
		wantCode(t, err, "not_found")
		_, err = s.Coupons.ClosePacket(s.Ctx, operator, "bank_other", s.Text("SELECT MIN(id) FROM red_packet"))
		wantCode(t, err, "not_found")
	})
}

// A drop's end is told once, with what came of it.
func TestTheEndOfADropIsToldOnce(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		b := thrown(s)
		first, second := drop(t, s, b, 3), drop(t, s, b, 3)
		if _, err := claim(s, s.Viewer(), promo.Wish{Drop: first.DropID}); err != nil {
			t.Fatal(err)
		}
		r, err := s.Coupons.CloseDrop(s.Ctx, operator, s.Bank.ID, first.DropID)
		if err != nil || r.Claimed != 1 || r.Quantity != 3 {
			t.Fatalf("%+v %v", r, err)
		}
		_, err = claim(s, s.Viewer(), promo.Wish{Drop: first.DropID})
		wantCode(t, err, "coupon.ended")
		_, err = s.Coupons.CloseDrop(s.Ctx, operator, s.Bank.ID, first.DropID)
		wantCode(t, err, "conflict")
		_, err = s.Coupons.CloseDrop(s.Ctx, operator, "bank_other", second.DropID)
		wantCode(t, err, "not_found")
		s.Clock.Advance(2 * time.Hour)
		s.RunTasks()
		if n := len(slices.DeleteFunc(s.Live.Facts(), func(k string) bool { return k != promo.EndedFact })); n != 2 {
			t.Errorf("%d ends were told", n)
		}
	})
}

func TestABatchTellsToWhomItWasGrantedHowAndWhatBecameOfIt(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		b, viewers, sku := thrown(s), s.Viewers(5), voucher(s, 1000)
		p, err := openPacket(s, promo.Filling{Batch: b, Total: 500, Shares: 1})
		if err != nil {
			t.Fatal(err)
		}
		d, _, err := s.Coupons.Drop(s.Ctx, s.Request("host", "drops"), operator, s.Bank.ID, s.Room, promo.Throw{Batch: b, Quantity: 5, For: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		packed, err := take(s, viewers[0], p.PacketID)
		if err != nil {
			t.Fatal(err)
		}
		var dropped [3]promo.View
		for i := range dropped {
			if dropped[i], err = claim(s, viewers[i+1], promo.Wish{Drop: d.DropID}); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := s.Coupons.Grant(s.Ctx, s.Request("operator", "grants"), s.Bank, operator, b, viewers[4:]); err != nil {
			t.Fatal(err)
		}
		back, bought := placed(s, viewers[1], []string{dropped[0].ID}, sku), placed(s, viewers[2], []string{dropped[1].ID}, sku)
		if _, err := s.Orders.Cancel(s.Ctx, s.Bank.ID, viewers[1], back.ID); err != nil {
			t.Fatal(err)
		}
		paid(s, viewers[2], bought.ID, "card")
		waits := placed(s, viewers[3], []string{dropped[2].ID}, sku)

		read := func(status promo.Status, after string, limit int) (out []promo.GrantView) {
			t.Helper()
			out, err := s.Coupons.Grants(s.Ctx, s.Bank.ID, b, status, after, limit)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		all := read("", "", 10)
		want := []struct {
			viewer, way string
			status      promo.Status
			order       string
		}{{viewers[4], "staff", promo.Granted, ""}, {viewers[3], "drop", promo.Reserved, waits.ID}, {viewers[2], "drop", promo.Used, bought.ID},
			{viewers[1], "drop", promo.Returned, ""}, {viewers[0], "red_packet", promo.Granted, ""}}
		if len(all) != len(want) {
			t.Fatalf("%+v", all)
		}
		for i, w := range want {
			g := all[i]
			orderID := ""
			if g.OrderID != nil {
				orderID = *g.OrderID
			}
			if g.Viewer.ID != w.viewer || g.Way != w.way || g.Status != w.status || orderID != w.order ||
				(g.ReturnedAt != nil) != (w.status == promo.Returned) || (g.UsedAt != nil) != (w.status == promo.Used) {
				t.Errorf("%d: %+v, want %+v", i, g, w)
			}
			if some := read(w.status, "", 10); !slices.ContainsFunc(some, func(o promo.GrantView) bool { return o.ID == g.ID }) ||
				slices.ContainsFunc(some, func(o promo.GrantView) bool { return o.Status != w.status }) {
				t.Errorf("those that are %s: %+v", w.status, some)
			}
		}
		if page := read("", all[1].ID, 2); len(page) != 3 || page[0].ID != all[2].ID {
			t.Errorf("after the second: %+v", page)
		}
		if all[4].ID != packed.ID || all[4].Amount != packed.Amount {
			t.Errorf("a share: %+v", all[4])
		}
		s.Clock.Advance(3 * time.Hour)
		if over := read(promo.Expired, "", 10); len(over) != 3 || len(read(promo.Returned, "", 10)) != 0 {
			t.Errorf("over, before anything came by: %+v", over)
		}
		_, err = s.Coupons.Grants(s.Ctx, s.OtherBank().ID, b, "", "", 10)
		wantCode(t, err, "not_found")
	})
}
