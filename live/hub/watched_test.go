//go:build linux

package hub_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"yinbo/internal/stampede"
)

// A crowd watches while facts are made and connections break at random: nobody
// misses a fact, hears one twice or out of order, whichever way they came back.
func TestNoFactIsMissedOverRandomCuts(t *testing.T) {
	if way.tls {
		return // this crowd speaks plain TCP
	}
	s, n := stage(t)
	room := s.Live(t)
	const viewers, facts = 200, 200
	audience, err := stampede.Target{Addr: strings.TrimPrefix(n.url, "ws://")}.Gather(stampede.Watching{Room: room, Viewers: viewers, Cuts: 100})
	if err != nil {
		t.Fatal(err)
	}
	defer audience.Close()
	ctx, cancel := context.WithTimeout(s.Ctx, 30*time.Second)
	defer cancel()
	seen, err := audience.Enter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	made := make(chan struct{})
	go func() {
		defer close(made)
		for range facts {
			s.Notice(t, room, "现在开始")
			time.Sleep(10 * time.Millisecond) // the pace of the test's own events
		}
	}()
	for more := true; more; {
		select {
		case <-made:
			more = false
		default:
		}
		window, err := audience.Watch(ctx, 500*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		seen.Add(window)
	}
	if err := audience.Settle(ctx, seen); err != nil {
		t.Fatal(err)
	}
	if seen.Wrong() || seen.Behind > 0 || seen.Greatest != facts+1 { // the first is room.started
		t.Errorf("%+v, %d behind, the last fact is %d", seen.Tally, seen.Behind, seen.Greatest)
	}
	if seen.Cut < 50 || seen.Recovered < 50 || len(seen.Errors) > 0 {
		t.Errorf("%d cuts, %d recovered, errors %v", seen.Cut, seen.Recovered, seen.Errors)
	}
}
