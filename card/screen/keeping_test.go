package screen_test

import (
	"testing"
	"time"

	"yinbo/card"
	"yinbo/card/cardtest"
	"yinbo/card/screen"
	"yinbo/internal/db"
	"yinbo/internal/keeping"
	"yinbo/internal/testkit"
)

func TestDryRunsGoAfterTheirTimeWithWhatTheyFound(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		for n := range 3 {
			d.Apply(t, n)
		}
		v := draft(t, d, screen.Rule{ID: "all", Name: "全部", When: "true", Verdict: card.Refer, Reason: "velocity"})
		if _, err := d.Screens.StartRun(ctx, d.Bank.ID, anna, v.ID, 3); err != nil {
			t.Fatal(err)
		}
		d.Work(t)
		if _, err := d.Screens.StartRun(ctx, d.Bank.ID, anna, v.ID, 3); err != nil { // does not end
			t.Fatal(err)
		}
		k := keeping.New(keeping.Deps{DB: d.DB})
		left := func(after time.Duration) (runs, changes int) {
			for more := true; more; {
				var err error
				if more, err = k.Sweep(ctx, d.Bank, screen.Keeping(), d.Clock.Now().Add(after)); err != nil {
					t.Fatal(err)
				}
			}
			for table, n := range map[string]*int{"screening_run": &runs, "screening_run_change": &changes} {
				var err error
				if *n, _, err = db.Value[int](ctx, d.DB, "SELECT COUNT(*) FROM "+table); err != nil {
					t.Fatal(err)
				}
			}
			return runs, changes
		}
		if runs, changes := left(364 * 24 * time.Hour); runs != 2 || changes != 3 {
			t.Errorf("before their time %d runs and %d changes are left", runs, changes)
		}
		if runs, changes := left(4000 * 24 * time.Hour); runs != 1 || changes != 0 {
			t.Errorf("after it %d runs and %d changes are left: one is under way", runs, changes)
		}
	})
}
