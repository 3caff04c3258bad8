package bind_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"yinbo/card"
	"yinbo/card/bind"
	"yinbo/card/cardtest"
	"yinbo/card/review"
	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/gateway"
	"yinbo/internal/pii"
	"yinbo/internal/testkit"
)

const pan = "6225990000000008"

var right = pii.Clear("123456")

func factors() bind.Factors {
	return bind.Factors{PAN: pii.Clear(pan), Name: pii.Clear("欧阳小明"), IDNo: pii.Clear(cardtest.IDNo(1)), Phone: pii.Clear(cardtest.Phone(1))}
}

// bindCard goes the whole way.
func bindCard(t *testing.T, d *cardtest.Department, viewer string) bind.Card {
	t.Helper()
	ctx := testkit.Context(t)
	s, _, err := d.Bindings.Start(ctx, d.Bank, viewer, factors(), d.Request(viewer))
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.Bindings.Confirm(ctx, d.Bank, viewer, s.ID, right, card.Actor{Kind: "viewer", ID: viewer})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestBindingGoesFromFactorsToToken(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		viewer := d.Viewer(cardtest.Phone(1))
		req := d.Request(viewer)
		first, _, err := d.Bindings.Start(ctx, d.Bank, viewer, factors(), req)
		if err != nil || first.Status != "otp_sent" {
			t.Fatalf("%+v: %v", first, err)
		}
		again, replayed, err := d.Bindings.Start(ctx, d.Bank, viewer, factors(), req)
		if err != nil || !replayed || again != first || d.Far.Verified() != 1 {
			t.Fatalf("the same key: %+v, replayed %t, %d calls: %v", again, replayed, d.Far.Verified(), err)
		}
		by := card.Actor{Kind: "viewer", ID: viewer}
		if _, err := d.Bindings.Confirm(ctx, d.Bank, viewer, first.ID, pii.Clear("000000"), by); fault.Code(err) != "otp.wrong" || fault.From(err).Fields[0].Name != "code" {
			t.Fatalf("a wrong code: %v", err)
		}
		if _, err := d.Bindings.Confirm(ctx, d.Bank, d.Viewer("13900000000"), first.ID, right, by); fault.Code(err) != "not_found" {
			t.Fatalf("another viewer: %v", err)
		}
		for range 2 {
			c, err := d.Bindings.Confirm(ctx, d.Bank, viewer, first.ID, right, by)
			if err != nil || c.ID != first.ID || c.Last4 != "4242" || c.Kind != "credit" || c.BankName != "演示银行" {
				t.Fatalf("%+v: %v", c, err)
			}
		}
		d.Work(t)
		if got := d.Milestones(); len(got) != 1 || got[0] != "card.bound "+viewer+" 622599" {
			t.Errorf("milestones %q", got)
		}
		if bin, own, err := d.Bindings.Issuer(ctx, d.Bank.ID, viewer, first.ID); err != nil || bin != "622599" || !own {
			t.Errorf("issuer %q, own %v: %v", bin, own, err)
		}
		if _, _, err := d.Bindings.Issuer(ctx, d.Bank.ID, d.Viewer("13900000001"), first.ID); fault.Code(err) != "not_found" {
			t.Errorf("another's card: %v", err)
		}
		token, err := d.Bindings.Token(ctx, d.Bank.ID, viewer, first.ID)
		if err != nil || token.Reveal() != "tok_secret_0123456789" {
			t.Fatalf("token: %v", err)
		}
		takes := func(bank, viewer string) bool {
			ok, err := d.Bindings.TakesInstalments(ctx, bank, viewer, first.ID)
			if err != nil {
				t.Fatal(err)
			}
			return ok
		}
		if !takes(d.Bank.ID, viewer) || takes(d.Bank.ID, d.Viewer("13900000001")) || takes("bank_other", viewer) {
			t.Error("instalments are for its holder's credit card, and for nobody else's")
		}
		if err := d.Bindings.Unbind(ctx, d.Bank.ID, viewer, first.ID, by); err != nil {
			t.Fatal(err)
		}
		if err := d.Bindings.Unbind(ctx, d.Bank.ID, viewer, first.ID, by); fault.Code(err) != "not_found" {
			t.Fatalf("unbound twice: %v", err)
		}
		if takes(d.Bank.ID, viewer) {
			t.Error("a card that was unbound takes instalments")
		}
		cards, err := d.Bindings.Cards(ctx, d.Bank.ID, viewer)
		if err != nil || len(cards) != 0 {
			t.Fatalf("%+v: %v", cards, err)
		}
		if n, err := audit.Verify(ctx, d.DB, d.Bank.ID); err != nil || n != 2 {
			t.Errorf("%d entries: %v", n, err)
		}
	})
}

