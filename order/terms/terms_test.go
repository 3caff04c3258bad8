package terms_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yinbo/internal/fault"
	"yinbo/internal/pii"
	"yinbo/internal/testkit"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/ordertest"
	"yinbo/order/terms"
)

const number = "6222020200001234"

var maker, checker = terms.Person{ID: "stf_maker"}, terms.Person{ID: "stf_checker", Checker: true}

// office is a bank's book of contracts on the stage.
type office struct {
	*ordertest.Stage
	book *terms.Book
}

func each(t *testing.T, fn func(t *testing.T, o office)) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) { fn(t, office{s, terms.New(s.DB, s.Keyring)}) })
}

func (o office) day(n int) string {
	return o.Bank.BusinessDate(o.Clock.Now().Add(time.Duration(n) * 24 * time.Hour))
}

func (o office) propose(w terms.Wish) (terms.Change, error) {
	w.Reason = "合同第 6222020200001234 号"
	c, _, err := o.book.Propose(o.Ctx, o.Request(maker.ID, "POST /merchants/changes"), o.Bank, w, maker)
	return c, err
}

func (o office) agreed(w terms.Wish) terms.Change {
	o.T.Helper()
	c, err := o.propose(w)
	if err == nil {
		c, err = o.book.Approve(o.Ctx, o.Bank, c.ID, checker)
	}
	if err != nil {
		o.T.Fatal(err)
	}
	return c
}

func (o office) want(err error, code string) {
	o.T.Helper()
	if fault.Code(err) != code {
		o.T.Errorf("%v, want %s", err, code)
	}
}

func (o office) asked(day int, bps int64, rates ...terms.Rate) *terms.Asked {
	return &terms.Asked{ValidFrom: o.day(day), CommissionBps: bps, Rates: rates, Cycle: terms.T1}
}

func (o office) opening(name string) terms.Wish {
	return terms.Wish{Kind: terms.Open, Name: name, Terms: o.asked(0, 300), Account: &terms.NewNumber{Holder: name, BankName: "某银行", Number: number}}
}

