// Command apply measures how fast applications for cards are taken in, on private
// servers: 50 a second beside a busy room, and 2,000 in a minute.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"yinbo/bench/figures"
	"yinbo/bench/private"
)

type bench struct {
	length  time.Duration
	rate    float64
	n       int
	viewers int
	profile string
}

func main() {
	var b bench
	flag.DurationVar(&b.length, "for", time.Minute, "length of each part")
	flag.Float64Var(&b.rate, "rate", 50, "applications a second beside the room")
	flag.IntVar(&b.n, "n", 2000, "applications of the second part")
	flag.IntVar(&b.viewers, "viewers", 500, "viewers of the room")
	flag.StringVar(&b.profile, "profile", "", "write the server's CPU profile of the first part to this file")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	figures.Machine()
	if err := b.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(1)
	}
}

func (b bench) run(ctx context.Context) (err error) {
	p, err := private.Open(ctx, true, "./cmd/stampede")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	node, err := p.Yinbo(ctx, p.Env...)
	if err != nil {
		return err
	}
	crowd := func(args ...string) error {
		cmd := exec.CommandContext(ctx, filepath.Join(p.Dir, "stampede"), append([]string{"apply", "--addr", node.Addr}, args...)...)
		cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), p.Env...), os.Stdout, os.Stderr
		before, yinbo, maria := figures.Now(), node.CPU(), p.Maria.CPU()
		err := cmd.Run()
		fmt.Printf("cpu             yinbo %s, mariadb %s, signing in included; steal %s\n", (node.CPU() - yinbo).Round(time.Millisecond),
			(p.Maria.CPU() - maria).Round(time.Millisecond), before.Since())
		return err
	}
	fmt.Printf("\n== %.0f/s beside a room\n", b.rate)
	profiled := make(chan error, 1)
	go func() { profiled <- b.cpu(ctx, node.Metrics) }()
	err = crowd("--rate", strconv.FormatFloat(b.rate, 'f', -1, 64), "--for", b.length.String(), "--viewers", strconv.Itoa(b.viewers))
	if err := errors.Join(err, <-profiled); err != nil {
		return err
	}
	fmt.Printf("\n== %d within %s\n", b.n, b.length)
	return crowd("--n", strconv.Itoa(b.n), "--within", b.length.String())
}

// cpu writes the node's CPU profile, if one is asked for.
func (b bench) cpu(ctx context.Context, metrics string) error {
	if b.profile == "" {
		return nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%.0f", metrics, b.length.Seconds()), nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	f, err := os.Create(b.profile)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, res.Body)
	return errors.Join(err, f.Close())
}
