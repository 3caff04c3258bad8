package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"yinbo/card/cardtest"
	"yinbo/card/follow"
	"yinbo/internal/db"
	"yinbo/internal/gateway"
	"yinbo/internal/outbox"
	"yinbo/internal/testkit"
	"yinbo/jobs"
	"yinbo/jobs/relay"
)

// followed are people whose first follow-up is due: real workers on a real Redis
// send it, whatever befalls them on the way.
type followed struct {
	*cardtest.Department
	redis redis.UniversalClient
	n     int
	sent  int // messages handed over before the follow-ups
}

// eachFollowed runs fn with n people on each engine.
func eachFollowed(t *testing.T, n int, fn func(t *testing.T, f *followed)) {
	t.Parallel()
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		f := &followed{Department: d, redis: testkit.Redis(t), n: n}
		for i := range n {
			application, _ := d.Apply(t, i)
			d.Approve(t, application)
			d.Outcome(t, application, "issued", "4242", d.Clock.Now())
		}
		d.Work(t)
		f.sent = d.Far.Calls()
		d.Clock.Advance(time.Hour)
		fn(t, f)
	})
}

// worker starts a worker with a relay and a box of its own, as another node has.
func (f *followed) worker(t *testing.T) *jobs.Worker {
	t.Helper()
	handlers := map[string]jobs.Handler{}
	for kind, h := range f.Handlers() {
		handlers[kind] = h
	}
	w := jobs.New(jobs.Config{Concurrency: 4}, outbox.New(f.DB), f.redis, slog.New(slog.DiscardHandler), handlers)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	return w
}

// asks is how many messages each person has that ask them to bind.
func (f *followed) asks(n int) (count int) {
	for _, m := range f.Far.Messages(cardtest.Phone(n)) {
		if strings.HasSuffix(m, "拒收请回复T") {
			count++
		}
	}
	return count
}

