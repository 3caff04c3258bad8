package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"yinbo/bench/figures"
	"yinbo/internal/db"
	"yinbo/internal/stampede"
)

// soldOut compares sold-out answers with those of an empty Gin handler (/healthz)
// behind the same middleware, to the same requests of the same crowd.
func (b *bench) soldOut(ctx context.Context) error {
	s, err := open(ctx, true)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.serve(ctx, 1); err != nil {
		return err
	}
	flash, err := s.sale(ctx, 1, 1)
	if err != nil {
		return err
	}
	buyers, err := s.signIn(ctx, b.buyers+1)
	if err != nil {
		return err
	}
	if r := s.target(0).Buy(ctx, stampede.Buying{Flash: flash, Buyers: buyers[:1], Quantity: 1, Presses: 1, For: time.Second}); len(r.Accepted) != 1 {
		return fmt.Errorf("the last unit was not sold: %v", r.Refused)
	}
	time.Sleep(1500 * time.Millisecond) // until the node has counted the buyers
	ours := &figures.Series{Name: "sold-out answers", Unit: "answers/s"}
	empty := &figures.Series{Name: "empty Gin handler behind the same middleware", Unit: "answers/s"}
	for range b.runs {
		r := s.target(0).Buy(ctx, stampede.Buying{Buyers: buyers[1:], Quantity: 1, For: b.length})
		empty.Add(r.PerSecond(r.Refused["200"]))
		s.profile(b.profile, b.length)
		r = s.target(0).Buy(ctx, stampede.Buying{Flash: flash, Buyers: buyers[1:], Quantity: 1, For: b.length})
		if n := r.Refused["flash.sold_out"]; len(r.Accepted) > 0 || n == 0 || len(r.Refused) > 1 {
			return fmt.Errorf("not all were told sold out: %v", r.Refused)
		}
		ours.Add(r.PerSecond(r.Refused["flash.sold_out"]))
	}
	empty.Print()
	ours.Print()
	figures.Ratio("sold-out answers / empty handler", ours, empty, figures.AtLeast(0.7))
	return nil
}

// memory measures what buyers who wait take: the database stands still while a
// crowd presses.
func (b *bench) memory(ctx context.Context) error {
	s, err := open(ctx, true)
	if err != nil {
		return err
	}
	defer s.close()
	grown := &figures.Series{Name: fmt.Sprintf("resident memory of %d waiting buyers, above idle", b.viewers), Unit: "MiB"}
	for range b.runs {
		if err := s.serve(ctx, 1); err != nil {
			return err
		}
		flash, err := s.sale(ctx, int64(b.viewers), 1)
		if err != nil {
			return err
		}
		buyers, err := s.signIn(ctx, b.viewers)
		if err != nil {
			return err
		}
		time.Sleep(3 * time.Second)
		idle := s.nodes[0].Resident()
		if err := s.Maria.Pause(); err != nil {
			return err
		}
		done := make(chan *stampede.Report)
		go func() {
			done <- s.target(0).Buy(ctx, stampede.Buying{Flash: flash, Buyers: buyers, Quantity: 1, Presses: 1, Retries: 10, For: 30 * time.Second})
		}()
		peak, waiting := int64(0), int64(0) // later ones are told to come back once the first has waited too long
		for end := time.Now().Add(4 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			peak = max(peak, s.nodes[0].Resident())
			n, err := s.gauge("yinbo_flash_waiting")
			if err != nil {
				return err
			}
			waiting = max(waiting, n)
		}
		if b.profile != "" {
			if err := s.heap(b.profile); err != nil {
				return err
			}
		}
		if err := s.Maria.Resume(); err != nil {
			return err
		}
		r := <-done
		fmt.Printf("  idle %d MiB, with %d waiting %d MiB; then accepted %d in %s, refused %v, tried again %d\n", idle>>20, waiting, peak>>20, len(r.Accepted), r.Took, r.Refused, r.Retried)
		grown.Add(float64(peak-idle) / (1 << 20))
		if err := s.endSale(ctx, flash); err != nil {
			return err
		}
	}
	grown.Print()
	return nil
}

// nodes sells 100 units to a crowd over four nodes, again and again: exactly 100
// orders each time.
func (b *bench) nodes(ctx context.Context) error {
	const units, nodes = 100, 4
	s, err := open(ctx, true)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.serve(ctx, nodes); err != nil {
		return err
	}
	buyers, err := s.signIn(ctx, b.viewers)
	if err != nil {
		return err
	}
	took := &figures.Series{Name: fmt.Sprintf("%d units, %d buyers, %d nodes: time of a sale", units, len(buyers), nodes), Unit: "ms"}
	for run := range b.runs * 10 {
		flash, err := s.sale(ctx, units, 1)
		if err != nil {
			return err
		}
		reports := make([]*stampede.Report, nodes)
		var all sync.WaitGroup
		for i := range nodes {
			all.Go(func() {
				mine := buyers[i*len(buyers)/nodes : (i+1)*len(buyers)/nodes]
				reports[i] = s.target(i).Buy(ctx, stampede.Buying{Flash: flash, Buyers: mine, AtOnce: 512, Quantity: 1, Presses: 1, Retries: 20, For: time.Minute})
			})
		}
		all.Wait()
		accepted, longest := 0, time.Duration(0)
		for _, r := range reports {
			accepted += len(r.Accepted)
			longest = max(longest, r.Took)
		}
		orders, _, err := db.Value[int](ctx, s.DB, "SELECT COUNT(*) FROM orders WHERE flash_id = ?", flash)
		if err != nil {
			return err
		}
		if accepted != units || orders != units {
			return fmt.Errorf("run %d: %d accepted, %d orders, of %d units: %v", run, accepted, orders, units, reports[0].Refused)
		}
		took.Add(float64(longest.Milliseconds()))
		if err := s.endSale(ctx, flash); err != nil {
			return err
		}
	}
	fmt.Printf("exactly %d orders in each of %d runs\n", units, len(took.Runs))
	took.Print()
	return nil
}

// gauge reads one of the first node's metrics.
func (s *shop) gauge(name string) (int64, error) {
	_, body, err := fasthttp.Get(nil, "http://"+s.nodes[0].Metrics+"/metrics")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(body)) {
		if figure, found := strings.CutPrefix(line, name+" "); found {
			f, err := strconv.ParseFloat(strings.TrimSpace(figure), 64)
			return int64(f), err
		}
	}
	return 0, fmt.Errorf("no metric %s", name)
}

// heap writes the first node's heap profile and memory figures.
func (s *shop) heap(file string) error {
	for path, to := range map[string]string{"/debug/pprof/heap": file, "/debug/pprof/goroutine?debug=1": file + ".goroutines", "/metrics": file + ".metrics"} {
		_, body, err := fasthttp.Get(nil, "http://"+s.nodes[0].Metrics+path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(to, body, 0o600); err != nil {
			return err
		}
	}
	return nil
}