func TestPANAndTokenAreNowhereInClear(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		bindCard(t, d, d.Viewer(cardtest.Phone(1)))
		d.Far.OnVerify = func(string) error { return &gateway.Refusal{Status: 422, Code: "factor.mismatch"} }
		viewer := d.Viewer(cardtest.Phone(2))
		if _, _, err := d.Bindings.Start(testkit.Context(t), d.Bank, viewer, factors(), d.Request(viewer)); err == nil || strings.Contains(err.Error(), pan) {
			t.Fatal(err)
		}
		for _, cell := range d.Dump(t) {
			for _, secret := range []string{pan, "tok_secret", "123456", cardtest.IDNo(1), "欧阳小明"} {
				if strings.Contains(cell, secret) {
					t.Errorf("%s lies in the database: %.80s", secret, cell)
				}
			}
		}
	})
}

func TestFactorsAreCheckedBeforeTheBankIsAsked(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		viewer := d.Viewer(cardtest.Phone(1))
		for field, spoil := range map[string]func(*bind.Factors){
			"pan":   func(f *bind.Factors) { f.PAN = pii.Clear("6225990000000009") },
			"name":  func(f *bind.Factors) { f.Name = pii.Clear("") },
			"id_no": func(f *bind.Factors) { f.IDNo = pii.Clear("110105194912310021") },
			"phone": func(f *bind.Factors) { f.Phone = pii.Clear("123") },
		} {
			f := factors()
			spoil(&f)
			_, _, err := d.Bindings.Start(testkit.Context(t), d.Bank, viewer, f, d.Request(viewer))
			if e := fault.From(err); e.Kind != fault.Invalid || len(e.Fields) != 1 || e.Fields[0].Name != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		if n := d.Far.Verified(); n != 0 {
			t.Errorf("the bank was asked %d times", n)
		}
	})
}

// The gateway locks a card at three mismatches in a row: we stop at two, for
// the day, however many ask at once.
func TestWeStopBeforeTheBankLocksACard(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		d.Far.OnVerify = func(string) error { return &gateway.Refusal{Status: 422, Code: "factor.mismatch"} }
		errs := make([]error, 8)
		var wg sync.WaitGroup
		for i := range errs {
			viewer := d.Viewer(cardtest.Phone(i))
			wg.Go(func() { _, _, errs[i] = d.Bindings.Start(ctx, d.Bank, viewer, factors(), d.Request(viewer)) })
		}
		wg.Wait()
		codes := map[string]int{}
		for _, err := range errs {
			codes[fault.Code(err)]++
		}
		if codes["binding.mismatch"] != 2 || codes["binding.locked"] != 6 || d.Far.Verified() != 2 {
			t.Fatalf("%v, %d calls", codes, d.Far.Verified())
		}
		d.Far.OnVerify = nil
		viewer := d.Viewer(cardtest.Phone(9))
		_, _, err := d.Bindings.Start(ctx, d.Bank, viewer, factors(), d.Request(viewer))
		if f := fault.From(err); f.Kind != fault.RateLimited || f.RetryAfter != 14*time.Hour {
			t.Fatalf("with the right factors on the same day: %v after %s", err, f.RetryAfter)
		}
		d.Clock.Advance(14 * time.Hour)
		bindCard(t, d, viewer)
	})
}

func TestTenthCheckOfADayIsNotMade(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		viewer := d.Viewer(cardtest.Phone(1))
		for i := range 10 {
			_, _, err := d.Bindings.Start(testkit.Context(t), d.Bank, viewer, factors(), d.Request(viewer))
			if (err == nil) != (i < 9) {
				t.Fatalf("check %d: %v", i+1, err)
			}
		}
	})
}

// A time-out is "unknown", never "no"; what the bank says otherwise is said on.
func TestBanksAnswersAreToldApart(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		viewer := d.Viewer(cardtest.Phone(1))
		for _, c := range []struct {
			err  error
			code string
			kind fault.Kind
		}{
			{errors.Join(gateway.ErrUnknown), "binding.unknown", fault.Unavailable},
			{&gateway.Refusal{Status: 422, Code: "bin.unsupported"}, "validation", fault.Invalid},
			{&gateway.Refusal{Status: 422, Code: "factor.mismatch"}, "binding.mismatch", fault.Invalid},
			{&gateway.Refusal{Status: 423, Code: "card.locked"}, "binding.card_locked", fault.Conflict},
			{nil, "binding.locked", fault.RateLimited}, // after the bank's word, we ask no more
		} {
			d.Far.OnVerify = func(string) error { return c.err }
			_, _, err := d.Bindings.Start(testkit.Context(t), d.Bank, viewer, factors(), d.Request(viewer))
			if f := fault.From(err); f.Code != c.code || f.Kind != c.kind {
				t.Errorf("%v became %v", c.err, err)
			}
		}
	})
}

