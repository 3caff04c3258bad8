package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"yinbo/bench/figures"
	"yinbo/bench/private"
	"yinbo/internal/db"
)

// bench is one run of the whole.
type bench struct {
	runs    int
	length  time.Duration
	viewers int
	profile string
	part    string // that runs
	base    string
	apart   bool
}

func main() {
	var b bench
	only := flag.String("only", "", "run these, by comma: crowd, idle, saturation, loud, cuts")
	flag.IntVar(&b.runs, "runs", 3, "runs of each")
	flag.DurationVar(&b.length, "for", 8*time.Second, "length of a run")
	flag.IntVar(&b.viewers, "viewers", 10_000, "viewers of the large rooms; saturation takes half of them")
	flag.StringVar(&b.profile, "profile", "", "write the server's CPU profile of the last run (idle: its heap) to this file with .<part>")
	flag.StringVar(&b.base, "profile-of", "ours", "plain: profile the baseline instead")
	flag.BoolVar(&b.apart, "apart", false, "the audience, and its half of TCP, on the last core, servers on the others; root only, for it sets receive packet steering of lo until the end")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	figures.Machine()
	if err := b.run(ctx, *only); err != nil {
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(1)
	}
}

// part is what measures some figures.
type part struct {
	name string
	run  func(context.Context, *place) error
}

func (b *bench) run(ctx context.Context, only string) (err error) {
	parts := []part{{"crowd", b.crowd}, {"idle", b.idle}, {"saturation", b.saturation}, {"loud", b.loud}, {"cuts", b.cuts}}
	if only != "" {
		wanted := strings.Split(only, ",")
		parts = slices.DeleteFunc(parts, func(p part) bool { return !slices.Contains(wanted, p.name) })
		if len(parts) < len(wanted) {
			return fmt.Errorf("-only %s: there is no such part", only)
		}
	}
	p, err := open(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	if b.apart {
		if p.apart, err = setApart(); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, p.apart.close()) }()
	}
	for _, part := range parts {
		fmt.Printf("\n== %s\n", part.name)
		b.part = part.name
		before, began := figures.Now(), time.Now()
		if err := part.run(ctx, p); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		fmt.Printf("   took %s, steal %s\n", time.Since(began).Round(time.Second), before.Since())
	}
	return nil
}

// place is a running database and Redis with demo data, and its live room.
type place struct {
	*private.Product
	bank, room string
	phones     int // that were given away
	apart      *apart
}

func open(ctx context.Context) (*place, error) {
	product, err := private.Open(ctx, true, "./bench/live/plain")
	if err != nil {
		return nil, err
	}
	p := &place{Product: product}
	type ids struct{ room, bank string }
	found, ok, err := db.One(ctx, p.DB, func(r db.Row) (v ids, err error) { return v, r.Scan(&v.room, &v.bank) },
		"SELECT r.id, r.bank_id FROM room r JOIN bank b ON b.id = r.bank_id WHERE b.slug = 'demo' AND r.status = 'live' ORDER BY r.id LIMIT 1")
	if err == nil && !ok {
		err = fmt.Errorf("the demo has no live room")
	}
	if err != nil {
		product.Close()
		return nil, err
	}
	p.room, p.bank = found.room, found.bank
	return p, nil
}
