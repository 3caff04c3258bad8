package review_test

import (
	"sync"
	"testing"
	"time"

	"yinbo/card"
	"yinbo/card/cardtest"
	"yinbo/card/review"
	"yinbo/card/screen"
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
