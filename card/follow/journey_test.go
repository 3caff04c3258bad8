package follow_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"yinbo/card/cardtest"
	"yinbo/card/follow"
	"yinbo/internal/audit"
	"yinbo/internal/bankbox"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/gateway"
	"yinbo/internal/idem"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
)

var (
	maker   = follow.Actor{ID: "stf_maker", RequestID: "req"}
	second  = follow.Actor{ID: "stf_second", RequestID: "req"}
	checker = follow.Actor{ID: "stf_checker", RequestID: "req", Checker: true}
)

func ptr[T any](v T) *T { return &v }

// hourly is a journey of service messages: one after another, an hour apart.
func hourly(texts ...string) follow.Journey {
	j := follow.Journey{Name: "测试", Enabled: true, Trigger: "issued", Stop: []string{}}
	for i, text := range texts {
		after := "step"
		if i == 0 {
			after = "trigger"
		}
		j.Steps = append(j.Steps, follow.Step{After: after, Wait: 3600, Channel: "sms", Text: text})
	}
	return j
}

// use puts a journey in use, by the hands that it takes.
func use(t *testing.T, d *cardtest.Department, key string, j follow.Journey) follow.Version {
	t.Helper()
	ctx := testkit.Context(t)
	if _, err := d.FollowUps.Save(ctx, d.Bank, maker, key, j); err != nil {
		t.Fatal(err)
	}
	if _, err := d.FollowUps.Submit(ctx, d.Bank, maker, key); err != nil {
		t.Fatal(err)
	}
	v, err := d.FollowUps.Approve(ctx, d.Bank, checker, key)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// off switches a built-in journey off.
func off(t *testing.T, d *cardtest.Department, key string) {
	t.Helper()
	j := hourly("x")
	j.Enabled = false
	use(t, d, key, j)
}

// got are the messages to a person that bear a mark.
func got(d *cardtest.Department, n int, mark string) (texts []string) {
	for _, m := range d.Far.Messages(cardtest.Phone(n)) {
		if strings.Contains(m, mark) {
			texts = append(texts, m)
		}
	}
	return texts
}

// standing is what became of a journey's steps, with the reasons.
func standing(t *testing.T, d *cardtest.Department, application, journey string) string {
	t.Helper()
	states, err := db.All(testkit.Context(t), d.DB, func(r db.Row) (s string, err error) {
		var reason string
		err = r.Scan(&s, &reason)
		if reason != "" {
			s += ":" + reason
		}
		return s, err
	}, "SELECT status, reason FROM follow_up WHERE application_id = ? AND journey = ? ORDER BY step", application, journey)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(states, " ")
}

func TestAJourneyThatCanNotBeIsRefusedByField(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		for field, spoil := range map[string]func(*follow.Journey){
			"name":             func(j *follow.Journey) { j.Name = "" },
			"trigger":          func(j *follow.Journey) { j.Trigger = "born" },
			"stop[0]":          func(j *follow.Journey) { j.Stop = []string{"issued"} },
			"stop[1]":          func(j *follow.Journey) { j.Stop = []string{"bound", "bound"} },
			"steps":            func(j *follow.Journey) { j.Steps = nil },
			"steps[0].after":   func(j *follow.Journey) { j.Steps[0].After = "step" },
			"steps[1].wait_s":  func(j *follow.Journey) { j.Steps[1].Wait = -1 },
			"steps[1].channel": func(j *follow.Journey) { j.Steps[1].Channel = "pigeon" },
			"steps[0].text":    func(j *follow.Journey) { j.Steps[0].Text = "您好{name}" },
			"steps[1].text":    func(j *follow.Journey) { j.Promotion, j.Steps[0].Text = true, "一。拒收请回复T" },
			"steps[1].when.card_product_ids[0]": func(j *follow.Journey) {
				j.Steps[1].When.Products = []string{"crd_nobody"}
			},
		} {
			j := hourly("一", "二")
			spoil(&j)
			_, err := d.FollowUps.Save(ctx, d.Bank, maker, "test", j)
			if f := fault.From(err); f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Name != field || !fault.HasText(f.Fields[0].Code) {
				t.Errorf("%s: %v %v", field, err, f.Fields)
			}
		}
		for _, text := range []string{"{bank", "【银行】您好", strings.Repeat("长", 301), " "} {
			_, err := d.FollowUps.Save(ctx, d.Bank, maker, "test", hourly(text))
			if f := fault.From(err); len(f.Fields) != 1 || f.Fields[0].Name != "steps[0].text" {
				t.Errorf("%.20q: %v", text, err)
			}
		}
		if _, err := d.FollowUps.Save(ctx, d.Bank, maker, "Bad Key", hourly("一")); fault.Code(err) != "validation" {
			t.Errorf("a bad key: %v", err)
		}
	})
}

