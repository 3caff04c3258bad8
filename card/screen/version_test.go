package screen_test

import (
	"slices"
	"sync"
	"testing"

	"yinbo/card"
	"yinbo/card/cardtest"
	"yinbo/card/screen"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/testkit"
)

var (
	anna  = screen.Person{ID: "stf_anna", RequestID: "req-1"}
	berta = screen.Person{ID: "stf_berta", RequestID: "req-2"}
	clara = screen.Person{ID: "stf_clara", RequestID: "req-3"}
)

// draft makes a draft with more rules, and a case that is referred.
func draft(t *testing.T, d *cardtest.Department, extra ...screen.Rule) screen.Version {
	t.Helper()
	ctx := testkit.Context(t)
	v, err := d.Screens.Create(ctx, d.Bank.ID, anna, "", "新版")
	if err != nil {
		t.Fatal(err)
	}
	v, err = d.Screens.Save(ctx, d.Bank.ID, anna, v.ID, v.Revision, screen.Text{Name: "新版", Rules: append(v.Rules, extra...), Cases: v.Cases[2:3]})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func submit(t *testing.T, d *cardtest.Department, v screen.Version) screen.Version {
	t.Helper()
	v, err := d.Screens.Submit(testkit.Context(t), d.Bank.ID, anna, v.ID, v.Revision)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func activate(t *testing.T, d *cardtest.Department, v screen.Version) screen.Version {
	t.Helper()
	v = submit(t, d, v)
	v, err := d.Screens.Approve(testkit.Context(t), d.Bank.ID, berta, v.ID, v.Revision)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func wants(t *testing.T, err error, code string) {
	t.Helper()
	if fault.Code(err) != code {
		t.Errorf("%v, want %s", err, code)
	}
}

var nobody = screen.Rule{ID: "nobody", Name: "无人", When: "false", Verdict: card.Decline, Reason: "other"}
var everybody = screen.Rule{ID: "everybody", Name: "所有人", When: "true", Verdict: card.Refer, Reason: "risk"}

func TestAVersionIsSubmittedByOneAndApprovedByAnother(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, bank := testkit.Context(t), d.Bank.ID
		v := draft(t, d, everybody)
		_, err := d.Screens.Save(ctx, bank, berta, v.ID, v.Revision-1, screen.Text{Name: "x"})
		wants(t, err, "screening.outdated")
		_, err = d.Screens.Approve(ctx, bank, berta, v.ID, v.Revision)
		wants(t, err, "conflict")

		v, err = d.Screens.Save(ctx, bank, anna, v.ID, v.Revision, screen.Text{Name: "新版", Rules: v.Rules, Cases: []screen.Case{{Name: "通过", Input: screen.Input{Age: 30, IDValid: true}, Expect: card.Pass}}})
		if err != nil {
			t.Fatal(err)
		}
		results, err := d.Screens.Test(ctx, bank, v.ID)
		if err != nil || len(results) != 1 || results[0].Passed || results[0].Got != card.Refer || !slices.Equal(results[0].Rules, []string{"everybody"}) {
			t.Errorf("%+v: %v", results, err)
		}
		_, err = d.Screens.Submit(ctx, bank, anna, v.ID, v.Revision)
		wants(t, err, "screening.cases_fail")
		if f := fault.From(err); len(f.Fields) != 1 || f.Fields[0].Name != "cases[0]" {
			t.Errorf("%+v", f.Fields)
		}
		v, err = d.Screens.Save(ctx, bank, anna, v.ID, v.Revision, screen.Text{Name: "新版", Rules: v.Rules})
		if err != nil {
			t.Fatal(err)
		}
		v = submit(t, d, v)
		_, err = d.Screens.Save(ctx, bank, anna, v.ID, v.Revision, screen.Text{Name: "x"})
		wants(t, err, "screening.not_draft")
		wants(t, d.Screens.Discard(ctx, bank, anna, v.ID), "screening.not_draft")
		_, err = d.Screens.Approve(ctx, bank, anna, v.ID, v.Revision)
		wants(t, err, "screening.same_person")
		_, err = d.Screens.Withdraw(ctx, bank, berta, v.ID, v.Revision)
		wants(t, err, "screening.not_submitter")
		v, err = d.Screens.Reject(ctx, bank, berta, v.ID, v.Revision, "太严 13812345678")
		if err != nil || v.State != screen.Draft || v.RejectReason != "太严 ***" {
			t.Fatalf("%+v: %v", v, err)
		}
		v = activate(t, d, v)
		if v.State != screen.Active {
			t.Fatalf("%+v", v)
		}
		lead, _ := d.Apply(t, 1)
		dec, err := d.Screens.Decision(ctx, bank, lead, 0)
		if err != nil || dec.Verdict != card.Refer || *dec.VersionID != v.ID {
			t.Fatalf("%+v: %v", dec, err)
		}
		// Back to the first version, by two persons again; its rules never change.
		first, err := d.Screens.Version(ctx, bank, *v.BaseID)
		if err != nil || first.State != screen.Retired {
			t.Fatalf("%+v: %v", first, err)
		}
		first = submit(t, d, first)
		first, err = d.Screens.Withdraw(ctx, bank, anna, first.ID, first.Revision)
		if err != nil || first.State != screen.Retired {
			t.Fatalf("%+v: %v", first, err)
		}
		activate(t, d, first)
		next, _ := d.Apply(t, 2)
		if dec, err = d.Screens.Decision(ctx, bank, next, 0); err != nil || dec.Verdict != card.Pass || *dec.VersionID != first.ID {
			t.Fatalf("%+v: %v", dec, err)
		}
		testkit.Holds(t, d.DB, screen.Invariants(d.Keys)...)
	})
}

// Who had a colleague submit what they wrote may not approve it themselves.
func TestWhoWroteAVersionMayNotApproveIt(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, bank := testkit.Context(t), d.Bank.ID
		v := draft(t, d) // by anna
		v, err := d.Screens.Save(ctx, bank, berta, v.ID, v.Revision, screen.Text{Name: "新版二", Rules: v.Rules, Cases: v.Cases})
		if err != nil {
			t.Fatal(err)
		}
		if v, err = d.Screens.Submit(ctx, bank, berta, v.ID, v.Revision); err != nil {
			t.Fatal(err)
		}
		_, err = d.Screens.Approve(ctx, bank, anna, v.ID, v.Revision)
		wants(t, err, "screening.same_person")
		_, err = d.Screens.Reject(ctx, bank, anna, v.ID, v.Revision, "不妥")
		wants(t, err, "screening.same_person")
		if _, err = d.Screens.Approve(ctx, bank, clara, v.ID, v.Revision); err != nil {
			t.Error(err)
		}
		testkit.Holds(t, d.DB, screen.Invariants(d.Keys)...)
	})
}

