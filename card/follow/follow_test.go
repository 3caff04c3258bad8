package follow_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"yinbo/card"
	"yinbo/card/bind"
	"yinbo/card/cardtest"
	"yinbo/internal/db"
	"yinbo/internal/gateway"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
	"yinbo/internal/testkit"
)

// issue brings the person number n to an issued card.
func issue(t *testing.T, d *cardtest.Department, n int) (application, viewer string) {
	t.Helper()
	application, viewer = d.Apply(t, n)
	d.Approve(t, application)
	d.Outcome(t, application, "issued", "4242", d.Clock.Now())
	d.Work(t)
	return application, viewer
}

// asked counts the messages that ask a person to bind.
func asked(d *cardtest.Department, n int) int {
	count := 0
	for _, m := range d.Far.Messages(cardtest.Phone(n)) {
		if strings.Contains(m, "绑定") && strings.HasSuffix(m, "拒收请回复T") && !strings.Contains(m, "首次") {
			count++
		}
	}
	return count
}

// rows are the states of an application's follow-ups, by step.
func rows(t *testing.T, d *cardtest.Department, application string) string {
	t.Helper()
	states, err := db.All(testkit.Context(t), d.DB, func(r db.Row) (s string, err error) { return s, r.Scan(&s) },
		"SELECT status FROM follow_up WHERE application_id = ? AND journey = 'bind_card' ORDER BY step", application)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(states, " ")
}

func TestFollowUpsGoOutAtTheirWaits(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		application, _ := issue(t, d, 1)
		for i, step := range []struct {
			wait  time.Duration
			asked int
			rows  string
		}{
			{59 * time.Minute, 0, "waiting waiting waiting"},
			{time.Minute, 1, "sent waiting waiting"},
			{23 * time.Hour, 2, "sent sent waiting"},
			{48 * time.Hour, 3, "sent sent sent"},
			{240 * time.Hour, 3, "sent sent sent"},
		} {
			d.Clock.Advance(step.wait)
			d.Work(t)
			d.Work(t)
			if n, r := asked(d, 1), rows(t, d, application); n != step.asked || r != step.rows {
				t.Fatalf("%d: %d messages, rows %s", i, n, r)
			}
		}
	})
}

func TestBindingEndsTheAsking(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		application, viewer := issue(t, d, 1)
		d.Clock.Advance(time.Hour)
		d.Work(t)
		bindCard(t, d, viewer)
		d.Clock.Advance(100 * time.Hour)
		d.Work(t)
		if n, r := asked(d, 1), rows(t, d, application); n != 1 || r != "sent cancelled cancelled" {
			t.Fatalf("%d messages, rows %s", n, r)
		}
	})
}

func bindCard(t *testing.T, d *cardtest.Department, viewer string) {
	t.Helper()
	ctx := testkit.Context(t)
	f := bind.Factors{PAN: pii.Clear("6225990000000008"), Name: pii.Clear("欧阳小明"), IDNo: pii.Clear(cardtest.IDNo(1)), Phone: pii.Clear(cardtest.Phone(1))}
	s, _, err := d.Bindings.Start(ctx, d.Bank, viewer, f, d.Request(viewer))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Bindings.Confirm(ctx, d.Bank, viewer, s.ID, pii.Clear("123456"), card.Actor{}); err != nil {
		t.Fatal(err)
	}
}

func TestPromotionsKeepTheBanksHours(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		d.Clock.Advance(9*time.Hour + 30*time.Minute) // 19:30 in Shanghai
		application, _ := issue(t, d, 1)
		d.Clock.Advance(time.Hour) // 20:30: closed
		d.Work(t)
		if n := asked(d, 1); n != 0 {
			t.Fatalf("%d messages at 20:30", n)
		}
		d.Clock.Advance(12*time.Hour + 29*time.Minute)
		d.Work(t)
		if n := asked(d, 1); n != 0 {
			t.Fatalf("%d messages at 08:59", n)
		}
		d.Clock.Advance(time.Minute)
		d.Work(t)
		if n, r := asked(d, 1), rows(t, d, application); n != 1 || r != "sent waiting waiting" {
			t.Fatalf("at 09:00: %d messages, rows %s", n, r)
		}
		// The second step is due at 19:30, on the day of the first: it waits for
		// the next morning.
		d.Clock.Advance(11 * time.Hour)
		d.Work(t)
		if n := asked(d, 1); n != 1 {
			t.Fatalf("%d messages on one day", n)
		}
		d.Clock.Advance(13 * time.Hour)
		d.Work(t)
		if n := asked(d, 1); n != 2 {
			t.Fatalf("%d messages the next morning", n)
		}
	})
}

