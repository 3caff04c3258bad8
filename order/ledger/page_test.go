package ledger_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
	"yinbo/order/ledger"
)

func byAccount(s []ledger.EventSums) []ledger.EventSums {
	slices.SortFunc(s, func(a, b ledger.EventSums) int { return strings.Compare(a.Event+a.Account, b.Event+b.Account) })
	return s
}

// An open date's sums are those of its postings at any moment, whoever turns
// pages meanwhile, and stay so when it is closed.
func TestPagesAddUpToTheDay(t *testing.T) {
	onEach(t, func(t *testing.T, d *db.DB, _ *clock.Fake, bank tenant.Bank) {
		ctx, book, today := testkit.Context(t), ledger.New(d), bank.BusinessDate(noon)
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				for i := range 12 {
					if _, err := post(ctx, d, sale(bank, fmt.Sprintf("pay_%d_%d", w, i), 100)); err != nil {
						t.Error(err)
					}
					if w == 0 || i%5 == 0 {
						if err := book.TurnPage(ctx, bank.ID); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		wg.Wait()
		whole := func(when string, first int64) {
			t.Helper()
			sums, err := ledger.DayEvents(ctx, d, bank.ID, today)
			if err != nil || len(sums) != 2 {
				t.Fatalf("%s: %v, %v", when, sums, err)
			}
			sums = byAccount(sums)
			if g, m := sums[0], sums[1]; g.First != first || int64(g.Debit) != first*100 || g.Debit != m.Credit || m.First != 0 {
				t.Errorf("%s: %+v", when, sums)
			}
		}
		whole("pages turned while people pay", 48)
		for range 2 { // again, nothing is new
			if err := book.TurnPage(ctx, bank.ID); err != nil {
				t.Fatal(err)
			}
			whole("all pages turned", 48)
		}
		if _, err := post(ctx, d, sale(bank, "pay_last", 100)); err != nil {
			t.Fatal(err)
		}
		whole("one came after", 49)
		testkit.Holds(t, d, ledger.Invariants()...)
		err := d.InTx(ctx, func(tx *db.Tx) error { _, err := book.Close(ctx, tx, bank.ID, today); return err })
		if err == nil {
			_, err = book.RollUp(ctx, bank.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
		whole("closed", 49)
		if err := book.TurnPage(ctx, bank.ID); err != nil {
			t.Fatal(err)
		}
		testkit.Holds(t, d, ledger.Invariants()...)
	})
}
