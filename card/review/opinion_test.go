package review_test

import (
	"slices"
	"sync"
	"testing"

	"yinbo/card"
	"yinbo/card/cardtest"
	"yinbo/card/review"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
	"yinbo/internal/testkit"
)

// twoEyes makes a department whose approvals need a second person, and a lead of
// which first has proposed the approval.
func twoEyes(t *testing.T, d *cardtest.Department) (lead string, first review.Person) {
	t.Helper()
	d.Bank.Settings.SecondOpinionProducts = d.Products
	lead, _ = d.Apply(t, 1)
	return lead, propose(t, d, lead, yes)
}

// propose has somebody claim a lead and decide on it.
func propose(t *testing.T, d *cardtest.Department, lead string, dec review.Decision) review.Person {
	t.Helper()
	ctx, p := testkit.Context(t), d.Reviewer(false)
	if err := d.Leads.Claim(ctx, d.Bank, p, lead); err != nil {
		t.Fatal(err)
	}
	if err := d.Leads.Decide(ctx, d.Bank, p, lead, dec); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestProposedDecisionWaitsForAnotherPerson(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		lead, first := twoEyes(t, d)
		boss := d.Reviewer(true)
		v, err := d.Leads.Get(ctx, d.Bank, boss, lead)
		if err != nil || v.Status != card.InReview || v.Proposal == nil || !v.Proposal.MayConfirm || v.Proposal.By.ID != first.ID || v.Decision != nil || !v.Proposed {
			t.Fatalf("%+v: %v", v, err)
		}
		if !slices.Equal(v.Proposal.Why, []string{review.WhyProduct}) {
			t.Errorf("why %v", v.Proposal.Why)
		}
		for what, err := range map[string]error{
			"claimed":  d.Leads.Claim(ctx, d.Bank, boss, lead),
			"assigned": d.Leads.Assign(ctx, d.Bank, boss, lead, boss.ID),
			"decided":  d.Leads.Decide(ctx, d.Bank, first, lead, yes),
		} {
			if fault.Code(err) != "lead.taken" {
				t.Errorf("%s meanwhile: %v", what, err)
			}
		}
		if err := d.Leads.Second(ctx, d.Bank, first, lead, true, pii.Text{}); fault.Code(err) != "lead.same_person" || fault.From(err).Kind != fault.Forbidden {
			t.Fatalf("their own second: %v", err)
		}
		if list, err := d.Leads.List(ctx, d.Bank.ID, boss, review.Filter{Proposed: true}, "", 10); err != nil || len(list) != 1 {
			t.Errorf("%d wait for a second person: %v", len(list), err)
		}
		if err := d.Leads.Second(ctx, d.Bank, boss, lead, true, pii.Text{}); err != nil {
			t.Fatal(err)
		}
		if err := d.Leads.Second(ctx, d.Bank, boss, lead, true, pii.Text{}); fault.Code(err) != "lead.not_proposed" {
			t.Errorf("twice: %v", err)
		}
		v, err = d.Leads.Get(ctx, d.Bank, boss, lead)
		if err != nil || v.Status != card.Approved || v.Decision == nil || v.Decision.By.ID != first.ID || v.Proposal != nil {
			t.Fatalf("%+v: %v", v, err)
		}
		d.Work(t)
		if d.Far.Submitted(lead) == nil {
			t.Error("it did not reach the card core")
		}
	})
}

