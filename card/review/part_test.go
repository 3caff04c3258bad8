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
		d.Erase(t, viewer)
		if err := d.Leads.ProposeReopening(ctx, d.Bank, d.Reviewer(false), lead, pii.Clear("有新材料")); fault.Code(err) != "conflict" {
			t.Errorf("proposed of nobody: %v", err)
		}
		lead, viewer = reject(2)
		if err := d.Leads.ProposeReopening(ctx, d.Bank, d.Reviewer(false), lead, pii.Clear("有新材料")); err != nil {
			t.Fatal(err)
		}
		d.Erase(t, viewer)
		if err := d.Leads.Second(ctx, d.Bank, d.Reviewer(true), lead, true, pii.Text{}); fault.Code(err) != "lead.taken" {
			t.Errorf("confirmed of nobody: %v", err)
		}
		if err := d.Leads.Second(ctx, d.Bank, d.Reviewer(true), lead, false, pii.Clear("申请人已注销")); err != nil {
			t.Errorf("turned down: %v", err)
		}
		if got := d.Status(t, lead); got != card.Rejected {
			t.Errorf("it stands at %s", got)
		}
	})
}
