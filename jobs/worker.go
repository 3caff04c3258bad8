package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"yinbo/internal/obs"
	"yinbo/internal/outbox"
	"yinbo/internal/tracing"
	"yinbo/jobs/relay"
)

// Handler has a task's effect. It must be idempotent: a task is taken at least
// once.
type Handler func(ctx context.Context, t outbox.Task) error

// Config says how a worker works.
type Config struct {
	Concurrency int // handlers at once; default 16
	Tracing     *tracing.Tracing
}

// Worker is a relay and an Asynq server on one Redis.
type Worker struct {
	box      *outbox.Box
	log      *slog.Logger
	handlers map[string]Handler
	tracing  *tracing.Tracing
	server   *asynq.Server
	relay    *relay.Relay
}

// New makes a worker with its handlers by kind.
func New(c Config, box *outbox.Box, r redis.UniversalClient, log *slog.Logger, handlers map[string]Handler) *Worker {
	if c.Concurrency == 0 {
		c.Concurrency = 16
	}
	w := &Worker{box: box, log: log, handlers: handlers, tracing: c.Tracing, relay: relay.New(box, r, log)}
	w.server = asynq.NewServerFromRedisClient(r, asynq.Config{
		Concurrency:       c.Concurrency,
		Queues:            map[string]int{relay.Queue: 1},
		TaskCheckInterval: 100 * time.Millisecond,
		ShutdownTimeout:   10 * time.Second,
		Logger:            quiet{log},
		LogLevel:          asynq.WarnLevel,
		// The row counts failures; Asynq must not.
		RetryDelayFunc: func(int, error, *asynq.Task) time.Duration { return time.Minute },
	})
	return w
}

// Start begins to work.
func (w *Worker) Start() error {
	if err := w.server.Start(asynq.HandlerFunc(w.wake)); err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	w.relay.Start()
	return nil
}

// Stop lets handlers under way finish, for up to ten seconds.
func (w *Worker) Stop() {
	w.relay.Stop()
	w.server.Shutdown()
}

// wake takes the row that a task names and runs its handler. It gives Asynq no
// error: what comes next stands in the row.
func (w *Worker) wake(ctx context.Context, t *asynq.Task) error {
	var p relay.Payload
	if err := json.Unmarshal(t.Payload(), &p); err != nil {
		w.log.ErrorContext(ctx, "wake-up unreadable", "kind", t.Type(), "error", err)
		return nil
	}
	task, ok, err := w.box.Take(ctx, p.ID)
	if err != nil {
		w.log.ErrorContext(ctx, "task not taken", "kind", t.Type(), "task", p.ID, "error", err)
		return nil // the relay wakes it again after its lease
	}
	if !ok {
		return nil
	}
	ctx = obs.WithRequest(ctx, obs.Request{ID: task.ID})
	start := time.Now()
	ctx, ended := w.tracing.Task(ctx, task.Kind, task.ID)
	err = w.run(ctx, task)
	ended(failure(err))
	if end := w.end(ctx, task, err); end != nil {
		w.log.ErrorContext(ctx, "task not ended", "kind", task.Kind, "task", task.ID, "error", end)
	}
	w.log.DebugContext(ctx, "task", "kind", task.Kind, "task", task.ID, "ms", time.Since(start).Milliseconds())
	return nil
}

// failure is err, but for what only says when or by whom the task ends.
func failure(err error) error {
	var later *outbox.Postponed
	if errors.Is(err, outbox.ErrEnded) || errors.As(err, &later) {
		return nil
	}
	return err
}

func (w *Worker) run(ctx context.Context, t outbox.Task) (err error) {
	defer func() {
		if v := recover(); v != nil {
			w.log.ErrorContext(ctx, "panic in a task", "kind", t.Kind, "task", t.ID, "value", fmt.Sprint(v), "stack", string(debug.Stack()))
			err = fmt.Errorf("jobs: panic in %s", t.Kind)
		}
	}()
	h, known := w.handlers[t.Kind]
	if !known {
		return &outbox.Dropped{Cause: fmt.Errorf("jobs: no handler for %s", t.Kind)}
	}
	ctx, cancel := context.WithTimeout(ctx, outbox.Lease-5*time.Second)
	defer cancel()
	return h(ctx, t)
}

// end writes into the row what the handler answered. Its own time: the handler's
// may be used up.
func (w *Worker) end(ctx context.Context, t outbox.Task, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	var later *outbox.Postponed
	var drop *outbox.Dropped
	switch {
	case err == nil:
		return w.box.Done(ctx, t)
	case errors.Is(err, outbox.ErrEnded):
		return nil
	case errors.As(err, &later):
		return w.box.Postpone(ctx, t, later.At)
	case errors.As(err, &drop):
		w.log.ErrorContext(ctx, "task dropped", "kind", t.Kind, "task", t.ID, "error", err)
		return w.box.Fail(ctx, t, err, true)
	}
	w.log.WarnContext(ctx, "task failed", "kind", t.Kind, "task", t.ID, "attempt", t.Attempts+1, "error", err)
	return w.box.Fail(ctx, t, err, false)
}

// quiet passes Asynq's own lines to our log.
type quiet struct{ log *slog.Logger }

func (q quiet) Debug(args ...any) {}
func (q quiet) Info(args ...any)  { q.log.Debug("asynq", "text", fmt.Sprint(args...)) }
func (q quiet) Warn(args ...any)  { q.log.Warn("asynq", "text", fmt.Sprint(args...)) }
func (q quiet) Error(args ...any) { q.log.Error("asynq", "text", fmt.Sprint(args...)) }
func (q quiet) Fatal(args ...any) { q.log.Error("asynq", "text", fmt.Sprint(args...)) }