// A merchant is opened by two people, once; its account is masked, sealed, and
// opened only with a reason; what was refused is wiped.
func TestTwoPeopleOpenAMerchant(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		c, err := o.propose(o.opening("茶庄"))
		if err != nil || c.Status != "proposed" || c.Account.Last4 != "1234" || c.Stale {
			t.Fatalf("%+v, %v", c, err)
		}
		_, err = o.book.Merchant(o.Ctx, o.Bank, c.MerchantID)
		o.want(err, "not_found")
		_, err = o.book.Approve(o.Ctx, o.Bank, c.ID, terms.Person{ID: maker.ID, Checker: true})
		o.want(err, "merchant.same_person")
		_, err = o.book.Approve(o.Ctx, o.Bank, c.ID, terms.Person{ID: "stf_third"})
		o.want(err, "auth.forbidden")
		var wg sync.WaitGroup
		var did atomic.Int64
		for range 4 {
			wg.Go(func() {
				if _, err := o.book.Approve(o.Ctx, o.Bank, c.ID, checker); err == nil {
					did.Add(1)
				} else if fault.Code(err) != "conflict" {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		d, err := o.book.Merchant(o.Ctx, o.Bank, c.MerchantID)
		if err != nil || did.Load() != 1 || d.Terms == nil || d.Terms.CommissionBps != 300 || d.Account == nil || d.Account.Last4 != "1234" || len(d.History) != 1 || len(d.Changes) != 1 {
			t.Fatalf("%d times, %+v, %v", did.Load(), d, err)
		}
		if sealed := o.Text("SELECT number_sealed FROM merchant_account WHERE id = ?", d.Account.ID); strings.Contains(sealed, "0200001234") {
			t.Error("the number is in clear")
		}
		if n, err := o.book.Reveal(o.Ctx, o.Bank.ID, d.Account.ID, "核对 6222020200001234", checker); err != nil || n.Number != number {
			t.Errorf("%+v, %v", n, err)
		}
		if n := o.Number("SELECT COUNT(*) FROM audit WHERE action = 'merchant.account_revealed' AND object_id = ?", d.Account.ID); n != 1 {
			t.Errorf("%d entries of the look", n)
		}
		if n := o.Number("SELECT COUNT(*) FROM audit WHERE detail LIKE '%0200001234%'"); n != 0 {
			t.Error("the number is in the audit log")
		}
		_, err = o.propose(o.opening("茶庄"))
		o.want(err, "merchant.exists")
		back, err := o.propose(o.opening("酒坊"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = o.book.Withdraw(o.Ctx, o.Bank, back.ID, checker)
		o.want(err, "proposal.not_yours")
		back, err = o.book.Withdraw(o.Ctx, o.Bank, back.ID, maker)
		if err != nil || back.Status != "withdrawn" || back.WithdrawnAt == nil || o.Text("SELECT number_sealed FROM merchant_account WHERE id = ?", back.Account.ID) != pii.Erased {
			t.Errorf("%+v, %v", back, err)
		}
		_, err = o.book.Approve(o.Ctx, o.Bank, back.ID, checker)
		o.want(err, "conflict")
		refused, err := o.propose(o.opening("蜂场"))
		if err == nil {
			refused, err = o.book.Reject(o.Ctx, o.Bank, refused.ID, "资料不全", checker)
		}
		if err != nil || refused.Account.Status != "refused" || o.Text("SELECT number_sealed FROM merchant_account WHERE id = ?", refused.Account.ID) != pii.Erased {
			t.Errorf("%+v, %v", refused, err)
		}
		_, err = o.book.Reveal(o.Ctx, o.Bank.ID, refused.Account.ID, "x", checker)
		o.want(err, "merchant.number_wiped")
		_, err = o.book.Reveal(o.Ctx, "bank_other", d.Account.ID, "x", checker)
		o.want(err, "not_found")
		o.breaks()
	})
}

func (o office) breaks() {
	testkit.Breaks(o.T, o.DB, terms.Invariants(), []testkit.Break{
		testkit.Wrong("decided by who proposed", "merchant.decided", "UPDATE merchant_change SET decided_by = proposed_by WHERE status = 'approved'"),
		testkit.Wrong("terms that nobody agreed to", "merchant.decided merchant.terms", "UPDATE merchant_change SET status = 'rejected' WHERE status = 'approved' AND kind = 'open'"),
		testkit.Wrong("terms lost", "merchant.decided merchant.terms", "DELETE FROM merchant_terms"),
		testkit.Wrong("valid before it was agreed on", "merchant.terms", "UPDATE merchant_terms SET valid_from = '2001-01-01'"),
		testkit.Wrong("paid to no account", "merchant.account", "UPDATE merchant_account SET status = 'former', current_key = NULL WHERE status = 'current'"),
		testkit.Wrong("a refused number kept", "merchant.account", "UPDATE merchant_account SET number_sealed = 'x' WHERE status = 'refused'"),
	})
}

// What was proposed on terms that others have changed since is refused.
func TestAStaleChangeIsRefused(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		m := o.agreed(o.opening("茶庄")).MerchantID
		first, err := o.propose(terms.Wish{Kind: terms.NewTerms, MerchantID: m, Terms: o.asked(1, 400)})
		if err != nil {
			t.Fatal(err)
		}
		second := o.agreed(terms.Wish{Kind: terms.NewTerms, MerchantID: m, Terms: o.asked(2, 500)})
		_, err = o.book.Approve(o.Ctx, o.Bank, first.ID, checker)
		o.want(err, "merchant.stale")
		if list, err := o.book.Changes(o.Ctx, o.Bank.ID, m, "proposed", "", 10); err != nil || len(list) != 1 || !list[0].Stale {
			t.Errorf("%+v, %v", list, err)
		}
		if _, err = o.book.Reject(o.Ctx, o.Bank, first.ID, "过期", checker); err != nil {
			t.Error(err)
		}
		_, err = o.book.Approve(o.Ctx, o.Bank, second.ID, checker)
		o.want(err, "conflict")
		late, err := o.propose(terms.Wish{Kind: terms.NewTerms, MerchantID: m, Terms: o.asked(0, 600)})
		if err != nil {
			t.Fatal(err)
		}
		o.Clock.Advance(24 * time.Hour)
		_, err = o.book.Approve(o.Ctx, o.Bank, late.ID, checker)
		o.want(err, "merchant.stale")
		d, err := o.book.Merchant(o.Ctx, o.Bank, m)
		if err != nil || len(d.History) != 2 || d.Terms.CommissionBps != 300 || d.History[1].ValidTo == nil || *d.History[1].ValidTo != o.day(0) {
			t.Errorf("%+v, %v", d, err)
		}
		name := "x"
		bps := int64(1)
		_, err = o.Catalog.EditMerchant(o.Ctx, o.Bank.ID, catalog.Actor{Kind: "staff", ID: maker.ID}, m, catalog.MerchantChange{CommissionBps: &bps})
		o.want(err, "merchant.by_terms")
		if _, err = o.Catalog.EditMerchant(o.Ctx, o.Bank.ID, catalog.Actor{Kind: "staff", ID: maker.ID}, m, catalog.MerchantChange{Name: &name}); err != nil {
			t.Error(err)
		}
		testkit.Holds(t, o.DB, terms.Invariants()...)
	})
}

// An order is sold under the rate of its category on that day, and keeps it.
func TestAnOrderKeepsTheCommissionOfItsDay(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		sku := o.SKU(catalog.Voucher, 1000, 50)
		m := o.Text("SELECT merchant_id FROM product p JOIN sku s ON s.product_id = p.id WHERE s.id = ?", sku)
		rice := o.Text("SELECT id FROM category WHERE name = 'rice'")
		viewer := o.Viewer()
		rate := func() (string, int64) {
			t.Helper()
			v, err := o.Place(viewer, order.Wanted{SKU: sku, Quantity: 1})
			if err != nil {
				t.Fatal(err)
			}
			return v.ID, o.Number("SELECT commission_bps FROM order_line WHERE order_id = ?", v.ID)
		}
		first, bps := rate()
		if bps != 500 {
			t.Errorf("%d without terms", bps)
		}
		o.agreed(terms.Wish{Kind: terms.NewTerms, MerchantID: m, Terms: o.asked(1, 700, terms.Rate{CategoryID: rice, Bps: 900})})
		if _, bps = rate(); bps != 500 {
			t.Errorf("%d before the terms hold", bps)
		}
		o.Clock.Advance(24 * time.Hour)
		if _, bps = rate(); bps != 900 {
			t.Errorf("%d by the category's rate", bps)
		}
		o.agreed(terms.Wish{Kind: terms.NewTerms, MerchantID: m, Terms: o.asked(0, 700)})
		if _, bps = rate(); bps != 700 {
			t.Errorf("%d without a rate", bps)
		}
		parent, err := o.Catalog.CreateCategory(o.Ctx, o.Bank.ID, catalog.Actor{Kind: "staff", ID: maker.ID}, "food", 0, "")
		if err == nil {
			_, err = o.Catalog.EditCategory(o.Ctx, o.Bank.ID, catalog.Actor{Kind: "staff", ID: maker.ID}, rice, catalog.CategoryChange{Parent: &parent.ID})
		}
		if err != nil {
			t.Fatal(err)
		}
		o.agreed(terms.Wish{Kind: terms.NewTerms, MerchantID: m, Terms: o.asked(0, 700, terms.Rate{CategoryID: parent.ID, Bps: 800})})
		if _, bps = rate(); bps != 800 {
			t.Errorf("%d by the rate of the category above", bps)
		}
		if n := o.Number("SELECT commission_bps FROM order_line WHERE order_id = ?", first); n != 500 {
			t.Errorf("an old order now has %d", n)
		}
	})
}

