package main

import (
	"context"
	"time"

	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/tenant"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/promo"
)

// coupons opens three batches: an instant discount that the bank pays for its own
// cards, a coupon that a merchant pays, and one that hosts drop into rooms.
func (s *seeder) coupons(ctx context.Context, a *app, b tenant.Bank, operator, room string, skus []string) error {
	goods, err := catalog.Goods(ctx, s.db, s.db.Clock().Now(), b.ID, skus)
	if err != nil {
		return err
	}
	now := s.clock.Now()
	until := now.Add(30 * 24 * time.Hour)
	plain := promo.Terms{Kind: order.Coupon, Stacking: promo.Stackable, FundedBy: order.ByBank, PerPerson: 1, GrantedBy: promo.Claimed,
		GrantFrom: now.Add(-time.Minute), GrantTo: until, UseFrom: now.Add(-time.Minute), UseTo: until.Add(7 * 24 * time.Hour)}
	instant, merchants, dropped := plain, plain, plain
	instant.Kind, instant.Title, instant.BINs, instant.Room = order.Instant, "本行卡立减 20 元", b.Settings.OwnBINs, room
	instant.Amount, instant.Threshold, instant.Budget, instant.DailyCap, instant.PerPerson = 2000, 9900, 2_000_000, 500, 2
	merchants.Title, merchants.FundedBy, merchants.Merchant = "农场满 50 减 5", order.ByMerchant, goods[skus[3]].MerchantID
	merchants.Amount, merchants.Threshold, merchants.Budget = 500, 5000, 500_000
	dropped.Title, dropped.GrantedBy = "直播间红包券 3 元", promo.Dropped
	dropped.Amount, dropped.Budget, dropped.PerPerson = 300, 300_000, 5
	by := promo.Staff{ID: operator, Operator: true}
	for _, t := range []promo.Terms{instant, merchants, dropped} {
		req := idem.Request{Bank: b.ID, Person: operator, Route: "demo", Key: id.New(id.Event)}
		v, _, err := a.coupons.Create(ctx, req, b.ID, by, t)
		if err != nil {
			return err
		}
		if _, err := a.coupons.OpenBatch(ctx, b.ID, by, v.ID); err != nil {
			return err
		}
	}
	return nil
}