func TestWhoMadeOrSubmittedAJourneyMayNotApproveIt(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		want := func(code string, err error) {
			t.Helper()
			if fault.Code(err) != code {
				t.Fatalf("%v, want %s", err, code)
			}
		}
		both := follow.Actor{ID: "stf_both", Checker: true}
		_, err := d.FollowUps.Submit(ctx, d.Bank, maker, "test")
		want("not_found", err)
		_, err = d.FollowUps.Save(ctx, d.Bank, both, "test", hourly("一"))
		want("", err)
		_, err = d.FollowUps.Approve(ctx, d.Bank, checker, "test")
		want("conflict", err) // a draft
		_, err = d.FollowUps.Submit(ctx, d.Bank, second, "test")
		want("", err)
		_, err = d.FollowUps.Approve(ctx, d.Bank, both, "test")
		want("journey.same_person", err) // wrote it
		_, err = d.FollowUps.Approve(ctx, d.Bank, follow.Actor{ID: second.ID, Checker: true}, "test")
		want("journey.same_person", err) // submitted it
		_, err = d.FollowUps.Approve(ctx, d.Bank, maker, "test")
		want("auth.forbidden", err) // is no checker
		_, err = d.FollowUps.Save(ctx, d.Bank, maker, "test", hourly("二"))
		want("conflict", err) // while it waits
		v, err := d.FollowUps.Reject(ctx, d.Bank, checker, "test", "太长 13812345678")
		want("", err)
		if v.Status != "rejected" || *v.RejectReason != "太长 ***" {
			t.Fatalf("%+v", v)
		}
		_, err = d.FollowUps.Save(ctx, d.Bank, maker, "test", hourly("二"))
		want("", err)
		_, err = d.FollowUps.Submit(ctx, d.Bank, maker, "test")
		want("", err)
		_, err = d.FollowUps.Approve(ctx, d.Bank, both, "test")
		want("journey.same_person", err) // wrote it before another wrote it anew
		other := d.Bank
		other.ID = "bank_other"
		_, err = d.FollowUps.Approve(ctx, other, checker, "test")
		want("not_found", err)
		var wg sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			wg.Go(func() { _, errs[i] = d.FollowUps.Approve(ctx, d.Bank, checker, "test") })
		}
		wg.Wait()
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			}
		}
		if done != 1 {
			t.Errorf("approved %d times: %v", done, errs)
		}
		err = d.DB.InTx(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE journey_version SET decided_by = submitted_by WHERE journey = 'test'")
			return err
		})
		if !db.IsCheck(err) {
			t.Errorf("the database lets one person do both: %v", err)
		}
		if _, err := audit.Verify(ctx, d.DB, d.Bank.ID); err != nil {
			t.Error(err)
		}
	})
}

