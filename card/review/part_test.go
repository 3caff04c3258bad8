package review_test

import (
	"testing"

	"yinbo/card"
	"yinbo/card/cardtest"
	"yinbo/card/review"
	"yinbo/internal/fault"
	"yinbo/internal/pii"
	"yinbo/internal/testkit"
)

// Who held a lead is not its second, however it came to them and whatever they
// did with it.
func TestWhoeverWasGivenALeadIsNotItsSecond(t *testing.T) {
	for name, give := range map[string]func(t *testing.T, d *cardtest.Department, lead string) review.Person{
		"by a supervisor": func(t *testing.T, d *cardtest.Department, lead string) review.Person {
			p, boss := d.Reviewer(false), d.Reviewer(true)
			if err := d.Leads.Assign(testkit.Context(t), d.Bank, boss, lead, p.ID); err != nil {
				t.Fatal(err)
			}
			return p
		},
		"with many others": func(t *testing.T, d *cardtest.Department, lead string) review.Person {
			p, boss := d.Reviewer(false), d.Reviewer(true)
			if _, err := d.Leads.AssignMany(testkit.Context(t), d.Bank, boss, []string{lead}, p.ID); err != nil {
				t.Fatal(err)
			}
			return p
		},
		"by a queue": func(t *testing.T, d *cardtest.Department, lead string) review.Person {
			p := queueFor(t, d, 1)[0]
			spread(t, d)
			return p
		},
		"by a hand-over": func(t *testing.T, d *cardtest.Department, lead string) review.Person {
			ctx, from, p := testkit.Context(t), d.Reviewer(false), d.Reviewer(false)
			if err := d.Leads.Claim(ctx, d.Bank, from, lead); err != nil {
				t.Fatal(err)
			}
			ask, err := d.Leads.AskHandover(ctx, d.Bank, from, review.HandoverForm{From: from.ID, To: []string{p.ID}, Reason: "调岗"})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := d.Leads.DecideHandover(ctx, d.Bank, d.Reviewer(true), ask, true); err != nil {
				t.Fatal(err)
			}
			return p
		},
	} {
		t.Run(name, func(t *testing.T) {
			cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
				ctx := testkit.Context(t)
				d.Bank.Settings.SecondOpinionProducts = d.Products
				lead, _ := d.Apply(t, 1)
				p := give(t, d, lead)
				if held(t, d, p) != 1 {
					t.Fatal("the lead was not given")
				}
				if err := d.Leads.Release(ctx, d.Bank, p, lead); err != nil {
					t.Fatal(err)
				}
				propose(t, d, lead, yes)
				if v, err := d.Leads.Get(ctx, d.Bank, p, lead); err != nil || v.Proposal == nil || v.Proposal.MayConfirm {
					t.Errorf("%+v: %v", v.Proposal, err)
				}
				if err := d.Leads.Second(ctx, d.Bank, p, lead, true, pii.Text{}); fault.Code(err) != "lead.same_person" {
					t.Errorf("who held it: %v", err)
				}
				if err := d.Leads.Second(ctx, d.Bank, d.Reviewer(false), lead, true, pii.Text{}); err != nil {
					t.Error(err)
				}
				testkit.Holds(t, d.DB, review.Invariants()...)
			})
		})
	}
}

