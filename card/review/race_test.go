package review_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"yinbo/card"
	"yinbo/card/cardtest"
	"yinbo/card/review"
	"yinbo/card/screen"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/pii"
	"yinbo/internal/testkit"
)

// A supplement that screening declines and an approval at the same moment: nobody
// approves alone what screening declines, whichever comes first.
func TestAnApprovalDoesNotSlipPastASupplementThatIsDeclined(t *testing.T) {
	d := cardtest.OnMariaDB(t)
	ctx := testkit.Context(t)
	var both sync.WaitGroup
	for n := range 12 {
		lead, viewer := d.Apply(t, n)
		p := d.Reviewer(false)
		if err := d.Leads.Claim(ctx, d.Bank, p, lead); err != nil {
			t.Fatal(err)
		}
		if err := d.Leads.RequestInfo(ctx, d.Bank, p, lead, []string{"employer_phone"}, pii.Clear("请补充单位电话")); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Screens.Add(ctx, d.Bank.ID, screen.Person{ID: "stf_risk"}, screen.Line{List: screen.Black, Kind: screen.PersonKind, Value: pii.Clear(cardtest.IDNo(n)), Reason: "冒用"}); err != nil {
			t.Fatal(err)
		}
		both.Go(func() {
			_, _ = d.Applications.Supplement(ctx, d.Bank, viewer, lead, map[string]pii.Text{"employer_phone": pii.Clear("021-88886666")}, "mobile", card.Actor{Kind: "viewer", ID: viewer})
		})
		both.Go(func() {
			time.Sleep(time.Duration(n) * time.Millisecond) // at different moments of the supplement
			_ = d.Leads.Decide(ctx, d.Bank, p, lead, review.Decision{Decision: review.Approve, ReasonCode: "meets_policy"})
		})
		both.Wait()
	}
	testkit.Holds(t, d.DB, review.Invariants()...)
}

// A renewal and another's claim at the moment at which the lease ends: never both,
// and the lead is with whoever was told so.
func TestARenewalAndAClaimAtTheLeasesEndAreNeverBoth(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		for n := range 10 {
			lead, _ := d.Apply(t, n)
			slow, quick := d.Reviewer(false), d.Reviewer(false)
			if err := d.Leads.Claim(ctx, d.Bank, slow, lead); err != nil {
				t.Fatal(err)
			}
			d.Clock.Advance(15*time.Minute - time.Millisecond)
			var all sync.WaitGroup
			var renewed, claimed error
			all.Go(func() { renewed = d.Leads.Renew(ctx, d.Bank, slow, lead) })
			all.Go(func() { d.Clock.Advance(time.Millisecond) })
			all.Go(func() { claimed = d.Leads.Claim(ctx, d.Bank, quick, lead) })
			all.Wait()
			holder, _, err := db.Value[string](ctx, d.DB, "SELECT claimed_by FROM application WHERE id = ?", lead)
			switch {
			case err != nil:
				t.Fatal(err)
			case renewed == nil && fault.Code(claimed) == "lead.taken" && holder == slow.ID:
			case claimed == nil && fault.From(renewed).Kind == fault.Conflict && holder == quick.ID:
			case fault.Code(claimed) == "lead.taken" && fault.Code(renewed) == "lead.not_claimed" && holder == slow.ID: // the one came before the end, the other after
			default:
				t.Errorf("renewed %v, claimed %v, held by %s", renewed, claimed, holder)
			}
		}
	})
}

// A person is erased while a reviewer decides, a supervisor exports and a
// follow-up is due. Either all of them goes, or the card core has their
// application and nothing does; what is left hears from us no more.
func TestAnErasureBesideADecisionAnExportAndAFollowUp(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, boss := testkit.Context(t), d.Reviewer(true)
		for n := range 6 {
			viewer := d.Viewer(cardtest.Phone(n))
			d.SignedIn(t, viewer, cardtest.Phone(n))
			var leads []string
			for _, product := range d.Products {
				form := d.Form(n, cardtest.Phone(n))
				form.CardProductID = product
				r, _, err := d.Applications.Apply(ctx, d.Bank, viewer, form, d.Request(viewer))
				if err != nil {
					t.Fatal(err)
				}
				leads = append(leads, r.ID)
			}
			d.Approve(t, leads[0])
			d.Outcome(t, leads[0], "issued", "4242", d.Clock.Now())
			d.Work(t)
			p := d.Reviewer(false)
			d.Clock.Advance(time.Hour) // a follow-up is due
			if err := d.Leads.Claim(ctx, d.Bank, p, leads[1]); err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			var erased, decided, exported error
			var file bytes.Buffer
			all.Go(func() { erased = d.Erase(ctx, viewer) })
			all.Go(func() { decided = d.Leads.Decide(ctx, d.Bank, p, leads[1], yes) })
			all.Go(func() {
				write, err := d.Leads.Export(ctx, d.Bank, boss, review.Filter{})
				if exported = err; err == nil {
					exported = write(ctx, &file)
				}
			})
			all.Go(func() { d.Work(t) })
			all.Wait()
			if exported != nil || strings.Contains(file.String(), cardtest.Phone(n)) || strings.Contains(file.String(), "欧阳小明") {
				t.Errorf("the export: %v %s", exported, file.String())
			}
			sent := len(d.Far.Messages(cardtest.Phone(n)))
			status := d.Status(t, leads[1])
			switch {
			case erased == nil && fault.From(decided).Kind == fault.Conflict && status == card.Withdrawn:
				for range 8 {
					d.Clock.Advance(12 * time.Hour)
					d.Work(t)
				}
				if now := len(d.Far.Messages(cardtest.Phone(n))); now != sent {
					t.Errorf("%d messages more to who is erased", now-sent)
				}
				left, _, err := db.Value[int](ctx, d.DB, `SELECT (SELECT COUNT(*) FROM applicant_field f JOIN application a ON a.id = f.application_id WHERE a.viewer_id = ?)
					+ (SELECT COUNT(*) FROM application WHERE viewer_id = ? AND (name_masked <> '' OR phone_masked <> '' OR phone_hash <> 'erased'))
					+ (SELECT COUNT(*) FROM follow_up WHERE viewer_id = ? AND ended_at IS NULL) + (SELECT COUNT(*) FROM app_message WHERE viewer_id = ?)`, viewer, viewer, viewer, viewer)
				if err != nil || left != 0 {
					t.Errorf("%d rows are left of who is erased: %v", left, err)
				}
			case fault.Code(erased) == "person.applying" && decided == nil && (status == card.Approved || status == card.HandedOff):
				d.Work(t)
				if d.Far.Submitted(leads[1])["name"] != "欧阳小明" {
					t.Error("the core got somebody of whom half is erased")
				}
			default:
				t.Errorf("erased: %v, decided: %v, it stands at %s", erased, decided, status)
			}
		}
		testkit.Holds(t, d.DB, review.Invariants()...)
	})
}
