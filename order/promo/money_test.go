package promo_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"yinbo/internal/money"
	"yinbo/internal/tenant"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/ledger"
	"yinbo/order/ordertest"
	"yinbo/order/promo"
	"yinbo/order/settle"
)

// spent is what a batch's figures say was paid out of it.
func spent(s *ordertest.Stage, batchID string) money.Fen {
	s.T.Helper()
	d, err := s.Coupons.Batch(s.Ctx, s.Bank.ID, batchID)
	if err != nil {
		s.T.Fatal(err)
	}
	return d.Figures.Spent
}

// RULES 7: a refund gives back to each funder in proportion, and all of it in the
// end.
func TestARefundGivesBackToEachFunderInProportion(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		viewer := s.Viewer()
		skus := []string{s.SKUOf(0, catalog.Voucher, 6000, 9), s.SKUOf(1, catalog.Voucher, 4000, 9)}
		batches := []string{batch(s, instant, amount(2000)), batch(s, amount(600), funded(order.ByPlatform, "")),
			batch(s, amount(400), funded(order.ByMerchant, merchantOf(s, skus[0])))}
		var coupons []string
		for _, b := range batches {
			c, err := claim(s, viewer, promo.Wish{Batch: b})
			if err != nil {
				t.Fatal(err)
			}
			coupons = append(coupons, c.ID)
		}
		o := placed(s, viewer, coupons, skus...)
		if o.PayableFen != 7000 {
			t.Fatalf("%+v", o)
		}
		paid(s, viewer, o.ID, "card")
		for i, want := range []money.Fen{2000, 600, 400} {
			if spent(s, batches[i]) != want {
				t.Errorf("%d spent %d", i, spent(s, batches[i]))
			}
		}
		refund(s, viewer, o.ID, 1750) // a quarter of what was paid
		for i, want := range []money.Fen{1500, 450, 300} {
			if spent(s, batches[i]) != want || status(s, viewer, coupons[i]) != promo.Used {
				t.Errorf("after a quarter %d has spent %d, coupon %s", i, spent(s, batches[i]), status(s, viewer, coupons[i]))
			}
		}
		if account(s, "discount:bank") != -1500 || account(s, "discount:platform") != -450 || account(s, "gateway:%") != -5250 || account(s, "%") != 0 {
			t.Errorf("bank %d, platform %d", account(s, "discount:bank"), account(s, "discount:platform"))
		}
		for _, part := range []money.Fen{1, 333, 4916} {
			refund(s, viewer, o.ID, part)
		}
		if s.Status(o.ID) != order.Refunded {
			t.Errorf("order is %s", s.Status(o.ID))
		}
		off := s.Number("SELECT COUNT(*) FROM (SELECT account FROM ledger_posting GROUP BY account HAVING SUM(debit_fen) <> SUM(credit_fen)) x")
		if off != 0 {
			t.Errorf("%d accounts keep something", off)
		}
		for i, c := range coupons {
			if status(s, viewer, c) != promo.Granted || spent(s, batches[i]) != 0 {
				t.Errorf("coupon %d is %s, spent %d", i, status(s, viewer, c), spent(s, batches[i]))
			}
			conserved(s, batches[i])
		}
		placed(s, viewer, coupons, skus...) // they are of use again
	})
}

// noFile is a gateway that has published no statement.
type noFile struct{}

func (noFile) Statement(context.Context, string) (io.ReadCloser, error) {
	return nil, errors.New("not published")
}

