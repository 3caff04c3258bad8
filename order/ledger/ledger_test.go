package ledger_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
	"yinbo/order/ledger"
)

var noon = time.Date(2025, 6, 10, 4, 0, 0, 0, time.UTC) // 12:00 in Shanghai

// onEach runs fn on both engines, with a clock that the test moves.
func onEach(t *testing.T, fn func(t *testing.T, d *db.DB, clk *clock.Fake, bank tenant.Bank)) {
	run := func(open func(testing.TB, clock.Clock) *db.DB) func(*testing.T) {
		return func(t *testing.T) {
			clk := clock.NewFake(noon)
			d := open(t, clk)
			fn(t, d, clk, testkit.Bank(t, d, testkit.Keyring(t, d), "demo"))
		}
	}
	t.Run("sqlite", run(testkit.SQLite))
	t.Run("mariadb", run(testkit.MariaDB))
}

func post(ctx context.Context, d *db.DB, e ledger.Entry) (posted bool, err error) {
	err = d.InTx(ctx, func(tx *db.Tx) error {
		posted, err = ledger.New(d).Post(ctx, tx, e)
		return err
	})
	return posted, err
}

func sale(bank tenant.Bank, ref string, amount money.Fen) ledger.Entry {
	return ledger.Entry{Bank: bank, Event: ledger.OrderPaid, Ref: ref, Lines: []ledger.Line{
		{Account: ledger.Gateway, Debit: amount},
		{Account: ledger.Merchant("mch_1"), Credit: amount},
		{Account: ledger.Commission}, // nothing: dropped
	}}
}

func TestAnEntryThatDoesNotBalanceIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, d *db.DB, _ *clock.Fake, bank tenant.Bank) {
		ctx := testkit.Context(t)
		for name, lines := range map[string][]ledger.Line{
			"unequal":    {{Account: "a", Debit: 2}, {Account: "b", Credit: 1}},
			"nothing":    {{Account: "a"}, {Account: "b"}},
			"both sides": {{Account: "a", Debit: 1, Credit: 1}},
			"negative":   {{Account: "a", Debit: -1}, {Account: "b", Credit: -1}},
			"nameless":   {{Debit: 1}, {Account: "b", Credit: 1}},
			"too large":  {{Account: "a", Debit: money.Limit + 1}, {Account: "b", Credit: money.Limit + 1}},
		} {
			if posted, err := post(ctx, d, ledger.Entry{Bank: bank, Event: "e", Ref: name, Lines: lines}); err == nil || posted {
				t.Errorf("%s: posted %v, %v", name, posted, err)
			}
		}
		if b, err := ledger.New(d).TrialBalance(ctx, d, bank.ID, ""); err != nil || len(b.Items) != 0 {
			t.Errorf("the book holds %v, %v", b, err)
		}
	})
}

func TestAnEventPostsExactlyOnce(t *testing.T) {
	onEach(t, func(t *testing.T, d *db.DB, _ *clock.Fake, bank tenant.Bank) {
		ctx := testkit.Context(t)
		var mu sync.Mutex
		var wg sync.WaitGroup
		count := 0
		for range 12 {
			wg.Go(func() {
				posted, err := post(ctx, d, sale(bank, "pay_1", 500))
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				if posted {
					count++
				}
			})
		}
		wg.Wait()
		b, err := ledger.New(d).TrialBalance(ctx, d, bank.ID, "2025-06-10")
		if err != nil || count != 1 || b.Debit != 500 || b.Credit != 500 || len(b.Items) != 2 {
			t.Fatalf("posted %d times: %+v, %v", count, b, err)
		}
	})
}

