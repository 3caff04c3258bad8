package card_test

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yinbo/card"
	"yinbo/card/cardtest"
	"yinbo/card/review"
	"yinbo/card/screen"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/keeping"
	"yinbo/internal/pii"
	"yinbo/internal/testkit"
)

var maker = card.ShareMaker{Actor: card.Actor{Kind: "staff", ID: "stf_maker", RequestID: "req-3"}}

// full is a form with everything in it.
func full(d *cardtest.Department, n int) card.Form {
	f := d.Form(n, cardtest.Phone(n))
	f.Applicant.EmployerPhone = pii.Clear("021-12345678")
	f.Applicant.LimitWishedFen = 5_000_000
	f.Applicant.More = map[string]pii.Text{}
	for name, v := range map[string]string{"pinyin": "ouyang  xiaoming", "id_expires_on": card.LongTerm, "marital_status": "married", "education": "bachelor",
		"residence_years": "7", "industry": "manufacturing", "title": "worker", "employer_address": "金桥路 9 号", "contact1_relation": "spouse",
		"contact1_name": "诸葛大力", "contact1_phone": "13911112222", "contact2_relation": "friend", "contact2_name": "上官飞燕", "contact2_phone": "13933334444",
		"delivery_to": "work", "auto_repay": "yes"} {
		f.Applicant.More[name] = pii.Clear(v)
	}
	return f
}

// set has a form in use that one submitted and another approved.
func set(t *testing.T, d *cardtest.Department, p card.FormPlan) card.FormPlan {
	t.Helper()
	ctx := testkit.Context(t)
	c, err := d.Applications.SubmitForm(ctx, d.Bank.ID, anna, p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = d.Applications.ApproveForm(ctx, d.Bank.ID, berta, c.ID); err != nil {
		t.Fatal(err)
	}
	out, err := d.Applications.FormPlan(ctx, d.Bank.ID)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTheWholeFormIsSealedShownMaskedAndRevealed(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		set(t, d, card.FullForm())
		viewer := d.Viewer(cardtest.Phone(1))
		r, _, err := d.Applications.Apply(ctx, d.Bank, viewer, full(d, 1), d.Request(viewer))
		if err != nil {
			t.Fatal(err)
		}
		for _, cell := range d.Dump(t) {
			for _, secret := range []string{"OUYANG", "诸葛大力", "13911112222", "金桥路", "13933334444"} {
				if strings.Contains(cell, secret) {
					t.Errorf("%s lies in the database in clear: %.60s", secret, cell)
				}
			}
		}
		p := d.Reviewer(true)
		lead, err := d.Leads.Get(ctx, d.Bank, p, r.ID)
		if err != nil || lead.LimitWished == nil || *lead.LimitWished != 5_000_000 || lead.Attribution.FormVersion != 1 {
			t.Fatalf("%+v: %v", lead, err)
		}
		for name, want := range map[string]string{"pinyin": "O***", "contact1_name": "诸葛*", "contact1_phone": "139****2222", "marital_status": "married",
			"residence_years": "7", "contact2_relation": "friend", "employer_address": "金***", "auto_repay": "yes"} {
			if got := lead.Applicant.Fields[name]; got != want {
				t.Errorf("%s is shown as %q, want %q", name, got, want)
			}
		}
		opened, _, err := d.Leads.Reveal(ctx, d.Bank, p, r.ID, []string{"pinyin", "contact1_phone", "contact2_name"}, "核对联系人")
		if err != nil || opened["pinyin"].Reveal() != "OUYANG XIAOMING" || opened["contact1_phone"].Reveal() != "13911112222" || opened["contact2_name"].Reveal() != "上官飞燕" {
			t.Fatalf("revealed: %v", err)
		}
		dec, err := d.Screens.Decision(ctx, d.Bank.ID, r.ID, 0)
		if err != nil || dec.Input.Industry != "manufacturing" || dec.Input.Title != "worker" || dec.Input.LimitWished != 5_000_000 {
			t.Errorf("screened by %+v: %v", dec.Input, err)
		}
		d.Approve(t, r.ID)
		if got := d.Far.Submitted(r.ID); got["contact1_name"] != "诸葛大力" || got["limit_wished_fen"] != "5000000" || got["delivery_to"] != "work" {
			t.Errorf("the card core was given %v", slices.Sorted(maps.Keys(got)))
		}
	})
}

