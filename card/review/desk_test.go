package review_test

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yinbo/card"
	"yinbo/card/cardtest"
	"yinbo/card/review"
	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/pii"
	"yinbo/internal/testkit"
)

var yes = review.Decision{Decision: review.Approve, ReasonCode: "meets_policy", Comment: pii.Clear("收入证明齐全")}

func TestOneOfManyReviewersGetsTheClaim(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		lead, viewer := d.Apply(t, 1)
		people := make([]review.Person, 8)
		errs := make([]error, len(people))
		var wg sync.WaitGroup
		for i := range people {
			people[i] = d.Reviewer(false)
			wg.Go(func() { errs[i] = d.Leads.Claim(ctx, d.Bank, people[i], lead) })
		}
		wg.Wait()
		winner := -1
		for i, err := range errs {
			switch {
			case err == nil && winner < 0:
				winner = i
			case fault.Code(err) != "lead.taken":
				t.Errorf("%d: %v", i, err)
			}
		}
		if winner < 0 {
			t.Fatal("nobody won")
		}
		got, err := d.Leads.Get(ctx, d.Bank, people[winner], lead)
		if err != nil || got.Status != card.InReview || got.Claim == nil || !got.Claim.Mine || got.ClaimedBy.ID != people[winner].ID || got.ClaimedBy.Name == "" {
			t.Fatalf("%+v: %v", got, err)
		}
		if !d.Push.Told(viewer, card.InReview) {
			t.Error("the applicant was not told")
		}
		loser := people[(winner+1)%len(people)]
		if err := d.Leads.Decide(ctx, d.Bank, loser, lead, yes); fault.Code(err) != "lead.taken" {
			t.Errorf("another's decision: %v", err)
		}
		if err := d.Leads.Release(ctx, d.Bank, people[winner], lead); err != nil {
			t.Fatal(err)
		}
		if err := d.Leads.Decide(ctx, d.Bank, people[winner], lead, yes); fault.Code(err) != "lead.not_claimed" {
			t.Errorf("a decision on nobody's lead: %v", err)
		}
	})
}

func TestOfTwoDecisionsAtOnceOneWins(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		lead, _ := d.Apply(t, 1)
		p := d.Reviewer(false)
		if err := d.Leads.Claim(ctx, d.Bank, p, lead); err != nil {
			t.Fatal(err)
		}
		no := review.Decision{Decision: review.Reject, ReasonCode: "risk"}
		errs := make([]error, 6)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { errs[i] = d.Leads.Decide(ctx, d.Bank, p, lead, []review.Decision{yes, no}[i%2]) })
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if fault.Code(err) != "lead.taken" {
				t.Error(err)
			}
		}
		n, _, err := db.Value[int](ctx, d.DB, "SELECT COUNT(*) FROM lead_event WHERE application_id = ? AND kind = 'decided'", lead)
		if won != 1 || n != 1 || err != nil {
			t.Fatalf("%d won, %d on the timeline: %v", won, n, err)
		}
		if n, err := audit.Verify(ctx, d.DB, d.Bank.ID); err != nil || n != 2 {
			t.Fatalf("%d entries in the chain: %v", n, err)
		}
	})
}