func TestOwnCreditCardEndsTheApplicationAndItsFollowUps(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		other, viewer := d.Apply(t, 1)
		form := d.Form(1, cardtest.Phone(1))
		form.CardProductID, form.RoomID = d.Products[1], cardtest.Room
		r, _, err := d.Applications.Apply(ctx, d.Bank, viewer, form, d.Request(viewer))
		if err != nil {
			t.Fatal(err)
		}
		for i, lead := range []string{other, r.ID} {
			d.Approve(t, lead)
			d.Outcome(t, lead, "issued", []string{"1111", "4242"}[i], d.Clock.Now())
		}
		bindCard(t, d, viewer)
		if a, b := d.Status(t, other), d.Status(t, r.ID); a != card.Issued || b != card.Bound {
			t.Fatalf("the other stands at %s, the card's own at %s", a, b)
		}
		if !d.Push.Told(viewer, card.Bound) {
			t.Error("the applicant was not told")
		}
		waiting, _, err := db.Value[int](ctx, d.DB, "SELECT COUNT(*) FROM follow_up WHERE application_id = ? AND journey = 'bind_card' AND status <> 'cancelled'", r.ID)
		if err != nil || waiting != 0 {
			t.Errorf("%d follow-ups go on: %v", waiting, err)
		}
		tasks, _, err := db.Value[int](ctx, d.DB, "SELECT COUNT(*) FROM outbox WHERE kind = 'followup.send' AND state = 'cancelled'")
		if err != nil || tasks != 3 {
			t.Errorf("%d tasks were cancelled: %v", tasks, err)
		}
		if _, bindings, err := d.Applications.RoomFigures(ctx, d.Bank.ID, cardtest.Room); err != nil || bindings != 1 {
			t.Errorf("the room's bindings: %d, %v", bindings, err)
		}
		if got := d.Outcome(t, r.ID, "activated", "4242", d.Clock.Now()); got.Result != "unchanged" || d.Status(t, r.ID) != card.Bound {
			t.Errorf("an activation after the binding: %+v", got)
		}
	})
}

func TestCardBoundBeforeItsIssueIsReportedIsBoundAtOnce(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		lead, viewer := d.Apply(t, 1)
		d.Approve(t, lead)
		issuedAt := d.Clock.Now()
		d.Clock.Advance(time.Minute)
		bindCard(t, d, viewer)
		d.Outcome(t, lead, "issued", "", issuedAt)
		if s := d.Status(t, lead); s != card.Bound {
			t.Fatalf("status %s", s)
		}
	})
}

// Where the activation is told first, the issue's own time counts once it is known,
// and a card that was bound in between is found.
func TestAnIssueThatIsToldLateIsTheEarlierOne(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		lead, viewer := d.Apply(t, 1)
		d.Approve(t, lead)
		issuedAt := d.Clock.Now()
		d.Clock.Advance(time.Minute)
		bindCard(t, d, viewer)
		d.Clock.Advance(time.Minute)
		d.Outcome(t, lead, "activated", "", d.Clock.Now())
		if s := d.Status(t, lead); s != card.Activated {
			t.Fatalf("status %s", s)
		}
		for at, want := range map[time.Time]string{d.Clock.Now(): review.Unchanged, d.Clock.Now().Add(time.Hour): review.Unchanged} {
			if got := d.Outcome(t, lead, "issued", "", at); got.Result != want {
				t.Errorf("issued %s: %+v", at, got)
			}
		}
		for _, want := range []string{review.Applied, review.Unchanged} {
			if got := d.Outcome(t, lead, "issued", "", issuedAt); got.Result != want || d.Status(t, lead) != card.Bound {
				t.Errorf("%+v, %s", got, d.Status(t, lead))
			}
		}
		at, _, err := db.Value[db.Time](testkit.Context(t), d.DB, "SELECT issued_at FROM application WHERE id = ?", lead)
		if err != nil || !at.Time.Equal(issuedAt) {
			t.Errorf("issued at %s, want %s: %v", at.Time, issuedAt, err)
		}
	})
}

func TestDebitAndForeignCardsLeaveApplicationsAlone(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		lead, viewer := d.Apply(t, 1)
		d.Approve(t, lead)
		d.Outcome(t, lead, "issued", "4242", d.Clock.Now())
		d.Far.Card.Kind = "debit"
		bindCard(t, d, viewer)
		d.Far.Card.Kind, d.Far.Card.BIN = "credit", "411111"
		bindCard(t, d, viewer)
		if s := d.Status(t, lead); s != card.Issued {
			t.Fatalf("status %s", s)
		}
	})
}

func TestConfirmationsAtOnceBindOnce(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		viewer := d.Viewer(cardtest.Phone(1))
		s, _, err := d.Bindings.Start(ctx, d.Bank, viewer, factors(), d.Request(viewer))
		if err != nil {
			t.Fatal(err)
		}
		cards, errs := make([]bind.Card, 6), make([]error, 6)
		var wg sync.WaitGroup
		for i := range cards {
			wg.Go(func() { cards[i], errs[i] = d.Bindings.Confirm(ctx, d.Bank, viewer, s.ID, right, card.Actor{}) })
		}
		wg.Wait()
		for i, c := range cards {
			if errs[i] != nil || c != cards[0] {
				t.Errorf("%d: %+v, %v", i, c, errs[i])
			}
		}
		if n, err := audit.Verify(ctx, d.DB, d.Bank.ID); err != nil || n != 1 {
			t.Errorf("%d entries: %v", n, err)
		}
	})
}