func TestTheFormSaysWhatIsRequired(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		viewer := d.Viewer(cardtest.Phone(1))
		try := func(f card.Form) error {
			_, _, err := d.Applications.Apply(ctx, d.Bank, viewer, f, d.Request(viewer))
			return err
		}
		unasked := d.Form(1, cardtest.Phone(1))
		unasked.Applicant.More = map[string]pii.Text{"education": pii.Clear("master")}
		names(t, try(unasked), "applicant.education")

		plan := card.FullForm()
		for i := range plan.Steps {
			for j, f := range plan.Steps[i].Fields {
				if f.Name == "education" || f.Name == "contact1" {
					plan.Steps[i].Fields[j].Required = true
				}
			}
		}
		plan = set(t, d, plan)
		err := try(d.Form(1, cardtest.Phone(1)))
		f := fault.From(err)
		var missing []string
		for _, x := range f.Fields {
			missing = append(missing, x.Name+" "+x.Code)
		}
		want := "applicant.education field.required applicant.contacts[0].relation field.required applicant.contacts[0].name field.required applicant.contacts[0].phone field.required"
		if f.Kind != fault.Invalid || strings.Join(missing, " ") != want {
			t.Fatalf("%v", err)
		}
		for field, v := range map[string]string{"pinyin": "欧阳", "id_expires_on": "2020-01-01", "marital_status": "sad", "residence_years": "100", "industry": "x"} {
			form := full(d, 1)
			form.Applicant.More[field] = pii.Clear(v)
			names(t, try(form), "applicant."+field)
		}
		half := full(d, 1)
		delete(half.Applicant.More, "contact2_phone")
		names(t, try(half), "applicant.contacts[1].phone")
		nowhere := full(d, 1)
		delete(nowhere.Applicant.More, "employer_address")
		names(t, try(nowhere), "applicant.employer_address")
		if err := try(full(d, 1)); err != nil {
			t.Fatal(err)
		}

		// A change names the version that it was made from; the minimum stays.
		stale := plan
		stale.Version = 0
		if _, err := d.Applications.SubmitForm(ctx, d.Bank.ID, anna, stale); fault.Code(err) != "form.outdated" {
			t.Errorf("an old version was changed: %v", err)
		}
		less := card.StandardForm()
		less.Version = plan.Version
		less.Steps = less.Steps[1:]
		if _, err := d.Applications.SubmitForm(ctx, d.Bank.ID, anna, less); fault.Code(err) != "validation" {
			t.Errorf("a form without a name: %v", err)
		}
	})
}

// The contract's body goes through every form that requires no more than it.
func TestTheContractsBodyFitsEveryForm(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		bare := card.FormPlan{IncomePeriod: "month", Steps: []card.FormStep{{Key: "person", Fields: []card.Asked{
			{Name: "name", Required: true}, {Name: "id_no", Required: true}, {Name: "phone", Required: true}, {Name: "city_code", Required: true}}}}}
		set(t, d, bare)
		if app, _ := d.Apply(t, 1); app == "" {
			t.Error("refused")
		}
	})
}

func draft(d *cardtest.Department, revision int, employer string) card.Draft {
	return card.Draft{CardProductID: d.Products[0], Revision: revision, Step: "work", Fields: map[string]pii.Text{"name": pii.Clear("欧阳小明"), "employer": pii.Clear(employer)}}
}