func TestCapsCountAllMessagesToOnePerson(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		first, viewer := d.Apply(t, 1)
		form := d.Form(1, cardtest.Phone(1))
		form.CardProductID = d.Products[1]
		r, _, err := d.Applications.Apply(ctx, d.Bank, viewer, form, d.Request(viewer))
		if err != nil {
			t.Fatal(err)
		}
		for _, application := range []string{first, r.ID} {
			d.Approve(t, application)
			d.Outcome(t, application, "issued", "", d.Clock.Now())
		}
		for day := range 14 {
			before := asked(d, 1)
			for range 8 {
				d.Clock.Advance(time.Hour)
				d.Work(t)
			}
			if n := asked(d, 1) - before; n > 1 {
				t.Fatalf("%d messages on day %d", n, day)
			}
			if day == 6 && asked(d, 1) > 3 {
				t.Fatalf("%d messages in the first week", asked(d, 1))
			}
			d.Clock.Advance(16 * time.Hour)
		}
		if n := asked(d, 1); n != 6 {
			t.Fatalf("%d messages of 6", n)
		}
	})
}

// RULES 8.15: the bank took the message and its answer was lost, or the worker
// died before it noted it: the same message goes out again under the same number, and the
// person has one.
func TestCrashWhileSendingHasOneEffect(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		application, _ := issue(t, d, 1)
		d.Far.OnSMS = func(string) error { return fmt.Errorf("%w: cut", gateway.ErrUnknown) }
		d.Clock.Advance(time.Hour)
		d.Work(t)
		if r := rows(t, d, application); r != "sending waiting waiting" {
			t.Fatalf("rows %s", r)
		}
		d.Far.OnSMS = nil
		d.Clock.Advance(time.Minute)
		d.Work(t)
		if n, r := asked(d, 1), rows(t, d, application); n != 1 || r != "sent waiting waiting" {
			t.Fatalf("%d messages, rows %s", n, r)
		}
	})
}

func TestBindingBetweenCrashAndRepeatCancels(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		application, viewer := issue(t, d, 1)
		d.Far.OnSMS = func(string) error { return gateway.ErrUnknown }
		d.Clock.Advance(time.Hour)
		d.Work(t)
		d.Far.OnSMS = nil
		bindCard(t, d, viewer)
		d.Clock.Advance(time.Minute)
		d.Work(t)
		if r := rows(t, d, application); r != "cancelled cancelled cancelled" {
			t.Fatalf("rows %s", r)
		}
	})
}

func TestRefusedMessageFailsAndTheNextGoesOn(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		application, _ := issue(t, d, 1)
		d.Far.OnSMS = func(string) error { return &gateway.Refusal{Status: 422, Code: "validation"} }
		d.Clock.Advance(time.Hour)
		d.Work(t)
		d.Far.OnSMS = nil
		d.Clock.Advance(24 * time.Hour)
		d.Work(t)
		if r := rows(t, d, application); r != "failed sent waiting" {
			t.Fatalf("rows %s", r)
		}
	})
}

// RULES 8.15: workers that have lost their lease may run a task at the same time.
func TestManyWorkersOnOneFollowUpSendOnce(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		application, _ := issue(t, d, 1)
		d.Clock.Advance(time.Hour)
		ref, _, err := db.Value[string](ctx, d.DB, "SELECT id FROM follow_up WHERE application_id = ? AND step = 1", application)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		errs := make([]error, 6)
		for i := range errs {
			wg.Go(func() {
				errs[i] = d.Handle(ctx, outbox.Task{ID: "t", Bank: d.Bank.ID, Kind: "followup.send", Ref: ref})
			})
		}
		wg.Wait()
		for _, err := range errs {
			if err != nil && !errors.Is(err, outbox.ErrEnded) {
				t.Error(err)
			}
		}
		if n, r := asked(d, 1), rows(t, d, application); n != 1 || r != "sent waiting waiting" {
			t.Fatalf("%d messages, rows %s", n, r)
		}
	})
}
