package stampede

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/sys/unix"
)

// Audience is viewers of one room. One goroutine, the caller's, does all that
// they do, by epoll over plain sockets: nothing happens between calls.
type Audience struct {
	Watching
	server   unix.SockaddrInet4
	upgrade  []byte // the request
	like     []byte // a frame
	poll     int
	viewers  []viewer
	ready    []unix.EpollEvent
	buf      []byte
	meanings meanings
	seen     *Watched
	inside   int
	greatest int64 // number of a fact

	coming           []int // viewers who come back later, in no order
	began            time.Time
	came             int // that were set off since began
	cut, said, liked int // since began
	saying, liking   int // turns of the speakers
}

// Gather makes an audience; nobody is in yet.
func (t Target) Gather(w Watching) (*Audience, error) {
	addr, err := net.ResolveTCPAddr("tcp4", t.Addr)
	if err != nil {
		return nil, fmt.Errorf("stampede: %w", err)
	}
	if err := roomFor(w.Viewers); err != nil {
		return nil, err
	}
	poll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("stampede: epoll: %w", err)
	}
	a := &Audience{Watching: w, poll: poll, upgrade: upgradeRequest(t.Addr), like: clientFrame(ws.OpText, []byte(`{"type":"like","count":1}`)),
		viewers: make([]viewer, w.Viewers), ready: make([]unix.EpollEvent, 1024), buf: make([]byte, 1<<20), meanings: newMeanings(), seen: newWatched()}
	a.server.Port = addr.Port
	copy(a.server.Addr[:], addr.IP.To4())
	for i := range a.viewers {
		a.viewers[i].fd = none
		if i < len(w.Speakers) {
			a.viewers[i].token = w.Speakers[i].Token()
		}
	}
	return a, nil
}

// roomFor raises the process's limit of open files as far as is needed.
func roomFor(sockets int) error {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return fmt.Errorf("stampede: limit of open files: %w", err)
	}
	need := uint64(sockets) + 256
	if l.Cur >= need {
		return nil
	}
	l.Cur = need
	l.Max = max(l.Max, need)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return fmt.Errorf("stampede: %d viewers need %d open files: raise `ulimit -n`: %w", sockets, need, err)
	}
	return nil
}

// Close leaves the room without a word.
func (a *Audience) Close() {
	for i := range a.viewers {
		a.leave(i)
	}
	unix.Close(a.poll)
}

// Enter brings all in. An error tells that ctx ended before the last was.
func (a *Audience) Enter(ctx context.Context) (*Watched, error) {
	err := a.run(ctx, time.Time{}, func(now time.Time) { a.arrive(now) }, func() bool { return a.inside == len(a.viewers) })
	if err == nil && a.inside < len(a.viewers) {
		err = context.Cause(ctx)
	}
	seen := a.turn()
	if err != nil {
		return seen, fmt.Errorf("stampede: %d of %d viewers are in: errors %v, dropped %d: %w", seen.Inside, len(a.viewers), seen.Errors, seen.Dropped, err)
	}
	return seen, nil
}

// Watch lets the audience watch, speak and lose connections for a while.
func (a *Audience) Watch(ctx context.Context, d time.Duration) (*Watched, error) {
	a.cut, a.said, a.liked = 0, 0, 0
	err := a.run(ctx, time.Now().Add(d), a.behave, func() bool { return false })
	return a.turn(), err
}

// settleTime bounds how long Settle waits.
const settleTime = 10 * time.Second

// Settle waits, once nothing more is published, until everyone is in and knows of
// the last fact; who does not in time is Behind, and what they lack is Lost. What
// is seen meanwhile is added to w.
func (a *Audience) Settle(ctx context.Context, w *Watched) error {
	looked := time.Now()
	err := a.run(ctx, time.Now().Add(settleTime), func(time.Time) {}, func() bool {
		if time.Since(looked) < 20*time.Millisecond {
			return false
		}
		looked = time.Now()
		return a.inside == len(a.viewers) && a.behind(nil) == 0
	})
	seen := a.turn()
	seen.Behind = a.behind(&seen.Tally)
	w.Add(seen)
	return err
}

