package card_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yinbo/card"
	"yinbo/card/cardtest"
	"yinbo/card/screen"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/idem"
	"yinbo/internal/pii"
	"yinbo/internal/testkit"
)

func TestApplicationIsScreenedQueuedAndAcknowledged(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		viewer := d.Viewer(cardtest.Phone(1))
		form := d.Form(1, cardtest.Phone(1))
		form.Applicant.IDNo = pii.Clear("11010519491231002x")
		form.RoomID = cardtest.Room
		req := d.Request(viewer)
		first, replayed, err := d.Applications.Apply(ctx, d.Bank, viewer, form, req)
		if err != nil || replayed || first.Status != card.Queued || first.ReceiptNo == "" {
			t.Fatalf("%+v, replayed %t: %v", first, replayed, err)
		}
		again, replayed, err := d.Applications.Apply(ctx, d.Bank, viewer, form, req)
		if err != nil || !replayed || again != first {
			t.Fatalf("the same key gave %+v, replayed %t: %v", again, replayed, err)
		}
		got, err := d.Applications.Get(ctx, d.Bank, viewer, first.ID)
		if err != nil || got.Status != card.Queued || len(got.Timeline) != 2 || got.InfoRequest != nil {
			t.Fatalf("%+v: %v", got, err)
		}
		if _, err := d.Applications.Get(ctx, d.Bank, d.Viewer("13900000000"), first.ID); fault.Code(err) != "not_found" {
			t.Fatalf("another viewer's look: %v", err)
		}
		if !d.Push.Told(viewer, card.Queued) {
			t.Error("the applicant's socket was not told")
		}
		d.Work(t)
		if m := d.Far.Messages(cardtest.Phone(1)); len(m) != 1 || !strings.Contains(m[0], "已收到") {
			t.Errorf("messages %q", m)
		}
		if apps, _, err := d.Applications.RoomFigures(ctx, d.Bank.ID, cardtest.Room); err != nil || apps != 1 {
			t.Errorf("the room's applications: %d, %v", apps, err)
		}
		consents, _, err := db.Value[int](ctx, d.DB, "SELECT COUNT(*) FROM consent WHERE application_id = ? AND text_hash <> '' AND evidence = 'req-1'", first.ID)
		if err != nil || consents != len(d.Consents) {
			t.Errorf("%d consent records, want %d: %v", consents, len(d.Consents), err)
		}
	})
}

func TestFormErrorsNameTheirFields(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		viewer := d.Viewer(cardtest.Phone(1))
		for field, spoil := range map[string]func(*card.Form){
			"applicant.id_no":       func(f *card.Form) { f.Applicant.IDNo = pii.Clear("110105194912310021") },
			"applicant.name":        func(f *card.Form) { f.Applicant.Name = pii.Clear("A<script>") },
			"applicant.phone":       func(f *card.Form) { f.Applicant.Phone = pii.Clear("13900000001") },
			"applicant.city_code":   func(f *card.Form) { f.Applicant.CityCode = "990000" },
			"applicant.email":       func(f *card.Form) { f.Applicant.Email = pii.Clear("nobody") },
			"applicant.income_band": func(f *card.Form) { f.Applicant.IncomeBand = strings.Repeat("多", 21) },
			"card_product_id":       func(f *card.Form) { f.CardProductID = "crd_x" },
			"room_id":               func(f *card.Form) { f.RoomID = "room_x" },
			"consents":              func(f *card.Form) { f.Consents = f.Consents[1:] },
		} {
			form := d.Form(1, cardtest.Phone(1))
			form.Consents = slices.Clone(form.Consents)
			spoil(&form)
			_, _, err := d.Applications.Apply(ctx, d.Bank, viewer, form, d.Request(viewer))
			names(t, err, field)
		}
		outdated := d.Form(1, cardtest.Phone(1))
		outdated.Consents = slices.Clone(outdated.Consents)
		outdated.Consents[0].Version = "2025-01"
		_, _, err := d.Applications.Apply(ctx, d.Bank, viewer, outdated, d.Request(viewer))
		names(t, err, "consents")
	})
}

func names(t *testing.T, err error, field string) {
	t.Helper()
	f := fault.From(err)
	if f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Name != field || !fault.HasText(f.Fields[0].Code) {
		t.Errorf("want %s named, got %v", field, err)
	}
}

func TestMinorsMayNotApply(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		viewer := d.Viewer(cardtest.Phone(1))
		form := d.Form(1, cardtest.Phone(1))
		// Eighteen on 3 March 2026; Monday is the 2nd.
		form.Applicant.IDNo = pii.Clear(complete("31010120080303123"))
		_, _, err := d.Applications.Apply(ctx, d.Bank, viewer, form, d.Request(viewer))
		names(t, err, "applicant.id_no")
		d.Clock.Advance(14 * time.Hour) // midnight in Shanghai
		if _, _, err := d.Applications.Apply(ctx, d.Bank, viewer, form, d.Request(viewer)); err != nil {
			t.Fatalf("on the birthday: %v", err)
		}
	})
}

func complete(base string) string {
	for _, c := range "0123456789X" {
		if _, code := card.ParseIDNo(base + string(c)); code == "" {
			return base + string(c)
		}
	}
	return base
}

