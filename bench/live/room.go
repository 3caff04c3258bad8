package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"yinbo/bench/figures"
	"yinbo/bench/private"
	"yinbo/internal/stampede"
)

// both is a figure of ours and of the plain hub's.
type both [2]*figures.Series

func pair(name, unit string) both {
	return both{{Name: name + ", ours", Unit: unit}, {Name: name + ", plain", Unit: unit}}
}

func (p both) print(ratio string, want figures.Want) {
	p[1].Print()
	p[0].Print()
	figures.Ratio(ratio, p[0], p[1], want)
}

// inTurn runs do on the plain hub and on ours, as often as there are runs; of says
// whose figures they are.
func (b *bench) inTurn(ctx context.Context, p *place, do func(s *side, of int) error, env ...string) error {
	for range b.runs {
		for of := 1; of >= 0; of-- {
			s, err := p.plainOrOurs(ctx, of == 1, env...)
			if err != nil {
				return err
			}
			err = do(s, of)
			s.close()
			if err != nil {
				return fmt.Errorf("%s: %w\n%s", s.name, err, s.process.Log())
			}
		}
	}
	return nil
}

func (p *place) plainOrOurs(ctx context.Context, plain bool, env ...string) (*side, error) {
	start := p.ours
	if plain {
		start = func(ctx context.Context, _ ...string) (*side, error) { return p.plain(ctx) }
	}
	s, err := start(ctx, env...)
	if err != nil {
		return nil, err
	}
	if err := p.apart.server(s.process.PID()); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// room is a side with an audience in it.
type room struct {
	*stampede.Audience
	side    *side
	entered *stampede.Watched
}

// enterTime bounds how long an audience may take to come in.
const enterTime = time.Minute

func (b *bench) enter(ctx context.Context, s *side, w stampede.Watching) (*room, error) {
	w.Room, w.Sources = s.room, 250
	audience, err := s.target.Gather(w)
	if err != nil {
		return nil, err
	}
	within, cancel := context.WithTimeout(ctx, enterTime)
	defer cancel()
	entered, err := audience.Enter(within)
	if err != nil {
		audience.Close()
		return nil, err
	}
	r := &room{audience, s, entered}
	if w.Viewers > 1 {
		fmt.Printf("  %s: %d in after %.1f s, join p50 %s p99 %s, failed %d %v %v\n", s.name, w.Viewers, entered.Took.Seconds(),
			entered.JoinAt(50), entered.JoinAt(99), r.failed(), entered.Errors, entered.Byes)
	}
	if _, _, err = r.watch(ctx, time.Second, nil); err != nil { // the server comes to rest
		audience.Close()
		return nil, err
	}
	return r, nil
}

// failed counts the joins that did not succeed at once.
func (r *room) failed() int64 {
	n := r.entered.Dropped
	for _, m := range []map[string]int64{r.entered.Errors, r.entered.Byes} {
		for _, k := range m {
			n += k
		}
	}
	return n
}

// watch lets the audience watch while events are made, and tells what the server
// spent.
func (r *room) watch(ctx context.Context, d time.Duration, make func(context.Context) error) (*stampede.Watched, time.Duration, error) {
	making, stop := context.WithCancel(ctx)
	defer stop()
	ended := func() error { return nil }
	if make != nil {
		failed := chanOf(func() error { return make(making) })
		ended = func() error { return <-failed }
	}
	before, own := r.side.process.CPU(), private.OwnCPU()
	w, err := r.Watch(ctx, d)
	spent := r.side.process.CPU() - before
	own = private.OwnCPU() - own
	stop()
	if err == nil {
		err = ended()
	}
	if err == nil && make != nil {
		fmt.Printf("  %s: %.0f deliveries/s in %.0f frames/s, %.1f MB/s, facts p50 %s p99 %s, CPU %.0f %% (audience %.0f %%), errors %v, byes %v, dropped %d\n", r.side.name, w.PerSecond(w.Events),
			w.PerSecond(w.Frames), w.PerSecond(w.Bytes)/1e6, w.FactAt(50), w.FactAt(99), 100*spent.Seconds()/w.Took.Seconds(), 100*own.Seconds()/w.Took.Seconds(), w.Errors, w.Byes, w.Dropped)
	}
	return w, spent, err
}

func chanOf(do func() error) chan error {
	c := make(chan error, 1)
	go func() { c <- do() }()
	return c
}

// every makes an event at a rate.
func every(rate float64, make func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error { return keep(ctx, rate, make) }
}

// settled waits until everyone knows the last fact; any that is lost, doubled or
// out of order is an error.
func (r *room) settled(ctx context.Context, w *stampede.Watched) error {
	if err := r.Settle(ctx, w); err != nil {
		return err
	}
	if w.Wrong() || w.Behind > 0 {
		return fmt.Errorf("facts: %+v, %d viewers behind", w.Tally, w.Behind)
	}
	return nil
}

// profiles writes the CPU profile of the run that begins to a file, if one is named.
func (b *bench) profiles(ctx context.Context, s *side) {
	go b.keep(ctx, s, fmt.Sprintf("/debug/pprof/profile?seconds=%d", int(b.length.Seconds())))
}

// keep writes a server's profile to a file, if one is named.
func (b *bench) keep(ctx context.Context, s *side, path string) {
	if b.profile == "" || b.base != s.name {
		return
	}
	raw, err := s.ask(ctx, path)
	if err == nil {
		err = os.WriteFile(b.profile+"."+b.part, raw, 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "profile:", err)
	}
}

// next gives phone numbers that nobody has had.
func (p *place) next(n int) int {
	p.phones += n
	return p.phones - n
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