func TestClaimPastItsLeaseMayBeTakenOver(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		lead, _ := d.Apply(t, 1)
		slow, quick := d.Reviewer(false), d.Reviewer(false)
		claim := func(p review.Person) error { return d.Leads.Claim(ctx, d.Bank, p, lead) }
		if err := claim(slow); err != nil {
			t.Fatal(err)
		}
		d.Clock.Advance(10 * time.Minute)
		if err := claim(slow); err != nil { // renewed
			t.Fatal(err)
		}
		d.Clock.Advance(10 * time.Minute)
		if err := claim(quick); fault.Code(err) != "lead.taken" {
			t.Fatalf("a renewed claim was taken: %v", err)
		}
		d.Clock.Advance(5 * time.Minute)
		if err := d.Leads.Decide(ctx, d.Bank, slow, lead, yes); fault.Code(err) != "lead.not_claimed" {
			t.Fatalf("a decision past the lease: %v", err)
		}
		if err := d.Leads.Renew(ctx, d.Bank, slow, lead); fault.Code(err) != "lead.not_claimed" {
			t.Fatalf("a renewal past the lease: %v", err)
		}
		free, err := d.Leads.List(ctx, d.Bank.ID, quick, review.Filter{Assignee: "none"}, "", 10)
		if err != nil || len(free) != 1 || free[0].ClaimedBy != nil {
			t.Fatalf("%+v: %v", free, err)
		}
		if err := claim(quick); err != nil {
			t.Fatal(err)
		}
		testkit.Unchanged(t, d.DB, "whose lease had ended", func() {
			for what, err := range map[string]error{"decision": d.Leads.Decide(ctx, d.Bank, slow, lead, yes), "renewal": d.Leads.Renew(ctx, d.Bank, slow, lead), "claim": claim(slow),
				"release": d.Leads.Release(ctx, d.Bank, slow, lead), "request": d.Leads.RequestInfo(ctx, d.Bank, slow, lead, []string{"employer"}, pii.Clear("请补充"))} {
				if fault.Code(err) != "lead.taken" {
					t.Errorf("their %s once another holds it: %v", what, err)
				}
			}
		})
		mine, err := d.Leads.List(ctx, d.Bank.ID, quick, review.Filter{Assignee: "me", Status: card.InReview}, "", 10)
		if err != nil || len(mine) != 1 || mine[0].ID != lead {
			t.Fatalf("%+v: %v", mine, err)
		}
		// Past a lease that nobody took over, whoever had it claims it again and decides.
		d.Clock.Advance(16 * time.Minute)
		if err := claim(quick); err != nil {
			t.Fatal(err)
		}
		if err := d.Leads.Decide(ctx, d.Bank, quick, lead, yes); err != nil {
			t.Fatal(err)
		}
	})
}

func TestSupervisorAssignsToReviewersOnly(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		lead, _ := d.Apply(t, 1)
		boss, one, two := d.Reviewer(true), d.Reviewer(false), d.Reviewer(false)
		if err := d.Leads.Assign(ctx, d.Bank, boss, lead, "stf_nobody"); fault.From(err).Kind != fault.Invalid {
			t.Fatalf("assigned to nobody: %v", err)
		}
		for _, p := range []review.Person{one, two} {
			if err := d.Leads.Assign(ctx, d.Bank, boss, lead, p.ID); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Leads.Decide(ctx, d.Bank, one, lead, yes); fault.Code(err) != "lead.taken" {
			t.Fatalf("the one before decided: %v", err)
		}
		if err := d.Leads.Decide(ctx, d.Bank, two, lead, yes); err != nil {
			t.Fatal(err)
		}
		if err := d.Leads.Assign(ctx, d.Bank, boss, lead, one.ID); fault.Code(err) != "lead.taken" {
			t.Fatalf("a decided lead was assigned: %v", err)
		}
	})
}

func TestMoreInformationGoesToTheApplicantAndBack(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		lead, viewer := d.Apply(t, 1)
		p := d.Reviewer(false)
		if err := d.Leads.Claim(ctx, d.Bank, p, lead); err != nil {
			t.Fatal(err)
		}
		if err := d.Leads.RequestInfo(ctx, d.Bank, p, lead, []string{"id_no"}, pii.Clear("x")); fault.From(err).Kind != fault.Invalid {
			t.Fatalf("a fixed field was asked for: %v", err)
		}
		if err := d.Leads.RequestInfo(ctx, d.Bank, p, lead, []string{"employer", "income_band"}, pii.Clear("请补充单位全称")); err != nil {
			t.Fatal(err)
		}
		a, err := d.Applications.Get(ctx, d.Bank, viewer, lead)
		if err != nil || a.Status != card.InfoRequested || a.InfoRequest == nil || a.InfoRequest.Message != "请补充单位全称" {
			t.Fatalf("%+v: %v", a, err)
		}
		give := func(fields map[string]pii.Text) error {
			_, err := d.Applications.Supplement(ctx, d.Bank, viewer, lead, fields, "mobile", card.Actor{Kind: "viewer", ID: viewer})
			return err
		}
		if err := give(map[string]pii.Text{"employer": pii.Clear("上海浦东第二机械厂"), "name": pii.Clear("张三")}); len(fault.From(err).Fields) != 2 {
			t.Fatalf("half and something else: %v", err)
		}
		good := map[string]pii.Text{"employer": pii.Clear("上海浦东第二机械厂"), "income_band": pii.Clear("20k-50k")}
		if err := give(good); err != nil {
			t.Fatal(err)
		}
		if err := give(good); fault.Code(err) != "conflict" {
			t.Fatalf("twice: %v", err)
		}
		got, err := d.Leads.Get(ctx, d.Bank, p, lead)
		if err != nil || got.Status != card.InReview || got.Claim == nil || *got.Applicant.IncomeBand != "20k-50k" {
			t.Fatalf("back with the reviewer: %+v, %v", got, err)
		}
		opened, _, err := d.Leads.Reveal(ctx, d.Bank, p, lead, []string{"employer"}, "核对单位")
		if err != nil || opened["employer"].Reveal() != "上海浦东第二机械厂" {
			t.Fatalf("revealed %q: %v", opened["employer"].Reveal(), err)
		}
	})
}

