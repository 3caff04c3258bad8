package card_test

import (
	"sync"
	"testing"

	"yinbo/card"
	"yinbo/card/cardtest"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/testkit"
)

var (
	anna  = card.Actor{Kind: "staff", ID: "stf_anna", RequestID: "req-1"}
	berta = card.Actor{Kind: "staff", ID: "stf_berta", RequestID: "req-2"}
	clara = card.Actor{Kind: "staff", ID: "stf_clara", RequestID: "req-3"}
)

func submitted(t *testing.T, d *cardtest.Department, by card.Actor, p card.FormPlan) card.FormChange {
	t.Helper()
	c, err := d.Applications.SubmitForm(testkit.Context(t), d.Bank.ID, by, p)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAFormIsSubmittedByOneAndApprovedByAnother(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, bank, a := testkit.Context(t), d.Bank.ID, d.Applications
		wants := func(err error, code string) {
			t.Helper()
			if fault.Code(err) != code {
				t.Errorf("%v, want %s", err, code)
			}
		}
		c := submitted(t, d, anna, card.FullForm())
		if p, err := a.FormPlan(ctx, bank); err != nil || p.Version != 0 {
			t.Fatalf("in use before it was approved: %+v, %v", p, err)
		}
		_, err := a.SubmitForm(ctx, bank, anna, card.FullForm())
		wants(err, "form.submitted")
		_, err = a.ApproveForm(ctx, bank, anna, c.ID)
		wants(err, "form.same_person")
		_, err = a.RejectForm(ctx, bank, anna, c.ID, "不妥")
		wants(err, "form.same_person")
		_, err = a.WithdrawForm(ctx, bank, berta, c.ID)
		wants(err, "form.not_submitter")
		_, err = a.ApproveForm(ctx, "bank_other", berta, c.ID)
		wants(err, "not_found")

		c, err = a.RejectForm(ctx, bank, berta, c.ID, "问过 138 1234 5678")
		if err != nil || c.State != card.FormRejected || *c.RejectReason != "问过 ***" {
			t.Fatalf("%+v: %v", c, err)
		}
		_, err = a.ApproveForm(ctx, bank, clara, c.ID)
		wants(err, "conflict")
		c = submitted(t, d, anna, card.FullForm())
		if c, err = a.WithdrawForm(ctx, bank, anna, c.ID); err != nil || c.State != card.FormWithdrawn {
			t.Fatalf("%+v: %v", c, err)
		}

		// Whose change was overtaken may have it rejected, or take it back.
		c, late, later := submitted(t, d, anna, card.FullForm()), submitted(t, d, berta, card.StandardForm()), submitted(t, d, clara, card.StandardForm())
		if c, err = a.ApproveForm(ctx, bank, berta, c.ID); err != nil || c.State != card.FormApproved || c.Became == nil || *c.Became != 1 {
			t.Fatalf("%+v: %v", c, err)
		}
		waiting, err := a.FormChanges(ctx, bank, card.FormSubmitted, "", 10)
		if err != nil || len(waiting) != 2 || !waiting[0].Outdated {
			t.Fatalf("%+v: %v", waiting, err)
		}
		_, err = a.ApproveForm(ctx, bank, anna, late.ID)
		wants(err, "form.outdated")
		if _, err = a.RejectForm(ctx, bank, anna, late.ID, "已有新版本"); err != nil {
			t.Error(err)
		}
		if _, err = a.WithdrawForm(ctx, bank, clara, later.ID); err != nil {
			t.Error(err)
		}
		all, err := a.FormVersions(ctx, bank, 0, 10)
		if err != nil || len(all) != 1 || *all[0].By != anna.ID || *all[0].ApprovedBy != berta.ID {
			t.Errorf("%+v: %v", all, err)
		}
		for action, want := range map[string]int{"submitted": 5, "approved": 1, "rejected": 2, "withdrawn": 2} {
			if n, _, err := db.Value[int](ctx, d.DB, "SELECT COUNT(*) FROM audit WHERE action = ?", "application_form."+action); err != nil || n != want {
				t.Errorf("%d times %s in the audit log, want %d: %v", n, action, want, err)
			}
		}
		testkit.Holds(t, d.DB, card.Invariants()...)
	})
}

func TestTwoWhoDecideOnAFormAtOnceAreOne(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, bank, a := testkit.Context(t), d.Bank.ID, d.Applications
		// Two approvers of each, and the two changes against each other.
		one, two := submitted(t, d, anna, card.FullForm()), submitted(t, d, berta, card.StandardForm())
		acts := []func() error{
			func() error { _, err := a.ApproveForm(ctx, bank, berta, one.ID); return err },
			func() error { _, err := a.ApproveForm(ctx, bank, clara, one.ID); return err },
			func() error { _, err := a.ApproveForm(ctx, bank, anna, two.ID); return err },
			func() error { _, err := a.ApproveForm(ctx, bank, clara, two.ID); return err },
		}
		errs := make([]error, len(acts))
		var wg sync.WaitGroup
		for i, act := range acts {
			wg.Go(func() { errs[i] = act() })
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			switch fault.Code(err) {
			case "":
				won++
			case "conflict", "form.outdated":
			default:
				t.Error(err)
			}
		}
		if p, err := a.FormPlan(ctx, bank); won != 1 || err != nil || p.Version != 1 {
			t.Errorf("%d won, version %d: %v %v", won, p.Version, err, errs)
		}
		testkit.Holds(t, d.DB, card.Invariants()...)
	})
}
