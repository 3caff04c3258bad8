package screen_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"yinbo/card"
	"yinbo/card/cardtest"
	"yinbo/card/screen"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
	"yinbo/internal/testkit"
)

// apply sends in the application of person n, changed as wished.
func apply(t *testing.T, d *cardtest.Department, n int, change func(*card.Form)) string {
	t.Helper()
	viewer := d.Viewer(cardtest.Phone(n))
	form := d.Form(n, cardtest.Phone(n))
	change(&form)
	r, _, err := d.Applications.Apply(testkit.Context(t), d.Bank, viewer, form, d.Request(viewer))
	if err != nil {
		t.Fatal(err)
	}
	return r.ID
}

func input(t *testing.T, d *cardtest.Department, lead string) screen.Input {
	t.Helper()
	dec, err := d.Screens.Decision(testkit.Context(t), d.Bank.ID, lead, 0)
	if err != nil {
		t.Fatal(err)
	}
	return *dec.Input
}

func TestInputsAreCountedByWindow(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		from := func(f *card.Form) {
			f.DeviceID, f.Agent, f.Applicant.EmployerPhone = "device-1", "wechat", pii.Clear("021-12345678")
		}
		for n, wait := range []time.Duration{6 * 24 * time.Hour, 23 * time.Hour, 50 * time.Minute, 9 * time.Minute} {
			apply(t, d, n, from)
			d.Clock.Advance(wait)
		}
		in := input(t, d, apply(t, d, 9, from))
		want := screen.Subject{M10: 1, H1: 2, H24: 3, D7: 4, Others: 3}
		if in.Device != want || in.IP != want || in.Phone != (screen.Subject{}) {
			t.Errorf("%+v", in)
		}
		want.Others = 0
		if in.EmployerPhone != want || in.Agent != "wechat" || !in.DeviceGiven || in.AdminCode != "310101" || in.Age != 36 {
			t.Errorf("%+v", in)
		}
		if in.IPSharePct != 100 {
			t.Errorf("all of today's are from here: %d %%", in.IPSharePct)
		}
	})
}

