package review_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"yinbo/card"
	"yinbo/card/cardtest"
	"yinbo/card/review"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/gateway"
	"yinbo/internal/id"
	"yinbo/internal/testkit"
)

func TestHandoffThatWasGivenUpIsWorkedByAPerson(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, boss := testkit.Context(t), d.Reviewer(true)
		no := true
		d.Far.OnSubmit = func(string) error {
			if no {
				return &gateway.Refusal{Status: 422, Code: "validation"}
			}
			return nil
		}
		first, _ := d.Apply(t, 1)
		d.Approve(t, first)
		second, _ := d.Apply(t, 2)
		d.Approve(t, second)
		dead, err := d.Leads.Handoffs(ctx, d.Bank.ID, "dead", "", 10)
		if err != nil || len(dead) != 2 || dead[1].ApplicationID != first || dead[0].LastError == "" || d.Status(t, first) != card.Approved {
			t.Fatalf("%+v: %v", dead, err)
		}
		no = false
		if err := d.Leads.RetryHandoff(ctx, d.Bank, boss, dead[1].ID); err != nil {
			t.Fatal(err)
		}
		if err := d.Leads.RetryHandoff(ctx, d.Bank, boss, dead[1].ID); fault.Code(err) != "not_found" {
			t.Errorf("again: %v", err)
		}
		if err := d.Leads.ResolveHandoff(ctx, d.Bank, boss, dead[0].ID, "已手工录入"); err != nil {
			t.Fatal(err)
		}
		d.Work(t)
		if d.Status(t, first) != card.HandedOff || d.Status(t, second) != card.Approved || d.Far.Submitted(second) != nil {
			t.Errorf("%s, %s", d.Status(t, first), d.Status(t, second))
		}
		if left, err := d.Leads.Handoffs(ctx, d.Bank.ID, "dead", "", 10); err != nil || len(left) != 0 {
			t.Errorf("%+v: %v", left, err)
		}
		v, err := d.Leads.Get(ctx, d.Bank, boss, second)
		if err != nil || v.Timeline[len(v.Timeline)-1].Kind != "handoff_resolved" {
			t.Errorf("%+v: %v", v.Timeline, err)
		}
	})
}

func TestWhatTheCoreLostIsHandedOverAgainAndDifferencesAreKept(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, boss := testkit.Context(t), d.Reviewer(true)
		today := d.Bank.BusinessDate(d.Clock.Now())
		leads := make([]string, 4)
		for i := range leads {
			leads[i], _ = d.Apply(t, i+1)
			d.Approve(t, leads[i])
		}
		if n, err := d.Comparer.Compare(ctx, d.Bank, today); err != nil || n != 0 {
			t.Fatalf("%d differ: %v", n, err)
		}
		stranger := id.New(id.Application)
		d.Far.Forget(leads[0])
		d.Far.Take(leads[1], "issued")
		d.Far.Take(stranger, "accepted")
		for range 2 { // a night that is worked twice
			if n, err := d.Comparer.Compare(ctx, d.Bank, today); err != nil || n != 3 {
				t.Fatalf("%d differ: %v", n, err)
			}
		}
		open, err := d.Leads.Differences(ctx, d.Bank.ID, "open", "", 10)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, o := range open {
			got = append(got, fmt.Sprint(o.Kind, " ", slices.Index(append(leads, stranger), o.ApplicationID)))
		}
		slices.Sort(got)
		if !slices.Equal(got, []string{"missing_there 0", "status 1", "unknown_here 4"}) {
			t.Fatalf("%v", got)
		}
		d.Work(t)
		if d.Far.Submitted(leads[0]) == nil || d.Status(t, leads[0]) != card.HandedOff {
			t.Error("what was lost was not handed over again")
		}
		n, _, err := db.Value[int](ctx, d.DB, "SELECT COUNT(*) FROM outbox WHERE kind = ? AND ref = ?", review.TaskHandoff, leads[0])
		if err != nil || n != 2 {
			t.Errorf("%d hand-overs: %v", n, err)
		}
		for _, want := range []string{"", "conflict"} {
			if err := d.Leads.ResolveDifference(ctx, d.Bank, boss, open[0].ID, "已核对"); fault.Code(err) != want {
				t.Errorf("%v", err)
			}
		}
		if left, err := d.Leads.Differences(ctx, d.Bank.ID, "open", "", 10); err != nil || len(left) != 2 {
			t.Errorf("%d are open: %v", len(left), err)
		}
		if _, err := d.Comparer.Compare(ctx, d.Bank, "2027-01-01"); fault.From(err).Kind != fault.Invalid {
			t.Errorf("a day to come: %v", err)
		}
	})
}

func TestNightsOfNoNodeAreMadeUpFor(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		lead, _ := d.Apply(t, 1)
		d.Approve(t, lead)
		err := d.DB.InTx(ctx, func(tx *db.Tx) error { return d.Comparer.ScheduleCompare(ctx, tx, d.Bank) })
		if err != nil {
			t.Fatal(err)
		}
		d.Far.Forget(lead)
		d.Clock.Advance(72 * time.Hour)
		d.Work(t)
		open, err := d.Leads.Differences(ctx, d.Bank.ID, "open", "", 10)
		if err != nil || len(open) != 1 || open[0].Day != "2026-03-02" {
			t.Fatalf("%+v: %v", open, err)
		}
		next, _, err := db.Value[db.Time](ctx, d.DB, "SELECT due_at FROM outbox WHERE kind = ?", review.TaskCompare)
		if err != nil || !next.After(d.Clock.Now()) {
			t.Errorf("the next is at %v: %v", next, err)
		}
	})
}
