package main

import (
	"context"
	"fmt"
	"time"

	"yinbo/bench/figures"
	"yinbo/internal/db"
	"yinbo/internal/stampede"
)

// singles is how many facts come a second, far enough apart that each is a frame of
// its own.
const singles = 4

// crowd: all come at once; then facts, for their age and for what single events
// cost.
func (b *bench) crowd(ctx context.Context, p *place) error {
	joins := pair(fmt.Sprintf("until %d viewers who came at once were in", b.viewers), "s")
	errs := pair("joins that failed and were tried again", "joins")
	p99 := pair(fmt.Sprintf("p99 from publish to receipt of a fact, %d a second", singles), "ms")
	cpu := pair("CPU per million deliveries, single events", "CPU-s")
	err := b.inTurn(ctx, p, func(s *side, of int) error {
		room, err := b.enter(ctx, s, stampede.Watching{Viewers: b.viewers})
		if err != nil {
			return err
		}
		defer room.Close()
		joins[of].Add(room.entered.Took.Seconds())
		errs[of].Add(float64(room.failed()))
		b.profiles(ctx, s)
		w, spent, err := room.watch(ctx, b.length, every(singles, s.fact))
		if err != nil {
			return err
		}
		p99[of].Add(ms(w.FactAt(99)))
		cpu[of].Add(spent.Seconds() * 1e6 / float64(w.Frames)) // should two events share a frame, they count as one
		return room.settled(ctx, w)
	})
	if err != nil {
		return err
	}
	joins[1].Print()
	joins[0].PrintWanted(figures.AtMost(10))
	errs[0].PrintWanted(figures.AtMost(0))
	p99.print("p99, ours / plain", figures.AtMost(1))
	cpu.print("CPU per delivery, ours / plain", figures.AtMost(0.6))
	return nil
}

// idle: what a viewer takes who only watches, and nothing happens.
func (b *bench) idle(ctx context.Context, p *place) error {
	type way struct {
		name               string
		env                []string
		want               figures.Want
		memory, goroutines figures.Series
	}
	ways := []*way{{name: "plain"}, {name: "ours, a goroutine each", env: []string{"YINBO_SOCKET_READER=goroutine"}, want: figures.AtMost(8)},
		{name: "ours, by epoll", env: []string{"YINBO_SOCKET_READER=epoll"}, want: figures.AtMost(4.5)}}
	for range b.runs {
		for _, w := range ways {
			s, err := p.plainOrOurs(ctx, w.name == "plain", w.env...)
			if err != nil {
				return err
			}
			memory, goroutines, err := b.perViewer(ctx, s)
			s.close()
			if err != nil {
				return err
			}
			w.memory.Add(memory)
			w.goroutines.Add(goroutines)
		}
	}
	for _, w := range ways {
		w.memory.Name, w.memory.Unit = "resident memory per idle viewer, "+w.name, "KiB"
		w.goroutines.Name, w.goroutines.Unit = "goroutines per idle viewer, "+w.name, ""
		if w.name == "plain" {
			w.memory.Print()
		} else {
			w.memory.PrintWanted(w.want)
		}
		w.goroutines.Print()
	}
	return nil
}

func (b *bench) perViewer(ctx context.Context, s *side) (kib, goroutines float64, err error) {
	// One comes and goes first: what the first of them takes is not theirs alone.
	first, err := b.enter(ctx, s, stampede.Watching{Viewers: 1})
	if err != nil {
		return 0, 0, err
	}
	before, err := b.rest(ctx, first)
	first.Close()
	if err != nil {
		return 0, 0, err
	}
	room, err := b.enter(ctx, s, stampede.Watching{Viewers: b.viewers, Joins: 2000})
	if err != nil {
		return 0, 0, err
	}
	defer room.Close()
	after, err := b.rest(ctx, room)
	if err != nil {
		return 0, 0, err
	}
	b.keep(ctx, s, "/debug/pprof/heap")
	fmt.Printf("  %s: without viewers %s; with %d %s\n", s.name, before, b.viewers, after)
	n := float64(b.viewers)
	return (after.resident - before.resident) / 1024 / n, (after.goroutines - before.goroutines) / n, nil
}

// size is what a server takes.
type size struct{ resident, heap, stacks, goroutines float64 }

func (z size) String() string {
	const mib = 1 << 20
	return fmt.Sprintf("%.0f MiB (heap %.0f, stacks %.0f), %.0f goroutines", z.resident/mib, z.heap/mib, z.stacks/mib, z.goroutines)
}

func (s *side) size(ctx context.Context) (z size, err error) {
	z.resident = float64(s.process.Resident())
	for name, into := range map[string]*float64{"go_memstats_heap_alloc_bytes": &z.heap, "go_memstats_stack_inuse_bytes": &z.stacks, "go_goroutines": &z.goroutines} {
		if *into, err = s.figure(ctx, name); err != nil {
			return z, err
		}
	}
	return z, nil
}

// restTime bounds how long a server may take to come to rest.
const restTime = 20 * time.Second

