package review_test

import (
	"testing"
	"time"

	"yinbo/card"
	"yinbo/card/cardtest"
	"yinbo/card/review"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/keeping"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
)

// Nights and days off are not promised: what comes an hour before the evening is
// late in the course of the next morning.
func TestPromisesCountTheHoursThatTheDepartmentWorks(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		d.Bank.Settings.WorkHours = &tenant.Hours{}
		d.Clock.Advance(7 * time.Hour) // Monday 17:00
		lead, _ := d.Apply(t, 1)
		spread(t, d)
		p := d.Reviewer(false)
		escalated := func(after time.Duration) bool {
			d.Clock.Advance(after)
			d.Work(t)
			list, err := d.Leads.List(ctx, d.Bank.ID, p, review.Filter{Escalated: true}, "", 10)
			if err != nil {
				t.Fatal(err)
			}
			return len(list) == 1 && list[0].ID == lead
		}
		if escalated(18*time.Hour + 59*time.Minute) { // Tuesday 11:59
			t.Error("the night counts")
		}
		if !escalated(2 * time.Minute) {
			t.Error("the morning does not count")
		}
	})
}

// The department's own coming and going is nothing that an applicant should see;
// what follows a supplement is.
func TestAnApplicantSeesEachStepOnceUnlessItCameBack(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, p := testkit.Context(t), d.Reviewer(false)
		lead, viewer := d.Apply(t, 1)
		for range 3 {
			if err := d.Leads.Claim(ctx, d.Bank, p, lead); err != nil {
				t.Fatal(err)
			}
			if err := d.Leads.Release(ctx, d.Bank, p, lead); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Leads.Claim(ctx, d.Bank, p, lead); err != nil {
			t.Fatal(err)
		}
		steps := func(want ...card.Status) {
			t.Helper()
			a, err := d.Applications.Get(ctx, d.Bank, viewer, lead)
			if err != nil || len(a.Timeline) != len(want) {
				t.Fatalf("%v, want %v: %v", a.Timeline, want, err)
			}
			for i, s := range a.Timeline {
				if s.Status != want[i] {
					t.Errorf("%v, want %v", a.Timeline, want)
				}
			}
		}
		steps(card.Screening, card.Queued, card.InReview)
		if err := d.Leads.RequestInfo(ctx, d.Bank, p, lead, []string{"name"}, pii.Clear("请填写证件姓名")); err != nil {
			t.Fatal(err)
		}
		d.Clock.Advance(time.Hour)
		if _, err := d.Applications.Supplement(ctx, d.Bank, viewer, lead, map[string]pii.Text{"name": pii.Clear("司马光")}, "mobile", card.Actor{Kind: "viewer", ID: viewer}); err != nil {
			t.Fatal(err)
		}
		if err := d.Leads.Claim(ctx, d.Bank, p, lead); err != nil {
			t.Fatal(err)
		}
		steps(card.Screening, card.Queued, card.InReview, card.InfoRequested, card.Queued, card.InReview)
	})
}

func TestSearchesAndDifferencesGoAfterTheirTime(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		lead, _ := d.Apply(t, 1)
		held, _ := d.Apply(t, 2)
		err := d.DB.InTx(ctx, func(tx *db.Tx) error {
			err := tx.Insert(ctx, "lead_search (id, bank_id, staff_id, field, found, at)", [][]any{{id.New(id.Search), d.Bank.ID, "stf_x", "phone", 1, tx.Now}}, "")
			if err != nil {
				return err
			}
			err = tx.Insert(ctx, "core_difference (id, bank_id, day, application_id, kind, ours, theirs, state, found_at, reason, resolved_by, resolved_at)", [][]any{
				{id.New(id.Difference), d.Bank.ID, "2026-03-01", lead, "status", "issued", "declined", "resolved", tx.Now, "x", "stf_x", tx.Now},
				{id.New(id.Difference), d.Bank.ID, "2026-03-01", held, "status", "issued", "declined", "resolved", tx.Now, "x", "stf_x", tx.Now},
				{id.New(id.Difference), d.Bank.ID, "2026-03-01", "theirs", "unknown_here", "", "issued", "open", tx.Now, nil, nil, nil}}, "")
			if err != nil {
				return err
			}
			return tx.Insert(ctx, "legal_hold (id, bank_id, object_kind, object_id, reason, set_by, set_at)",
				[][]any{{id.New(id.Hold), d.Bank.ID, "application", held, "x", "stf_x", tx.Now}}, "")
		})
		if err != nil {
			t.Fatal(err)
		}
		k := keeping.New(keeping.Deps{DB: d.DB})
		left := func(after time.Duration) (searches, differences int) {
			for _, c := range review.Keeping() {
				for more := true; more; {
					// Ids are made by the clock of the machine, rows by the test's: both are over.
					if more, err = k.Sweep(ctx, d.Bank, c, d.Clock.Now().Add(after)); err != nil {
						t.Fatal(err)
					}
				}
			}
			searches, _, err = db.Value[int](ctx, d.DB, "SELECT COUNT(*) FROM lead_search")
			if err != nil {
				t.Fatal(err)
			}
			differences, _, err = db.Value[int](ctx, d.DB, "SELECT COUNT(*) FROM core_difference")
			if err != nil {
				t.Fatal(err)
			}
			return searches, differences
		}
		if s, n := left(364 * 24 * time.Hour); s != 1 || n != 3 {
			t.Errorf("before their time %d and %d are left", s, n)
		}
		if s, n := left(4000 * 24 * time.Hour); s != 0 || n != 2 {
			t.Errorf("after it %d and %d are left: the held one and the open one stay", s, n)
		}
	})
}