func (f *followed) number(t *testing.T, query string, args ...any) int {
	t.Helper()
	n, _, err := db.Value[int](testkit.Context(t), f.DB, query, args...)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// over tells whether every first step has ended.
func (f *followed) over(t *testing.T) bool {
	return f.number(t, "SELECT COUNT(*) FROM follow_up WHERE step = 1 AND ended_at IS NULL") == 0
}

// onceEach holds that every follow-up has ended as sent, has no task left, and
// has had one effect outside.
func (f *followed) onceEach(t *testing.T) {
	t.Helper()
	if sent := f.number(t, "SELECT COUNT(*) FROM follow_up WHERE step = 1 AND status = 'sent'"); sent != f.n {
		t.Errorf("%d of %d were sent", sent, f.n)
	}
	if left := f.number(t, `SELECT COUNT(*) FROM outbox o JOIN follow_up f ON f.id = o.ref
		WHERE o.kind = ? AND f.step = 1 AND o.state <> 'done'`, follow.TaskSend); left != 0 {
		t.Errorf("%d tasks are left", left)
	}
	for i := range f.n {
		if n := f.asks(i); n != 1 {
			t.Errorf("person %d has %d messages", i, n)
		}
	}
	testkit.Holds(t, f.DB, follow.Invariants()...)
	testkit.Holds(t, f.DB, outbox.Invariants()...)
}

// past lets leases run out until all has ended: time passes for the database
// alone, Asynq's own clock goes on as it does.
func (f *followed) past(t *testing.T) {
	t.Helper()
	var last time.Time
	wait(t, "every follow-up to end", func() bool {
		if f.over(t) {
			return true
		}
		if time.Since(last) > 400*time.Millisecond {
			f.Clock.Advance(outbox.Lease + time.Second)
			last = time.Now()
		}
		return false
	})
	f.settled(t)
}

// settled waits for the workers to have noted what they did.
func (f *followed) settled(t *testing.T) {
	t.Helper()
	wait(t, "the tasks to end", func() bool {
		return f.number(t, "SELECT COUNT(*) FROM outbox o JOIN follow_up f ON f.id = o.ref WHERE f.step = 1 AND o.state = 'pending'") == 0
	})
}

// RULES 8.15: Redis is emptied again and again while workers send.
func TestRule8_15RedisEmptiedInTheMiddle(t *testing.T) {
	eachFollowed(t, 40, func(t *testing.T, f *followed) {
		var handed atomic.Int64
		ctx := testkit.Context(t)
		f.Far.OnSMS = func(string) error {
			if handed.Add(1)%7 == 0 {
				return f.redis.FlushDB(ctx).Err()
			}
			return nil
		}
		for range 2 {
			w := f.worker(t)
			defer w.Stop()
		}
		f.past(t)
		f.onceEach(t)
		if n := f.Far.Calls() - f.sent; n < f.n {
			t.Errorf("%d messages were handed over", n)
		}
	})
}

// RULES 8.15: a worker is stopped for longer than its lease while its message is
// on the way; another sends in its place; then the first goes on.
func TestRule8_15ALostLeaseSendsOnce(t *testing.T) {
	eachFollowed(t, 1, func(t *testing.T, f *followed) {
		stopped, goOn := make(chan struct{}), make(chan struct{})
		var handed atomic.Int64
		f.Far.OnSMS = func(string) error {
			if handed.Add(1) == 1 {
				close(stopped)
				<-goOn
			}
			return nil
		}
		a := f.worker(t)
		defer a.Stop()
		<-stopped
		b := f.worker(t)
		defer b.Stop()
		f.past(t)
		ended := func() string {
			at, _, err := db.Value[db.Time](testkit.Context(t), f.DB, "SELECT ended_at FROM follow_up WHERE step = 1")
			if err != nil {
				t.Fatal(err)
			}
			return at.String()
		}
		before := ended()
		f.Clock.Advance(time.Minute)
		close(goOn)
		a.Stop() // waits for what it had under way
		if after := ended(); after != before || f.Far.Calls()-f.sent != 2 {
			t.Errorf("ended at %s, then at %s; handed over %d times", before, after, f.Far.Calls()-f.sent)
		}
		f.onceEach(t)
	})
}

// RULES 8.15: the queue archives the wake-ups unseen, its archive is full, and is
// trimmed.
func TestRule8_15TheArchiveIsFullAndTrimmed(t *testing.T) {
	eachFollowed(t, 10, func(t *testing.T, f *followed) {
		ctx := testkit.Context(t)
		client, inspector := asynq.NewClientFromRedisClient(f.redis), asynq.NewInspectorFromRedisClient(f.redis)
		const most = 10_000 // Asynq's bound of an archive
		for i := range most {
			if _, err := client.Enqueue(asynq.NewTask("old", nil), asynq.Queue(relay.Queue), asynq.TaskID(fmt.Sprintf("old.%d", i))); err != nil {
				t.Fatal(err)
			}
		}
		archive := func() {
			if _, err := inspector.ArchiveAllPendingTasks(relay.Queue); err != nil {
				t.Fatal(err)
			}
		}
		archive()
		r := relay.New(outbox.New(f.DB), f.redis, slog.New(slog.DiscardHandler))
		for range 3 { // woken, and archived unseen: the first ones are trimmed
			if n, err := r.Pass(ctx); err != nil || n < f.n {
				t.Fatalf("%d woken: %v", n, err)
			}
			archive()
			f.Clock.Advance(outbox.Lease + time.Second)
		}
		info, err := inspector.GetQueueInfo(relay.Queue)
		if err != nil || info.Archived < most-1 || info.Pending != 0 {
			t.Fatalf("%+v: %v", info, err)
		}
		w := f.worker(t)
		defer w.Stop()
		f.past(t)
		f.onceEach(t)
		if n := f.Far.Calls() - f.sent; n != f.n {
			t.Errorf("%d messages were handed over", n)
		}
	})
}

// RULES 8.15: several relays look for what is due at once, and several workers
// take it.
func TestRule8_15TwoSchedulersAtOnceSendOnce(t *testing.T) {
	eachFollowed(t, 40, func(t *testing.T, f *followed) {
		var wg sync.WaitGroup
		workers := make([]*jobs.Worker, 3)
		for i := range workers {
			wg.Go(func() { workers[i] = f.worker(t) })
		}
		wg.Wait()
		for _, w := range workers {
			defer w.Stop()
		}
		wait(t, "every follow-up to end", func() bool { return f.over(t) })
		f.settled(t)
		f.onceEach(t)
		if n := f.Far.Calls() - f.sent; n != f.n {
			t.Errorf("%d messages were handed over, %d were due", n, f.n)
		}
	})
}

// RULES 8.15: the bank's answer is lost, over and over: what came of it is
// unknown, and the same number is asked again.
func TestRule8_15LostAnswersAreRepeatedUnderOneNumber(t *testing.T) {
	eachFollowed(t, 10, func(t *testing.T, f *followed) {
		var handed atomic.Int64
		f.Far.OnSMS = func(string) error {
			if handed.Add(1)%3 != 0 {
				return fmt.Errorf("%w: cut", gateway.ErrUnknown)
			}
			return nil
		}
		w := f.worker(t)
		defer w.Stop()
		f.past(t)
		f.onceEach(t)
		if n := f.Far.Calls() - f.sent; n <= f.n {
			t.Errorf("%d messages were handed over: no answer was lost", n)
		}
	})
}

// RULES 8.15: the worker's context is cut between the bank's answer and its note.
func TestRule8_15CutBetweenCallAndRecord(t *testing.T) {
	eachFollowed(t, 1, func(t *testing.T, f *followed) {
		ctx, cut := context.WithCancel(testkit.Context(t))
		f.Far.OnSMS = func(string) error { cut(); return nil }
		ref, _, err := db.Value[string](ctx, f.DB, "SELECT id FROM follow_up WHERE step = 1")
		if err != nil {
			t.Fatal(err)
		}
		task, _, err := db.Value[string](ctx, f.DB, "SELECT id FROM outbox WHERE ref = ?", ref)
		if err != nil {
			t.Fatal(err)
		}
		taken, ok, err := f.Box.Take(ctx, task)
		if err != nil || !ok {
			t.Fatalf("taken %t: %v", ok, err)
		}
		if err := f.Handle(ctx, taken); err == nil {
			t.Fatal("the note was written by a context that was cut")
		}
		if n := f.number(t, "SELECT COUNT(*) FROM follow_up WHERE status = 'sending'"); n != 1 || f.asks(0) != 1 {
			t.Fatalf("%d are being sent, %d messages", n, f.asks(0))
		}
		f.Far.OnSMS = nil
		w := f.worker(t)
		defer w.Stop()
		f.past(t)
		f.onceEach(t)
	})
}
