// Command keys measures the rotation of a bank's data key: it starts private
// servers and nodes, seals many rows, rotates by `yinbo keys rotate` while viewers
// read and write what is sealed on every node, and prints rows a second, the
// requests' latency before and during, and how many of them were refused: none
// may be.
//
//	go run ./bench/keys                        a million rows on MariaDB, two nodes
//	go run ./bench/keys -rows 20000 -sqlite    fewer, on SQLite
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"yinbo/bench/figures"
	"yinbo/bench/private"
	"yinbo/internal/stampede"
)

// bench is one run.
type bench struct {
	rows, nodes, askers int
	sqlite              bool

	*private.Product
	running []*private.Process
	buyers  []stampede.Buyer
}

func main() {
	var b bench
	flag.IntVar(&b.rows, "rows", 1_000_000, "rows to seal: half phones of viewers, half addresses")
	flag.IntVar(&b.nodes, "nodes", 2, "nodes that serve; one on SQLite")
	flag.IntVar(&b.askers, "askers", 8, "viewers who make requests all the time")
	flag.BoolVar(&b.sqlite, "sqlite", false, "on SQLite instead of MariaDB")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	figures.Machine()
	if err := b.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "keys:", err)
		os.Exit(1)
	}
}

func (b *bench) run(ctx context.Context) (err error) {
	if b.sqlite {
		b.nodes = 1
	}
	if b.Product, err = private.Open(ctx, !b.sqlite); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	for range b.nodes {
		x, err := b.Yinbo(ctx, b.Env...)
		if err != nil {
			return err
		}
		b.running = append(b.running, x)
	}
	target := stampede.Target{Addr: b.running[0].Addr, Bank: "demo", HandoffKey: "demo-handoff-key"}
	if b.buyers, err = target.SignIn(ctx, 100_000_000, b.askers); err != nil {
		return err
	}
	start := time.Now()
	if err := b.fill(ctx); err != nil {
		return err
	}
	took := time.Since(start)
	fmt.Printf("sealed and written: %d rows in %s, %.0f/s\n", b.rows, took.Round(time.Millisecond), float64(b.rows)/took.Seconds())

	before := b.ask(ctx)
	time.Sleep(5 * time.Second)
	before.stop()
	before.print("before")
	during := b.ask(ctx)
	start = time.Now()
	err = b.rotate(ctx)
	took = time.Since(start)
	during.stop()
	if err != nil {
		return err
	}
	fmt.Printf("the whole command, with its rests and until every node knew the key: %s\n", took.Round(time.Millisecond))
	during.print("during")
	if err := b.Run(ctx, b.Env, "check"); err != nil {
		return err
	}
	fmt.Println("yinbo check: nothing is broken")
	if refused := before.refused.Load() + during.refused.Load(); refused > 0 {
		return fmt.Errorf("%d requests were refused, the first: %s", refused, during.first())
	}
	return nil
}

// rotate runs the command, whose lines go to our output.
func (b *bench) rotate(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, filepath.Join(b.Dir, "yinbo"), "keys", "rotate", "--bank", "demo")
	cmd.Env = append(os.Environ(), b.Env...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}
