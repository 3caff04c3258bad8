// Command follow measures follow-ups that are due close together: it starts
// private servers with bankbox, plans the messages, and tells how late each left,
// how many people had two and how many none.
//
//	go run ./bench/follow                    10,000 that are due within one minute
//	go run ./bench/follow -over 0s           10,000 that are due at one moment
//	go run ./bench/follow -sqlite -n 3000    on the embedded database
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"yinbo/bench/figures"
	"yinbo/bench/private"
)

// bench is one run.
type bench struct {
	n       int
	over    time.Duration
	wait    time.Duration
	nodes   int
	sqlite  bool
	profile string
}

func main() {
	var b bench
	flag.IntVar(&b.n, "n", 10_000, "follow-ups")
	flag.DurationVar(&b.over, "over", time.Minute, "within how long they are due; 0s: all at one moment")
	flag.DurationVar(&b.wait, "wait", 3*time.Minute, "how long after the last is due to wait for those that are late")
	flag.IntVar(&b.nodes, "nodes", 1, "nodes of the product")
	flag.BoolVar(&b.sqlite, "sqlite", false, "on the embedded database and Redis")
	flag.StringVar(&b.profile, "profile", "", "write the first node's CPU profile to this file")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	figures.Machine()
	if err := b.run(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "follow: %v\n", err)
		os.Exit(1)
	}
}

func (b *bench) run(ctx context.Context) (err error) {
	p, err := private.Open(ctx, !b.sqlite)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	c := &crowd{db: p.DB, dir: p.Dir, n: b.n}
	if err := c.people(ctx); err != nil {
		return err
	}
	nodes := make([]*private.Process, b.nodes)
	for i := range nodes {
		if nodes[i], err = p.Yinbo(ctx, p.Env...); err != nil {
			return err
		}
	}
	lead := 5*time.Second + time.Duration(b.n/2000)*time.Second // planning takes its time
	first := time.Now().Add(lead)
	if err := c.plan(ctx, first, b.over); err != nil {
		return err
	}
	if late := time.Since(first); late > 0 {
		return fmt.Errorf("planning took %s longer than it may", late)
	}
	steal := figures.Now()
	profiled := b.record(nodes[0])
	if err := c.wait(ctx, first.Add(b.over+b.wait)); err != nil {
		return err
	}
	<-profiled
	return b.report(ctx, c, p, nodes, steal)
}

// record takes a profile of a node while it sends.
func (b *bench) record(node *private.Process) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if b.profile == "" {
			return
		}
		seconds := max(int(b.over/time.Second), 10)
		res, err := http.Get(fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", node.Metrics, seconds))
		if err != nil {
			fmt.Println("no profile:", err)
			return
		}
		defer res.Body.Close()
		if raw, err := io.ReadAll(res.Body); err == nil {
			_ = os.WriteFile(b.profile, raw, 0o600)
		}
	}()
	return done
}

func (b *bench) report(ctx context.Context, c *crowd, p *private.Product, nodes []*private.Process, steal figures.Steal) error {
	late, ended, err := c.late(ctx)
	if err != nil {
		return err
	}
	doubles, lost, err := c.arrived(ctx, p.Bank.Addr)
	if err != nil {
		return err
	}
	at := func(q float64) time.Duration {
		if len(late) == 0 {
			return 0
		}
		return late[min(int(q*float64(len(late))), len(late)-1)].Round(time.Millisecond)
	}
	slices.Sort(late)
	fmt.Printf("\n%d follow-ups due over %s, %d node(s), sqlite %t: sent %d, states %v\n", b.n, b.over, b.nodes, b.sqlite, len(late), ended)
	fmt.Printf("after due: p50 %s  p95 %s  p99 %s  max %s   wanted: at most 1m0s\n", at(.5), at(.95), at(.99), at(1))
	fmt.Printf("doubles %d  lost %d   wanted: 0 and 0\n", doubles, lost)
	var cpu time.Duration
	for _, n := range nodes {
		cpu += n.CPU()
	}
	fmt.Printf("CPU: nodes %s, bankbox %s", cpu, p.Bank.CPU())
	if p.Maria != nil {
		fmt.Printf(", mariadb %s", p.Maria.CPU())
	}
	fmt.Printf("; %s\n", steal.Since())
	switch {
	case doubles > 0 || lost > 0:
		return errors.New("not each once")
	case at(1) > time.Minute:
		return errors.New("later than a minute")
	}
	return nil
}