func TestWhoIsUnderWayFinishesWithTheVersionTheyBeganWith(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		off(t, d, "bind_card")
		use(t, d, "test", hourly("甲一 {product} 尾号{last4}", "甲二 {bank}"))
		first, _ := issue(t, d, 1)
		if v := use(t, d, "test", hourly("乙一", "乙二")); v.Version != 2 {
			t.Fatalf("version %d", v.Version)
		}
		secondOne, _ := issue(t, d, 2)
		for range 3 {
			d.Clock.Advance(time.Hour)
			d.Work(t)
		}
		name, _, err := db.Value[string](ctx, d.DB, "SELECT name FROM card_product WHERE id = ?", d.Products[0])
		if err != nil {
			t.Fatal(err)
		}
		if a := got(d, 1, "甲"); len(a) != 2 || a[0] != "【demo】甲一 "+name+" 尾号4242" || a[1] != "【demo】甲二 demo" || len(got(d, 1, "乙")) != 0 {
			t.Errorf("the first has %q", a)
		}
		if b := got(d, 2, "乙"); len(b) != 2 || len(got(d, 2, "甲")) != 0 {
			t.Errorf("the second has %q", b)
		}
		for _, a := range []string{first, secondOne} {
			if r := standing(t, d, a, "test"); r != "sent sent" {
				t.Errorf("%s: %s", a, r)
			}
		}
		versions, err := d.FollowUps.Versions(ctx, d.Bank, "test")
		if err != nil || len(versions) != 2 || versions[0].Status != "active" || versions[1].Status != "retired" {
			t.Errorf("%+v %v", versions, err)
		}
	})
}

func TestAStepWaitsForTheEndOfTheOneBefore(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		use(t, d, "test", hourly("一步", "二步"))
		application, _ := issue(t, d, 1)
		d.Far.OnSMS = func(text string) error {
			if strings.Contains(text, "一步") {
				return gateway.ErrUnknown
			}
			return nil
		}
		d.Clock.Advance(2*time.Hour + time.Minute)
		d.Work(t)
		if r := standing(t, d, application, "test"); r != "sending waiting:step_before" {
			t.Fatalf("%s", r)
		}
		d.Far.OnSMS = nil
		d.Clock.Advance(time.Minute)
		d.Work(t) // the first ends here
		d.Clock.Advance(59 * time.Minute)
		d.Work(t)
		if r := standing(t, d, application, "test"); r != "sent waiting:step_before" {
			t.Fatalf("before the hour: %s", r)
		}
		d.Clock.Advance(time.Hour)
		d.Work(t)
		if r := standing(t, d, application, "test"); r != "sent sent" {
			t.Fatalf("%s", r)
		}
	})
}

func TestConditionsAndStopsAreJudgedAsItIsSent(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		j := hourly("未激活", "别的卡", "已绑", "未刷", "末")
		j.Stop = []string{"spent"}
		for i := range j.Steps {
			j.Steps[i].After = "trigger"
		}
		j.Steps[0].When.Activated = ptr(false)
		j.Steps[1].When.Products = []string{d.Products[1]}
		j.Steps[2].When.Bound = ptr(true)
		j.Steps[3].When.Spent = ptr(false)
		j.Steps[4].Wait = 7200
		use(t, d, "test", j)
		application, viewer := issue(t, d, 1)
		d.Outcome(t, application, "activated", "4242", d.Clock.Now())
		d.Clock.Advance(time.Hour)
		d.Work(t)
		if r := standing(t, d, application, "test"); r != "skipped:activated skipped:other_product skipped:not_bound sent waiting" {
			t.Fatalf("%s", r)
		}
		d.Spent.Pay(viewer, d.Clock.Now())
		d.Clock.Advance(time.Hour)
		d.Work(t)
		if r := standing(t, d, application, "test"); !strings.HasSuffix(r, "sent cancelled:spent") {
			t.Fatalf("%s", r)
		}
	})
}