// Whoever shares an address is counted one after the other: of twelve at once
// exactly those over the limit are referred.
func TestCountsAreExactWhenManyComeAtOnce(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		d.Bank.Settings.ApplicationsPerAddressHour = 4
		d.Apply(t, 99) // the standard version, and the first of the address
		const at = 12
		var wg sync.WaitGroup
		for n := range at {
			viewer := d.Viewer(cardtest.Phone(n))
			wg.Go(func() {
				form := d.Form(n, cardtest.Phone(n))
				form.DeviceID = fmt.Sprint("device-", n%3)
				if _, _, err := d.Applications.Apply(ctx, d.Bank, viewer, form, d.Request(viewer)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		passed, _, err := db.Value[int](ctx, d.DB, "SELECT COUNT(*) FROM application WHERE screening = 'pass'")
		if err != nil || passed != 4 {
			t.Errorf("%d passed, want 4: %v", passed, err)
		}
		testkit.Holds(t, d.DB, screen.Invariants(d.Keys)...)
	})
}

func TestListsMeetWhoStandsOnThem(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, bank := testkit.Context(t), d.Bank.ID
		add := func(list screen.ListName, kind screen.Kind, value string, expires time.Time) screen.Entry {
			t.Helper()
			e, err := d.Screens.Add(ctx, bank, anna, screen.Line{List: list, Kind: kind, Value: pii.Clear(value), Reason: "案件 13800138000", Expires: expires})
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
		add(screen.Black, screen.PersonKind, strings.ToLower(cardtest.IDNo(1)), time.Time{})
		phone := add(screen.Black, screen.Phone, cardtest.Phone(2), time.Time{})
		add(screen.White, screen.IP, "127.0.0.1", time.Time{})
		add(screen.Black, screen.Device, "device-3", d.Clock.Now().Add(time.Hour))
		if strings.Contains(phone.Reason, "13800138000") {
			t.Errorf("a phone number is kept in a reason: %s", phone.Reason)
		}
		_, err := d.Screens.Add(ctx, bank, anna, screen.Line{List: screen.Black, Kind: screen.Phone, Value: pii.Clear(cardtest.Phone(2)), Reason: "x"})
		wants(t, err, "screening.listed")

		one, _ := d.Apply(t, 1)
		if d.Status(t, one) != card.Rejected || !input(t, d, one).Person.Black || !input(t, d, one).IP.White {
			t.Errorf("%+v", input(t, d, one))
		}
		two, _ := d.Apply(t, 2)
		if in := input(t, d, two); d.Status(t, two) != card.Queued || !in.Phone.Black || in.Person.Black {
			t.Errorf("%+v", in)
		}
		three := apply(t, d, 3, func(f *card.Form) { f.DeviceID = "device-3" })
		if !input(t, d, three).Device.Black {
			t.Error("the device is not met")
		}
		d.Clock.Advance(time.Hour)
		four := apply(t, d, 4, func(f *card.Form) { f.DeviceID = "device-3" })
		if input(t, d, four).Device.Black {
			t.Error("an entry that expired is met")
		}
		add(screen.Black, screen.Device, "device-3", time.Time{}) // again
		for range 2 {
			if e, err := d.Screens.Remove(ctx, bank, berta, phone.ID, "解除"); err != nil || e.InForce {
				t.Fatalf("%+v: %v", e, err)
			}
		}
		found, _, err := d.Screens.Find(ctx, bank, anna, screen.Phone, pii.Clear(cardtest.Phone(2)))
		if err != nil || len(found) != 1 || found[0].InForce || *found[0].RemovedBy != berta.ID {
			t.Errorf("%+v: %v", found, err)
		}
		for kind, bad := range map[screen.Kind]string{screen.PersonKind: "110105194912310021", screen.Phone: "123", screen.IP: "1.2.3", screen.Device: "a b", screen.EmployerPhone: "abc"} {
			_, err := d.Screens.Add(ctx, bank, anna, screen.Line{List: screen.Black, Kind: kind, Value: pii.Clear(bad), Reason: "x"})
			if f := fault.From(err); len(f.Fields) != 1 || f.Fields[0].Name != "value" {
				t.Errorf("%s: %v", kind, err)
			}
		}
		for _, cell := range d.Dump(t) {
			for _, secret := range []string{cardtest.IDNo(1), cardtest.Phone(2), "13800138000"} {
				if strings.Contains(cell, secret) {
					t.Errorf("%s lies in the database in clear: %.60s", secret, cell)
				}
			}
		}
		testkit.Holds(t, d.DB, screen.Invariants(d.Keys)...)
	})
}

func TestAFileIsPutOnTheListsLineByLine(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		file := "\ufefflist,kind,value,reason,expires_at\n" +
			"black,phone," + cardtest.Phone(1) + ",欺诈,2026-12-31\n" +
			"black,phone," + cardtest.Phone(1) + ",欺诈\n" +
			"black,person,123,欺诈,\n" +
			"grey,phone," + cardtest.Phone(2) + ",欺诈,\n" +
			"white,ip,2001:db8::1,网点出口,\n" +
			"white,ip,127.0.0.1,网点出口,2020-01-01\n" +
			"white,device,x,,\n" +
			"black,phone,\"1,x\n" +
			"black,phone,1,x,,\n"
		report, err := d.Screens.Import(ctx, d.Bank, anna, []byte(file), fault.English)
		if err != nil || report.Added != 2 || report.Unchanged != 1 || report.Failed != 6 || len(report.Lines) != 7 {
			t.Fatalf("%+v: %v", report, err)
		}
		for i, want := range []struct {
			line  int
			field string
		}{{3, ""}, {4, "value"}, {5, "list"}, {7, "expires_at"}, {8, "reason"}, {9, ""}, {10, ""}} {
			if got := report.Lines[i]; got.Line != want.line || got.Field != want.field || got.Message == "" {
				t.Errorf("%+v, want %+v", got, want)
			}
		}
		again, err := d.Screens.Import(ctx, d.Bank, anna, []byte(file), fault.English)
		if err != nil || again.Added != 0 || again.Unchanged != 3 {
			t.Errorf("%+v: %v", again, err)
		}
		for _, bad := range []string{"", "a,b\n", "list,kind\n", "\"list,kind,value,reason\n",
			"list,kind,value,reason\n" + strings.Repeat("black,phone,1,x\n", screen.MaxImport+1)} {
			if _, err := d.Screens.Import(ctx, d.Bank, anna, []byte(bad), fault.English); fault.From(err).Kind != fault.Invalid {
				t.Errorf("%.30q: %v", bad, err)
			}
		}
	})
}

