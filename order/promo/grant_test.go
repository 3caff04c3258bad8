package promo_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/outbox"
	"yinbo/order/ordertest"
	"yinbo/order/promo"
)

// race runs n at once and tells how many succeeded.
func race(n int, do func(i int) error) int64 {
	var won atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if do(i) == nil {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	return won.Load()
}

func TestABudgetNeverOverspends(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		b := batch(s, func(t *promo.Terms) { t.Budget = 3_750 }) // 37 of 100
		viewers := s.Viewers(200)
		won := race(len(viewers), func(i int) error {
			_, err := claim(s, viewers[i], promo.Wish{Batch: b})
			if err != nil {
				wantCode(t, err, "coupon.sold_out")
			}
			return err
		})
		if won != 37 || committed(s, b) != 3_700 {
			t.Errorf("%d granted, %d committed", won, committed(s, b))
		}
		conserved(s, b)
	})
}

func TestAViewerNeverHasMoreThanTheCap(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		b := batch(s, func(t *promo.Terms) { t.PerPerson = 3 })
		viewer := s.Viewer()
		won := race(40, func(int) error {
			_, err := claim(s, viewer, promo.Wish{Batch: b})
			if err != nil {
				wantCode(t, err, "coupon.limit_reached")
			}
			return err
		})
		if won != 3 || committed(s, b) != 300 || s.Live.Told(viewer, promo.GrantedEvent) != 3 {
			t.Errorf("%d granted, %d committed, told %d times", won, committed(s, b), s.Live.Told(viewer, promo.GrantedEvent))
		}
	})
}

func TestADailyCapHoldsAndTomorrowThereAreMore(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		b := batch(s, func(t *promo.Terms) {
			t.DailyCap, t.GrantTo, t.UseTo = 5, t.GrantTo.Add(48*time.Hour), t.UseTo.Add(72*time.Hour)
		})
		for day := range 2 {
			viewers := s.Viewers(20)
			won := race(20, func(i int) error {
				_, err := claim(s, viewers[i], promo.Wish{Batch: b})
				if err != nil {
					wantCode(t, err, "coupon.sold_out_today")
				}
				return err
			})
			if won != 5 {
				t.Errorf("day %d: %d granted", day, won)
			}
			s.Clock.Advance(24 * time.Hour)
		}
		conserved(s, b)
	})
}

func TestADropOf100To1000ViewersGivesExactly100(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		b := batch(s, way(promo.Dropped))
		d := drop(t, s, b, 100)
		if got := s.Live.Facts(); !slices.Equal(got, []string{promo.DroppedFact}) {
			t.Errorf("the room was told %v", got)
		}
		viewers := s.Viewers(1000)
		won := race(1000, func(i int) error {
			_, err := claim(s, viewers[i], promo.Wish{Drop: d.DropID})
			if err != nil {
				wantCode(t, err, "coupon.sold_out")
			}
			return err
		})
		if won != 100 || committed(s, b) != 10_000 || s.Number("SELECT claimed FROM coupon_drop WHERE id = ?", d.DropID) != 100 {
			t.Errorf("%d granted, %d committed", won, committed(s, b))
		}
		conserved(s, b)
	})
}