// Any sequence of posts, repeats, days and closings leaves debits = credits on
// every day, and no entry on a day after it was closed.
func TestDebitsEqualCreditsAlways(t *testing.T) {
	onEach(t, func(t *testing.T, d *db.DB, clk *clock.Fake, _ tenant.Bank) {
		ctx, book, n := testkit.Context(t), ledger.New(d), 0
		rapid.Check(t, func(t *rapid.T) {
			n++
			zone := time.FixedZone("CST", 8*3600)
			bank := tenant.Bank{ID: fmt.Sprintf("bank_%d", n), Zone: zone}
			frozen := map[string]money.Fen{} // what each closed day held when it closed
			for range rapid.IntRange(1, 8).Draw(t, "steps") {
				switch rapid.IntRange(0, 5).Draw(t, "act") {
				case 0:
					clk.Advance(9 * time.Hour)
				case 1:
					date := bank.BusinessDate(clk.Now())
					must(t, d.InTx(ctx, func(tx *db.Tx) error {
						_, err := book.Close(ctx, tx, bank.ID, date)
						return err
					}))
					frozen[date] = balance(ctx, t, book, d, bank.ID, date)
				default:
					_, err := post(ctx, d, drawEntry(t, bank))
					must(t, err)
				}
			}
			balance(ctx, t, book, d, bank.ID, "")
			for date, held := range frozen {
				if now := balance(ctx, t, book, d, bank.ID, date); now != held {
					t.Fatalf("%s was closed with %d and holds %d", date, held, now)
				}
			}
		})
	})
}

func drawEntry(t *rapid.T, bank tenant.Bank) ledger.Entry {
	e := ledger.Entry{Bank: bank, Event: "test", Ref: fmt.Sprint(rapid.IntRange(1, 6).Draw(t, "ref"))}
	var total money.Fen
	for i, a := range rapid.SliceOfN(rapid.Int64Range(0, 1_000_000), 1, 4).Draw(t, "credits") {
		total += money.Fen(a)
		e.Lines = append(e.Lines, ledger.Line{Account: ledger.Merchant(fmt.Sprint(i)), Credit: money.Fen(a)})
	}
	e.Lines = append(e.Lines, ledger.Line{Account: ledger.Suspense, Credit: 1}, ledger.Line{Account: ledger.Gateway, Debit: total + 1})
	return e
}

func balance(ctx context.Context, t *rapid.T, book *ledger.Book, d *db.DB, bankID, date string) money.Fen {
	b, err := book.TrialBalance(ctx, d, bankID, date)
	must(t, err)
	if b.Debit != b.Credit {
		t.Fatalf("through %q: debits %d, credits %d", date, b.Debit, b.Credit)
	}
	return b.Debit
}

