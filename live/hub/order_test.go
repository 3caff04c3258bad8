package hub_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"yinbo/internal/db"
	"yinbo/live/bus"
	"yinbo/live/hub"
	"yinbo/live/livetest"
)

// follower is a viewer who is cut off again and again, comes back with what they
// know, and checks that facts come one by one.
type follower struct {
	node  *node
	room  string
	epoch string
	seq   int64
	cuts  int
}

// visit is one connection, which lasts for a few frames.
func (f *follower) visit(ctx context.Context, last int64) error {
	ws, _, err := trusting(&websocket.Dialer{}).DialContext(ctx, f.node.url, nil)
	if err != nil {
		return err
	}
	defer ws.Close()
	stop := context.AfterFunc(ctx, func() { ws.Close() })
	defer stop()
	var since any
	if f.epoch != "" {
		since = map[string]any{"epoch": f.epoch, "seq": f.seq}
	}
	if err := ws.WriteJSON(joinFrame(f.room, "", since)); err != nil {
		return err
	}
	for frames := rand.IntN(12); frames >= 0 && f.seq < last; frames-- {
		var got frame
		if err := ws.ReadJSON(&got); err != nil {
			return fmt.Errorf("after fact %d: %w", f.seq, err)
		}
		if err := f.take(got); err != nil {
			return err
		}
	}
	f.cuts++
	return nil
}

func (f *follower) take(got frame) error {
	if got.Type == "joined" && !*got.Recovered {
		if f.epoch != "" {
			return fmt.Errorf("a picture instead of what came after %d", f.seq)
		}
		f.epoch, f.seq = got.Epoch, got.Seq
		return nil
	}
	for _, e := range got.Events {
		seq, numbered := e["seq"].(float64)
		if !numbered {
			continue
		}
		if int64(seq) != f.seq+1 {
			return fmt.Errorf("fact %v after %d", e, f.seq)
		}
		f.seq++
	}
	if got.Type != "bye" && got.Seq != f.seq {
		return fmt.Errorf("a %s frame says %d after fact %d", got.Type, got.Seq, f.seq)
	}
	return nil
}

// crowd lets n viewers, spread over the nodes, follow a room while writers make
// facts, and tells how often they were cut off.
func crowd(t *testing.T, s *livetest.Stage, room string, nodes []*node, n, writers, each int) {
	t.Helper()
	last := int64(1 + writers*each)
	ctx, cancel := context.WithTimeout(s.Ctx, 60*time.Second)
	defer cancel()
	var all sync.WaitGroup
	var cuts, joined atomic.Int64
	for i := range n {
		all.Go(func() {
			f := &follower{node: nodes[i%len(nodes)], room: room}
			if err := f.visit(ctx, 1); err != nil { // all see the room before the first fact
				t.Error(err)
			}
			joined.Add(1)
			for ; f.seq < last && ctx.Err() == nil; f.node = nodes[rand.IntN(len(nodes))] {
				if err := f.visit(ctx, last); err != nil {
					t.Error(err)
					return
				}
			}
			cuts.Add(int64(f.cuts))
		})
	}
	await(t, "all to have joined", func() bool { return joined.Load() == int64(n) })
	for w := range writers {
		all.Go(func() {
			for i := range each {
				s.Fact(t, room, "notice", map[string]string{"text": fmt.Sprintf("%d-%d", w, i)})
				if i%5 == 0 {
					s.Rooms.State(room, "flash.stock", "f", map[string]any{"flash_id": "f", "left": i})
				}
			}
		})
	}
	all.Wait()
	if cuts.Load() < int64(n) {
		t.Errorf("only %d cuts among %d viewers", cuts.Load(), n)
	}
}

func TestFactsAreNeverLostReorderedOrDoubled(t *testing.T) {
	s, n := stage(t)
	crowd(t, s, s.Live(t), []*node{n}, 50, 4, 40)
	await(t, "all to be gone", func() bool { return n.Sockets() == 0 })
}

// lossy is a bus that loses some of what passes, and doubles and delays some.
type lossy struct {
	bus.Bus
	mu   sync.Mutex
	late []func()
}