func drop(t *testing.T, s *ordertest.Stage, batchID string, n int64) promo.DropView {
	t.Helper()
	d, _, err := s.Coupons.Drop(s.Ctx, s.Request("host", "drop"), promo.Staff{ID: "host"}, s.Bank.ID, s.Room, promo.Throw{Batch: batchID, Quantity: n, For: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestADropGivesOneToEachAndEnds(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		b := batch(s, way(promo.Dropped))
		first, second := drop(t, s, b, 10), drop(t, s, b, 10)
		viewer := s.Viewer()
		if won := race(8, func(int) error { _, err := claim(s, viewer, promo.Wish{Drop: first.DropID}); return err }); won != 1 {
			t.Errorf("one drop gave a viewer %d", won)
		}
		if _, err := claim(s, viewer, promo.Wish{Drop: second.DropID}); err != nil {
			t.Errorf("another drop: %v", err)
		}
		_, err := claim(s, viewer, promo.Wish{Batch: b}) // it is for drops
		wantCode(t, err, "not_found")
		_, err = claim(s, viewer, promo.Wish{})
		wantField(t, err, "validation", "drop_id")
		s.Clock.Advance(time.Minute)
		_, err = claim(s, s.Viewer(), promo.Wish{Drop: first.DropID})
		wantCode(t, err, "coupon.ended")
		for code, throw := range map[string]promo.Throw{"not_found": {Batch: batch(s), Quantity: 1, For: time.Minute},
			"validation": {Batch: b, Quantity: 0, For: time.Minute}, "coupon.sold_out": {Batch: b, Quantity: 999, For: time.Minute}} {
			_, _, err := s.Coupons.Drop(s.Ctx, s.Request("host", "drop"), operator, s.Bank.ID, s.Room, throw)
			wantCode(t, err, code)
		}
		_, _, err = s.Coupons.Drop(s.Ctx, s.Request("host", "drop"), operator, s.Bank.ID, "room_other", promo.Throw{Batch: b, Quantity: 1, For: time.Minute})
		wantCode(t, err, "not_found")
		if n := s.Number("SELECT SUM(claimed) FROM coupon_drop"); n != 2 {
			t.Errorf("%d claimed", n)
		}
	})
}

func TestClaimingAgainWithAKeyAnswersTheFirst(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer, b := s.Viewer(), batch(s, func(t *promo.Terms) { t.Budget = 100 })
		req := s.Request(viewer, "POST /coupons/claims")
		once, _, err := s.Coupons.Claim(s.Ctx, req, s.Bank, viewer, promo.Wish{Batch: b})
		if err != nil {
			t.Fatal(err)
		}
		// The batch is empty now: the answer is the first one's all the same.
		again, replayed, err := s.Coupons.Claim(s.Ctx, req, s.Bank, viewer, promo.Wish{Batch: b})
		if err != nil || !replayed || again.ID != once.ID || again.Status != promo.Granted {
			t.Errorf("%+v %v %v", again, replayed, err)
		}
		_, err = claim(s, viewer, promo.Wish{Batch: b})
		wantCode(t, err, "coupon.sold_out")
		drops := batch(s, way(promo.Dropped))
		thrown := s.Request("host", "drop")
		for i := range 2 {
			_, replayed, err := s.Coupons.Drop(s.Ctx, thrown, operator, s.Bank.ID, s.Room, promo.Throw{Batch: drops, Quantity: 1, For: time.Minute})
			if err != nil || replayed != (i == 1) || s.Number("SELECT COUNT(*) FROM coupon_drop") != 1 || len(s.Live.Facts()) != 1 {
				t.Errorf("dropped again: %v %v", replayed, err)
			}
		}
		given := s.Request("operator", "grants")
		b = batch(s)
		for i := range 2 {
			_, replayed, err := s.Coupons.Grant(s.Ctx, given, s.Bank, operator, b, []string{viewer})
			if err != nil || replayed != (i == 1) {
				t.Errorf("%v %v", replayed, err)
			}
		}
		if committed(s, b) != 100 {
			t.Errorf("committed %d", committed(s, b))
		}
	})
}

func TestStaffGrantToAllOrNone(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		b := batch(s, way(promo.ByStaff), func(t *promo.Terms) { t.PerPerson, t.Budget = 1, 450 })
		viewers := s.Viewers(5)
		grant := func(viewers ...string) error {
			_, _, err := s.Coupons.Grant(s.Ctx, s.Request("operator", "grants"), s.Bank, operator, b, viewers)
			return err
		}
		wantCode(t, grant(viewers...), "coupon.sold_out")
		wantField(t, grant(viewers[0], "vwr_unknown"), "validation", "viewer_ids[1]")
		wantField(t, grant(viewers[0], viewers[0]), "validation", "viewer_ids[1]")
		wantField(t, grant(), "validation", "viewer_ids")
		if err := grant(viewers[:2]...); err != nil {
			t.Fatal(err)
		}
		wantField(t, grant(viewers[2], viewers[1]), "coupon.limit_reached", "viewer_ids[1]")
		_, err := claim(s, viewers[3], promo.Wish{Batch: b})
		wantCode(t, err, "not_found")
		if committed(s, b) != 200 || s.Live.Told(viewers[0], promo.GrantedEvent) != 1 || s.Live.Told(viewers[2], promo.GrantedEvent) != 0 {
			t.Errorf("committed %d", committed(s, b))
		}
		conserved(s, b)
	})
}

// task is one that card would have written.
func task(s *ordertest.Stage, kind, ref, viewer, bin string) outbox.Task {
	s.T.Helper()
	taskID := kind + ref
	err := s.DB.InTx(s.Ctx, func(tx *db.Tx) error {
		return s.Box.Add(s.Ctx, tx, outbox.Task{ID: taskID, Bank: s.Bank.ID, Kind: kind, Ref: ref, Payload: map[string]string{"viewer_id": viewer, "bin": bin}})
	})
	if err != nil {
		s.T.Fatal(err)
	}
	t, ok, err := s.Box.Take(s.Ctx, taskID)
	if err != nil || !ok {
		s.T.Fatal(ok, err)
	}
	if err := s.Box.Done(s.Ctx, t); err != nil {
		s.T.Fatal(err)
	}
	return t
}

