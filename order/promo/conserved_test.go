package promo_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"yinbo/internal/fault"
	"yinbo/internal/outbox"
	"yinbo/internal/testkit"
	"yinbo/order"
	"yinbo/order/ordertest"
	"yinbo/order/payment"
	"yinbo/order/promo"
)

// RULES 8.8: people claim, order, change their minds, pay, cancel and ask for
// their money back, all at once, while time runs out for orders and coupons:
// afterwards each coupon is where its order says, and each budget holds what its
// coupons say.
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
		testkit.Holds(t, s.DB, slices.Concat(promo.Invariants(), order.Invariants(), payment.Invariants())...)
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
