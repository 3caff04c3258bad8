package hub_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/testkit"
	"yinbo/live/bus"
	"yinbo/live/hub"
	"yinbo/live/livetest"
)

func restless(d *hub.Deps) { d.Pulse, d.Idle = 5*time.Millisecond, time.Nanosecond }

// A room that nobody is in is let go; who comes at that very moment finds it all
// the same, hears what happens there, and is counted.
func TestRoomsAreLetGoAndFoundAgain(t *testing.T) {
	t.Parallel()
	for _, on := range []string{"memory", "redis"} {
		t.Run(on, func(t *testing.T) {
			var b bus.Bus = bus.NewMemory()
			if on == "redis" {
				b = onRedis(t, testkit.MiniRedis(t))
			}
			s := livetest.New(t, testkit.SQLite(t, clock.System{}), b)
			n := serve(t, s, b, restless)
			room := s.Live(t)
			var all sync.WaitGroup
			for v := range 4 {
				all.Go(func() {
					for i := range 15 {
						c := n.join(t, room, "")
						text := fmt.Sprintf("%d-%d", v, i)
						s.Notice(t, room, text)
						c.hears("notice", map[string]any{"text": text})
						c.ws.Close()
						<-c.done
					}
				})
			}
			all.Wait()
			await(t, "nobody to be counted", func() bool {
				p, err := s.Rooms.Pulse(s.Ctx, room)
				return err == nil && p.Viewers == 0
			})
			n.join(t, room, "").hears("viewers", map[string]any{"count": 1.0})
		})
	}
}

// A room that could not be opened for those who came first is opened for those
// who come later.
func TestARoomThatDidNotOpenIsTriedAgain(t *testing.T) {
	s, _ := stage(t)
	b := &failing{Bus: s.Bus, left: 3}
	n := serve(t, s, b)
	room := s.Live(t)
	sockets := make([]*socket, 6)
	for i := range sockets {
		sockets[i] = n.dial(t)
		sockets[i].say(joinFrame(room, "", nil))
	}
	joined, refused := 0, 0
	for _, c := range sockets {
		f := c.finds("an answer", func(f frame) bool { return f.Type == "joined" || f.Type == "error" })
		if f.Type == "joined" {
			joined++
		} else if refused++; f.Code != "unavailable" {
			t.Errorf("refused by %s", f.raw)
		}
	}
	if refused != 3 || joined != 3 {
		t.Errorf("%d joined, %d refused", joined, refused)
	}
	s.Notice(t, room, "欢迎")
	for _, c := range sockets {
		if c.count("joined") == 1 {
			c.hears("notice", nil)
		} else {
			c.ends()
		}
	}
}

// failing is a bus that refuses the first subscriptions.
type failing struct {
	bus.Bus
	mu   sync.Mutex
	left int
}

func (f *failing) Subscribe(channel string, handle func(bus.Message)) (func(), error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left--; f.left >= 0 {
		return nil, fmt.Errorf("no bus, %d to go", f.left)
	}
	return f.Bus.Subscribe(channel, handle)
}