func TestDecisionsReplayByTheirVersionAndByAnother(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, bank := testkit.Context(t), d.Bank.ID
		lead, _ := d.Apply(t, 1)
		v := activate(t, d, draft(t, d, everybody))
		again, err := d.Screens.Replay(ctx, bank, lead, "", 0)
		if err != nil || !again.Same || again.Verdict != card.Pass || again.VersionNo != 1 {
			t.Errorf("%+v: %v", again, err)
		}
		other, err := d.Screens.Replay(ctx, bank, lead, v.ID, 0)
		if err != nil || other.Same || other.Verdict != card.Refer || other.Recorded != card.Pass {
			t.Errorf("%+v: %v", other, err)
		}
		_, err = d.Screens.Replay(ctx, "bank_other", lead, "", 0)
		wants(t, err, "not_found")
		_, err = d.Screens.Replay(ctx, bank, lead, "rls_none", 0)
		wants(t, err, "not_found")

		// A decision from before rules had versions stays readable.
		err = d.DB.InTx(ctx, func(tx *db.Tx) error {
			if _, err := tx.Exec(ctx, "DELETE FROM screening_decision WHERE application_id = ?", lead); err != nil {
				return err
			}
			return tx.Insert(ctx, "screening (application_id, rule, version, bank_id, input, verdict, at)",
				[][]any{{lead, "age", "1", bank, `{"age":36}`, "pass", tx.Now}}, "")
		})
		if err != nil {
			t.Fatal(err)
		}
		old, err := d.Screens.Decision(ctx, bank, lead, 0)
		if err != nil || old.VersionID != nil || len(old.Results) != 1 || old.Results[0].Rule != "age" {
			t.Errorf("%+v: %v", old, err)
		}
		findings, err := d.Screens.Findings(ctx, bank, lead)
		if err != nil || len(findings) != 1 || findings[0].Input["age"] != float64(36) {
			t.Errorf("%+v: %v", findings, err)
		}
		_, err = d.Screens.Replay(ctx, bank, lead, "", 0)
		wants(t, err, "screening.no_record")
	})
}

func TestADryRunCountsWhatWouldChange(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, bank := testkit.Context(t), d.Bank.ID
		var leads []string
		for n := range 5 {
			lead := apply(t, d, n, func(f *card.Form) { f.IP = fmt.Sprint("10.0.0.", n%2) })
			leads = append(leads, lead)
		}
		v := draft(t, d, screen.Rule{ID: "twice", Name: "第二次", When: "ip.h1 >= 1", Verdict: card.Refer, Reason: "velocity"})
		run, err := d.Screens.StartRun(ctx, bank, anna, v.ID, 4)
		if err != nil {
			t.Fatal(err)
		}
		_, err = d.Screens.StartRun(ctx, bank, berta, v.ID, 4)
		wants(t, err, "screening.run_under_way")
		d.Work(t)
		if run, err = d.Screens.Run(ctx, bank, run.ID); err != nil || run.State != "done" || run.Done != 4 || run.Changed != 3 || len(run.Counts) != 2 {
			t.Fatalf("%+v: %v", run, err)
		}
		changes, err := d.Screens.Changes(ctx, bank, run.ID, "", 10)
		if err != nil || len(changes) != 3 || changes[0].ApplicationID != leads[4] || changes[0].Then != card.Pass || changes[0].Now != card.Refer || changes[0].Rules[0] != "twice" {
			t.Errorf("%+v: %v", changes, err)
		}
		if run, err = d.Screens.StartRun(ctx, bank, anna, v.ID, screen.MaxLeads); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Screens.Save(ctx, bank, anna, v.ID, v.Revision, screen.Text{Name: "x"}); err != nil {
			t.Fatal(err)
		}
		d.Work(t)
		if run, err = d.Screens.Run(ctx, bank, run.ID); err != nil || run.State != "failed" || run.ErrorCode != "screening.outdated" {
			t.Errorf("a draft that was written anew: %+v: %v", run, err)
		}
		if runs, err := d.Screens.Runs(ctx, bank, v.ID, "", 10); err != nil || len(runs) != 2 {
			t.Errorf("%+v: %v", runs, err)
		}
		_, err = d.Screens.Run(ctx, "bank_other", run.ID)
		wants(t, err, "not_found")
	})
}