func TestTwoWhoApproveAtOnceAreOne(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, bank := testkit.Context(t), d.Bank.ID
		one, two := submit(t, d, draft(t, d, nobody)), submit(t, d, draft(t, d, everybody))
		// Two approvers of each, and the two versions against each other.
		var wg sync.WaitGroup
		errs := make([]error, 4)
		for i, v := range []screen.Version{one, one, two, two} {
			by := []screen.Person{berta, clara}[i%2]
			wg.Go(func() { _, errs[i] = d.Screens.Approve(ctx, bank, by, v.ID, v.Revision) })
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			switch fault.Code(err) {
			case "":
				won++
			case "conflict", "screening.active_changed":
			default:
				t.Error(err)
			}
		}
		active, _, err := db.Value[int](ctx, d.DB, "SELECT COUNT(*) FROM screening_set WHERE state = 'active'")
		if won != 1 || err != nil || active != 1 {
			t.Errorf("%d won, %d active: %v %v", won, active, err, errs)
		}
		testkit.Holds(t, d.DB, screen.Invariants(d.Keys)...)
	})
}

// A bank has its first version however many ask at once.
func TestTheStandardVersionIsWrittenOnce(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		var wg sync.WaitGroup
		for n := range 6 {
			viewer := d.Viewer(cardtest.Phone(n))
			wg.Go(func() {
				form := d.Form(n, cardtest.Phone(n))
				if _, _, err := d.Applications.Apply(ctx, d.Bank, viewer, form, d.Request(viewer)); err != nil {
					t.Error(err)
				}
				if _, err := d.Screens.Versions(ctx, d.Bank.ID, "", 10); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		all, err := d.Screens.Versions(ctx, d.Bank.ID, "", 10)
		if err != nil || len(all) != 1 || all[0].State != screen.Active || len(all[0].Rules) != len(screen.Standard()) {
			t.Fatalf("%+v: %v", all, err)
		}
	})
}