func TestOfTwoSecondsAtOnceOneWins(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		lead, _ := twoEyes(t, d)
		errs := make([]error, 6)
		people := make([]review.Person, len(errs))
		var wg sync.WaitGroup
		for i := range errs {
			people[i] = d.Reviewer(i%2 == 0)
			wg.Go(func() { errs[i] = d.Leads.Second(ctx, d.Bank, people[i], lead, i%2 == 0, pii.Clear("看过")) })
		}
		wg.Wait()
		won := -1
		for i, err := range errs {
			switch {
			case err == nil && won < 0:
				won = i
			case fault.Code(err) != "lead.taken" && fault.Code(err) != "lead.not_proposed":
				t.Errorf("%d: %v", i, err)
			}
		}
		want := map[bool]card.Status{true: card.Approved, false: card.Queued}
		if won < 0 || d.Status(t, lead) != want[won%2 == 0] {
			t.Fatalf("%d won, status %s", won, d.Status(t, lead))
		}
		n, _, err := db.Value[int](ctx, d.DB, "SELECT COUNT(*) FROM lead_event WHERE application_id = ? AND kind IN ('confirmed','turned_down')", lead)
		if err != nil || n != 1 {
			t.Errorf("%d on the timeline: %v", n, err)
		}
	})
}

func TestSchemaRefusesTheirOwnSecond(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		lead, _ := twoEyes(t, d)
		err := d.DB.InTx(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE second_opinion SET outcome = 'confirmed', decided_by = proposed_by WHERE application_id = ?", lead)
			return err
		})
		if !db.IsCheck(err) {
			t.Errorf("%v", err)
		}
	})
}

func TestWhoeverWorkedALeadIsNotItsSecond(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		d.Bank.Settings.SecondOpinionProducts = d.Products
		lead, _ := d.Apply(t, 1)
		before := d.Reviewer(false)
		if err := d.Leads.Claim(ctx, d.Bank, before, lead); err != nil {
			t.Fatal(err)
		}
		if err := d.Leads.Release(ctx, d.Bank, before, lead); err != nil {
			t.Fatal(err)
		}
		propose(t, d, lead, yes)
		if err := d.Leads.Second(ctx, d.Bank, before, lead, true, pii.Text{}); fault.Code(err) != "lead.same_person" {
			t.Errorf("who had claimed it before: %v", err)
		}
	})
}

// Against an opinion that was turned down, and on what was reopened, two people
// decide; a plain rejection needs one.
func TestOverridesNeedTwo(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, no := testkit.Context(t), review.Decision{Decision: review.Reject, ReasonCode: "risk"}
		lead, _ := twoEyes(t, d)
		if err := d.Leads.Second(ctx, d.Bank, d.Reviewer(true), lead, false, pii.Text{}); fault.From(err).Kind != fault.Invalid {
			t.Fatalf("turned down without a word: %v", err)
		}
		if err := d.Leads.Second(ctx, d.Bank, d.Reviewer(true), lead, false, pii.Clear("收入不实")); err != nil {
			t.Fatal(err)
		}
		propose(t, d, lead, no)
		boss := d.Reviewer(true)
		v, err := d.Leads.Get(ctx, d.Bank, boss, lead)
		if err != nil || v.Proposal == nil || !slices.Equal(v.Proposal.Why, []string{review.WhyOpinion}) {
			t.Fatalf("%+v: %v", v.Proposal, err)
		}
		if err := d.Leads.Second(ctx, d.Bank, boss, lead, true, pii.Text{}); err != nil || d.Status(t, lead) != card.Rejected {
			t.Fatalf("%s: %v", d.Status(t, lead), err)
		}
		plain, _ := d.Apply(t, 2)
		propose(t, d, plain, no)
		if s := d.Status(t, plain); s != card.Rejected {
			t.Errorf("a plain rejection is %s", s)
		}
	})
}

