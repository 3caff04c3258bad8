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
	"slices"
	"strings"
	"time"
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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	machine()
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

// series is one figure over several runs.
type series struct {
	name string
	unit string
	runs []float64
}

func (s *series) add(v float64) { s.runs = append(s.runs, v) }

func (s *series) median() float64 {
	sorted := slices.Sorted(slices.Values(s.runs))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[len(sorted)/2]
}

func (s *series) print() {
	fmt.Printf("%-58s %10.0f %-9s min %.0f  max %.0f  (%d runs)\n", s.name, s.median(), s.unit, slices.Min(s.runs), slices.Max(s.runs), len(s.runs))
}

// ratio prints a/b, pair by pair, since a machine's speed drifts.
func ratio(what string, a, b *series, want float64) {
	r := make([]float64, min(len(a.runs), len(b.runs)))
	for i := range r {
		r[i] = a.runs[i] / b.runs[i]
	}
	sorted := slices.Sorted(slices.Values(r))
	fmt.Printf("%-58s %10.2f ×         min %.2f  max %.2f   wanted: at least %.1f ×\n", what, sorted[len(sorted)/2], sorted[0], sorted[len(sorted)-1], want)
}

// machine says what it is measured on.
func machine() {
	fmt.Printf("%s, steal %s\n", time.Now().UTC().Format(time.RFC3339), steal())
}

// steal is the share of time that neighbours took since boot.
func steal() string {
	raw, err := os.ReadFile("/proc/stat")
	if err != nil {
		return "unknown"
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	var n [8]float64
	fmt.Sscanf(strings.TrimPrefix(line, "cpu"), "%f %f %f %f %f %f %f %f", &n[0], &n[1], &n[2], &n[3], &n[4], &n[5], &n[6], &n[7])
	sum := 0.0
	for _, v := range n {
		sum += v
	}
	return fmt.Sprintf("%.1f %%", 100*n[7]/sum)
}
