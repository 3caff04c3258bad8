package live_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/gateway"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
	"yinbo/live"
	"yinbo/live/livetest"
)

// post is the bank's SMS: a number sends once.
type post struct {
	mu     sync.Mutex
	sent   map[string]string // text by number
	inbox  map[string]string // text by what it is about
	answer error
}

func (p *post) Tell(_ context.Context, tx *db.Tx, _, _, about, _, text string) error {
	tx.AfterCommit(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.inbox[about] = text
	})
	return nil
}

func (p *post) SendSMS(_ context.Context, phone pii.Text, text, outID string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var no *gateway.Refusal
	if !errors.As(p.answer, &no) { // what went wrong, went wrong on the way back
		p.sent[outID] = text
	}
	return p.answer
}

func (p *post) Phone(_ context.Context, _, viewer string) (pii.Text, error) {
	return pii.Clear("13800000000"), nil
}

// crew are workers of the stage's reminders.
type crew struct {
	*live.Reminders
	s    *livetest.Stage
	post *post
}

func (c crew) ByID(context.Context, string) (tenant.Bank, bool, error) { return c.s.Bank, true, nil }

func remind(s *livetest.Stage) crew {
	c := crew{s: s, post: &post{sent: map[string]string{}, inbox: map[string]string{}}}
	c.Reminders = &live.Reminders{DB: s.DB, Box: s.Box, Banks: c, Phones: c.post, SMS: c.post, Inbox: c.post}
	return c
}

// work runs what is due, as the workers do.
func (c crew) work(t *testing.T) {
	t.Helper()
	for range 100 {
		due, err := c.s.Box.Due(c.s.Ctx, 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(due) == 0 {
			return
		}
		for _, w := range due {
			task, ok, err := c.s.Box.Take(c.s.Ctx, w.ID)
			if err != nil || !ok {
				t.Fatal(ok, err)
			}
			if err := c.end(task, c.handle(task)); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Fatal("there is no end of work")
}

func (c crew) handle(task outbox.Task) error {
	if task.Kind == live.TaskStarted {
		return c.Spread(c.s.Ctx, task)
	}
	return c.Remind(c.s.Ctx, task)
}

func (c crew) end(task outbox.Task, err error) error {
	var later *outbox.Postponed
	switch {
	case err == nil:
		return c.s.Box.Done(c.s.Ctx, task)
	case errors.As(err, &later):
		return c.s.Box.Postpone(c.s.Ctx, task, later.At)
	}
	return c.s.Box.Fail(c.s.Ctx, task, err, false)
}

// states are a room's reservations, by how many stand where.
func (c crew) states(t *testing.T, room string) string {
	t.Helper()
	all, err := db.All(c.s.Ctx, c.s.DB, func(r db.Row) (string, error) {
		var status string
		var n int
		err := r.Scan(&status, &n)
		return fmt.Sprint(n, " ", status), err
	}, "SELECT status, COUNT(*) FROM room_reservation WHERE room_id = ? GROUP BY status ORDER BY status", room)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, ", ")
}

// at moves the clock to the next time it is that hour in the bank's zone.
func at(s *livetest.Stage, clk *clock.Fake, hour int) {
	now := clk.Now().In(s.Bank.Zone)
	next := time.Date(now.Year(), now.Month(), now.Day()+1, hour, 0, 0, 0, s.Bank.Zone)
	clk.Advance(next.Sub(now))
}

func reserve(t *testing.T, s *livetest.Stage, room string, n int) (viewers []string) {
	t.Helper()
	for i := range n {
		v, _ := s.Viewer(t, s.Bank, fmt.Sprint("观众", i))
		if _, err := s.Rooms.Reserve(s.Ctx, s.Bank.ID, room, v.ID); err != nil {
			t.Fatal(err)
		}
		viewers = append(viewers, v.ID)
	}
	return viewers
}

func TestReservationsAreCountedOnce(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, _ *clock.Fake) {
		bank, room := s.Bank.ID, s.Plan(t)
		viewer := reserve(t, s, room, 1)[0]
		check := func(what string, got live.Reservation, err error, reserved bool, n int64) {
			t.Helper()
			if err != nil || got != (live.Reservation{Reserved: reserved, Reservations: n}) {
				t.Errorf("%s: %+v %v", what, got, err)
			}
		}
		r, err := s.Rooms.Reserve(s.Ctx, bank, room, viewer)
		check("again", r, err, true, 1)
		r, err = s.Rooms.Unreserve(s.Ctx, bank, room, viewer)
		check("taken back", r, err, false, 0)
		r, err = s.Rooms.Unreserve(s.Ctx, bank, room, viewer)
		check("taken back again", r, err, false, 0)
		r, err = s.Rooms.Reserve(s.Ctx, bank, room, viewer)
		check("and made again", r, err, true, 1)
		_, err = s.Rooms.Reserve(s.Ctx, s.Other.ID, room, viewer)
		wants(t, "another bank's", err, "not_found")
		_, err = s.Rooms.Reserve(s.Ctx, bank, s.Live(t), viewer)
		wants(t, "of a live room", err, "conflict")
		if v, err := s.Rooms.Get(s.Ctx, bank, room); err != nil || v.Reservations != 1 {
			t.Errorf("the room shows %d: %v", v.Reservations, err)
		}
		var wg sync.WaitGroup
		for range 6 { // one viewer, many presses
			wg.Go(func() {
				if _, err := s.Rooms.Reserve(s.Ctx, bank, room, viewer); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		testkit.Holds(t, s.DB, live.Invariants()...)
	})
}

func TestEachReservationIsRemindedOnce(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, clk *clock.Fake) {
		at(s, clk, 19)
		room, c := s.Plan(t), remind(s)
		reserve(t, s, room, 7)
		gone := reserve(t, s, room, 1)[0]
		_, err := s.Rooms.Unreserve(s.Ctx, s.Bank.ID, room, gone)
		wants(t, "unreserve", err, "")
		c.work(t)
		if len(c.post.sent) != 0 {
			t.Fatalf("%d told before the start", len(c.post.sent))
		}
		_, err = s.Rooms.Start(s.Ctx, s.Bank.ID, room, s.Host)
		wants(t, "start", err, "")
		testkit.Holds(t, s.DB, live.Invariants()...)
		c.work(t)
		if got := c.states(t, room); got != "1 cancelled, 7 sent" || len(c.post.sent) != 7 {
			t.Errorf("%s, %d told", got, len(c.post.sent))
		}
		for _, text := range c.post.sent {
			if !strings.Contains(text, "周末专场") || !strings.Contains(text, "拒收") {
				t.Errorf("told %q", text)
			}
		}
		testkit.Holds(t, s.DB, live.Invariants()...)
	})
}

// RULES 6: not at night, and not more often than the caps allow; a reminder that
// has to wait until the room is over is left out.
func TestRemindersKeepHoursAndCaps(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, clk *clock.Fake) {
		at(s, clk, 8)
		c, early := remind(s), s.Plan(t)
		viewer := reserve(t, s, early, 1)[0]
		start := func(room string) {
			t.Helper()
			if _, err := s.Rooms.Start(s.Ctx, s.Bank.ID, room, s.Host); err != nil {
				t.Fatal(err)
			}
			c.work(t)
		}
		start(early)
		if got := c.states(t, early); got != "1 due" {
			t.Fatalf("at eight: %s", got)
		}
		clk.Advance(time.Hour)
		c.work(t)
		if got := c.states(t, early); got != "1 sent" {
			t.Fatalf("at nine: %s", got)
		}
		second := s.Plan(t)
		if _, err := s.Rooms.Reserve(s.Ctx, s.Bank.ID, second, viewer); err != nil {
			t.Fatal(err)
		}
		start(second)
		if got := c.states(t, second); got != "1 due" {
			t.Fatalf("the second of a day: %s", got)
		}
		if _, err := s.Rooms.End(s.Ctx, s.Bank.ID, second, s.Host); err != nil {
			t.Fatal(err)
		}
		clk.Advance(24 * time.Hour)
		c.work(t)
		if got := c.states(t, second); got != "1 skipped" || len(c.post.sent) != 1 {
			t.Fatalf("the day after: %s, %d told", got, len(c.post.sent))
		}
	})
}