func must(t *rapid.T, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatComesAfterClosingGoesToTheNextOpenDate(t *testing.T) {
	onEach(t, func(t *testing.T, d *db.DB, _ *clock.Fake, bank tenant.Bank) {
		ctx, book := testkit.Context(t), ledger.New(d)
		if _, err := post(ctx, d, sale(bank, "pay_1", 100)); err != nil {
			t.Fatal(err)
		}
		for i, want := range []bool{true, false} { // today may be closed; again: no change
			var closed bool
			err := d.InTx(ctx, func(tx *db.Tx) (err error) {
				closed, err = book.Close(ctx, tx, bank.ID, "2025-06-10")
				return err
			})
			if err != nil || closed != want {
				t.Fatalf("closing %d: %v, %v", i, closed, err)
			}
		}
		if _, err := post(ctx, d, sale(bank, "pay_2", 10)); err != nil {
			t.Fatal(err)
		}
		for date, want := range map[string]money.Fen{"2025-06-09": 0, "2025-06-10": 100, "2025-06-11": 110, "": 110} {
			if b, err := book.TrialBalance(ctx, d, bank.ID, date); err != nil || b.Debit != want || b.Credit != want {
				t.Errorf("through %q: %+v, %v; want %d", date, b, err, want)
			}
		}
	})
}

// Closing and posting at once: what the closer saw is what the day keeps.
func TestClosingAndPostingDoNotCross(t *testing.T) {
	onEach(t, func(t *testing.T, d *db.DB, _ *clock.Fake, bank tenant.Bank) {
		ctx, book := testkit.Context(t), ledger.New(d)
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				if _, err := post(ctx, d, sale(bank, fmt.Sprint("pay_", i), 1)); err != nil {
					t.Error(err)
				}
			})
		}
		var seen ledger.TrialBalance
		wg.Go(func() {
			err := d.InTx(ctx, func(tx *db.Tx) (err error) {
				if _, err = book.Close(ctx, tx, bank.ID, "2025-06-10"); err != nil {
					return err
				}
				seen, err = book.TrialBalance(ctx, tx, bank.ID, "2025-06-10")
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		kept, err := book.TrialBalance(ctx, d, bank.ID, "2025-06-10")
		if err != nil || kept.Debit != seen.Debit {
			t.Errorf("the closer saw %d, the day keeps %d: %v", seen.Debit, kept.Debit, err)
		}
		all, err := book.TrialBalance(ctx, d, bank.ID, "")
		if err != nil || all.Debit != 40 {
			t.Errorf("the book holds %d of 40: %v", all.Debit, err)
		}
	})
}

// An account's entries come page by page, newest first, each once, also one that
// posts to the account twice.
// An object's id alone finds its entry, whatever event it was that posted.
func TestAnEntryOfAnyEventIsFoundByItsObject(t *testing.T) {
	onEach(t, func(t *testing.T, d *db.DB, _ *clock.Fake, bank tenant.Bank) {
		ctx, book := testkit.Context(t), ledger.New(d)
		for i, event := range []string{ledger.OrderPaid, ledger.ExceptionHeld, ledger.PayoutSent, ledger.PayoutPaid, ledger.PayoutFailed, ledger.PayoutReturned} {
			e := sale(bank, fmt.Sprint("obj_", i), 10)
			e.Event = event
			if _, err := post(ctx, d, e); err != nil {
				t.Fatal(err)
			}
			if page, err := book.Entries(ctx, bank.ID, ledger.Filter{Ref: e.Ref}, "", 9); err != nil || len(page) != 1 {
				t.Errorf("%s: %d entries, %v; want 1", event, len(page), err)
			}
		}
	})
}

func TestAnAccountsEntriesComeOnceEach(t *testing.T) {
	onEach(t, func(t *testing.T, d *db.DB, clk *clock.Fake, bank tenant.Bank) {
		ctx, book := testkit.Context(t), ledger.New(d)
		for i := range 5 {
			e := sale(bank, fmt.Sprint("pay_", i), 10)
			if i == 2 {
				e.Lines = append(e.Lines, ledger.Line{Account: ledger.Gateway, Debit: 1}, ledger.Line{Account: ledger.Suspense, Credit: 1})
			}
			if _, err := post(ctx, d, e); err != nil {
				t.Fatal(err)
			}
			clk.Advance(12 * time.Hour)
		}
		var refs []string
		after := ""
		for {
			page, err := book.Entries(ctx, bank.ID, ledger.Filter{Account: ledger.Gateway}, after, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page {
				refs, after = append(refs, e.Ref), e.ID
			}
			if len(page) < 2 {
				break
			}
		}
		if got := fmt.Sprint(refs); got != "[pay_4 pay_3 pay_2 pay_1 pay_0]" {
			t.Errorf("%s", got)
		}
		for f, want := range map[ledger.Filter]int{{Ref: "pay_2"}: 1, {Account: ledger.Suspense}: 1, {Account: ledger.Gateway, Date: "2025-06-11"}: 2, {Account: ledger.Gateway, Ref: "pay_9"}: 0} {
			if page, err := book.Entries(ctx, bank.ID, f, "", 9); err != nil || len(page) != want {
				t.Errorf("%+v: %d entries, %v; want %d", f, len(page), err, want)
			}
		}
	})
}
