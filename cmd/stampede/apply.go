package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"yinbo/internal/clock"
	"yinbo/internal/config"
	"yinbo/internal/db"
	"yinbo/internal/stampede"
)

// applicants is what `stampede apply` is asked for.
type applicants struct {
	target         stampede.Target
	applying       stampede.Applying
	n, from        int
	length, within time.Duration
	viewers        int
	chats, likes   float64
}

func apply(environ []string, out io.Writer) *cobra.Command {
	var a applicants
	cmd := &cobra.Command{Use: "apply", Short: "Apply for a card, thousands in a minute", Args: cobra.NoArgs,
		Long: `Signs in applicants, lets each apply once with an id number and a phone of their own,
and prints what they were told: --rate applications a second --for a time, or --n
of them --within a time. With --viewers a room is watched meanwhile. The database
that YINBO_MYSQL_DSN or YINBO_VAR names is then compared with it: each accepted
application is there once, screened and queued. A difference, a refusal or a lost
fact ends with status 1.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.run(cmd.Context(), environ, out) }}
	f := cmd.Flags()
	targetFlags(f, &a.target)
	f.StringVar(&a.applying.Product, "product", "", "id of the card product; the first when left out")
	f.StringVar(&a.applying.Room, "room", "", "id of the room that brings them; none when left out, with --viewers the first that is live")
	f.StringVar(&a.applying.Share, "share", "", "share code that brings them")
	f.Float64Var(&a.applying.Rate, "rate", 0, "applications a second; --n over --within when 0")
	f.DurationVar(&a.length, "for", time.Minute, "how long, at a rate")
	f.IntVar(&a.n, "n", 2000, "how many, without a rate")
	f.DurationVar(&a.within, "within", time.Minute, "the time in which they begin, without a rate")
	f.IntVar(&a.applying.AtOnce, "at-once", 64, "connections")
	f.IntVar(&a.applying.Sources, "sources", 64, "loopback addresses that they come from; one when 0")
	f.IntVar(&a.applying.Retries, "retries", 5, "tries again of an application without a definite answer, with the same key")
	f.IntVar(&a.from, "from", int(time.Now().Unix()%1_000_000)*1000, "the first applicant's phone number, after 13")
	f.IntVar(&a.viewers, "viewers", 0, "guests who watch a live room meanwhile")
	f.Float64Var(&a.chats, "chats", 20, "chats a second in that room, by 50 of them")
	f.Float64Var(&a.likes, "likes", 50, "likes a second in that room")
	return cmd
}

func (a *applicants) run(ctx context.Context, environ []string, out io.Writer) error {
	cfg, err := config.Load(".", environ)
	if err != nil {
		return err
	}
	a.applying.Wait = a.within
	if a.applying.Rate > 0 {
		a.n, a.applying.Wait = int(a.applying.Rate*a.length.Seconds()), a.length
	} else {
		a.applying.Rate = float64(a.n) / a.within.Seconds()
	}
	if err := a.choose(ctx); err != nil {
		return err
	}
	d, err := db.Open(ctx, db.Config{DSN: string(cfg.MySQLDSN), Path: filepath.Join(cfg.Var, "yinbo.db"), MaxConns: 4}, clock.System{})
	if err != nil {
		return err
	}
	defer d.Close()
	fmt.Fprintf(out, "card product    %s\nsigning in      %d applicants\n", a.applying.Product, a.n)
	a.applying.First = a.from
	if a.applying.Applicants, err = a.target.SignIn(ctx, a.from, a.n); err != nil {
		return err
	}
	leave, err := a.audience(ctx, out)
	if err != nil {
		return err
	}
	report := a.target.Apply(ctx, a.applying)
	lost := leave()
	report.Print(out)
	problems, err := stampede.VerifyApplied(context.WithoutCancel(ctx), d, report, a.applying.Applicants)
	if err != nil {
		return err
	}
	for _, p := range problems {
		fmt.Fprintln(out, "WRONG           "+p)
	}
	switch {
	case len(problems) > 0:
		return fmt.Errorf("%d answers are not what the database holds", len(problems))
	case len(report.Applied) != a.n:
		return fmt.Errorf("%d of %d were not taken", a.n-len(report.Applied), a.n)
	}
	fmt.Fprintf(out, "database        agrees: all %d applications are there once, screened and queued\n", a.n)
	return lost
}

// choose finds the card product, and the room that is to be watched.
func (a *applicants) choose(ctx context.Context) error {
	var products struct {
		Items []struct {
			ID       string
			Consents []struct {
				Document string `json:"document"`
				Version  string `json:"version"`
			}
		}
	}
	if err := get(ctx, a.target, "/card-products", &products); err != nil {
		return err
	}
	for _, p := range products.Items {
		if a.applying.Product == "" || a.applying.Product == p.ID {
			a.applying.Product = p.ID
			raw, err := json.Marshal(p.Consents)
			if err != nil {
				return err
			}
			a.applying.Consents = string(raw)
			break
		}
	}
	if a.applying.Consents == "" {
		return errors.New("there is no such card product")
	}
	if a.viewers == 0 || a.applying.Room != "" {
		return nil
	}
	var err error
	a.applying.Room, err = liveRoom(ctx, a.target)
	return err
}

// speakers is how many of an audience speak.
const speakers = 50

// audience fills the room; leave ends its watching, prints what it saw, and tells
// of lost facts.
func (a *applicants) audience(ctx context.Context, out io.Writer) (leave func() error, err error) {
	if a.viewers == 0 {
		return func() error { return nil }, nil
	}
	w := stampede.Watching{Room: a.applying.Room, Viewers: a.viewers, Chats: a.chats, Likes: a.likes}
	if w.Speakers, err = a.target.SignIn(ctx, a.from+a.n, min(speakers, a.viewers)); err != nil {
		return nil, err
	}
	crowd, err := a.target.Gather(w)
	if err != nil {
		return nil, err
	}
	within, cancel := context.WithTimeout(ctx, enterTime)
	entered, err := crowd.Enter(within)
	cancel()
	if err != nil {
		crowd.Close()
		return nil, err
	}
	fmt.Fprintf(out, "room            %s, %d viewers, %.0f chats and %.0f likes a second\n", w.Room, entered.Inside, a.chats, a.likes)
	watching, stop := context.WithCancel(ctx)
	type end struct {
		seen *stampede.Watched
		err  error
	}
	ended := make(chan end, 1)
	go func() {
		seen, err := crowd.Watch(watching, time.Hour)
		ended <- end{seen, err}
	}()
	return func() error {
		defer crowd.Close()
		stop()
		e := <-ended
		if e.err != nil && !errors.Is(e.err, context.Canceled) {
			return e.err
		}
		if err := crowd.Settle(context.WithoutCancel(ctx), e.seen); err != nil {
			return err
		}
		fmt.Fprintln(out, "\nthe room meanwhile")
		e.seen.Print(out)
		fmt.Fprintln(out)
		if e.seen.Wrong() || entered.Wrong() {
			return errors.New("facts were lost, doubled or reordered")
		}
		return nil
	}, nil
}