func TestTheFirstPurchaseIsRemindedOfOnceTheCardIsBound(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		quiet, viewer := issue(t, d, 1)
		bindCard(t, d, viewer)
		d.Clock.Advance(24 * time.Hour)
		d.Work(t)
		if n := len(got(d, 1, "首次用它")); n != 1 || standing(t, d, quiet, "first_spend") != "sent" {
			t.Errorf("%d reminders, %s", n, standing(t, d, quiet, "first_spend"))
		}
		bought, buyer := issue(t, d, 2)
		d.Far.Card.Last4 = "4242"
		bindCard(t, d, buyer)
		d.Clock.Advance(time.Hour)
		d.Spent.Pay(buyer, d.Clock.Now())
		d.Clock.Advance(24 * time.Hour)
		d.Work(t)
		if n := len(got(d, 2, "首次用它")); n != 0 || standing(t, d, bought, "first_spend") != "cancelled:spent" {
			t.Errorf("%d reminders, %s", n, standing(t, d, bought, "first_spend"))
		}
	})
}

func TestMessagesWithinTheAppAreWrittenOnce(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		j := hourly("应用内")
		j.Steps[0].Channel = "app"
		use(t, d, "test", j)
		application, viewer := issue(t, d, 1)
		d.Clock.Advance(time.Hour)
		d.Work(t)
		d.Work(t)
		m, err := d.FollowUps.Messages(ctx, d.Bank.ID, viewer, "", 10)
		if err != nil || len(m) != 1 || m[0].Text != "应用内" || m[0].ReadAt != nil || standing(t, d, application, "test") != "sent" {
			t.Fatalf("%+v %v", m, err)
		}
		if err := d.FollowUps.MarkRead(ctx, d.Bank.ID, viewer); err != nil {
			t.Fatal(err)
		}
		if m, err = d.FollowUps.Messages(ctx, d.Bank.ID, viewer, "", 10); err != nil || m[0].ReadAt == nil {
			t.Errorf("%+v %v", m, err)
		}
		if m, err = d.FollowUps.Messages(ctx, d.Bank.ID, viewer, m[0].ID, 10); err != nil || len(m) != 0 {
			t.Errorf("after the last: %+v %v", m, err)
		}
	})
}

type banks struct{ d *cardtest.Department }

func (b banks) All(context.Context) ([]tenant.Bank, error) { return []tenant.Bank{b.d.Bank}, nil }

func (b banks) ByID(_ context.Context, id string) (tenant.Bank, bool, error) {
	return b.d.Bank, id == b.d.Bank.ID, nil
}

// report sends the gateway's callback.
func report(t *testing.T, d *cardtest.Department, body string) (follow.Taken, error) {
	t.Helper()
	r := follow.NewReplies(d.FollowUps, banks{d}, idem.NewKeeper(d.DB), cardtest.CallbackKey)
	return r.Callback(testkit.Context(t), bankbox.Sign(cardtest.CallbackKey, d.Clock.Now(), []byte(body)), []byte(body), "req")
}

