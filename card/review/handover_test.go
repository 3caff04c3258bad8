package review_test

import (
	"sync"
	"testing"
	"time"

	"yinbo/card"
	"yinbo/card/cardtest"
	"yinbo/card/review"
	"yinbo/internal/audit"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/pii"
	"yinbo/internal/testkit"
)

func TestManyLeadsAreAssignedWithAReportOfEach(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, boss, p := testkit.Context(t), d.Reviewer(true), d.Reviewer(false)
		one, _ := d.Apply(t, 1)
		done, _ := d.Apply(t, 2)
		d.Approve(t, done)
		nobodys := id.New(id.Application)
		report, err := d.Leads.AssignMany(ctx, d.Bank, boss, []string{one, done, nobodys, one}, p.ID)
		if err != nil || len(report) != 3 {
			t.Fatalf("%+v: %v", report, err)
		}
		want := map[string]string{one: "", done: "lead.taken", nobodys: "not_found"}
		for _, r := range report {
			if r.Code != want[r.LeadID] || (r.Code == "") != (r.Result == "assigned") {
				t.Errorf("%+v", r)
			}
		}
		if held(t, d, p) != 1 {
			t.Error("it is not theirs")
		}
		for what, ids := range map[string][]string{"none": nil, "too many": make([]string, review.MaxAssign+1)} {
			if _, err := d.Leads.AssignMany(ctx, d.Bank, boss, ids, p.ID); fault.From(err).Kind != fault.Invalid {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, err := d.Leads.AssignMany(ctx, d.Bank, boss, []string{one}, "stf_no"); fault.From(err).Kind != fault.Invalid {
			t.Errorf("to nobody: %v", err)
		}
	})
}

func TestHandoverTakesASecondSupervisorAndMovesAllAtOnce(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, asker, boss := testkit.Context(t), d.Reviewer(true), d.Reviewer(true)
		leaver, one, two := d.Reviewer(false), d.Reviewer(false), d.Reviewer(false)
		leads := make([]string, 4)
		for i := range leads {
			leads[i], _ = d.Apply(t, i+1)
			if err := d.Leads.Assign(ctx, d.Bank, boss, leads[i], leaver.ID); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Leads.RequestInfo(ctx, d.Bank, leaver, leads[3], []string{"employer"}, pii.Clear("请补充")); err != nil {
			t.Fatal(err)
		}
		if err := d.Leads.SetReviewer(ctx, d.Bank, boss, leaver.ID, 10, true); err != nil {
			t.Fatal(err)
		}
		form := review.HandoverForm{From: leaver.ID, To: []string{one.ID, two.ID}, Reason: "离职"}
		handover, err := d.Leads.AskHandover(ctx, d.Bank, asker, form)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Leads.DecideHandover(ctx, d.Bank, asker, handover, true); fault.Code(err) != "lead.same_person" {
			t.Fatalf("the asker agreed: %v", err)
		}
		errs, moved := make([]error, 4), make([]int, 4)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() { moved[i], errs[i] = d.Leads.DecideHandover(ctx, d.Bank, d.Reviewer(true), handover, true) })
		}
		all.Wait()
		won := 0
		for i, err := range errs {
			if err == nil {
				won++
				if moved[i] != 4 {
					t.Errorf("%d moved", moved[i])
				}
			} else if fault.Code(err) != "conflict" {
				t.Error(err)
			}
		}
		if won != 1 {
			t.Fatalf("%d won", won)
		}
		people, err := d.Leads.Reviewers(ctx, d.Bank.ID, d.Reviewer(true))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range people {
			want := map[string]int{one.ID: 2, two.ID: 2}[p.ID]
			if p.Open != want || p.ID == leaver.ID && p.OnDuty {
				t.Errorf("%+v", p)
			}
		}
		v, err := d.Leads.Get(ctx, d.Bank, boss, leads[0])
		if err != nil || v.Timeline[len(v.Timeline)-1].Kind != "handed_over" {
			t.Errorf("%+v: %v", v.Timeline, err)
		}
		if _, err := audit.Verify(ctx, d.DB, d.Bank.ID); err != nil {
			t.Error(err)
		}
	})
}