// A lead whose applicant is gone cannot come back: there is nothing to review,
// and an approval would hand an empty form to the card core.
func TestALeadWithoutItsApplicantIsNotReopened(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		reject := func(n int) (lead, viewer string) {
			t.Helper()
			lead, viewer = d.Apply(t, n)
			p := d.Reviewer(false)
			if err := d.Leads.Claim(ctx, d.Bank, p, lead); err != nil {
				t.Fatal(err)
			}
			if err := d.Leads.Decide(ctx, d.Bank, p, lead, review.Decision{Decision: review.Reject, ReasonCode: "risk"}); err != nil {
				t.Fatal(err)
			}
			return lead, viewer
		}
		lead, viewer := reject(1)
		d.Scrub(t, viewer)
		if err := d.Leads.ProposeReopening(ctx, d.Bank, d.Reviewer(false), lead, pii.Clear("有新材料")); fault.Code(err) != "conflict" {
			t.Errorf("proposed of nobody: %v", err)
		}
		lead, viewer = reject(2)
		if err := d.Leads.ProposeReopening(ctx, d.Bank, d.Reviewer(false), lead, pii.Clear("有新材料")); err != nil {
			t.Fatal(err)
		}
		d.Scrub(t, viewer)
		for _, confirm := range []bool{true, false} { // what was proposed is gone with the person
			if err := d.Leads.Second(ctx, d.Bank, d.Reviewer(true), lead, confirm, pii.Clear("申请人已注销")); fault.Code(err) != "lead.not_proposed" {
				t.Errorf("confirmed (%t) of nobody: %v", confirm, err)
			}
		}
		if got := d.Status(t, lead); got != card.Rejected {
			t.Errorf("it stands at %s", got)
		}
	})
}

// What an erased person's lead still shows is nothing of theirs, and nobody can
// write about them any more.
func TestAnErasedPersonsLeadTakesNoNotesAndShowsNoCard(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, p := testkit.Context(t), d.Reviewer(false)
		lead, viewer := d.Apply(t, 1)
		d.Approve(t, lead)
		d.Outcome(t, lead, "issued", "8888", d.Clock.Now())
		if err := d.Leads.Note(ctx, d.Bank, p, lead, pii.Clear("来电")); err != nil {
			t.Fatal(err)
		}
		d.Scrub(t, viewer)
		if err := d.Leads.Note(ctx, d.Bank, p, lead, pii.Clear("来电")); fault.Code(err) != "conflict" {
			t.Errorf("noted: %v", err)
		}
		// Nor does a late word of the card core bring anything back.
		if r := d.Outcome(t, lead, "activated", "8888", d.Clock.Now()); r.Result != review.Applied {
			t.Errorf("%+v", r)
		}
		v, err := d.Leads.Get(ctx, d.Bank, p, lead)
		if err != nil || v.CardLast4 != nil || len(v.Notes) != 0 || v.Applicant.Name != "" {
			t.Errorf("%+v: %v", v, err)
		}
		if err := d.Leads.Note(ctx, d.Bank, p, "app_none", pii.Clear("x")); fault.Code(err) != "not_found" {
			t.Errorf("noted on nothing: %v", err)
		}
	})
}

func TestNobodyIsAskedForWhatMayNotBeStored(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, p := testkit.Context(t), d.Reviewer(false)
		lead, _ := d.Apply(t, 1)
		if err := d.Leads.Claim(ctx, d.Bank, p, lead); err != nil {
			t.Fatal(err)
		}
		for _, field := range []string{"cvv", "card_no", "cardnumber", "pan", "sms_otp", "pin", "bank_card_number", "expiry_date", "password"} {
			err := d.Leads.RequestInfo(ctx, d.Bank, p, lead, []string{"employer", field}, pii.Clear("请补充"))
			if f := fault.From(err); f.Kind != fault.Invalid || f.Fields[0].Name != "fields[1]" {
				t.Errorf("%s: %v", field, err)
			}
		}
		if err := d.Leads.RequestInfo(ctx, d.Bank, p, lead, []string{"company", "pinyin", "id_expiry", "spending"}, pii.Clear("请补充")); err != nil {
			t.Error(err)
		}
	})
}

// A queue gives nothing to who lost the role, though they were never taken off it.
func TestQueuesGiveNothingToWhoMayNotReview(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		people := queueFor(t, d, 10, 10)
		d.Staff.Leave(people[0].ID)
		for n := range 6 {
			d.Apply(t, n+1)
		}
		spread(t, d)
		if gone, there := held(t, d, people[0]), held(t, d, people[1]); gone != 0 || there != 6 {
			t.Errorf("%d to who left, %d to who is there", gone, there)
		}
	})
}
