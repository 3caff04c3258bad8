package promo_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"yinbo/internal/fault"
	"yinbo/internal/outbox"
	"yinbo/order"
	"yinbo/order/ordertest"
	"yinbo/order/promo"
)

// People claim, order, change their minds, pay, cancel and ask for their money
// back, all at once, while time runs out for orders and coupons: afterwards each
// coupon is where its order says, and each budget holds what its coupons say.
func TestCouponsAreConservedWhateverHappensAtOnce(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		sku := voucher(s, 1000)
		few := func(t *promo.Terms) { t.Budget = 4_000 }
		batches := []string{batch(s, few), batch(s, few, amount(70)), batch(s, few, instant, func(t *promo.Terms) { t.UseTo = t.GrantTo })}
		viewers := s.Viewers(12)
		var wg sync.WaitGroup
		for i, viewer := range viewers {
			rnd := rand.New(rand.NewPCG(7, uint64(i)))
			wg.Go(func() {
				for range 12 {
					live(s, rnd, viewer, batches, sku)
				}
			})
		}
		wg.Go(func() {
			for range 30 {
				s.Clock.Advance(3 * time.Minute)
				if _, ok := s.Coupons.HandleExpire(s.Ctx, outbox.Task{}).(*outbox.Postponed); !ok {
					t.Error("expiry failed")
				}
				s.RunTasks()
			}
		})
		wg.Wait()
		s.RunTasks()
		for _, b := range batches {
			conserved(s, b)
		}
		const off = `SELECT COUNT(*) FROM coupon c LEFT JOIN orders o ON o.id = c.order_id WHERE
			c.state = 'reserved' AND o.status <> 'pending_payment' OR c.state = 'used' AND o.status NOT IN ('paid', 'refunding')
			OR c.order_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM order_discount d WHERE d.order_id = c.order_id AND d.coupon_id = c.id)`
		if n := s.Number(off); n != 0 {
			t.Errorf("%d coupons are elsewhere than their orders say", n)
		}
		const held = `SELECT COUNT(*) FROM order_discount d JOIN orders o ON o.id = d.order_id WHERE o.status IN ('pending_payment', 'paid', 'refunding')
			AND NOT EXISTS (SELECT 1 FROM coupon c WHERE c.id = d.coupon_id AND c.order_id = o.id)`
		if n := s.Number(held); n != 0 {
			t.Errorf("%d discounts have lost their coupons", n)
		}
		const sums = "SELECT COUNT(*) FROM orders o WHERE o.discount_fen <> (SELECT COALESCE(SUM(amount_fen), 0) FROM order_discount d WHERE d.order_id = o.id)"
		if n := s.Number(sums); n != 0 {
			t.Errorf("%d orders have other discounts than their rows", n)
		}
		if account(s, "%") != 0 || account(s, "suspense") != 0 {
			t.Error("the ledger is off")
		}
		if s.Number("SELECT COUNT(*) FROM coupon WHERE state = 'used'") == 0 || s.Number("SELECT COUNT(*) FROM orders WHERE status = 'refunded'") == 0 {
			t.Error("too little happened")
		}
	})
}

// live is a moment of a viewer's; refusals belong to it, failures do not.
func live(s *ordertest.Stage, rnd *rand.Rand, viewer string, batches []string, sku string) {
	fine := func(err error) bool {
		if fault.From(err).Kind == fault.Internal && err != nil {
			s.T.Error(err)
		}
		return err == nil
	}
	for range 2 {
		_, err := claim(s, viewer, promo.Wish{Batch: batches[rnd.IntN(len(batches))]})
		fine(err)
	}
	mine, err := s.Coupons.List(s.Ctx, s.Bank.ID, viewer, promo.Granted, "", "", 100)
	if !fine(err) {
		return
	}
	pick := func() (ids []string) {
		for _, i := range rnd.Perm(len(mine))[:min(len(mine), 1+rnd.IntN(2))] {
			ids = append(ids, mine[i].ID)
		}
		return ids
	}
	o, err := placeWith(s, viewer, pick(), sku)
	if !fine(err) {
		return
	}
	if rnd.IntN(3) == 0 {
		_, err := setCoupons(s, viewer, o.ID, pick()...)
		fine(err)
	}
	switch rnd.IntN(4) {
	case 0:
		_, err := s.Orders.Cancel(s.Ctx, s.Bank.ID, viewer, o.ID)
		fine(err)
	case 1: // left to the timer
	default:
		if _, err := pay(s, viewer, o.ID, "card"); !fine(err) || rnd.IntN(2) == 0 {
			return
		}
		if o, err = s.Orders.Get(s.Ctx, s.Bank.ID, viewer, o.ID); !fine(err) || o.Status != order.Paid {
			return
		}
		_, _, err := s.Payments.Refund(s.Ctx, s.Request(viewer, "POST /refunds"), s.Bank.ID, viewer, o.ID, o.PaidFen, "不想要了")
		fine(err)
	}
}
