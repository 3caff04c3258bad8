package card_test

import (
	"strings"
	"testing"

	"yinbo/card"
	"yinbo/card/cardtest"
	"yinbo/card/review"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/outlet"
	"yinbo/internal/pii"
	"yinbo/internal/testkit"
)

// outlets makes branches of the bank with what is kept of them: one that hands out
// cards, one that does not any more, and one of another bank.
func outlets(t *testing.T, d *cardtest.Department) (open, closed, strange string) {
	t.Helper()
	ctx := testkit.Context(t)
	open, closed, strange = id.New(id.Branch), id.New(id.Branch), id.New(id.Branch)
	err := d.DB.InTx(ctx, func(tx *db.Tx) error {
		return tx.Insert(ctx, "branch (id, bank_id, name, created_at)", [][]any{{open, d.Bank.ID, "陆家嘴支行", tx.Now}, {closed, d.Bank.ID, "静安支行", tx.Now},
			{strange, "bank_other", "别行", tx.Now}}, "")
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range []struct {
		bank, branch string
		collects     bool
	}{{d.Bank.ID, open, true}, {d.Bank.ID, closed, false}, {"bank_other", strange, true}} {
		_, err := outlet.Save(ctx, d.DB, outlet.By{Bank: o.bank, ID: "stf_admin"}, o.branch,
			outlet.Details{Number: "010" + string(rune('1'+i)), CityCode: "310115", Address: "陆家嘴环路 1000 号", Collects: o.collects})
		if err != nil {
			t.Fatal(err)
		}
	}
	return open, closed, strange
}

func collected(d *cardtest.Department, n int, at string) card.Form {
	f := d.Form(n, cardtest.Phone(n))
	f.Applicant.More = map[string]pii.Text{"delivery_to": pii.Clear(card.ToOutlet)}
	f.Applicant.DeliveryOutletID = at
	return f
}

func TestACardIsCollectedAtAnOutletThatHandsOutCards(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		open, closed, strange := outlets(t, d)
		set(t, d, card.FullForm())
		viewer := d.Viewer(cardtest.Phone(1))
		try := func(f card.Form) (card.Receipt, error) {
			r, _, err := d.Applications.Apply(ctx, d.Bank, viewer, f, d.Request(viewer))
			return r, err
		}
		sent := collected(d, 1, open)
		sent.Applicant.More["delivery_to"] = pii.Clear("home")
		for what, c := range map[string]struct {
			form card.Form
			code string
		}{
			"at none": {collected(d, 1, ""), "delivery.outlet"}, "at a closed one": {collected(d, 1, closed), "delivery.outlet_closed"},
			"at another bank's": {collected(d, 1, strange), "delivery.outlet_closed"}, "at nothing": {collected(d, 1, id.New(id.Branch)), "delivery.outlet_closed"},
			"at no id": {collected(d, 1, "pudong"), "field.format"}, "sent home, and at one": {sent, "field.not_asked"},
		} {
			_, err := try(c.form)
			if f := fault.From(err); len(f.Fields) != 1 || f.Fields[0].Name != "applicant.delivery_outlet_id" || f.Fields[0].Code != c.code {
				t.Errorf("%s: %v", what, err)
			}
		}
		r, err := try(collected(d, 1, open))
		if err != nil {
			t.Fatal(err)
		}
		own, err := d.Applications.Get(ctx, d.Bank, viewer, r.ID)
		if err != nil || own.Delivery == nil || own.Delivery.To != card.ToOutlet || own.Delivery.Outlet == nil || own.Delivery.Outlet.Name != "陆家嘴支行" {
			t.Fatalf("the applicant sees %+v: %v", own.Delivery, err)
		}
		// What was chosen stays when the outlet closes; the reviewer sees that it did.
		_, err = outlet.Save(ctx, d.DB, outlet.By{Bank: d.Bank.ID, ID: "stf_admin"}, open, outlet.Details{Number: "0101", CityCode: "310115", Address: "陆家嘴环路 1000 号"})
		if err != nil {
			t.Fatal(err)
		}
		p := d.Reviewer(true)
		lead, err := d.Leads.Get(ctx, d.Bank, p, r.ID)
		if err != nil || lead.Delivery == nil || lead.Delivery.Outlet == nil || lead.Delivery.Outlet.Number != "0101" || lead.Delivery.Outlet.Collects {
			t.Fatalf("the reviewer sees %+v: %v", lead.Delivery, err)
		}
		write, err := d.Leads.Export(ctx, d.Bank, p, review.Filter{})
		var file strings.Builder
		if err == nil {
			err = write(ctx, &file)
		}
		if head, line, _ := strings.Cut(strings.TrimSpace(file.String()), "\n"); err != nil || !strings.HasSuffix(head, ",delivery_to,delivery_outlet,delivery_outlet_name") || !strings.HasSuffix(line, ",branch,0101,陆家嘴支行") {
			t.Errorf("the file: %s: %v", file.String(), err)
		}
		d.Approve(t, r.ID)
		if got := d.Far.Submitted(r.ID); got["delivery_to"] != "branch" || got["delivery_outlet"] != "0101" || got["delivery_outlet_name"] != "陆家嘴支行" {
			t.Errorf("the card core was given %v", got)
		}
	})
}