func TestWishesThatDoNotFitNameTheField(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		m := o.agreed(o.opening("茶庄")).MerchantID
		for _, c := range []struct {
			field string
			wish  terms.Wish
		}{
			{"name", terms.Wish{Kind: terms.Open, Terms: o.asked(0, 1), Account: o.opening("x").Account}},
			{"merchant_id", terms.Wish{Kind: terms.NewTerms, Terms: o.asked(0, 1)}},
			{"account", terms.Wish{Kind: terms.NewAccount, MerchantID: m}},
			{"terms", terms.Wish{Kind: terms.NewAccount, MerchantID: m, Terms: o.asked(0, 1), Account: o.opening("x").Account}},
			{"terms.valid_from", terms.Wish{Kind: terms.NewTerms, MerchantID: m, Terms: o.asked(-1, 1)}},
			{"terms.reserve_days", terms.Wish{Kind: terms.NewTerms, MerchantID: m, Terms: &terms.Asked{ValidFrom: o.day(0), Cycle: terms.T1, ReserveBps: 1}}},
			{"terms.rates[0].category_id", terms.Wish{Kind: terms.NewTerms, MerchantID: m, Terms: o.asked(0, 1, terms.Rate{CategoryID: "cat_x", Bps: 1})}},
			{"terms.rates[1].category_id", terms.Wish{Kind: terms.NewTerms, MerchantID: m, Terms: o.asked(0, 1, terms.Rate{CategoryID: "a"}, terms.Rate{CategoryID: "a"})}},
			{"account.number", terms.Wish{Kind: terms.NewAccount, MerchantID: m, Account: &terms.NewNumber{Holder: "x", BankName: "x", Number: "12"}}},
		} {
			_, err := o.propose(c.wish)
			if f := fault.From(err).Fields; len(f) != 1 || f[0].Name != c.field {
				t.Errorf("%v names %+v, want %s", err, f, c.field)
			}
		}
		_, err := o.propose(terms.Wish{Kind: terms.NewTerms, MerchantID: "mch_x", Terms: o.asked(0, 1)})
		o.want(err, "not_found")
	})
}

func TestDueDates(t *testing.T) {
	for _, c := range []struct{ cycle, date, due string }{
		{terms.T1, "2025-12-31", "2026-01-01"}, {terms.T7, "2025-02-25", "2025-03-04"},
		{terms.Monthly, "2025-12-01", "2026-01-01"}, {terms.Monthly, "2025-01-31", "2025-02-01"},
	} {
		got, err := (terms.Terms{Asked: terms.Asked{Cycle: c.cycle}}).Due(c.date)
		if err != nil || got != c.due {
			t.Errorf("%s of %s: %s, %v; want %s", c.cycle, c.date, got, err, c.due)
		}
	}
}