func TestAnAnswerOfTStopsPromotionsAtOnceOverAllChannels(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		service := hourly("服务一")
		service.Steps[0].Wait = 30 * 3600
		use(t, d, "service", service)
		promo := hourly("推广")
		promo.Promotion, promo.Steps[0].Channel, promo.Steps[0].Wait = true, "app", 30*3600
		use(t, d, "promo", promo)
		application, viewer := issue(t, d, 1)
		d.SignedIn(t, viewer, cardtest.Phone(1))
		d.Clock.Advance(time.Hour)
		d.Work(t)
		body := `{"replies":[{"phone":"` + cardtest.Phone(1) + `","text":" ｔ "},{"phone":"` + cardtest.Phone(2) + `","text":"谢谢"}]}`
		for want := 1; want >= 0; want-- { // the second time changes nothing
			d.Clock.Advance(time.Second)
			if taken, err := report(t, d, body); err != nil || taken.OptedOut != want {
				t.Fatalf("%+v %v", taken, err)
			}
		}
		if r := standing(t, d, application, "bind_card"); r != "sent cancelled:opted_out cancelled:opted_out" {
			t.Errorf("%s", r)
		}
		if r := standing(t, d, application, "promo"); r != "cancelled:opted_out" {
			t.Errorf("%s", r)
		}
		c, err := d.FollowUps.Choice(ctx, d.Bank.ID, viewer)
		if err != nil || c.Promotions || c.StoppedAt == nil {
			t.Errorf("%+v %v", c, err)
		}
		m, err := d.FollowUps.Messages(ctx, d.Bank.ID, viewer, "", 10)
		if err != nil || len(m) != 1 || !strings.Contains(m[0].Text, "停止") {
			t.Errorf("not confirmed: %+v %v", m, err)
		}
		d.Clock.Advance(29 * time.Hour)
		d.Work(t)
		if len(got(d, 1, "服务一")) != 1 {
			t.Error("the service message did not come")
		}
		// What is planned from now on is skipped as it is sent, until they want it again.
		bindCard(t, d, viewer)
		d.Clock.Advance(24 * time.Hour)
		d.Work(t)
		if r := standing(t, d, application, "first_spend"); r != "skipped:opted_out" {
			t.Errorf("%s", r)
		}
		if c, err = d.FollowUps.Choose(ctx, d.Bank.ID, viewer, true, "req"); err != nil || !c.Promotions {
			t.Errorf("%+v %v", c, err)
		}
		if n, err := audit.Verify(ctx, d.DB, d.Bank.ID); err != nil || n == 0 {
			t.Errorf("%d %v", n, err)
		}
		acts, _, err := db.Value[int](ctx, d.DB, "SELECT COUNT(*) FROM audit WHERE action IN ('promotions.stopped', 'promotions.wanted')")
		if err != nil || acts != 2 {
			t.Errorf("%d acts are audited: %v", acts, err)
		}
		for _, cell := range d.Dump(t) {
			if strings.Contains(cell, cardtest.Phone(1)) {
				t.Fatalf("the phone lies in the database: %.80s", cell)
			}
		}
	})
}

func TestAnOptOutAndASendingAreOneAfterTheOther(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		const n = 12
		for i := range n {
			_, viewer := issue(t, d, i)
			d.SignedIn(t, viewer, cardtest.Phone(i))
		}
		d.Clock.Advance(time.Hour)
		var wg sync.WaitGroup
		wg.Go(func() { d.Work(t) })
		stopped := make([]int, n)
		for i := range n {
			wg.Go(func() {
				taken, err := report(t, d, `{"replies":[{"phone":"`+cardtest.Phone(i)+`","text":"T"}]}`)
				if err != nil {
					t.Error(err)
				}
				stopped[i] = taken.OptedOut
			})
		}
		wg.Wait()
		d.Work(t)
		states, err := db.All(testkit.Context(t), d.DB, func(r db.Row) (s string, err error) { return s, r.Scan(&s) },
			"SELECT DISTINCT status FROM follow_up WHERE step > 1")
		if err != nil || len(states) != 1 || states[0] != "cancelled" {
			t.Errorf("later steps are %v: %v", states, err)
		}
		testkit.Holds(t, d.DB, follow.Invariants()...)
	})
}

func TestForgedAndMalformedReportsAreRefused(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		r := follow.NewReplies(d.FollowUps, banks{d}, idem.NewKeeper(d.DB), cardtest.CallbackKey)
		_, err := r.Callback(testkit.Context(t), bankbox.Sign("another", d.Clock.Now(), []byte("{}")), []byte("{}"), "req")
		if fault.Code(err) != "callback.signature" {
			t.Errorf("forged: %v", err)
		}
		if _, err = report(t, d, "{"); fault.Code(err) != "bad_request" {
			t.Errorf("malformed: %v", err)
		}
	})
}