func TestABankOffersTheWaysInWhichACardComes(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		open, _, _ := outlets(t, d)
		plan := card.FullForm()
		for way, code := range map[string]string{"home": "field.duplicate", "pigeon": "field.not_allowed"} {
			plan.Deliveries = []string{"home", way}
			if f := fault.From(func() error { _, err := d.Applications.SubmitForm(ctx, d.Bank.ID, anna, plan); return err }()); len(f.Fields) != 1 || f.Fields[0].Name != "deliveries[1]" || f.Fields[0].Code != code {
				t.Errorf("%s: %v", way, f)
			}
		}
		plan.Deliveries = []string{"home"}
		if now := set(t, d, plan); len(now.Deliveries) != 1 {
			t.Fatalf("%v", now.Deliveries)
		}
		viewer := d.Viewer(cardtest.Phone(1))
		_, _, err := d.Applications.Apply(ctx, d.Bank, viewer, collected(d, 1, open), d.Request(viewer))
		names(t, err, "applicant.delivery_to")
		// A form from before ways could be chosen has them all.
		err = d.DB.InTx(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE application_form SET body = REPLACE(body, '"deliveries":["home"],', '')`)
			return err
		})
		if old, readErr := d.Applications.FormPlan(ctx, d.Bank.ID); err != nil || readErr != nil || len(old.Deliveries) != 3 {
			t.Errorf("%v: %v %v", old.Deliveries, err, readErr)
		}
	})
}

func TestASupplementSaysWhereTheCardIsCollected(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		open, closed, _ := outlets(t, d)
		lead, viewer := d.Apply(t, 1)
		p := d.Reviewer(false)
		if err := d.Leads.Claim(ctx, d.Bank, p, lead); err != nil {
			t.Fatal(err)
		}
		// An outlet is not asked for by itself.
		if err := d.Leads.RequestInfo(ctx, d.Bank, p, lead, []string{"delivery_outlet_id"}, pii.Clear("请选择网点")); fault.From(err).Kind != fault.Invalid {
			t.Errorf("%v", err)
		}
		answer := func(way, at string) error {
			given := map[string]pii.Text{"delivery_to": pii.Clear(way)}
			if at != "" {
				given["delivery_outlet_id"] = pii.Clear(at)
			}
			_, err := d.Applications.Supplement(ctx, d.Bank, viewer, lead, given, "mobile", card.Actor{Kind: "viewer", ID: viewer})
			return err
		}
		ask := func() {
			t.Helper()
			if err := d.Leads.RequestInfo(ctx, d.Bank, p, lead, []string{"delivery_to"}, pii.Clear("请确认领卡方式")); err != nil {
				t.Fatal(err)
			}
		}
		ask()
		names(t, answer(card.ToOutlet, ""), "fields.delivery_outlet_id")
		names(t, answer(card.ToOutlet, closed), "fields.delivery_outlet_id")
		names(t, answer(card.ToOutlet, "x"), "fields.delivery_outlet_id")
		names(t, answer("home", open), "fields.delivery_outlet_id")
		if err := answer(card.ToOutlet, open); err != nil {
			t.Fatal(err)
		}
		count(t, d, 1, "SELECT COUNT(*) FROM application WHERE delivery_outlet_id = ?", open)
		count(t, d, 0, "SELECT COUNT(*) FROM applicant_field WHERE field = 'delivery_outlet_id'")
		ask()
		if err := answer("home", ""); err != nil {
			t.Fatal(err)
		}
		count(t, d, 0, "SELECT COUNT(*) FROM application WHERE delivery_outlet_id IS NOT NULL")
		got, err := d.Leads.Get(ctx, d.Bank, p, lead)
		if err != nil || got.Delivery == nil || got.Delivery.To != "home" || got.Delivery.Outlet != nil {
			t.Errorf("%+v: %v", got.Delivery, err)
		}
	})
}