func TestADraftIsSealedAndNoDeviceOverwritesAnother(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		viewer := d.Viewer(cardtest.Phone(1))
		first, err := d.Applications.SaveDraft(ctx, d.Bank, viewer, draft(d, 0, "浦东机械厂"))
		if err != nil || first.Revision != 1 || first.Fields["employer"].Reveal() != "浦东机械厂" {
			t.Fatalf("%+v: %v", first, err)
		}
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wg.Go(func() { _, errs[i] = d.Applications.SaveDraft(ctx, d.Bank, viewer, draft(d, 1, "浦西机械厂")) })
		}
		wg.Wait()
		saved := 0
		for _, err := range errs {
			switch {
			case err == nil:
				saved++
			case fault.Code(err) != "draft.outdated":
				t.Fatal(err)
			}
		}
		if saved != 1 {
			t.Fatalf("%d devices wrote over revision 1", saved)
		}
		if _, err := d.Applications.SaveDraft(ctx, d.Bank, viewer, draft(d, 0, "x")); fault.Code(err) != "draft.outdated" {
			t.Errorf("a new one beside it: %v", err)
		}
		for _, cell := range d.Dump(t) {
			if strings.Contains(cell, "机械厂") || strings.Contains(cell, "欧阳小明") {
				t.Errorf("a draft lies in clear: %.80s", cell)
			}
		}
		secret := draft(d, 2, "x")
		secret.Fields["id_no"] = pii.Clear(cardtest.IDNo(1))
		if _, err := d.Applications.SaveDraft(ctx, d.Bank, viewer, secret); fault.Code(err) != "validation" {
			t.Errorf("the id number was taken: %v", err)
		}
		if others, err := d.Applications.Drafts(ctx, d.Bank, d.Viewer(cardtest.Phone(2))); err != nil || len(others) != 0 {
			t.Errorf("another viewer sees %v, %v", others, err)
		}

		// Sending in ends it.
		if _, _, err := d.Applications.Apply(ctx, d.Bank, viewer, d.Form(1, cardtest.Phone(1)), d.Request(viewer)); err != nil {
			t.Fatal(err)
		}
		count(t, d, 0, "SELECT COUNT(*) FROM application_draft")
	})
}

func count(t *testing.T, d *cardtest.Department, want int, query string, args ...any) {
	t.Helper()
	if n, _, err := db.Value[int](testkit.Context(t), d.DB, query, args...); err != nil || n != want {
		t.Errorf("%s: %d, want %d: %v", query, n, want, err)
	}
}

func TestDraftsGoWithTimeAtWishAndWithThePerson(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		save := func(n int) string {
			v := d.Viewer(cardtest.Phone(n))
			d.SignedIn(t, v, cardtest.Phone(n))
			if _, err := d.Applications.SaveDraft(ctx, d.Bank, v, draft(d, 0, "x")); err != nil {
				t.Fatal(err)
			}
			return v
		}
		wishes := save(1)
		if err := d.Applications.ForgetDraft(ctx, d.Bank.ID, wishes, d.Products[0]); err != nil {
			t.Fatal(err)
		}
		count(t, d, 0, "SELECT COUNT(*) FROM application_draft")
		goes := save(2)
		if err := d.Erase(ctx, goes); err != nil {
			t.Fatal(err)
		}
		count(t, d, 0, "SELECT COUNT(*) FROM application_draft")
		if _, err := d.Applications.SaveDraft(ctx, d.Bank, goes, draft(d, 0, "x")); fault.Code(err) != "not_found" {
			t.Errorf("a person who was erased wrote: %v", err)
		}
		save(3)
		d.Clock.Advance(20 * 24 * time.Hour)
		save(4)
		d.Clock.Advance(11 * 24 * time.Hour)
		k := keeping.New(keeping.Deps{DB: d.DB, Classes: []keeping.Class{card.DraftKeeping()}})
		if _, err := k.Sweep(ctx, d.Bank, card.DraftKeeping(), d.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		count(t, d, 1, "SELECT COUNT(*) FROM application_draft")
	})
}