// A day with discounts of all three funders and with refunds: the trial balance
// is equal, each statement is what the ledger owes its merchant, and its parts
// say who paid, to the fen.
func TestADayWithAllFundersAddsUp(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		book := ledger.New(s.DB)
		desk := settle.New(s.DB, book, s.Box, tenant.NewDirectory(s.DB, ""), noFile{})
		a, b := s.SKUOf(0, catalog.Voucher, 9990, 99), s.SKUOf(1, catalog.Voucher, 3333, 99)
		batches := []string{batch(s, amount(777), instant), batch(s, amount(555), funded(order.ByPlatform, merchantOf(s, b))),
			batch(s, amount(999), funded(order.ByMerchant, merchantOf(s, a)))}
		viewer := s.Viewer()
		buy := func(use []string, skus ...string) order.View {
			var coupons []string
			for _, batchID := range use {
				c, err := claim(s, viewer, promo.Wish{Batch: batchID})
				if err != nil {
					t.Fatal(err)
				}
				coupons = append(coupons, c.ID)
			}
			o := placed(s, viewer, coupons, skus...)
			paid(s, viewer, o.ID, "card")
			return o
		}
		buy(batches, a, b)
		buy(nil, a)
		buy(batches[2:], a)
		refund(s, viewer, buy(batches, a, b).ID, 4001)
		whole := buy(batches[:2], b)
		refund(s, viewer, whole.ID, 1)
		refund(s, viewer, whole.ID, whole.PayableFen-1)
		made, err := desk.Run(s.Ctx, s.Bank, s.Bank.BusinessDate(s.Clock.Now()), settle.System)
		if err != nil || len(made) != 2 {
			t.Fatalf("%+v %v", made, err)
		}
		var sales, refunds, discounts, commission money.Fen
		for _, m := range made {
			if owed := account(s, ledger.Merchant(m.Merchant.ID)); owed != m.Payable || m.Payable != m.Sales-m.Refunds-m.Commission+m.Discounts {
				t.Errorf("the ledger owes %d, the statement says %+v", owed, m)
			}
			full, err := desk.Get(s.Ctx, s.Bank.ID, m.ID)
			if err != nil {
				t.Fatal(err)
			}
			var net money.Fen
			for _, l := range full.Lines {
				net += l.Net
			}
			if net != m.Payable {
				t.Errorf("lines net %d of %d", net, m.Payable)
			}
			sales, refunds, discounts, commission = sales+m.Sales, refunds+m.Refunds, discounts+m.Discounts, commission+m.Commission
		}
		if sales-refunds != -account(s, "gateway:%") || discounts != -account(s, "discount:%") || commission != account(s, "commission") {
			t.Errorf("sales %d, refunds %d, discounts %d, commission %d; gateway %d, funders %d, income %d", sales, refunds, discounts, commission,
				account(s, "gateway:%"), account(s, "discount:%"), account(s, "commission"))
		}
		balance, err := book.TrialBalance(s.Ctx, s.DB, s.Bank.ID, "")
		if err != nil || balance.Debit != balance.Credit || balance.Debit == 0 {
			t.Errorf("%+v %v", balance, err)
		}
	})
}

// One order by hand: what stands on both merchants' statements.
func TestAStatementNamesWhatWasSoldAndWhoPaid(t *testing.T) {
	s := ordertest.OnSQLite(t)
	desk := settle.New(s.DB, ledger.New(s.DB), s.Box, tenant.NewDirectory(s.DB, ""), noFile{})
	a, b := s.SKUOf(0, catalog.Voucher, 10_000, 9), s.SKUOf(1, catalog.Voucher, 10_000, 9)
	viewer := s.Viewer()
	coupons := []string{coupon(s, viewer, amount(1000), funded(order.ByMerchant, merchantOf(s, a))),
		coupon(s, viewer, amount(500), funded(order.ByBank, merchantOf(s, b)))}
	paid(s, viewer, placed(s, viewer, coupons, a, b).ID, "card")
	made, err := desk.Run(s.Ctx, s.Bank, s.Bank.BusinessDate(s.Clock.Now()), settle.System)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, m := range made {
		got[m.Merchant.ID] = fmt.Sprint(m.Sales, m.Discounts, m.Commission, m.Payable)
	}
	// A: 100 less its own 10, 5 % of the whole 100. B: 95 and the bank's 5, 0.33 %.
	for merchant, want := range map[string]string{merchantOf(s, a): "9000 0 500 8500", merchantOf(s, b): "9500 500 33 9967"} {
		if got[merchant] != want {
			t.Errorf("sales, discounts, commission, payable are %s, want %s", got[merchant], want)
		}
	}
}