// The bank took the message and its answer was lost: the same goes out again under
// the same number. A refusal is the end.
func TestARemindersAnswerMayBeLost(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, clk *clock.Fake) {
		at(s, clk, 10)
		room, c := s.Plan(t), remind(s)
		reserve(t, s, room, 2)
		c.post.answer = gateway.ErrUnknown
		_, err := s.Rooms.Start(s.Ctx, s.Bank.ID, room, s.Host)
		wants(t, "start", err, "")
		c.work(t)
		if got := c.states(t, room); got != "2 sending" {
			t.Fatal(got)
		}
		testkit.Holds(t, s.DB, live.Invariants()...)
		c.post.answer = nil
		clk.Advance(time.Minute)
		c.work(t)
		if got := c.states(t, room); got != "2 sent" || len(c.post.sent) != 2 {
			t.Errorf("%s, %d told", got, len(c.post.sent))
		}
		refused := s.Plan(t)
		reserve(t, s, refused, 1)
		c.post.answer = &gateway.Refusal{Status: 422, Code: "validation"}
		_, err = s.Rooms.Start(s.Ctx, s.Bank.ID, refused, s.Host)
		wants(t, "start", err, "")
		c.work(t)
		if got := c.states(t, refused); got != "1 failed" {
			t.Error(got)
		}
	})
}

// Workers that have lost their lease may run a task at the same time.
func TestManyWorkersRemindOnce(t *testing.T) {
	livetest.Each(t, func(t *testing.T, s *livetest.Stage, clk *clock.Fake) {
		at(s, clk, 10)
		room, c := s.Plan(t), remind(s)
		reserve(t, s, room, 3)
		_, err := s.Rooms.Start(s.Ctx, s.Bank.ID, room, s.Host)
		wants(t, "start", err, "")
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if err := c.Spread(s.Ctx, outbox.Task{ID: "t", Bank: s.Bank.ID, Ref: room}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		n, _, err := db.Value[int](s.Ctx, s.DB, "SELECT COUNT(*) FROM outbox WHERE kind = ?", live.TaskRemind)
		if err != nil || n != 3 {
			t.Errorf("%d tasks: %v", n, err)
		}
		c.work(t)
		if got := c.states(t, room); got != "3 sent" || len(c.post.sent) != 3 {
			t.Errorf("%s, %d told", got, len(c.post.sent))
		}
	})
}
