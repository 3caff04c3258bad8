package ledger_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/idem"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
	"yinbo/order/ledger"
)

// act is one step of a random history: what a replay repeats.
type act struct {
	kind  int // 0 time passes, 1 closes, 2 rolls up, 3 refused, 4 proposes and decides, 5 rebuilds, else posts
	entry ledger.Entry
	yes   bool
}

func drawActs(t *rapid.T) []act {
	acts := make([]act, rapid.IntRange(1, 10).Draw(t, "steps"))
	for i := range acts {
		acts[i] = act{kind: rapid.IntRange(0, 9).Draw(t, "act"), entry: drawEntry(t, tenant.Bank{}), yes: rapid.Bool().Draw(t, "yes")}
	}
	return acts
}

// world is a bank's book while a history runs, and what it must hold: sums kept
// beside it in the simplest way.
type world struct {
	ctx    context.Context
	db     *db.DB
	book   *ledger.Book
	clk    *clock.Fake
	bank   tenant.Bank
	posted map[string]bool
	want   map[string][2]money.Fen
	last   string // the adjustment that was posted last
}

func (w *world) count(lines []ledger.Line) {
	for _, l := range lines {
		if sums := w.want[l.Account]; l.Debit != 0 || l.Credit != 0 {
			w.want[l.Account] = [2]money.Fen{sums[0] + l.Debit, sums[1] + l.Credit}
		}
	}
}

func (w *world) do(t *rapid.T, i int, a act) {
	switch a.kind {
	case 0:
		w.clk.Advance(9 * time.Hour)
	case 1:
		must(t, w.db.InTx(w.ctx, func(tx *db.Tx) error {
			_, err := w.book.Close(w.ctx, tx, w.bank.ID, w.bank.BusinessDate(tx.Now))
			return err
		}))
	case 2:
		_, err := w.book.RollUp(w.ctx, w.bank.ID)
		must(t, err)
	case 3:
		w.refuse(t, a)
	case 4:
		w.decide(t, i, a)
	case 5:
		_, err := w.book.Rebuild(w.ctx, w.bank.ID)
		must(t, err)
	default:
		a.entry.Bank = w.bank
		posted, err := post(w.ctx, w.db, a.entry)
		must(t, err)
		if posted == w.posted[a.entry.Ref] {
			t.Fatalf("%s: posted %v, before %v", a.entry.Ref, posted, w.posted[a.entry.Ref])
		}
		if posted {
			w.posted[a.entry.Ref] = true
			w.count(a.entry.Lines)
		}
	}
}

// refuse tries what must not be, and sees that nothing has changed.
func (w *world) refuse(t *rapid.T, a act) {
	before := w.sums(t, "")
	bad := a.entry
	bad.Bank, bad.Ref = w.bank, "refused"
	if a.yes {
		bad.Lines = append(slices.Clone(bad.Lines), ledger.Line{Account: ledger.Commission, Credit: 1})
	} else {
		bad.Lines = append(slices.Clone(bad.Lines), ledger.Line{Account: "elsewhere", Credit: 1}, ledger.Line{Account: ledger.Cash, Debit: 1})
	}
	if posted, err := post(w.ctx, w.db, bad); err == nil || posted {
		t.Fatalf("posted %v, %v", posted, err)
	}
	if after := w.sums(t, ""); !slices.Equal(before.Items, after.Items) {
		t.Fatalf("a refusal moved %v to %v", before, after)
	}
}

// decide proposes an adjustment, or the reversal of the last one, and has a
// second person decide; the book holds it only when that one agrees.
func (w *world) decide(t *rapid.T, i int, a act) {
	maker, checker := ledger.Person{ID: "stf_maker"}, ledger.Person{ID: "stf_checker", Checker: true}
	req := idem.Request{Bank: w.bank.ID, Person: maker.ID, Route: "POST", Key: fmt.Sprint(i)}
	lines := []ledger.Line{{Account: ledger.Suspense, Debit: money.Fen(i + 1)}, {Account: ledger.Cash, Credit: money.Fen(i + 1)}}
	var p ledger.Proposal
	var err error
	if w.last != "" {
		before := w.sums(t, "").Debit
		if p, _, err = w.book.ProposeReversal(w.ctx, req, w.bank, w.last, "x", maker); err == nil && a.yes {
			w.last, lines = "", nil
			for _, l := range p.Postings {
				lines = append(lines, ledger.Line(l))
			}
		}
		if now := w.sums(t, "").Debit; now != before {
			t.Fatalf("a proposal alone moved %d to %d", before, now)
		}
	} else {
		postings := []ledger.Posting{ledger.Posting(lines[0]), ledger.Posting(lines[1])}
		p, _, err = w.book.ProposeAdjustment(w.ctx, req, w.bank, postings, "x 13812345678", maker)
	}
	must(t, err)
	if strings.Contains(p.Reason, "1381") {
		t.Fatalf("kept with the number: %s", p.Reason)
	}
	if !a.yes {
		p, err := w.book.Reject(w.ctx, w.bank, p.ID, "no 13812345678", checker)
		must(t, err)
		if *p.RejectReason != "no ***" {
			t.Fatalf("kept with the number: %s", *p.RejectReason)
		}
		return
	}
	_, err = w.book.Approve(w.ctx, w.bank, p.ID, checker)
	must(t, err)
	w.count(lines)
	if p.Kind == "adjustment" {
		found, err := w.book.Entries(w.ctx, w.bank.ID, ledger.Filter{Ref: p.ID}, "", 1)
		must(t, err)
		w.last = found[0].ID
	}
}