// A signed report that somebody sends on within its five minutes is answered as it
// was and undoes nothing; nor does the gateway's own repeat, signed anew, of an
// answer from before the person chose otherwise.
func TestAStopSentOnDoesNotUndoANewerChoice(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		_, viewer := issue(t, d, 1)
		d.SignedIn(t, viewer, cardtest.Phone(1))
		body := []byte(`{"replies":[{"phone":"` + cardtest.Phone(1) + `","text":"T","at":"` + d.Clock.Now().Format(time.RFC3339) + `"}]}`)
		signature := bankbox.Sign(cardtest.CallbackKey, d.Clock.Now(), body)
		r := follow.NewReplies(d.FollowUps, banks{d}, idem.NewKeeper(d.DB), cardtest.CallbackKey)
		first, err := r.Callback(ctx, signature, body, "req")
		if err != nil || first.OptedOut != 1 {
			t.Fatalf("%+v %v", first, err)
		}
		d.Clock.Advance(time.Minute)
		if _, err := d.FollowUps.Choose(ctx, d.Bank.ID, viewer, true, "req"); err != nil {
			t.Fatal(err)
		}
		for _, header := range []string{signature, strings.ToUpper(signature[len("t=0000000000,v1="):]), " " + strings.Replace(signature, ",", " , ", 1)} {
			if !strings.Contains(header, "t=") {
				header = signature[:len("t=0000000000,v1=")] + header
			}
			if again, err := r.Callback(ctx, header, body, "req"); err != nil || again != first {
				t.Errorf("sent on: %+v %v", again, err)
			}
		}
		if again, err := r.Callback(ctx, bankbox.Sign(cardtest.CallbackKey, d.Clock.Now(), body), body, "req"); err != nil || again.OptedOut != 0 {
			t.Errorf("repeated by the gateway: %+v %v", again, err)
		}
		if c, err := d.FollowUps.Choice(ctx, d.Bank.ID, viewer); err != nil || !c.Promotions {
			t.Errorf("%+v %v", c, err)
		}
		d.Clock.Advance(time.Minute)
		if taken, err := report(t, d, `{"replies":[{"phone":"`+cardtest.Phone(1)+`","text":"T"}]}`); err != nil || taken.OptedOut != 1 {
			t.Errorf("another answer: %+v %v", taken, err)
		}
	})
}

// An opt-out counts however the gateway writes the phone, and what is no mobile
// leaves nothing behind.
func TestAStopIsHeardHoweverThePhoneIsWritten(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		for i, as := range []string{"+86", "86", "0086", "+86 ", ""} {
			_, viewer := issue(t, d, i+1)
			d.SignedIn(t, viewer, cardtest.Phone(i+1))
			if taken, err := report(t, d, `{"replies":[{"phone":"`+as+cardtest.Phone(i+1)+`","text":"T"}]}`); err != nil || taken.OptedOut != 1 {
				t.Errorf("%q: %+v %v", as, taken, err)
			}
			if c, err := d.FollowUps.Choice(testkit.Context(t), d.Bank.ID, viewer); err != nil || c.Promotions {
				t.Errorf("%q: %+v %v", as, c, err)
			}
		}
		if taken, err := report(t, d, `{"replies":[{"phone":"10690000","text":"T"},{"phone":"","text":"T"},{"text":"T"}]}`); err != nil || taken.OptedOut != 0 {
			t.Errorf("no mobile: %+v %v", taken, err)
		}
	})
}

// A report without a time, or of a time to come, counts from now.
func TestADeliverysTimeIsNeverMissingNorToCome(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		for i, at := range []string{"", `,"at":"2999-01-01T00:00:00Z"`} {
			application, _ := issue(t, d, i+1)
			d.Clock.Advance(time.Hour)
			d.Work(t)
			message, _, err := db.Value[string](ctx, d.DB, "SELECT id FROM follow_up WHERE application_id = ? AND step = 1", application)
			if err != nil {
				t.Fatal(err)
			}
			if taken, err := report(t, d, `{"deliveries":[{"out_id":"`+message+`","delivered":true`+at+`}]}`); err != nil || taken.Delivered != 1 {
				t.Fatalf("%+v %v", taken, err)
			}
			got, _, err := db.Value[db.Time](ctx, d.DB, "SELECT delivered_at FROM follow_up WHERE id = ?", message)
			if now := d.Clock.Now(); err != nil || got.After(now) || got.Before(now.Add(-time.Minute)) {
				t.Errorf("%q: delivered at %v: %v", at, got, err)
			}
		}
	})
}