func TestARuleGrantsOnceHoweverOftenItsEventComes(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		anyCard, ownCard, approved := batch(s, way(promo.Bound)), batch(s, way(promo.Bound), instant), batch(s, way(promo.Approved))
		empty := batch(s, way(promo.Bound), func(t *promo.Terms) { t.Budget = 100 })
		viewers := s.Viewers(2)
		foreign := task(s, "card.bound", "bnd_1", viewers[0], ordertest.OtherBIN)
		own := task(s, "card.bound", "bnd_2", viewers[0], ordertest.OwnBIN)
		yes := task(s, "application.approved", "app_1", viewers[0], "")
		race(8, func(i int) error {
			err := []func() error{
				func() error { return s.Coupons.HandleBound(s.Ctx, foreign) },
				func() error { return s.Coupons.HandleBound(s.Ctx, own) },
				func() error { return s.Coupons.HandleApproved(s.Ctx, yes) },
			}[i%3]()
			if err != nil {
				t.Error(err)
			}
			return err
		})
		if err := s.Coupons.HandleBound(s.Ctx, task(s, "card.bound", "bnd_3", viewers[1], ordertest.OtherBIN)); err != nil {
			t.Error(err) // a batch that is empty keeps nobody from the others
		}
		for name, got := range map[string]int64{"any": int64(committed(s, anyCard)) - 200, "own": int64(committed(s, ownCard)) - 100,
			"approved": int64(committed(s, approved)) - 100, "empty": int64(committed(s, empty)) - 100} {
			if got != 0 {
				t.Errorf("%s is off by %d", name, got)
			}
		}
	})
}

func TestSpendingEnoughGrantsOnce(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		b := batch(s, way(promo.Spent), func(t *promo.Terms) { t.Spend = 2000 })
		viewer, sku := s.Viewer(), voucher(s, 1000)
		for i, want := range []int{0, 1, 1} {
			paid(s, viewer, placed(s, viewer, nil, sku).ID, "card")
			s.RunTasks()
			if got := s.Live.Told(viewer, promo.GrantedEvent); got != want {
				t.Errorf("after %d orders told %d times", i+1, got)
			}
		}
		conserved(s, b)
	})
}

func TestCouponsEndWhenTheirTimeIsOverAndFreeTheirBudget(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		err := s.DB.InTx(s.Ctx, func(tx *db.Tx) error { return s.Coupons.ScheduleExpiry(s.Ctx, tx) })
		if err != nil {
			t.Fatal(err)
		}
		b := batch(s, func(t *promo.Terms) { t.PerPerson = 1 })
		viewers := s.Viewers(3)
		for _, v := range viewers {
			if _, err := claim(s, v, promo.Wish{Batch: b}); err != nil {
				t.Fatal(err)
			}
		}
		s.RunTasks()
		if committed(s, b) != 300 {
			t.Errorf("ended too early: committed %d", committed(s, b))
		}
		s.Clock.Advance(2 * time.Hour)
		list, err := s.Coupons.List(s.Ctx, s.Bank.ID, viewers[0], promo.Expired, "", "", 10)
		if err != nil || len(list) != 1 || list[0].Status != promo.Expired {
			t.Errorf("before the task %+v %v", list, err)
		}
		s.RunTasks()
		if committed(s, b) != 0 || s.Number("SELECT COUNT(*) FROM coupon WHERE state = 'expired'") != 3 {
			t.Errorf("committed %d", committed(s, b))
		}
		_, err = claim(s, viewers[0], promo.Wish{Batch: b})
		if fault.Code(err) != "coupon.ended" {
			t.Error(err)
		}
	})
}

func TestARoomShowsWhatCanBeClaimed(t *testing.T) {
	s := ordertest.OnSQLite(t)
	here, everywhere := batch(s, func(t *promo.Terms) { t.Room = s.Room }), batch(s)
	batch(s, way(promo.ByStaff))
	d := drop(t, s, batch(s, way(promo.Dropped)), 3)
	got, err := s.Coupons.RoomOffers(s.Ctx, s.Bank.ID, s.Room)
	if err != nil || len(got.Batches) != 2 || got.Batches[0].BatchID != everywhere || got.Batches[1].BatchID != here || len(got.Drops) != 1 || got.Drops[0].Left != 3 {
		t.Errorf("%+v %v", got, err)
	}
	s.Clock.Advance(time.Minute)
	if got, err = s.Coupons.RoomOffers(s.Ctx, s.Bank.ID, s.Room); err != nil || len(got.Drops) != 0 {
		t.Errorf("%s is over: %+v %v", d.DropID, got, err)
	}
	_, err = s.Coupons.RoomOffers(s.Ctx, s.Bank.ID, "room_other")
	wantCode(t, err, "not_found")
}
