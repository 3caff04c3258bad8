package review_test

import (
	"strings"
	"testing"
	"time"

	"yinbo/card"
	"yinbo/card/cardtest"
	"yinbo/card/review"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/pii"
	"yinbo/internal/testkit"
)

// reopened has a lead rejected and reopened by two people.
func reopened(t *testing.T, d *cardtest.Department, lead string) {
	t.Helper()
	ctx := testkit.Context(t)
	propose(t, d, lead, review.Decision{Decision: review.Reject, ReasonCode: "risk"})
	if err := d.Leads.ProposeReopening(ctx, d.Bank, d.Reviewer(false), lead, pii.Clear("再看")); err != nil {
		t.Fatal(err)
	}
	if err := d.Leads.Second(ctx, d.Bank, d.Reviewer(true), lead, true, pii.Text{}); err != nil {
		t.Fatal(err)
	}
}

// Of an erased person nothing is left that could be decided on.
func TestTheLeadOfAnErasedPersonIsNotReopened(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, boss := testkit.Context(t), d.Reviewer(true)
		for i, asked := range []bool{true, false} { // for the reopening before the erasure, and after it
			lead, viewer := d.Apply(t, i+1)
			d.SignedIn(t, viewer, cardtest.Phone(i+1))
			propose(t, d, lead, review.Decision{Decision: review.Reject, ReasonCode: "risk"})
			ask := func() error {
				return d.Leads.ProposeReopening(ctx, d.Bank, d.Reviewer(false), lead, pii.Clear("再看"))
			}
			if asked {
				if err := ask(); err != nil {
					t.Fatal(err)
				}
			}
			if err := d.Erase(ctx, viewer); err != nil {
				t.Fatal(err)
			}
			if !asked {
				if err := ask(); fault.Code(err) != "conflict" {
					t.Errorf("asked for after the erasure: %v", err)
				}
			}
			if list, err := d.Leads.List(ctx, d.Bank.ID, boss, review.Filter{Proposed: true}, "", 10); err != nil || len(list) != 0 {
				t.Errorf("%d wait for a second person: %v", len(list), err)
			}
			if err := d.Leads.Second(ctx, d.Bank, boss, lead, true, pii.Text{}); fault.Code(err) != "lead.not_proposed" {
				t.Errorf("confirmed after the erasure: %v", err)
			}
			if s := d.Status(t, lead); s != card.Rejected {
				t.Errorf("it is %s", s)
			}
		}
	})
}

// The promises of a reopened lead run from its reopening; those of its first time
// are over.
func TestReopenedLeadHasItsOwnPromises(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		lead, _ := d.Apply(t, 1)
		spread(t, d)
		d.Clock.Advance(20 * time.Hour) // of 24
		reopened(t, d, lead)
		spread(t, d)
		late := func() string {
			t.Helper()
			d.Work(t)
			stages, err := db.All(testkit.Context(t), d.DB, func(r db.Row) (s string, err error) { return s, r.Scan(&s) },
				"SELECT stage FROM sla_breach WHERE application_id = ? ORDER BY at, stage", lead)
			if err != nil {
				t.Fatal(err)
			}
			return strings.Join(stages, " ")
		}
		d.Work(t)
		was := late()
		d.Clock.Advance(2 * time.Hour)
		if now := late(); now != was {
			t.Errorf("two hours after it was reopened: %s", now)
		}
		d.Clock.Advance(3 * time.Hour) // 25 from sending in, 5 from the reopening
		if now := late(); now != strings.TrimSpace(was+" look") {
			t.Errorf("five hours after it was reopened: %s", now)
		}
		d.Clock.Advance(20 * time.Hour)
		if now := late(); now != strings.TrimSpace(was+" look decision") {
			t.Errorf("25 hours after it was reopened: %s", now)
		}
	})
}

// Who holds a lead is the department's matter: the applicant is told once that
// theirs was received, and again when they sent more or it was reopened.
func TestALeadBackInTheQueueIsNoNewsToItsApplicant(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, p := testkit.Context(t), d.Reviewer(false)
		lead, viewer := d.Apply(t, 1)
		received := func(want int) {
			t.Helper()
			d.Work(t)
			n := 0
			for _, m := range d.Far.Messages(cardtest.Phone(1)) {
				if strings.Contains(m, "已收到") {
					n++
				}
			}
			if n != want {
				t.Errorf("told %d times, not %d", n, want)
			}
		}
		claim := func() {
			t.Helper()
			if err := d.Leads.Claim(ctx, d.Bank, p, lead); err != nil {
				t.Fatal(err)
			}
		}
		received(1)
		claim()
		if err := d.Leads.Release(ctx, d.Bank, p, lead); err != nil {
			t.Fatal(err)
		}
		received(1)
		claim()
		d.Clock.Advance(time.Hour) // past the lease
		spread(t, d)
		if s := d.Status(t, lead); s != card.Queued {
			t.Fatalf("it is %s", s)
		}
		if !d.Push.Told(viewer, card.Queued) {
			t.Error("the app does not know where it stands")
		}
		received(1)
		reopened(t, d, lead)
		received(2)
	})
}