func TestAttributionIsFixedWhenAnApplicationIsSentIn(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		manager, outlet := id.New(id.Staff), id.New(id.Branch)
		err := d.DB.InTx(ctx, func(tx *db.Tx) error {
			if err := tx.Insert(ctx, "branch (id, bank_id, name, created_at)", [][]any{{outlet, d.Bank.ID, "陆家嘴支行", tx.Now}}, ""); err != nil {
				return err
			}
			return tx.Insert(ctx, "staff (id, bank_id, username, name, password_hash, branch_id, created_at)",
				[][]any{{manager, d.Bank.ID, "m", "客户经理小王", "x", outlet, tx.Now}}, "")
		})
		if err != nil {
			t.Fatal(err)
		}
		text := func(s string) *string { return &s }
		code, err := d.Applications.MakeShareCode(ctx, d.Bank.ID, maker, card.Share{Kind: card.ShareCampaign, ManagerID: &manager, Community: text("小区团购群"), Campaign: text("双十一")})
		if err != nil || !code.Live || code.OutletID == nil || *code.OutletID != outlet || code.Manager.Name != "客户经理小王" {
			t.Fatalf("%+v: %v", code, err)
		}
		apply := func(n int, share, room string) review.Attribution {
			t.Helper()
			viewer, f := d.Viewer(cardtest.Phone(n)), d.Form(n, cardtest.Phone(n))
			f.ShareCode, f.RoomID = share, room
			r, _, err := d.Applications.Apply(ctx, d.Bank, viewer, f, d.Request(viewer))
			if err != nil {
				t.Fatal(err)
			}
			lead, err := d.Leads.Get(ctx, d.Bank, d.Reviewer(true), r.ID)
			if err != nil {
				t.Fatal(err)
			}
			return lead.Attribution
		}
		by := apply(1, code.Code, "")
		if by.ManagerName == nil || *by.ManagerName != "客户经理小王" || *by.OutletName != "陆家嘴支行" || *by.BranchID != outlet || *by.Community != "小区团购群" || *by.Campaign != "双十一" {
			t.Errorf("by the code: %+v", by)
		}
		if in := apply(2, code.Code, cardtest.Room); in.HostID == nil || in.BranchID == nil || *in.BranchID == outlet || *in.OutletID != outlet {
			t.Errorf("in a room: %+v", in)
		}
		if other := apply(3, "from-elsewhere", ""); other.ShareCode == nil || *other.ShareCode != "from-elsewhere" || other.ManagerID != nil {
			t.Errorf("by an unknown code: %+v", other)
		}
		if _, err := d.Applications.RetireShareCode(ctx, d.Bank.ID, card.ShareMaker{Actor: card.Actor{Kind: "staff", ID: "stf_other"}, OwnOnly: true}, code.ID); fault.Code(err) != "not_found" {
			t.Errorf("another host retired it: %v", err)
		}
		for range 2 {
			if v, err := d.Applications.RetireShareCode(ctx, d.Bank.ID, maker, code.ID); err != nil || v.Live || v.Applications != 2 {
				t.Fatalf("%+v: %v", v, err)
			}
		}
		count(t, d, 2, "SELECT COUNT(*) FROM audit WHERE action LIKE 'share_code.%'")
		if late := apply(4, code.Code, ""); late.ManagerID != nil || *late.ShareCode != code.Code {
			t.Errorf("by a retired code: %+v", late)
		}
		count(t, d, 2, "SELECT COUNT(*) FROM application WHERE manager_id = ?", manager)

		for field, s := range map[string]card.Share{
			"room_id": {Kind: card.ShareRoom}, "card_product_id": {Kind: card.ShareProduct, CardProductID: text("crd_x")}, "campaign": {Kind: card.ShareCampaign},
			"manager_id": {Kind: card.ShareCampaign, Campaign: text("c"), ManagerID: text("stf_x")}, "outlet_id": {Kind: card.ShareCampaign, Campaign: text("c"), OutletID: text("brn_x")},
			"community":  {Kind: card.ShareCampaign, Campaign: text("c"), Community: text("王经理13812345678")},
			"expires_at": {Kind: card.ShareCampaign, Campaign: text("c"), ExpiresAt: clock.AtPtr(d.Clock.Now().Add(-time.Hour))},
		} {
			_, err := d.Applications.MakeShareCode(ctx, d.Bank.ID, maker, s)
			names(t, err, field)
		}
	})
}