func TestAWithdrawnConsentEndsPromotions(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		application, _ := issue(t, d, 1)
		err := d.DB.InTx(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE consent SET withdrawn_at = ? WHERE application_id = ?", tx.Now, application)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		d.Clock.Advance(time.Hour)
		d.Work(t)
		if r := standing(t, d, application, "bind_card"); r != "skipped:consent_withdrawn waiting waiting" {
			t.Errorf("%s", r)
		}
	})
}

func TestFiguresSayWhatCameOfEachStep(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		_, binds := issue(t, d, 1)
		issue(t, d, 2)
		refused, _ := issue(t, d, 3)
		d.Far.OnSMS = func(string) error { return nil }
		d.Clock.Advance(time.Hour)
		d.Work(t)
		id, _, err := db.Value[string](ctx, d.DB, "SELECT id FROM follow_up WHERE application_id = ? AND step = 1", refused)
		if err != nil {
			t.Fatal(err)
		}
		taken, err := report(t, d, `{"deliveries":[{"out_id":"`+id+`","delivered":true,"at":"2026-03-02T03:00:01Z"},{"out_id":"fup_nobody","delivered":true,"at":"2026-03-02T03:00:01Z"}]}`)
		if err != nil || taken.Delivered != 1 {
			t.Fatalf("%+v %v", taken, err)
		}
		d.Clock.Advance(time.Hour)
		bindCard(t, d, binds)
		d.Spent.Pay(binds, d.Clock.Now())
		f, err := d.FollowUps.Figures(ctx, d.Bank, "bind_card", -1, 7, d.Spent)
		if err != nil || len(f.Steps) != 3 {
			t.Fatalf("%+v %v", f, err)
		}
		if s := f.Steps[0]; s.Reached != 3 || s.Sent != 3 || s.Delivered != 1 || s.Bound != 1 || s.Spent != 1 || s.Waiting != 0 {
			t.Errorf("step 1: %+v", s)
		}
		if s := f.Steps[1]; s.Reached != 3 || s.Waiting != 2 || s.Cancelled["bound"] != 1 {
			t.Errorf("step 2: %+v", s)
		}
		if _, err := d.FollowUps.Figures(ctx, d.Bank, "nothing", -1, 7, d.Spent); fault.Code(err) != "not_found" {
			t.Errorf("%v", err)
		}
	})
}

// A card may be activated after its person was erased: nobody is left to be told.
func TestAnErasedPersonIsPlannedNothing(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		application, viewer := d.Apply(t, 1)
		d.SignedIn(t, viewer, cardtest.Phone(1))
		d.Approve(t, application)
		d.Outcome(t, application, "issued", "4242", d.Clock.Now())
		if err := d.Erase(testkit.Context(t), viewer); err != nil {
			t.Fatal(err)
		}
		if err := d.DB.InTx(testkit.Context(t), func(tx *db.Tx) error {
			_, err := tx.Exec(testkit.Context(t), "DELETE FROM follow_up") // as when none had been planned
			return err
		}); err != nil {
			t.Fatal(err)
		}
		d.Outcome(t, application, "activated", "4242", d.Clock.Now())
		if n, _, err := db.Value[int](testkit.Context(t), d.DB, "SELECT COUNT(*) FROM follow_up"); err != nil || n != 0 {
			t.Errorf("%d follow-ups are planned: %v", n, err)
		}
	})
}
