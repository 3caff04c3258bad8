// Command orders measures flash sales: it starts private servers, runs ours and
// the baselines in turn in one run, and prints what each did and the ratios.
//
//	go run ./bench/orders              all of it (make bench-orders)
//	go run ./bench/orders -only http   what begins with a name
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"yinbo/bench/figures"
)

// bench is one run of the whole.
type bench struct {
	runs    int
	length  time.Duration
	buyers  int
	viewers int
	profile string
	base    string
}

func main() {
	var b bench
	only := flag.String("only", "", "run what begins with this name")
	flag.IntVar(&b.runs, "runs", 5, "runs of each")
	flag.DurationVar(&b.length, "for", 5*time.Second, "length of a run")
	flag.IntVar(&b.buyers, "buyers", 512, "buyers who press at once")
	flag.IntVar(&b.viewers, "crowd", 10_000, "buyers of the large crowds")
	flag.StringVar(&b.profile, "profile", "", "write the node's CPU profile of the last run over HTTP to this file")
	flag.StringVar(&b.base, "profile-of", "", "base: profile the baseline instead")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	figures.Machine()
	for _, part := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"commit", b.commit},
		{"http-mariadb", b.httpMariaDB},
		{"http-sqlite", b.httpSQLite},
		{"soldout", b.soldOut},
		{"memory", b.memory},
		{"nodes", b.nodes},
	} {
		if !strings.HasPrefix(part.name, *only) {
			continue
		}
		fmt.Printf("\n== %s\n", part.name)
		if err := part.run(ctx); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", part.name, err)
			os.Exit(1)
		}
	}
}
