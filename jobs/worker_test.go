package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/outbox"
	"yinbo/internal/testkit"
	"yinbo/jobs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wait holds until cond, at most 20 s.
func wait(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		if cond() {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
	t.Fatalf("waited in vain for %s", what)
}

func add(t *testing.T, d *db.DB, box *outbox.Box, task outbox.Task) {
	t.Helper()
	ctx := testkit.Context(t)
	if err := d.InTx(ctx, func(tx *db.Tx) error { return box.Add(ctx, tx, task) }); err != nil {
		t.Fatal(err)
	}
}

func pending(t *testing.T, d *db.DB) int {
	n, _, err := db.Value[int](testkit.Context(t), d, "SELECT COUNT(*) FROM outbox WHERE state = 'pending'")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func start(t *testing.T, box *outbox.Box, r redis.UniversalClient, h map[string]jobs.Handler) *jobs.Worker {
	t.Helper()
	w := jobs.New(jobs.Config{}, box, r, slog.New(slog.DiscardHandler), h)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestEveryTaskEndsOnceThoughTwoWorkersRelay(t *testing.T) {
	testkit.EachRedis(t, func(t *testing.T, r redis.UniversalClient) {
		d := testkit.SQLite(t, clock.System{})
		box := outbox.New(d)
		var runs atomic.Int64
		h := map[string]jobs.Handler{"count": func(context.Context, outbox.Task) error { runs.Add(1); return nil }}
		a, b := start(t, box, r, h), start(t, outbox.New(d), r, h)
		defer a.Stop()
		defer b.Stop()
		const n = 200
		for range n {
			add(t, d, box, outbox.Task{Kind: "count", Ref: "x"})
		}
		wait(t, "all tasks", func() bool { return pending(t, d) == 0 })
		if runs.Load() != n {
			t.Errorf("%d tasks ran %d times", n, runs.Load())
		}
	})
}

func TestAFailingTaskIsTriedAgainAndADroppedOneIsDead(t *testing.T) {
	d := testkit.SQLite(t, clock.System{})
	box := outbox.New(d)
	var tries atomic.Int64
	w := start(t, box, testkit.MiniRedis(t), map[string]jobs.Handler{
		"flaky": func(context.Context, outbox.Task) error {
			if tries.Add(1) == 1 {
				panic("first time")
			}
			return nil
		},
		"hopeless": func(context.Context, outbox.Task) error { return &outbox.Dropped{Cause: errors.New("no")} },
	})
	defer w.Stop()
	add(t, d, box, outbox.Task{Kind: "flaky", Ref: "x"})
	add(t, d, box, outbox.Task{Kind: "hopeless", Ref: "x"})
	add(t, d, box, outbox.Task{Kind: "nobody-knows", Ref: "x"})
	wait(t, "the tasks to end", func() bool { return pending(t, d) == 0 })
	dead, _, err := db.Value[int](testkit.Context(t), d, "SELECT COUNT(*) FROM outbox WHERE state = 'dead'")
	if err != nil || dead != 2 || tries.Load() != 2 {
		t.Errorf("%d dead, %d tries: %v", dead, tries.Load(), err)
	}
}

func TestATaskIsNotRunBeforeItsTime(t *testing.T) {
	d := testkit.SQLite(t, clock.System{})
	box := outbox.New(d)
	due := time.Now().Add(700 * time.Millisecond)
	var ran atomic.Pointer[time.Time]
	w := start(t, box, testkit.MiniRedis(t), map[string]jobs.Handler{
		"later": func(context.Context, outbox.Task) error { now := time.Now(); ran.Store(&now); return nil },
	})
	defer w.Stop()
	add(t, d, box, outbox.Task{Kind: "later", Ref: "x", Due: due})
	wait(t, "the task", func() bool { return ran.Load() != nil })
	if early := due.Sub(*ran.Load()); early > time.Millisecond {
		t.Errorf("ran %s early", early)
	}
}

// RULES 8.15: the queue loses everything between the wake-up and the work.
func TestAnEmptiedRedisLosesNoTask(t *testing.T) {
	testkit.EachRedis(t, func(t *testing.T, r redis.UniversalClient) {
		ctx := testkit.Context(t)
		fake := clock.NewFake(time.Now())
		d := testkit.SQLite(t, fake)
		box := outbox.New(d)
		add(t, d, box, outbox.Task{Kind: "once", Ref: "x"})
		if due, err := box.Due(ctx, 10); err != nil || len(due) != 1 { // woken, and the wake-up is lost
			t.Fatalf("%v %v", due, err)
		}
		if err := r.FlushDB(ctx).Err(); err != nil {
			t.Fatal(err)
		}
		var runs atomic.Int64
		w := start(t, box, r, map[string]jobs.Handler{"once": func(context.Context, outbox.Task) error { runs.Add(1); return nil }})
		defer w.Stop()
		fake.Advance(outbox.Lease + time.Second)
		wait(t, "the task", func() bool { return pending(t, d) == 0 })
		if runs.Load() != 1 {
			t.Errorf("ran %d times", runs.Load())
		}
	})
}

func TestAPostponedTaskWaitsAndACancelledOneNeverRuns(t *testing.T) {
	d := testkit.SQLite(t, clock.System{})
	ctx := testkit.Context(t)
	box := outbox.New(d)
	var runs atomic.Int64
	w := start(t, box, testkit.MiniRedis(t), map[string]jobs.Handler{
		"wait": func(context.Context, outbox.Task) error {
			if runs.Add(1) == 1 {
				return &outbox.Postponed{At: time.Now().Add(300 * time.Millisecond)}
			}
			return nil
		},
		"never": func(context.Context, outbox.Task) error { t.Error("a cancelled task ran"); return nil },
	})
	defer w.Stop()
	add(t, d, box, outbox.Task{Kind: "never", Ref: "y", Due: time.Now().Add(time.Second)})
	err := d.InTx(ctx, func(tx *db.Tx) error {
		n, err := box.Cancel(ctx, tx, "", "never", "y")
		if n != 1 {
			t.Errorf("cancelled %d", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	add(t, d, box, outbox.Task{Kind: "wait", Ref: "x"})
	wait(t, "the postponed task", func() bool { return pending(t, d) == 0 })
	if runs.Load() != 2 {
		t.Errorf("ran %d times", runs.Load())
	}
}
