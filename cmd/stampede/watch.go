package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"yinbo/internal/stampede"
)

// watchers is what `stampede watch` is asked for.
type watchers struct {
	target   stampede.Target
	watching stampede.Watching
	length   time.Duration
	speakers int
	from     int
}

func watch(out io.Writer) *cobra.Command {
	var w watchers
	cmd := &cobra.Command{Use: "watch", Short: "Watch a room, speak, and come back after cuts", Args: cobra.NoArgs,
		Long: `Brings viewers into a room, lets some of them speak and some connections break,
and prints what reached them. Every viewer's facts are checked by their numbers over
all of their connections; one that is lost, doubled or out of order ends with status 1.
A fact's age is measured from its "at", the start of the transaction that made it, to
its receipt here: by one clock only where the server runs on this machine.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return w.run(cmd.Context(), out) }}
	f := cmd.Flags()
	targetFlags(f, &w.target)
	f.StringVar(&w.watching.Room, "room", "", "id of the room; the first that is live when left out")
	f.IntVar(&w.watching.Viewers, "viewers", 1000, "how many viewers")
	f.IntVar(&w.speakers, "speakers", 0, "how many of them are signed in, and speak; the others are guests")
	f.Float64Var(&w.watching.Joins, "joins", 0, "joins a second; all at once when 0")
	f.Float64Var(&w.watching.Chats, "chats", 0, "chats a second; a speaker may say one a second")
	f.Float64Var(&w.watching.Likes, "likes", 0, "likes a second, each a frame of its own")
	f.Float64Var(&w.watching.Cuts, "cuts", 0, "connections a second that break and come back")
	f.IntVar(&w.watching.Sources, "sources", 0, "loopback addresses that they come from; one when 0")
	f.DurationVar(&w.length, "for", 10*time.Second, "how long they watch once all are in")
	f.IntVar(&w.from, "from", int(time.Now().Unix()%1_000_000)*1000, "the first speaker's phone number, after 13")
	return cmd
}

// enterTime bounds how long the audience may take to come in when it comes at once.
const enterTime = time.Minute

func (w *watchers) run(ctx context.Context, out io.Writer) error {
	var err error
	if w.watching.Room == "" {
		if w.watching.Room, err = liveRoom(ctx, w.target); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "room            %s\n", w.watching.Room)
	if w.speakers > 0 {
		if w.watching.Speakers, err = w.target.SignIn(ctx, w.from, min(w.speakers, w.watching.Viewers)); err != nil {
			return err
		}
	}
	audience, err := w.target.Gather(w.watching)
	if err != nil {
		return err
	}
	defer audience.Close()
	bound := enterTime
	if w.watching.Joins > 0 {
		bound += time.Duration(float64(w.watching.Viewers) / w.watching.Joins * float64(time.Second))
	}
	within, cancel := context.WithTimeout(ctx, bound)
	entered, err := audience.Enter(within)
	cancel()
	if entered != nil {
		fmt.Fprintln(out, "\ncoming in")
		entered.Print(out)
	}
	if err != nil {
		return err
	}
	seen, err := audience.Watch(ctx, w.length)
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	fmt.Fprintln(out, "\nwatching")
	if err := audience.Settle(context.WithoutCancel(ctx), seen); err != nil {
		return err
	}
	seen.Print(out)
	if seen.Wrong() || entered.Wrong() {
		return errors.New("facts were lost, doubled or reordered")
	}
	return nil
}

// liveRoom is the first room that the public sees live.
func liveRoom(ctx context.Context, t stampede.Target) (string, error) {
	var rooms struct{ Items []struct{ ID string } }
	if err := get(ctx, t, "/rooms?status=live", &rooms); err != nil {
		return "", err
	}
	if len(rooms.Items) == 0 {
		return "", errors.New("no room is live: name one by --room")
	}
	return rooms.Items[0].ID, nil
}