// Workers that have the same dry run at once, as when one lost its lease, count
// each lead once.
func TestTwoWorkersOfADryRunCountOnce(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, bank := testkit.Context(t), d.Bank.ID
		for n := range 8 {
			d.Apply(t, n)
		}
		v := draft(t, d, everybody)
		run, err := d.Screens.StartRun(ctx, bank, anna, v.ID, screen.MaxLeads)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if err := d.Handle(ctx, outbox.Task{Bank: bank, Kind: screen.RunTask, Ref: run.ID}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if run, err = d.Screens.Run(ctx, bank, run.ID); err != nil || run.State != "done" || run.Done != 8 || run.Changed != 8 {
			t.Errorf("%+v: %v", run, err)
		}
		testkit.Holds(t, d.DB, screen.Invariants(d.Keys)...)
	})
}

func TestTooManySleepingCardsCloseTheIntake(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		first, viewer := d.Apply(t, 1)
		for _, at := range []struct {
			bps    int
			close  bool
			closed bool
		}{{2000, true, false}, {2001, false, false}, {2001, true, true}} {
			s, err := d.Screens.SetIntake(ctx, d.Bank.ID, anna, screen.Intake{LongSleepBps: at.bps, Close: at.close})
			read, readErr := d.Screens.Intake(ctx, d.Bank.ID)
			if err != nil || readErr != nil || s.Closed != at.closed || read != s || s.LimitBps != 2000 {
				t.Fatalf("%+v: %+v %+v, %v %v", at, s, read, err, readErr)
			}
		}
		d.Bank.Settings.LongSleepBps, d.Bank.Settings.CloseOnLongSleep = 2001, true
		other := d.Viewer(cardtest.Phone(2))
		_, _, err := d.Applications.Apply(ctx, d.Bank, other, d.Form(2, cardtest.Phone(2)), d.Request(other))
		wants(t, err, "application.intake_closed")
		again, _, err := d.Applications.Apply(ctx, d.Bank, viewer, d.Form(1, cardtest.Phone(1)), d.Request(viewer))
		if err != nil || again.ID != first {
			t.Errorf("who has applied already: %+v %v", again, err)
		}
	})
}

func TestInvariantsOfScreeningHoldAndCanFail(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, bank := testkit.Context(t), d.Bank.ID
		d.Apply(t, 1)
		v := activate(t, d, draft(t, d, nobody))
		d.Apply(t, 2)
		if _, err := d.Screens.Add(ctx, bank, anna, screen.Line{List: screen.Black, Kind: screen.Phone, Value: pii.Clear(cardtest.Phone(7)), Reason: "x"}); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Screens.StartRun(ctx, bank, anna, v.ID, 10); err != nil {
			t.Fatal(err)
		}
		d.Work(t)
		testkit.Breaks(t, d.DB, screen.Invariants(d.Keys), []testkit.Break{
			testkit.Wrong("approved by who submitted", "screening.active", "UPDATE screening_set SET approved_by = submitted_by WHERE state = 'active'"),
			testkit.Wrong("no version active", "screening.active", "UPDATE screening_set SET state = 'retired', active_key = NULL"),
			testkit.Wrong("another verdict", "screening.verdict", "UPDATE application SET screening = 'decline'"),
			testkit.Wrong("an earlier round is lost", "screening.rounds", "UPDATE screening_decision SET round = 2"),
			testkit.Wrong("other results", "screening.replay", "UPDATE screening_decision SET results = REPLACE(results, 'pass', 'refer')"),
			testkit.Wrong("an input that was marked otherwise", "screening.replay", "UPDATE screening_decision SET input_mark = 'x'"),
			testkit.Wrong("rules that changed", "screening.replay", "UPDATE screening_set SET rules = REPLACE(rules, '!id_valid', 'id_valid')"),
			testkit.Wrong("moved to another kind", "screening.listed", "UPDATE screening_list SET kind = 'device'"),
			testkit.Wrong("over and under way", "screening.run", "UPDATE screening_run SET ended_at = NULL"),
		})
	})
}
