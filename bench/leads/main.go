package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"yinbo/bench/figures"
	"yinbo/bench/private"
)

// bench is one run of the whole.
type bench struct {
	n      int
	engine string
	times  int
}

func main() {
	var b bench
	flag.IntVar(&b.n, "n", 1_000_000, "how many leads")
	flag.StringVar(&b.engine, "on", "mariadb", "mariadb or sqlite")
	flag.IntVar(&b.times, "times", 100, "how often each is asked for")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	figures.Machine()
	if err := b.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (b bench) run(ctx context.Context) (err error) {
	p, err := private.Open(ctx, b.engine == "mariadb")
	if err != nil {
		return err
	}
	defer p.Close()
	node, err := p.Yinbo(ctx, p.Env...)
	if err != nil {
		return err
	}
	d := &desk{node: node, db: p.DB}
	if err := d.signIn(ctx); err != nil {
		return err
	}
	begun := time.Now()
	if err := d.fill(ctx, b.n); err != nil {
		return err
	}
	fmt.Printf("%d leads on %s, filled in %s\n\n", b.n, b.engine, time.Since(begun).Round(time.Second))
	steal := figures.Now()
	for _, q := range d.questions() {
		if err := d.ask(ctx, q, b.times); err != nil {
			return err
		}
	}
	if err := d.search(ctx, min(b.times, 100)); err != nil {
		return err
	}
	if err := d.funnel(ctx, min(b.times, 50)); err != nil {
		return err
	}
	if err := d.export(ctx); err != nil {
		return err
	}
	fmt.Println("\nsteal", steal.Since())
	return nil
}