// A supplement is screened as the application stands with it; the decision before
// it stays on record, and both can be replayed.
func TestASupplementIsScreenedAgain(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		lead, viewer := d.Apply(t, 1)
		if _, err := d.Screens.Add(ctx, d.Bank.ID, screen.Person{ID: "stf_risk"}, screen.Line{List: screen.Black, Kind: screen.EmployerPhone, Value: pii.Clear("021-88886666"), Reason: "虚假单位"}); err != nil {
			t.Fatal(err)
		}
		p := d.Reviewer(false)
		if err := d.Leads.Claim(ctx, d.Bank, p, lead); err != nil {
			t.Fatal(err)
		}
		if err := d.Leads.RequestInfo(ctx, d.Bank, p, lead, []string{"employer_phone", "limit_wished_fen"}, pii.Clear("请补充单位电话")); err != nil {
			t.Fatal(err)
		}
		given := map[string]pii.Text{"employer_phone": pii.Clear("021-88886666"), "limit_wished_fen": pii.Clear("x")}
		if _, err := d.Applications.Supplement(ctx, d.Bank, viewer, lead, given, "mobile", card.Actor{Kind: "viewer", ID: viewer}); fault.Code(err) != "validation" {
			t.Fatalf("a limit of x: %v", err)
		}
		given["limit_wished_fen"] = pii.Clear("3000000")
		if _, err := d.Applications.Supplement(ctx, d.Bank, viewer, lead, given, "mobile", card.Actor{Kind: "viewer", ID: viewer}); err != nil {
			t.Fatal(err)
		}
		now, err := d.Screens.Decision(ctx, d.Bank.ID, lead, 0)
		if err != nil || now.Round != 2 || now.Rounds != 2 || now.Verdict != card.Refer || !now.Input.EmployerPhone.Black || now.Input.LimitWished != 3_000_000 || now.Input.IP.H1 != 0 {
			t.Fatalf("%+v %+v: %v", now, now.Input, err)
		}
		then, err := d.Screens.Decision(ctx, d.Bank.ID, lead, 1)
		if err != nil || then.Round != 1 || then.Verdict != card.Pass || then.Input.EmployerPhone.Black {
			t.Fatalf("%+v: %v", then, err)
		}
		for round := range 3 {
			if again, err := d.Screens.Replay(ctx, d.Bank.ID, lead, "", round); err != nil || !again.Same {
				t.Errorf("round %d again: %+v: %v", round, again, err)
			}
		}
		if _, err := d.Screens.Decision(ctx, d.Bank.ID, lead, 3); fault.Code(err) != "not_found" {
			t.Errorf("round 3: %v", err)
		}
		count(t, d, 1, "SELECT COUNT(*) FROM application WHERE screening = 'refer' AND limit_wished_fen = 3000000 AND employer_phone_hash IS NOT NULL AND status = 'in_review'")
		got, err := d.Leads.Get(ctx, d.Bank, p, lead)
		if err != nil || got.Screening != card.Refer {
			t.Errorf("%+v: %v", got.Screening, err)
		}
	})
}

func TestARejectedPersonIsToldWhenToComeAgain(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		lead, viewer := d.Apply(t, 1)
		reject(t, d, lead)
		a, err := d.Applications.Get(ctx, d.Bank, viewer, lead)
		if err != nil || a.AgainOn == nil || *a.AgainOn != "2026-05-31" {
			t.Fatalf("%v: %v", a.AgainOn, err)
		}
		_, _, err = d.Applications.Apply(ctx, d.Bank, viewer, d.Form(1, cardtest.Phone(1)), d.Request(viewer))
		if f := fault.From(err); f.Code != "application.cool_off" || !strings.Contains(f.Title(fault.Language("en")), "2026-05-31") {
			t.Errorf("%v", err)
		}
	})
}

func TestARepeatIsTheFirstOne(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		lead, viewer := d.Apply(t, 1)
		r, _, err := d.Applications.Apply(testkit.Context(t), d.Bank, viewer, d.Form(1, cardtest.Phone(1)), d.Request(viewer))
		if err != nil || r.ID != lead || !r.Repeat {
			t.Errorf("%+v: %v", r, err)
		}
	})
}