func TestHandoverOfSomeGoesBackToTheQueues(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, boss, leaver := testkit.Context(t), d.Reviewer(true), d.Reviewer(false)
		leads := make([]string, 2)
		for i := range leads {
			leads[i], _ = d.Apply(t, i+1)
			if err := d.Leads.Assign(ctx, d.Bank, boss, leads[i], leaver.ID); err != nil {
				t.Fatal(err)
			}
		}
		for what, f := range map[string]review.HandoverForm{
			"nobody's": {From: leaver.ID, Leads: []string{id.New(id.Application)}}, "to nobody": {From: leaver.ID, To: []string{"stf_no"}},
			"to themselves": {From: leaver.ID, To: []string{leaver.ID}}, "from nobody": {From: "stf_no"}, "another's": {From: boss.ID, Leads: leads[:1]}} {
			if _, err := d.Leads.AskHandover(ctx, d.Bank, leaver, f); fault.From(err).Kind != fault.Invalid {
				t.Errorf("%s: %v", what, err)
			}
		}
		handover, err := d.Leads.AskHandover(ctx, d.Bank, leaver, review.HandoverForm{From: leaver.ID, Leads: leads[:1], Reason: "休假"})
		if err != nil {
			t.Fatal(err)
		}
		if list, err := d.Leads.Handovers(ctx, d.Bank.ID, review.Person{}, "asked", "", 10); err != nil || len(list) != 1 || len(list[0].LeadIDs) != 1 || list[0].From.ID != leaver.ID {
			t.Fatalf("%+v: %v", list, err)
		}
		if n, err := d.Leads.DecideHandover(ctx, d.Bank, boss, handover, true); err != nil || n != 1 {
			t.Fatalf("%d: %v", n, err)
		}
		if d.Status(t, leads[0]) != card.Queued || d.Status(t, leads[1]) != card.InReview {
			t.Errorf("%s, %s", d.Status(t, leads[0]), d.Status(t, leads[1]))
		}
		testkit.Holds(t, d.DB, card.Invariants()...)
	})
}

func TestFiguresOfADayAreThoseOfItsDecisions(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, p := testkit.Context(t), d.Reviewer(false)
		no := review.Decision{Decision: review.Reject, ReasonCode: "risk"}
		for i := range 5 { // looked at after i minutes, decided i minutes later
			lead, _ := d.Apply(t, i+1)
			d.Clock.Advance(time.Duration(i) * time.Minute)
			if err := d.Leads.Claim(ctx, d.Bank, p, lead); err != nil {
				t.Fatal(err)
			}
			d.Clock.Advance(time.Duration(i) * time.Minute)
			if err := d.Leads.Decide(ctx, d.Bank, p, lead, []review.Decision{yes, no}[i%2]); err != nil {
				t.Fatal(err)
			}
		}
		waits, _ := d.Apply(t, 9)
		if err := d.Leads.Claim(ctx, d.Bank, p, waits); err != nil {
			t.Fatal(err)
		}
		f, err := d.Leads.Figures(ctx, d.Bank, review.Person{}, "2026-03-01", "2026-03-02")
		if err != nil || len(f.Days) != 2 {
			t.Fatalf("%+v: %v", f, err)
		}
		for _, line := range f.Days {
			if line.Day != "2026-03-02" || line.Decided != 5 || line.Approved != 3 || line.ApproveBps != 6000 || line.KeptBps != 10_000 ||
				line.LookMedian != 2*60_000 || line.LookP90 != 4*60_000 || line.DecMedian != 4*60_000 || line.DecP90 != 8*60_000 {
				t.Errorf("%+v", line)
			}
		}
		if f.Days[1].StaffID == nil || *f.Days[1].StaffID != p.ID || f.Days[0].QueueID == nil || *f.Days[0].QueueID != "" {
			t.Errorf("%+v", f.Days)
		}
		if len(f.Waiting) != 1 || f.Waiting[0].Waiting != 1 || f.Waiting[0].OldestAt == nil {
			t.Errorf("%+v", f.Waiting)
		}
		for _, days := range [][2]string{{"2026-03-02", "2026-03-01"}, {"2026-01-01", "2026-03-01"}, {"x", "2026-03-01"}, {"2026-03-01", ""}} {
			if _, err := d.Leads.Figures(ctx, d.Bank, review.Person{}, days[0], days[1]); fault.From(err).Kind != fault.Invalid {
				t.Errorf("%v: %v", days, err)
			}
		}
	})
}