func (l *lossy) Subscribe(channel string, handle func(bus.Message)) (func(), error) {
	return l.Bus.Subscribe(channel, func(m bus.Message) {
		switch dice := rand.IntN(10); {
		case dice < 3: // lost
		case dice < 4: // doubled
			handle(m)
			handle(m)
		case dice < 6: // comes after a later one
			l.mu.Lock()
			l.late = append(l.late, func() { handle(m) })
			l.mu.Unlock()
		default:
			handle(m)
			l.mu.Lock()
			late := l.late
			l.late = nil
			l.mu.Unlock()
			for _, f := range late {
				f()
			}
		}
	})
}

// What the bus loses is read from the log.
func TestALossyBusLosesNoFact(t *testing.T) {
	s, _ := stage(t)
	nodes := []*node{serve(t, s, &lossy{Bus: s.Bus}), serve(t, s, &lossy{Bus: s.Bus})}
	crowd(t, s, s.Live(t), nodes, 20, 4, 30)
}

// deaf is a bus that loses the fact with one number.
type deaf struct {
	bus.Bus
	seq int64
}

func (d deaf) Subscribe(channel string, handle func(bus.Message)) (func(), error) {
	return d.Bus.Subscribe(channel, func(m bus.Message) {
		if m.Seq != d.seq {
			handle(m)
		}
	})
}

// A gap is seen by the fact that comes after it, and filled at once.
func TestAGapIsFilledWhenItShows(t *testing.T) {
	s, _ := stage(t)
	n := serve(t, s, deaf{s.Bus, 3}, func(d *hub.Deps) { d.Pulse = time.Hour })
	room := s.Live(t)
	c := n.join(t, room, "")
	for i := range 3 {
		s.Notice(t, room, fmt.Sprint(i))
	}
	c.hears("notice", map[string]any{"text": "2", "seq": 4.0})
	if got := c.facts(); !slices.Equal(got, upTo(2, 4)) {
		t.Errorf("heard %v", got)
	}
}

// Even the last fact, after which nothing comes, is found.
func TestAFactThatNobodyPublishedIsFound(t *testing.T) {
	s, n := stage(t)
	room := s.Live(t)
	c := n.join(t, room, "")
	cutOff(s).Notice(t, room, "nobody heard")
	c.hears("notice", map[string]any{"text": "nobody heard", "seq": 2.0})
}

// cutOff is the same stage on a bus that leads nowhere: a node that lost the
// others after its commit.
func cutOff(s *livetest.Stage) *livetest.Stage {
	return &livetest.Stage{Ctx: s.Ctx, DB: s.DB, Bank: s.Bank, Host: s.Host, Rooms: s.Node(bus.NewMemory())}
}

// Who joins while facts are made has each of them either in the picture or after
// it, never neither.
func TestAPictureAndWhatFollowsLeaveNoGap(t *testing.T) {
	s, n := stage(t)
	room := s.Live(t)
	rice, tea := s.Goods.Add(s.Bank.ID, "大米", 9900), s.Goods.Add(s.Bank.ID, "茶", 6600)
	s.Tx(t, func(tx *db.Tx) error {
		return tx.Insert(s.Ctx, "shelf_item (room_id, sku_id, bank_id, position)", [][]any{{room, rice, s.Bank.ID, 0}, {room, tea, s.Bank.ID, 1}}, "")
	})
	var all sync.WaitGroup
	var over atomic.Bool
	all.Go(func() {
		defer over.Store(true)
		for i := range 60 {
			if _, err := s.Rooms.Pin(s.Ctx, s.Bank.ID, room, s.Host, &[]string{rice, tea}[i%2]); err != nil {
				t.Error(err)
			}
		}
	})
	var sockets []*socket
	for !over.Load() && len(sockets) < 40 {
		sockets = append(sockets, n.join(t, room, ""))
	}
	all.Wait()
	for _, c := range sockets {
		await(t, "the last pin", func() bool { all := c.all(); return all[len(all)-1].Seq == 61 })
		pinned, seq := c.all()[0].State["pinned"], c.all()[0].Seq
		for _, e := range c.events("product.pinned") {
			pinned = e["sku_id"]
		}
		if got := c.facts(); !slices.Equal(got, upTo(seq+1, 61)) || pinned != tea {
			t.Errorf("a picture as of %d, then %v; %v is pinned", seq, got, pinned)
		}
	}
}

func upTo(from, to int64) (all []int64) {
	for i := from; i <= to; i++ {
		all = append(all, i)
	}
	return all
}
