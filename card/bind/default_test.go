package bind_test

import (
	"sync"
	"testing"

	"yinbo/card"
	"yinbo/card/bind"
	"yinbo/card/cardtest"
	"yinbo/internal/fault"
	"yinbo/internal/gateway"
	"yinbo/internal/testkit"
)

// theDefault is a viewer's default card, and how many they have.
func theDefault(t *testing.T, d *cardtest.Department, viewer string) (id string, n int) {
	t.Helper()
	cards, err := d.Bindings.Cards(testkit.Context(t), d.Bank.ID, viewer)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cards {
		if c.Default {
			if id != "" {
				t.Fatalf("two defaults: %+v", cards)
			}
			id = c.ID
		}
	}
	return id, len(cards)
}

func TestTheFirstCardIsTheDefaultUntilAnotherIsChosenOrItGoes(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		viewer, other := d.Viewer(cardtest.Phone(1)), d.Viewer(cardtest.Phone(2))
		first := bindCard(t, d, viewer)
		d.Far.Card = gateway.Card{Token: d.Far.Card.Token, BIN: "621700", Last4: "0001", BankName: "另一银行", Kind: "debit"}
		second := bindCard(t, d, viewer)
		d.Far.Card.BIN = "999999"
		third := bindCard(t, d, viewer)
		if !first.Default || second.Default || third.Default || first.Art != "dawn" || second.Art != "harbour" || third.Art != "debit" || second.BankName != "另一银行" {
			t.Fatalf("%+v %+v %+v", first, second, third)
		}
		if _, err := d.Bindings.SetDefault(ctx, d.Bank.ID, other, second.ID, card.Actor{}); fault.Code(err) != "not_found" {
			t.Errorf("another's card: %v", err)
		}
		if c, err := d.Bindings.SetDefault(ctx, d.Bank.ID, viewer, second.ID, card.Actor{}); err != nil || !c.Default {
			t.Fatalf("%+v %v", c, err)
		}
		unbind := func(c bind.Card) {
			t.Helper()
			if err := d.Bindings.Unbind(ctx, d.Bank.ID, viewer, c.ID, card.Actor{}); err != nil {
				t.Fatal(err)
			}
		}
		unbind(first)
		if id, n := theDefault(t, d, viewer); id != second.ID || n != 2 {
			t.Errorf("after another went: %s of %d", id, n)
		}
		unbind(second)
		if id, n := theDefault(t, d, viewer); id != third.ID || n != 1 {
			t.Errorf("after it went: %s of %d", id, n)
		}
		if _, err := d.Bindings.SetDefault(ctx, d.Bank.ID, viewer, second.ID, card.Actor{}); fault.Code(err) != "not_found" {
			t.Errorf("a card that went: %v", err)
		}
		unbind(third)
		testkit.Holds(t, d.DB, bind.Invariants()...)
		if c := bindCard(t, d, viewer); !c.Default {
			t.Error("the first card anew is no default")
		}
	})
}

func TestOneDefaultWhateverHappensAtOnce(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		for range 5 {
			viewer := d.Viewer(cardtest.Phone(1))
			d.Clock.Advance(24 * 60 * 60 * 1e9) // the limits of a card's checks are of a day
			var cards []bind.Card
			for range 4 {
				cards = append(cards, bindCard(t, d, viewer))
			}
			fresh, _, err := d.Bindings.Start(ctx, d.Bank, viewer, factors(), d.Request(viewer))
			if err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			fine := func(err error) {
				if err != nil && fault.Code(err) != "not_found" {
					t.Error(err)
				}
			}
			for i, c := range cards {
				wg.Go(func() {
					_, err := d.Bindings.SetDefault(ctx, d.Bank.ID, viewer, c.ID, card.Actor{})
					fine(err)
				})
				if i < 4 {
					wg.Go(func() { fine(d.Bindings.Unbind(ctx, d.Bank.ID, viewer, c.ID, card.Actor{})) })
				}
			}
			wg.Go(func() {
				_, err := d.Bindings.Confirm(ctx, d.Bank, viewer, fresh.ID, right, card.Actor{})
				fine(err)
			})
			wg.Wait()
			if id, n := theDefault(t, d, viewer); n != 1 || id != fresh.ID {
				t.Errorf("default %s of %d, want %s", id, n, fresh.ID)
			}
			testkit.Holds(t, d.DB, bind.Invariants()...)
		}
	})
}

// A time-out is unknown, never a mismatch: it does not lock a person out.
func TestTimeoutsAreNoMismatches(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		viewer := d.Viewer(cardtest.Phone(1))
		d.Far.OnVerify = func(string) error { return gateway.ErrUnknown }
		for range 4 {
			_, _, err := d.Bindings.Start(testkit.Context(t), d.Bank, viewer, factors(), d.Request(viewer))
			if f := fault.From(err); f.Code != "binding.unknown" || f.RetryAfter <= 0 {
				t.Fatalf("%v", err)
			}
		}
		d.Far.OnVerify = nil
		bindCard(t, d, viewer)
	})
}

// The bank locks a card at ten calls of a day: nine are made, however many ask at
// once, and whoever asks.
func TestNineChecksOfACardAreMadeThoughManyAskAtOnce(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		var wg sync.WaitGroup
		for i := range 30 {
			viewer := d.Viewer(cardtest.Phone(i))
			wg.Go(func() {
				for { // those that wait for others' results ask again
					_, _, err := d.Bindings.Start(ctx, d.Bank, viewer, factors(), d.Request(viewer))
					if err != nil && fault.Code(err) != "binding.locked" {
						t.Error(err)
					}
					if err == nil || d.Far.Verified() >= 9 {
						return
					}
				}
			})
		}
		wg.Wait()
		if n := d.Far.Verified(); n != 9 {
			t.Errorf("%d checks were made", n)
		}
	})
}