// rest waits until a server's memory has stopped shrinking, and gives its size.
// What joining left behind is collected at once, twice for what is pooled: by
// itself that takes minutes.
func (b *bench) rest(ctx context.Context, r *room) (size, error) {
	for range 2 {
		if _, err := r.side.ask(ctx, "/debug/pprof/heap?gc=1"); err != nil {
			return size{}, err
		}
	}
	last := r.side.process.Resident()
	for end := time.Now().Add(restTime); time.Now().Before(end); {
		if _, _, err := r.watch(ctx, 2*time.Second, nil); err != nil {
			return size{}, err
		}
		now := r.side.process.Resident()
		if now > last-last/200 {
			break
		}
		last = now
	}
	return r.side.size(ctx)
}

// The chats that are brought in at saturation: more than any tick takes, and ticks
// as short as they may be, since those of 100 ms leave half of the node idle.
const (
	offerEvery   = 50 * time.Millisecond
	offer        = 60
	shortestTick = "YINBO_SOCKET_TICK=50ms"
)

// saturation: as many events as go through. The plain hub takes the next when the
// last is with all clients; ours samples what is more than a tick takes.
func (b *bench) saturation(ctx context.Context, p *place) error {
	rate := pair(fmt.Sprintf("deliveries at saturation, %d viewers", b.viewers/2), "/s")
	err := b.inTurn(ctx, p, func(s *side, of int) error {
		room, err := b.enter(ctx, s, stampede.Watching{Viewers: b.viewers / 2})
		if err != nil {
			return err
		}
		defer room.Close()
		b.profiles(ctx, s)
		w, _, err := room.watch(ctx, b.length, every(float64(time.Second/offerEvery), func(ctx context.Context) error { return s.chats(ctx, offer) }))
		if err != nil {
			return err
		}
		rate[of].Add(w.PerSecond(w.Events))
		return nil
	}, shortestTick)
	if err != nil {
		return err
	}
	rate.print("deliveries at saturation, ours / plain", figures.AtLeast(5))
	return nil
}

// The loud room.
const (
	loudChats   = 100 // a second
	loudLikes   = 1000
	loudStock   = 20
	loudOurs    = 1000 // viewers
	loudPlain   = 40   // as many as the plain hub can tell 1,120 events a second
	loudSpeaker = 300
)

// loud: 100 chats, 1,000 likes and 20 stock changes a second. Chats and likes come
// from viewers, over their sockets.
func (b *bench) loud(ctx context.Context, p *place) error {
	cost := pair("CPU per viewer-second in a loud room", "ms")
	err := b.inTurn(ctx, p, func(s *side, of int) error {
		w := stampede.Watching{Viewers: loudOurs, Chats: loudChats, Likes: loudLikes}
		if of == 0 {
			speakers, err := s.target.SignIn(ctx, 100_000_000+p.next(loudSpeaker), loudSpeaker)
			if err != nil {
				return err
			}
			w.Speakers = speakers
		} else {
			w.Viewers = loudPlain
			w.Speakers = make([]stampede.Buyer, loudPlain)
		}
		room, err := b.enter(ctx, s, w)
		if err != nil {
			return err
		}
		defer room.Close()
		b.profiles(ctx, s)
		seen, spent, err := room.watch(ctx, b.length, every(loudStock, s.stock))
		if err != nil {
			return err
		}
		cost[of].Add(ms(spent) / float64(w.Viewers) / seen.Took.Seconds())
		return nil
	})
	if err != nil {
		return err
	}
	cost.print(fmt.Sprintf("CPU per viewer-second, ours (%d viewers) / plain (%d)", loudOurs, loudPlain), figures.AtMost(0.1))
	return nil
}

// cutting is how connections break while facts come.
const (
	cutViewers = 1000
	cutsSecond = 50
	cutFacts   = 20
	cutTime    = time.Minute
)

// cuts: connections break all the time, and nobody misses a fact.
func (b *bench) cuts(ctx context.Context, p *place) error {
	s, err := p.ours(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	room, err := b.enter(ctx, s, stampede.Watching{Viewers: cutViewers, Cuts: cutsSecond})
	if err != nil {
		return err
	}
	defer room.Close()
	w, _, err := room.watch(ctx, max(cutTime, b.length), every(cutFacts, s.fact))
	if err != nil {
		return err
	}
	if err := room.settled(ctx, w); err != nil {
		return err
	}
	last, _, err := db.Value[int64](ctx, p.DB, "SELECT last_seq FROM room WHERE id = ?", p.room)
	if err != nil {
		return err
	}
	if last != w.Greatest {
		return fmt.Errorf("the room's last fact is %d, the viewers' is %d", last, w.Greatest)
	}
	fmt.Printf("%-58s %10d           wanted: 0\n", fmt.Sprintf("facts lost, doubled or reordered, %d cuts, %d deliveries", w.Cut, w.Facts), w.Lost+w.Doubled+w.Reordered)
	return nil
}