func TestRevealIsForTheClaimerAuditedAndBounded(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		lead, _ := d.Apply(t, 1)
		p, stranger := d.Reviewer(false), d.Reviewer(false)
		if err := d.Leads.Claim(ctx, d.Bank, p, lead); err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.Leads.Reveal(ctx, d.Bank, stranger, lead, []string{"phone"}, "好奇"); fault.Code(err) != "auth.forbidden" {
			t.Fatalf("a stranger's look: %v", err)
		}
		if _, _, err := d.Leads.Reveal(ctx, d.Bank, p, lead, []string{"salary"}, "核对"); fault.From(err).Kind != fault.Invalid {
			t.Fatalf("a field that there is not: %v", err)
		}
		for i := range review.RevealsPerHour {
			got, left, err := d.Leads.Reveal(ctx, d.Bank, p, lead, []string{"phone"}, "回拨 "+cardtest.Phone(1))
			if err != nil || left != review.RevealsPerHour-i-1 || got["phone"].Reveal() != cardtest.Phone(1) {
				t.Fatalf("look %d: %v", i, err)
			}
		}
		_, _, err := d.Leads.Reveal(ctx, d.Bank, p, lead, []string{"phone"}, "再看")
		if f := fault.From(err); f.Kind != fault.RateLimited || f.RetryAfter == 0 {
			t.Fatalf("one look too many: %v", err)
		}
		entries, err := audit.List(ctx, d.DB, d.Bank.ID, audit.Filter{Action: "lead.revealed", Actor: p.ID, Limit: 100})
		if err != nil || len(entries) != review.RevealsPerHour {
			t.Fatalf("%d entries: %v", len(entries), err)
		}
		if reason := entries[0].Detail["reason"].(string); strings.Contains(reason, cardtest.Phone(1)) || !strings.Contains(reason, "回拨") {
			t.Errorf("the reason on record: %q", reason)
		}
	})
}

func TestLeadsAreFoundByWholeValuesOnly(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		lead, _ := d.Apply(t, 1)
		d.Apply(t, 2)
		p := d.Reviewer(false)
		detail, err := d.Leads.Get(ctx, d.Bank, p, lead)
		if err != nil {
			t.Fatal(err)
		}
		for q, want := range map[string]int{cardtest.Phone(1): 1, cardtest.IDNo(1): 1, detail.ReceiptNo: 1, strings.ToLower(detail.ReceiptNo): 1,
			lead: 1, "138": 0, "欧阳小明": 0, "%": 0, "": 2} {
			found, err := d.Leads.List(ctx, d.Bank.ID, p, review.Filter{Query: q}, "", 10)
			if err != nil || len(found) != want || want == 1 && found[0].ID != lead {
				t.Errorf("%q found %d: %v", q, len(found), err)
			}
		}
		if a := detail.Applicant; a.Name != "欧阳*" || a.Phone != "138****0001" || a.Fields["email"] != "o***@example.com" || strings.Contains(a.IDNo, "1990") {
			t.Errorf("not masked: %+v", a)
		}
		page, err := d.Leads.List(ctx, d.Bank.ID, p, review.Filter{}, "", 1)
		if err != nil || len(page) != 2 {
			t.Fatalf("a page and one more: %d, %v", len(page), err)
		}
		rest, err := d.Leads.List(ctx, d.Bank.ID, p, review.Filter{}, page[0].ID, 1)
		if err != nil || len(rest) != 1 || rest[0].ID != lead {
			t.Fatalf("%+v: %v", rest, err)
		}
		yesterday, err := d.Leads.List(ctx, d.Bank.ID, p, review.Filter{To: cardtest.Monday.Add(-time.Hour)}, "", 10)
		if err != nil || len(yesterday) != 0 {
			t.Errorf("%d of yesterday: %v", len(yesterday), err)
		}
	})
}

