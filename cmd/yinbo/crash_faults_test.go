package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// mishap is something that goes wrong at a time; do returns when it is over.
type mishap struct {
	at   time.Duration
	name string
	do   func()
}

// plan draws what goes wrong within a run.
func (w *world) plan(r *rand.Rand, length time.Duration) []mishap {
	kinds := []func(*rand.Rand) (string, func()){w.killShop, w.killShop, w.stopShop, w.stepClock, w.cutOff, w.trouble}
	if w.servers {
		kinds = append(kinds, w.killServer, w.killServer, w.stopServer, w.cutOff, w.cutOff, w.flush, w.flush, w.oldCopy)
	}
	faults := make([]mishap, 2+r.IntN(4))
	for i := range faults {
		name, do := pick(r, kinds...)(r)
		faults[i] = mishap{between(r, 100*time.Millisecond, length), name, do}
	}
	return faults
}

// strike has the faults happen, each at its time, and returns when all are over.
func (w *world) strike(faults []mishap) {
	var all sync.WaitGroup
	for _, f := range faults {
		all.Go(func() {
			<-time.After(f.at)
			w.note("%s", f.name)
			f.do()
		})
	}
	all.Wait()
}

func (w *world) anyShop(r *rand.Rand) *shop { return w.shops[r.IntN(len(w.shops))] }

func (w *world) killShop(r *rand.Rand) (string, func()) {
	s := w.anyShop(r)
	return "kill -9 " + s.name, func() { s.kill(nil) }
}

func (w *world) stopShop(r *rand.Rand) (string, func()) {
	s, d := w.anyShop(r), between(r, 200*time.Millisecond, 1500*time.Millisecond)
	return fmt.Sprintf("stop %s for %s", s.name, d), func() { s.pause(d) }
}

func (w *world) stepClock(r *rand.Rand) (string, func()) {
	s, d := w.anyShop(r), between(r, -90*time.Second, 90*time.Second).Truncate(time.Second)
	return fmt.Sprintf("move the clock of %s by %s", s.name, d), func() { w.setClock(s, d) }
}

// cutOff makes one of a node's ways bad for a while.
func (w *world) cutOff(r *rand.Rand) (string, func()) {
	s := w.anyShop(r)
	way, to := s.toBank, "the bank"
	if w.servers {
		switch r.IntN(5) {
		case 0, 1:
			way, to = s.toDB, "the database"
		case 2, 3:
			way, to = s.toRedis, "Redis"
		}
	}
	how, d, cut := pick(r, dropped, stalled, deaf), between(r, 100*time.Millisecond, 1200*time.Millisecond), r.IntN(2) == 0
	return fmt.Sprintf("from %s to %s: %s for %s, then cut: %t", s.name, to, how, d, cut), func() {
		way.set(how, false)
		<-time.After(d)
		way.set(fair, cut)
	}
}

// trouble is the bank's own.
func (w *world) trouble(r *rand.Rand) (string, func()) {
	f := map[string]any{"drop_callback": r.IntN(3) == 0, "duplicate_callback": r.IntN(2) == 0, "reorder": r.IntN(2) == 0,
		"delay_ms": pick(r, 0, 0, 50, 400), "fail_rate": pick(r, 0, 0, 0.3, 0.7)}
	return fmt.Sprintf("the bank: %v", f), func() { w.bankFaults(f) }
}

func (w *world) dump() string { return filepath.Join(w.dir, "dump.rdb") }

// forgetting is a Redis that starts empty.
func (w *world) forgetting() { os.Remove(w.dump()) }

func (w *world) killServer(r *rand.Rand) (string, func()) {
	if r.IntN(2) == 0 {
		return "kill -9 mariadbd", func() { w.mariadb.kill(nil) }
	}
	return "kill -9 redis-server", func() { w.redis.kill(w.forgetting) }
}

func (w *world) stopServer(r *rand.Rand) (string, func()) {
	p, d := pick(r, w.mariadb, w.redis), between(r, 200*time.Millisecond, 1500*time.Millisecond)
	return fmt.Sprintf("stop %s for %s", p.name, d), func() { p.pause(d) }
}

func (w *world) flush(*rand.Rand) (string, func()) {
	return "FLUSHALL", func() {
		_ = w.toRedis(func(ctx context.Context, c *redis.Client) error { return c.FlushAll(ctx).Err() })
	}
}

// oldCopy is a failover to a replica that has not followed for a while.
func (w *world) oldCopy(r *rand.Rand) (string, func()) {
	age := between(r, 100*time.Millisecond, 1200*time.Millisecond)
	return fmt.Sprintf("save Redis, and %s later fail over to that copy", age), func() {
		err := w.toRedis(func(ctx context.Context, c *redis.Client) error { return c.Save(ctx).Err() })
		<-time.After(age)
		if err == nil {
			w.redis.kill(nil)
		}
	}
}

// toRedis acts on Redis, which may not answer just now.
func (w *world) toRedis(do func(context.Context, *redis.Client) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	c := redis.NewClient(&redis.Options{Addr: fmt.Sprint("127.0.0.1:", w.redisPort)})
	defer c.Close()
	return do(ctx, c)
}
