package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"yinbo/bench/figures"
	"yinbo/internal/stampede"
)

// onePerTx makes a node decide each order in a transaction of its own, on the
// same route; several run side by side, as one would write it.
var onePerTx = []string{"YINBO_FLASH_BATCH=1"}

func (b *bench) httpMariaDB(ctx context.Context) error { return b.http(ctx, true) }
func (b *bench) httpSQLite(ctx context.Context) error  { return b.http(ctx, false) }

// http measures accepted durable orders a second over HTTP, ours and the
// baseline in turn, then the latency at half of the highest.
func (b *bench) http(ctx context.Context, onMariaDB bool) error {
	s, err := open(ctx, onMariaDB)
	if err != nil {
		return err
	}
	defer s.close()
	ours := &figures.Series{Name: "group commit, orders over HTTP", Unit: "orders/s"}
	base := &figures.Series{Name: "one transaction per order, same route", Unit: "orders/s"}
	p99 := &figures.Series{Name: "p99 of an accepted order at half of the highest", Unit: "ms"}
	for range b.runs {
		if err := b.buy(ctx, s, base, 0, nil, onePerTx...); err != nil {
			return err
		}
		if err := b.buy(ctx, s, ours, 0, nil); err != nil {
			return err
		}
	}
	for range b.runs {
		if err := b.buy(ctx, s, nil, ours.Median()/2, p99); err != nil {
			return err
		}
	}
	base.Print()
	ours.Print()
	figures.Ratio("group commit / one transaction per order", ours, base, figures.AtLeast(6))
	p99.Print()
	return nil
}

// buy lets buyers press for a while at a node with the settings given.
func (b *bench) buy(ctx context.Context, s *shop, throughput *figures.Series, rate float64, p99 *figures.Series, env ...string) error {
	if err := s.serve(ctx, 1, env...); err != nil {
		return err
	}
	flash, err := s.sale(ctx, 1_000_000, 1_000_000)
	if err != nil {
		return err
	}
	if len(s.buyers) == 0 {
		if s.buyers, err = s.signIn(ctx, b.viewers); err != nil {
			return fmt.Errorf("%w\n%s", err, s.nodes[0].Log())
		}
	}
	for _, length := range []time.Duration{time.Second, b.length} { // the first warms up
		before, err := stampede.Count(ctx, s.DB, flash)
		if err != nil {
			return err
		}
		cpu := s.cpu()
		if rate == 0 && (env == nil) == (b.base == "") && length == b.length {
			s.profile(b.profile, length)
		}
		r := s.target(0).Buy(ctx, stampede.Buying{Flash: flash, Buyers: s.buyers, AtOnce: b.buyers, Quantity: 1, Retries: 3, For: length, Rate: rate})
		problems, err := stampede.Verify(ctx, s.DB, flash, before, r)
		if err != nil || len(problems) > 0 {
			return fmt.Errorf("%v %v", problems, err)
		}
		if length != b.length {
			continue
		}
		fmt.Printf("  %v rate %.0f: %.0f orders/s, p50 %s p99 %s, refused %v, tried again %d, CPU-s %s\n", env, rate, r.Orders(), r.AcceptedAt(50), r.AcceptedAt(99), r.Refused, r.Retried, s.spent(cpu))
		if throughput != nil {
			throughput.Add(r.Orders())
		}
		if p99 != nil {
			p99.Add(float64(r.AcceptedAt(99)) / float64(time.Millisecond))
		}
	}
	return s.endSale(ctx, flash)
}

// cpu is the time that the servers have spent.
func (s *shop) cpu() [2]time.Duration {
	var c [2]time.Duration
	for _, x := range s.nodes {
		c[0] += x.CPU()
	}
	if s.Maria != nil {
		c[1] = s.Maria.CPU()
	}
	return c
}

func (s *shop) spent(before [2]time.Duration) string {
	now := s.cpu()
	return fmt.Sprintf("yinbo %.1f mariadbd %.1f", (now[0] - before[0]).Seconds(), (now[1] - before[1]).Seconds())
}

// profile writes the first node's CPU profile of a run to a file, if one is named.
func (s *shop) profile(file string, length time.Duration) {
	if file == "" {
		return
	}
	go func() {
		out, err := os.Create(file)
		if err != nil {
			return
		}
		defer out.Close()
		res, err := http.Get(fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", s.nodes[0].Metrics, int(length.Seconds())))
		if err == nil {
			_, _ = io.Copy(out, res.Body)
			res.Body.Close()
		}
	}()
}