// sums is the trial balance, which must be the sum of every single posting.
func (w *world) sums(t *rapid.T, date string) ledger.TrialBalance {
	rolled, err := w.book.TrialBalance(w.ctx, w.db, w.bank.ID, date)
	must(t, err)
	full, err := w.book.FullSum(w.ctx, w.db, w.bank.ID, date)
	must(t, err)
	if !slices.Equal(rolled.Items, full.Items) || rolled.Debit != full.Debit || rolled.Credit != full.Credit || full.Debit != full.Credit {
		t.Fatalf("through %q: by roll-ups %+v, by postings %+v", date, rolled, full)
	}
	return rolled
}

// Of any history: debits are credits; each account holds what the entries moved,
// whether it is read from roll-ups or postings, through any date; a refusal
// moves nothing; the same history again makes the same book.
func TestAnyHistoryMakesTheBookThatItsEntriesSay(t *testing.T) {
	onEach(t, func(t *testing.T, d *db.DB, clk *clock.Fake, _ tenant.Bank) {
		ctx, n := testkit.Context(t), 0
		rapid.Check(t, func(t *rapid.T) {
			acts, start := drawActs(t), clk.Now()
			var books [2]ledger.TrialBalance
			for i := range books {
				n++
				clk.Advance(start.Sub(clk.Now()))
				w := &world{ctx, d, ledger.New(d), clk, tenant.Bank{ID: fmt.Sprintf("bank_p%d", n), Zone: time.FixedZone("CST", 8*3600)}, map[string]bool{}, map[string][2]money.Fen{}, ""}
				for i, a := range acts {
					w.do(t, i, a)
				}
				books[i] = w.sums(t, "")
				for day := range 4 {
					w.sums(t, w.bank.BusinessDate(start.AddDate(0, 0, day)))
				}
				if len(books[i].Items) != len(w.want) {
					t.Fatalf("%d accounts, want %d", len(books[i].Items), len(w.want))
				}
				for _, s := range books[i].Items {
					if w.want[s.Account] != [2]money.Fen{s.Debit, s.Credit} {
						t.Fatalf("%+v, want %v", s, w.want[s.Account])
					}
				}
				if wrong, err := w.book.Compare(ctx, w.bank.ID); err != nil || len(wrong) > 0 {
					t.Fatalf("%+v, %v", wrong, err)
				}
			}
			if !slices.Equal(books[0].Items, books[1].Items) {
				t.Fatalf("first %+v, then %+v", books[0], books[1])
			}
		})
		testkit.Holds(t, d, ledger.Invariants()...)
	})
}

// Several at once make each roll-up once.
func TestRollUpsAreMadeOnce(t *testing.T) {
	onEach(t, func(t *testing.T, d *db.DB, clk *clock.Fake, bank tenant.Bank) {
		ctx, book := testkit.Context(t), ledger.New(d)
		for i := range 5 {
			if _, err := post(ctx, d, sale(bank, fmt.Sprint("pay_", i), 10)); err != nil {
				t.Fatal(err)
			}
			clk.Advance(24 * time.Hour)
		}
		err := d.InTx(ctx, func(tx *db.Tx) error {
			_, err := book.Close(ctx, tx, bank.ID, bank.BusinessDate(tx.Now))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		made := make(chan int, 4)
		for range cap(made) {
			go func() {
				n, err := book.RollUp(ctx, bank.ID)
				if err != nil {
					t.Error(err)
				}
				made <- n
			}()
		}
		total := 0
		for range cap(made) {
			total += <-made
		}
		if total != 5 {
			t.Errorf("%d roll-ups of 5 dates", total)
		}
		testkit.Holds(t, d, ledger.Invariants()...)
	})
}