func TestExportIsMaskedAuditedAndInert(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		d.Apply(t, 1)
		err := d.DB.InTx(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE card_product SET name = '=HYPERLINK(1)'")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		boss := d.Reviewer(true)
		write, err := d.Leads.Export(ctx, d.Bank, boss, review.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := write(ctx, &out); err != nil {
			t.Fatal(err)
		}
		text := strings.TrimPrefix(out.String(), "\ufeff")
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || len(rows) != 2 || rows[1][3] != "'=HYPERLINK(1)" || rows[1][5] != "138****0001" {
			t.Fatalf("%q: %v", rows, err)
		}
		if strings.Contains(text, cardtest.Phone(1)) || strings.Contains(text, cardtest.IDNo(1)) {
			t.Error("the export is not masked")
		}
		entries, err := audit.List(ctx, d.DB, d.Bank.ID, audit.Filter{Action: "lead.exported", Limit: 10})
		if err != nil || len(entries) != 1 || entries[0].Actor != boss.ID {
			t.Errorf("%+v: %v", entries, err)
		}
	})
}

func TestSupplementPastTheLeaseGoesToTheQueue(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		lead, viewer := d.Apply(t, 1)
		p := d.Reviewer(false)
		if err := d.Leads.Claim(ctx, d.Bank, p, lead); err != nil {
			t.Fatal(err)
		}
		if err := d.Leads.RequestInfo(ctx, d.Bank, p, lead, []string{"name"}, pii.Clear("请填写证件姓名")); err != nil {
			t.Fatal(err)
		}
		d.Clock.Advance(time.Hour)
		a, err := d.Applications.Supplement(ctx, d.Bank, viewer, lead, map[string]pii.Text{"name": pii.Clear("司马光")}, "mobile", card.Actor{Kind: "viewer", ID: viewer})
		if err != nil || a.Status != card.Queued {
			t.Fatalf("%+v: %v", a, err)
		}
		got, err := d.Leads.Get(ctx, d.Bank, p, lead)
		if err != nil || got.Claim != nil || got.Applicant.Name != "司马*" {
			t.Fatalf("%+v: %v", got, err)
		}
		if err := d.Leads.Claim(ctx, d.Bank, d.Reviewer(false), lead); err != nil {
			t.Fatal(err)
		}
	})
}

func TestTheUnheldOfEveryStatusComeInOneOrder(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, p := testkit.Context(t), d.Reviewer(false)
		var all []string
		for n := 1; n <= 7; n++ {
			lead, _ := d.Apply(t, n)
			all = append(all, lead)
			d.Clock.Advance(time.Second)
		}
		for i, lead := range all[:5] { // two of a passed lease, two that were asked for more, one held
			if err := d.Leads.Claim(ctx, d.Bank, p, lead); err != nil {
				t.Fatal(err)
			}
			if i%2 == 1 {
				if err := d.Leads.RequestInfo(ctx, d.Bank, p, lead, []string{"employer"}, pii.Clear("请补充单位全称")); err != nil {
					t.Fatal(err)
				}
			}
		}
		d.Clock.Advance(time.Hour)
		if err := d.Leads.Claim(ctx, d.Bank, p, all[2]); err != nil {
			t.Fatal(err)
		}
		unheld := slices.Delete(slices.Clone(all), 2, 3)
		for _, oldest := range []bool{true, false} {
			var got []string
			for after := ""; ; after = got[len(got)-1] {
				page, err := d.Leads.List(ctx, d.Bank.ID, p, review.Filter{Assignee: "none", Oldest: oldest}, after, 2)
				if err != nil {
					t.Fatal(err)
				}
				for _, v := range page[:min(2, len(page))] {
					got = append(got, v.ID)
				}
				if len(page) <= 2 {
					break
				}
			}
			if !slices.Equal(got, unheld) {
				t.Errorf("oldest first %v: %v, want %v", oldest, got, unheld)
			}
			slices.Reverse(unheld)
		}
	})
}
