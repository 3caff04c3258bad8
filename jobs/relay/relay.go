// Package relay wakes workers for rows of the outbox: it looks for rows that are
// due and enqueues an Asynq task for each.
//
// Any number of relays may run: a row is given to one of them, and is given
// again after a lease when nobody ended it meanwhile (Redis emptied, a worker
// killed, a task lost). Rows are found within milliseconds when the process that
// wrote them runs a relay, else within Poll.
package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"yinbo/internal/outbox"
)

// Queue is the Asynq queue of wake-ups.
const Queue = "yinbo"

// Poll is how often a relay looks for rows that other processes wrote.
const Poll = 200 * time.Millisecond

// batch bounds how many rows one look takes.
const batch = 500

// Payload is all that a wake-up says.
type Payload struct {
	ID string `json:"id"`
}

// Relay moves due rows to Asynq.
type Relay struct {
	box    *outbox.Box
	client *asynq.Client
	log    *slog.Logger
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// New makes a relay.
func New(box *outbox.Box, r redis.UniversalClient, log *slog.Logger) *Relay {
	return &Relay{box: box, client: asynq.NewClientFromRedisClient(r), log: log}
}

// Start begins to look.
func (r *Relay) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	r.done.Go(func() { r.loop(ctx) })
}

// Stop ends the loop and waits for it.
func (r *Relay) Stop() {
	if r.cancel != nil {
		r.cancel()
	}
	r.done.Wait()
}

func (r *Relay) loop(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.box.Wake():
		case <-timer.C:
		}
		pause := Poll
		switch n, err := r.Pass(ctx); {
		case err != nil && ctx.Err() == nil:
			r.log.Error("relay", "error", err)
			pause = time.Second
		case n == batch:
			pause = 0
		}
		timer.Reset(pause)
	}
}

// Pass takes the rows that are due and enqueues them; it gives their number.
// A row whose enqueueing fails is due again after its lease.
func (r *Relay) Pass(ctx context.Context) (int, error) {
	due, err := r.box.Due(ctx, batch)
	if err != nil {
		return 0, err
	}
	var failed error
	for _, w := range due {
		failed = errors.Join(failed, r.enqueue(ctx, w))
	}
	return len(due), failed
}

func (r *Relay) enqueue(ctx context.Context, w outbox.Wakeup) error {
	payload, err := json.Marshal(Payload{ID: w.ID})
	if err != nil {
		return fmt.Errorf("relay: %w", err)
	}
	// A task's id is the row's with the time of this wake-up: an id that Asynq
	// keeps in its archive must not bar the next one.
	taskID := fmt.Sprintf("%s.%d", w.ID, w.At.UnixMilli())
	_, err = r.client.EnqueueContext(ctx, asynq.NewTask(w.Kind, payload),
		asynq.TaskID(taskID), asynq.Queue(Queue), asynq.MaxRetry(0), asynq.Timeout(outbox.Lease))
	if errors.Is(err, asynq.ErrTaskIDConflict) {
		return nil
	}
	return err
}