// One open application per person and product: a race ends in one row, and
// everyone gets its id.
func TestDoubleApplicationsAtOnceAreOne(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		viewer := d.Viewer(cardtest.Phone(1))
		var wg sync.WaitGroup
		receipts, errs := make([]card.Receipt, 12), make([]error, 12)
		for i := range receipts {
			// Keepers of their own: as many nodes.
			node := card.New(&card.Book{DB: d.DB, Keys: d.Keys, Box: d.Box, Push: d.Push, Screens: d.Screens}, idem.NewKeeper(d.DB), d.Viewers, cardtest.Rooms{}, nil)
			wg.Go(func() {
				receipts[i], _, errs[i] = node.Apply(ctx, d.Bank, viewer, d.Form(1, cardtest.Phone(1)), d.Request(viewer))
			})
		}
		wg.Wait()
		for i, r := range receipts {
			if errs[i] != nil || r.ID != receipts[0].ID {
				t.Fatalf("%d: %+v, %v; first %s", i, r, errs[i], receipts[0].ID)
			}
		}
		n, _, err := db.Value[int](ctx, d.DB, "SELECT COUNT(*) FROM application")
		if err != nil || n != 1 {
			t.Fatalf("%d rows: %v", n, err)
		}
		other := d.Viewer(cardtest.Phone(2))
		form := d.Form(1, cardtest.Phone(2))
		if _, _, err := d.Applications.Apply(ctx, d.Bank, other, form, d.Request(other)); fault.Code(err) != "application.duplicate" {
			t.Fatalf("another viewer with the same id number: %v", err)
		}
		form.CardProductID = d.Products[1]
		r, _, err := d.Applications.Apply(ctx, d.Bank, viewer, withPhone(form, cardtest.Phone(1)), d.Request(viewer))
		if err != nil || r.ID == receipts[0].ID {
			t.Fatalf("another product: %+v, %v", r, err)
		}
	})
}

func withPhone(f card.Form, phone string) card.Form {
	f.Applicant.Phone = pii.Clear(phone)
	return f
}

func TestWithdrawnPersonMayApplyAgainRejectedOneWaits(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		first, viewer := d.Apply(t, 1)
		for range 2 {
			a, err := d.Applications.Withdraw(ctx, d.Bank, viewer, first, card.Actor{Kind: "viewer", ID: viewer})
			if err != nil || a.Status != card.Withdrawn {
				t.Fatalf("%+v: %v", a, err)
			}
		}
		r, _, err := d.Applications.Apply(ctx, d.Bank, viewer, d.Form(1, cardtest.Phone(1)), d.Request(viewer))
		if err != nil || r.ID == first {
			t.Fatalf("after a withdrawal: %+v, %v", r, err)
		}
		reject(t, d, r.ID)
		if _, err := d.Applications.Withdraw(ctx, d.Bank, viewer, r.ID, card.Actor{}); fault.Code(err) != "conflict" {
			t.Fatalf("withdrawal of a decided one: %v", err)
		}
		if _, _, err := d.Applications.Apply(ctx, d.Bank, viewer, d.Form(1, cardtest.Phone(1)), d.Request(viewer)); fault.Code(err) != "application.cool_off" {
			t.Fatalf("within the cool-off: %v", err)
		}
		d.Clock.Advance(90*24*time.Hour + time.Second)
		if _, _, err := d.Applications.Apply(ctx, d.Bank, viewer, d.Form(1, cardtest.Phone(1)), d.Request(viewer)); err != nil {
			t.Fatalf("after the cool-off: %v", err)
		}
	})
}

func TestManyFromOneAddressAreReferredWhereTheBankWishes(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		d.Bank.Settings.ApplicationsPerAddressHour = 2
		var last string
		for n := range 3 {
			last, _ = d.Apply(t, n)
		}
		p := d.Reviewer(false)
		lead, err := d.Leads.Get(testkit.Context(t), d.Bank, p, last)
		if err != nil || lead.Screening != card.Refer || len(lead.Findings) != len(screen.Standard()) || len(lead.Consents) != len(d.Consents) {
			t.Fatalf("%+v: %v", lead, err)
		}
		for _, f := range lead.Findings {
			if (f.Verdict == card.Refer) != (f.Rule == "velocity_address") || f.Version == "" || len(f.Input) == 0 {
				t.Errorf("%+v", f)
			}
		}
	})
}

// Nothing of class C2 lies in any table in clear, and a sealed value that is
// moved to another row does not open.
func TestPersonalDataIsSealedInPlace(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		one, _ := d.Apply(t, 1)
		two, _ := d.Apply(t, 2)
		d.Approve(t, one)
		for _, cell := range d.Dump(t) {
			for _, secret := range []string{"欧阳小明", cardtest.IDNo(1), cardtest.Phone(1), "ouyang", "浦东机械厂", "世纪大道"} {
				if strings.Contains(cell, secret) {
					t.Errorf("%s lies in the database in clear: %.60s", secret, cell)
				}
			}
		}
		err := d.DB.InTx(ctx, func(tx *db.Tx) error {
			sealed, _, err := db.Value[string](ctx, tx, "SELECT sealed FROM applicant_field WHERE application_id = ? AND field = 'name'", one)
			if err != nil {
				return err
			}
			_, err = tx.Exec(ctx, "UPDATE applicant_field SET sealed = ? WHERE application_id = ? AND field = 'name'", sealed, two)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.Leads.Reveal(ctx, d.Bank, d.Reviewer(true), two, []string{"name"}, "核对"); err == nil {
			t.Fatal("a value that was moved opened")
		}
	})
}
