package promo_test

import (
	"strings"
	"testing"

	"yinbo/internal/money"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/ordertest"
	"yinbo/order/promo"
	finance "yinbo/order/report"
)

// Each funder is billed what the book charges it, gross and given back, to the
// fen; a merchant's own discount is shown and owes nothing; a coupon that is
// granted and not used is promised by its funder.
func TestFundersAreBilledWhatTheBookCharges(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		reports, today := finance.New(s.DB), s.Bank.BusinessDate(s.Clock.Now())
		sku := s.SKUOf(0, catalog.Voucher, 9990, 99)
		batches := []string{batch(s, amount(777), instant), batch(s, amount(555), funded(order.ByPlatform, "")),
			batch(s, amount(999), funded(order.ByMerchant, merchantOf(s, sku)))}
		viewer := s.Viewer()
		for i := range 2 {
			var coupons []string
			for _, b := range batches {
				c, err := claim(s, viewer, promo.Wish{Batch: b})
				if err != nil {
					t.Fatal(err)
				}
				coupons = append(coupons, c.ID)
			}
			if i == 1 { // these are not used
				break
			}
			o := placed(s, viewer, coupons, sku)
			paid(s, viewer, o.ID, "card")
			refund(s, viewer, o.ID, o.PayableFen/3)
		}
		period := finance.Period{From: today, To: today}
		sums, err := reports.Sums(s.Ctx, s.Bank.ID, finance.ByFunder, period)
		if err != nil || len(sums) != 3 {
			t.Fatalf("%+v, %v", sums, err)
		}
		given := map[string]money.Fen{"bank": 777, "platform": 555, merchantOf(s, sku): 999}
		for _, f := range sums {
			owed := money.Fen(0)
			if f.Account != "" {
				owed = -account(s, f.Account)
			}
			if f.Discounts != given[f.ID] || f.Net != owed || f.Returned <= 0 || owed != 0 && f.Discounts-f.Returned != owed {
				t.Errorf("%+v, the book charges %d", f, owed)
			}
			if f.Account == "" {
				continue
			}
			_, file, err := reports.Bill(s.Ctx, s.Bank.ID, f.ID, period, finance.Actor{ID: "stf_x"})
			if err != nil || !strings.Contains(string(file), "合计,,,,"+owed.Yuan()) || strings.Count(string(file), "\n") != 4 {
				t.Errorf("bill of %s: %s, %v", f.ID, file, err)
			}
		}
		_, _, err = reports.Bill(s.Ctx, s.Bank.ID, "nobody", period, finance.Actor{})
		wantField(t, err, "validation", "funder")
		rooms, err := reports.Sums(s.Ctx, s.Bank.ID, finance.ByRoom, period)
		if err != nil || len(rooms) != 1 || rooms[0].Count != 1 || rooms[0].Sales-rooms[0].Refunds != -account(s, "gateway:%") ||
			rooms[0].Discounts != -account(s, "discount:%") || rooms[0].Net != account(s, "merchant:%") {
			t.Errorf("%+v, %v", rooms, err)
		}
		promised, err := reports.Promised(s.Ctx, s.Bank.ID)
		if err != nil || len(promised.Items) != 3 {
			t.Fatalf("%+v, %v", promised, err)
		}
		for _, p := range promised.Items {
			if want := map[string]money.Fen{"bank": 777, "platform": 555, "merchant": 999}[p.Party]; p.Kind != "coupon" || p.Count != 1 || p.Amount != want {
				t.Errorf("%+v, want %d", p, want)
			}
		}
	})
}