func TestReopeningTakesTwoAndBeginsAnew(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		lead, _ := d.Apply(t, 1)
		rejecter := propose(t, d, lead, review.Decision{Decision: review.Reject, ReasonCode: "risk"})
		asker, boss := d.Reviewer(false), d.Reviewer(true)
		if err := d.Leads.ProposeReopening(ctx, d.Bank, asker, lead, pii.Clear("客户补充了材料")); err != nil {
			t.Fatal(err)
		}
		if s := d.Status(t, lead); s != card.Rejected {
			t.Fatalf("one person made it %s", s)
		}
		for _, p := range []review.Person{asker, rejecter} {
			if err := d.Leads.Second(ctx, d.Bank, p, lead, true, pii.Text{}); fault.Code(err) != "lead.same_person" {
				t.Errorf("%v", err)
			}
		}
		if err := d.Leads.Second(ctx, d.Bank, boss, lead, true, pii.Text{}); err != nil || d.Status(t, lead) != card.Queued {
			t.Fatalf("%s: %v", d.Status(t, lead), err)
		}
		if _, err := d.Leads.Get(ctx, d.Bank, boss, lead); err != nil {
			t.Fatal(err)
		}
		propose(t, d, lead, yes)
		v, err := d.Leads.Get(ctx, d.Bank, d.Reviewer(true), lead)
		if err != nil || v.Proposal == nil || !slices.Equal(v.Proposal.Why, []string{review.WhyReopened}) {
			t.Fatalf("%+v: %v", v.Proposal, err)
		}
		testkit.Holds(t, d.DB, card.Invariants()...)
		testkit.Holds(t, d.DB, outbox.Invariants()...)
	})
}

func TestReopeningMeetsTheOpenOneOfThePerson(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		lead, _ := d.Apply(t, 1)
		propose(t, d, lead, review.Decision{Decision: review.Reject, ReasonCode: "risk"})
		if err := d.Leads.ProposeReopening(ctx, d.Bank, d.Reviewer(false), lead, pii.Clear("再看")); err != nil {
			t.Fatal(err)
		}
		d.Clock.Advance(100 * 24 * 3600e9)
		d.Apply(t, 1)
		if err := d.Leads.Second(ctx, d.Bank, d.Reviewer(true), lead, true, pii.Text{}); fault.Code(err) != "application.duplicate" {
			t.Errorf("%v", err)
		}
	})
}

func TestLimitAboveTheBanksNeedsTwo(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		d.Bank.Settings.SecondOpinionAboveFen = 5_000_000
		for i, c := range []struct {
			wished, product any
			want            card.Status
		}{{nil, nil, card.Approved}, {nil, 5_000_000, card.Approved}, {nil, 5_000_001, card.InReview}, {4_000_000, 9_000_000, card.Approved}, {6_000_000, nil, card.InReview}} {
			lead, _ := d.Apply(t, i+1)
			err := d.DB.InTx(ctx, func(tx *db.Tx) error {
				if _, err := tx.Exec(ctx, "UPDATE card_product SET limit_fen = ?", c.product); err != nil {
					return err
				}
				_, err := tx.Exec(ctx, "UPDATE application SET limit_wished_fen = ? WHERE id = ?", c.wished, lead)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			propose(t, d, lead, yes)
			if s := d.Status(t, lead); s != c.want {
				t.Errorf("%v of %v: %s", c.wished, c.product, s)
			}
		}
	})
}

// Spreading gives leads to people who never claim them: what they asked of the
// applicant is their part.
func TestWhoeverAskedTheApplicantIsNotItsSecond(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		d.Bank.Settings.SecondOpinionProducts = d.Products
		lead, viewer := d.Apply(t, 1)
		people := queueFor(t, d, 5)
		spread(t, d)
		before := people[0]
		if err := d.Leads.RequestInfo(ctx, d.Bank, before, lead, []string{"employer"}, pii.Clear("请补充")); err != nil {
			t.Fatal(err)
		}
		if err := d.Leads.Release(ctx, d.Bank, before, lead); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Applications.Supplement(ctx, d.Bank, viewer, lead, map[string]pii.Text{"employer": pii.Clear("浦西机械厂")}, "mobile", card.Actor{Kind: "viewer", ID: viewer}); err != nil {
			t.Fatal(err)
		}
		propose(t, d, lead, yes)
		if err := d.Leads.Second(ctx, d.Bank, before, lead, true, pii.Text{}); fault.Code(err) != "lead.same_person" {
			t.Errorf("who had asked the applicant before: %v", err)
		}
	})
}