// behind counts who lacks facts that another knows of. With a tally, those who are
// in have lost what they lack.
func (a *Audience) behind(t *Tally) (n int) {
	for i := range a.viewers {
		v := &a.viewers[i]
		if v.last >= a.greatest {
			continue
		}
		n++
		if t != nil && v.state == inside {
			v.reach(a.greatest, t)
		}
	}
	return n
}

// turn hands over what was seen, and begins anew.
func (a *Audience) turn() *Watched {
	seen := a.seen
	seen.Took, seen.Inside, seen.Greatest = time.Since(a.began), a.inside, a.greatest
	a.seen = newWatched()
	return seen
}

// restTime is how long the audience rests when its sockets have nothing: behaviour
// and times are as fine as that. It looks by itself, since to be woken for each
// frame would be the work of who sends it, on one machine with the server.
const restTime = time.Millisecond

// run serves the sockets until a time (zero is none), the end of ctx, or done.
func (a *Audience) run(ctx context.Context, until time.Time, behave func(now time.Time), done func() bool) error {
	a.began, a.came = time.Now(), 0
	for !done() && ctx.Err() == nil {
		now := time.Now()
		if !until.IsZero() && now.After(until) {
			return nil
		}
		behave(now)
		a.comeBack(now)
		n, err := unix.EpollWait(a.poll, a.ready, 0)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("stampede: epoll: %w", err)
		}
		for i := range max(n, 0) {
			a.serve(a.ready[i])
		}
		if n <= 0 {
			time.Sleep(restTime)
		}
	}
	return ctx.Err()
}

// atOnce is how many set off before the sockets are looked at again.
const atOnce = 256

// arrive sets off those whose time it is.
func (a *Audience) arrive(now time.Time) {
	n := len(a.viewers)
	if a.Joins > 0 {
		n = min(n, int(now.Sub(a.began).Seconds()*a.Joins)+1)
	}
	for range min(atOnce, n-a.came) {
		a.dial(a.came)
		a.came++
	}
}

// behave does what is due of chats, likes and cuts.
func (a *Audience) behave(now time.Time) {
	for due := a.due(now, a.Likes); a.liked < due; a.liked++ {
		a.speak(&a.liking, a.like)
	}
	for due := a.due(now, a.Chats); a.said < due; a.said++ {
		a.speak(&a.saying, clientFrame(ws.OpText, fmt.Appendf(nil, `{"type":"chat","id":"c%d","text":"第%d句：%s"}`, a.said, a.said, chatText)))
	}
	for due := a.due(now, a.Cuts); a.cut < due; a.cut++ {
		i := rand.IntN(len(a.viewers))
		if a.viewers[i].state == inside {
			a.seen.Cut++
			a.lose(i, rand.N(maxAway))
		}
	}
}

// chatText makes a chat event about 200 bytes long.
const chatText = "这个套餐还有吗，想要两份"

// maxAway is how long one whose connection broke is away, at most.
const maxAway = time.Second

func (a *Audience) due(now time.Time, rate float64) int {
	return int(now.Sub(a.began).Seconds() * rate)
}

// speak has the speaker whose turn it is send a frame, or the next who is in.
func (a *Audience) speak(turn *int, frame []byte) {
	for range a.Speakers {
		i := *turn % len(a.Speakers)
		*turn++
		if a.viewers[i].state == inside {
			a.send(i, frame)
			return
		}
	}
}

// comeBack sets off those who were away long enough.
func (a *Audience) comeBack(now time.Time) {
	for n := 0; n < len(a.coming); {
		i := a.coming[n]
		if now.Before(a.viewers[i].back) {
			n++
			continue
		}
		a.coming[n] = a.coming[len(a.coming)-1]
		a.coming = a.coming[:len(a.coming)-1]
		a.dial(i)
	}
}
