package screen_test

import (
	"strings"
	"testing"
	"time"

	"yinbo/card"
	"yinbo/card/cardtest"
	"yinbo/card/screen"
	"yinbo/internal/db"
	"yinbo/internal/keeping"
	"yinbo/internal/pii"
	"yinbo/internal/testkit"
)

// What a decision was made on goes with the applicant, of every round; verdict,
// results and the input's mark stay.
func TestWhatADecisionWasMadeOnGoesWithTheApplicant(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, bank := testkit.Context(t), d.Bank.ID
		viewer := d.Viewer(cardtest.Phone(1))
		form := d.Form(1, cardtest.Phone(1))
		form.Applicant.IncomeBand = "200-500k"
		sent, _, err := d.Applications.Apply(ctx, d.Bank, viewer, form, d.Request(viewer))
		if err != nil {
			t.Fatal(err)
		}
		lead := sent.ID
		reviewer := d.Reviewer(false)
		if err := d.Leads.Claim(ctx, d.Bank, reviewer, lead); err != nil {
			t.Fatal(err)
		}
		if err := d.Leads.RequestInfo(ctx, d.Bank, reviewer, lead, []string{"name"}, pii.Clear("请填写证件姓名")); err != nil {
			t.Fatal(err)
		}
		given := map[string]pii.Text{"name": pii.Clear("司马光")}
		if _, err := d.Applications.Supplement(ctx, d.Bank, viewer, lead, given, "mobile", card.Actor{Kind: "viewer", ID: viewer}); err != nil {
			t.Fatal(err)
		}
		for round := range 3 {
			dec, err := d.Screens.Decision(ctx, bank, lead, round)
			if err != nil || dec.InputErased || dec.Input == nil || dec.Input.IncomeBand != "200-500k" {
				t.Fatalf("round %d: %+v: %v", round, dec, err)
			}
		}
		marks := func() (out []string) {
			rows, err := db.All(ctx, d.DB, func(r db.Row) (v [2]string, err error) { return v, r.Scan(&v[0], &v[1]) },
				`SELECT input_sealed, input_mark FROM screening_earlier UNION ALL SELECT input_sealed, input_mark FROM screening_decision`)
			if err != nil || len(rows) != 2 {
				t.Fatalf("%v: %v", rows, err)
			}
			for _, v := range rows {
				if strings.Contains(v[0], "200-500k") || len(v[1]) != 64 {
					t.Errorf("%v", v)
				}
				out = append(out, v[1])
			}
			return out
		}
		before := marks()
		if _, err := d.Applications.Withdraw(ctx, d.Bank, viewer, lead, card.Actor{Kind: "viewer", ID: viewer}); err != nil {
			t.Fatal(err)
		}
		keeper := keeping.New(keeping.Deps{DB: d.DB})
		for more := true; more; {
			var err error
			if more, err = keeper.Sweep(ctx, d.Bank, card.Keeping(), d.Clock.Now().Add(4000*24*time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		for round := range 3 {
			dec, err := d.Screens.Decision(ctx, bank, lead, round)
			if err != nil || !dec.InputErased || dec.Input != nil || dec.Verdict != card.Pass || len(dec.Results) == 0 || dec.VersionNo == nil {
				t.Errorf("round %d: %+v: %v", round, dec, err)
			}
			_, err = d.Screens.Replay(ctx, bank, lead, "", round)
			wants(t, err, "screening.erased")
		}
		if after := marks(); after[0] != before[0] || after[1] != before[1] {
			t.Errorf("marks were %v, are %v", before, after)
		}
		findings, err := d.Screens.Findings(ctx, bank, lead)
		if err != nil || len(findings) == 0 || len(findings[0].Input) != 0 {
			t.Errorf("%+v: %v", findings, err)
		}
		run, err := d.Screens.StartRun(ctx, bank, anna, draft(t, d, everybody).ID, 10)
		if err != nil {
			t.Fatal(err)
		}
		d.Work(t)
		if run, err = d.Screens.Run(ctx, bank, run.ID); err != nil || run.State != "done" || run.Done != 0 {
			t.Errorf("a dry run judged who is gone: %+v: %v", run, err)
		}
		testkit.Holds(t, d.DB, screen.Invariants(d.Keys)...)
	})
}

// Records from before inputs were sealed are read as they are until they are
// sealed, once.
func TestFormerInputsAreSealedOnce(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, bank := testkit.Context(t), d.Bank.ID
		lead, _ := d.Apply(t, 1)
		clearly := func() {
			t.Helper()
			if err := d.DB.InTx(ctx, func(tx *db.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE screening_decision SET input_sealed = '{"age":36,"id_valid":true}', input_mark = NULL`)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		stored := func() string {
			t.Helper()
			v, _, err := db.Value[string](ctx, d.DB, "SELECT input_sealed FROM screening_decision WHERE bank_id = ?", bank)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		clearly()
		if in := input(t, d, lead); in.Age != 36 {
			t.Errorf("%+v", in)
		}
		for range 2 {
			if err := d.Screens.SealFormer(ctx); err != nil {
				t.Fatal(err)
			}
			if in := input(t, d, lead); strings.Contains(stored(), `"`) || in.Age != 36 {
				t.Errorf("%+v in %s", in, stored())
			}
		}
		clearly()
		if err := d.Screens.SealFormer(ctx); err != nil || !strings.HasPrefix(stored(), "{") {
			t.Errorf("it was gone through again: %s: %v", stored(), err)
		}
	})
}
