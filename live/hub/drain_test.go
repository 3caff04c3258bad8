package hub_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"yinbo/internal/testkit"
	"yinbo/live/hub"
)

// A node that goes says so to everyone, each with a time of their own to come
// back, after what has happened until then; and takes nobody in any more.
func TestADrainSendsEveryoneAwayInTime(t *testing.T) {
	s, n := stage(t)
	room := s.Live(t)
	sockets := make([]*socket, 30)
	for i := range sockets {
		sockets[i] = n.join(t, room, "")
	}
	waiting := n.dial(t) // has not joined
	await(t, "all sockets", func() bool { return n.Sockets() == 31 })
	s.Notice(t, room, "gleich")
	ctx, cancel := context.WithTimeout(testkit.Context(t), bound)
	defer cancel()
	start := time.Now()
	n.Drain(ctx)
	if d := time.Since(start); n.Sockets() != 0 || d > 3*time.Second {
		t.Errorf("%d sockets after %s", n.Sockets(), d)
	}
	times := map[int]bool{}
	for _, c := range sockets {
		c.ends()
		b := c.gets("bye")
		if b.Reason != "draining" || b.Reconnect == nil || *b.Reconnect < 200 || *b.Reconnect > 3200 {
			t.Fatalf("bye: %s", b.raw)
		}
		times[*b.Reconnect] = true
		if len(c.events("notice")) != 1 {
			t.Error("the good-bye came before what had happened")
		}
	}
	if len(times) < 15 {
		t.Errorf("30 come back at %d times", len(times))
	}
	waiting.ends()
	if b := waiting.gets("bye"); b.Reason != "draining" {
		t.Errorf("one who had not joined: %s", b.raw)
	}
	_, res, err := trusting(&websocket.Dialer{}).Dial(n.url, nil)
	if err == nil {
		t.Fatal("a newcomer was let in")
	}
	if res == nil {
		t.Fatal(err)
	}
	if res.StatusCode != 503 || res.Header.Get("Retry-After") == "" {
		t.Errorf("a newcomer: %d %v", res.StatusCode, res.Header)
	}
}

// Who does not go is cut when the time is over.
func TestADrainDoesNotWaitForEver(t *testing.T) {
	s, n := stage(t)
	ws := n.open(t, narrow())
	if err := ws.WriteJSON(joinFrame(s.Live(t), "", nil)); err != nil { // and never reads
		t.Fatal(err)
	}
	await(t, "the socket", func() bool { return n.Sockets() == 1 })
	ctx, cancel := context.WithTimeout(testkit.Context(t), 50*time.Millisecond)
	defer cancel()
	n.Drain(ctx)
	await(t, "the socket to be cut", func() bool { return n.Sockets() == 0 })
}

// Joins, cuts and the end of a node at the same time leave nothing behind: no
// goroutine (TestMain looks), no count of viewers, no like.
func TestCloseAmidJoinsLeavesNothingBehind(t *testing.T) {
	s, _ := stage(t)
	n := serve(t, s, s.Bus, func(d *hub.Deps) { d.Pulse = time.Hour }) // reports at its end only
	room := s.Live(t)
	_, token := s.Viewer(t, s.Bank, "小王")
	c := n.join(t, room, token)
	c.say(map[string]any{"type": "like", "id": "l", "count": 9})
	c.answered("l", "")
	var all sync.WaitGroup
	var sockets []*socket
	for range 20 {
		sockets = append(sockets, n.dial(t))
	}
	for _, x := range sockets {
		all.Go(func() {
			_ = x.ws.WriteJSON(joinFrame(room, "", nil)) // may be cut off already
			<-x.done
		})
	}
	n.Close()
	all.Wait()
	p, err := s.Rooms.Pulse(s.Ctx, room)
	if err != nil || p.Viewers != 0 || p.Likes != 9 {
		t.Errorf("left behind: %+v %v", p, err)
	}
}
