package hub_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"yinbo/internal/testkit"
	"yinbo/live/hub"
	"yinbo/live/livetest"
)

// light is a dialer for thousands: each socket takes little memory.
func light() *websocket.Dialer {
	return trusting(&websocket.Dialer{ReadBufferSize: 512, WriteBufferSize: 256, WriteBufferPool: &sync.Pool{}, HandshakeTimeout: bound})
}

// tiny is a dialer whose sockets hold next to nothing that was not read.
func tiny() *websocket.Dialer {
	d := narrow()
	d.NetDialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err == nil {
			err = c.(*net.TCPConn).SetReadBuffer(4 << 10)
		}
		return c, err
	}
	return d
}

// watcher is one of a crowd: it reads what comes, and notes how old facts are.
type watcher struct {
	ws   *websocket.Conn
	ages *ages
}

type ages struct {
	joined atomic.Int64
	mu     sync.Mutex
	all    []time.Duration
}

func (a *ages) add(d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, d)
}

// p99 gives it, and begins anew.
func (a *ages) p99() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	slices.Sort(a.all)
	p := a.all[len(a.all)*99/100]
	a.all = nil
	return p
}

func (a *ages) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.all)
}

func (w *watcher) read() {
	for {
		_, raw, err := w.ws.ReadMessage()
		if err != nil {
			return
		}
		if strings.HasPrefix(string(raw), `{"type":"joined"`) {
			w.ages.joined.Add(1)
		}
		_, rest, found := strings.Cut(string(raw), `"sent":`)
		var us int64
		if _, err := fmt.Sscan(strings.FieldsFunc(rest+" ", func(r rune) bool { return r == ',' || r == '}' })[0], &us); found && err == nil {
			w.ages.add(time.Since(time.UnixMicro(us)))
		}
	}
}

// Those who do not read cost the others nothing: they step down, and in the end
// they are cut; what the others get is as fresh as without them.
func TestATenthThatDoesNotReadCostsTheOthersNothing(t *testing.T) {
	viewers, slow := crowdOf(1800), crowdOf(200)
	s, _ := stage(t)
	n := serve(t, s, s.Bus, func(d *hub.Deps) { d.Backlog = 16 << 10 })
	room := s.Live(t)
	var a ages
	var readers sync.WaitGroup
	dial := func(d *websocket.Dialer) *websocket.Conn {
		ws := n.open(t, d)
		if err := ws.WriteJSON(joinFrame(room, "", nil)); err != nil {
			t.Fatal(err)
		}
		return ws
	}
	for range viewers {
		w := &watcher{dial(light()), &a}
		readers.Go(w.read)
	}
	t.Cleanup(readers.Wait) // runs before the sockets' own: they are closed by the hub's end
	t.Cleanup(n.Close)
	pad := strings.Repeat("x", 2<<10)
	tell := func(facts int) time.Duration {
		for range facts {
			before := a.count()
			s.Fact(t, room, "notice", map[string]any{"sent": time.Now().UnixMicro(), "text": pad})
			await(t, "everybody to have it", func() bool { return a.count() >= before+viewers })
		}
		return a.p99()
	}
	await(t, "all to have joined", func() bool { return a.joined.Load() == int64(viewers) })
	tell(5)
	alone := tell(20)
	for range slow {
		dial(tiny())
	}
	await(t, "all to be in", func() bool { return n.Sockets() == int64(viewers+slow) })
	with := tell(80)
	await(t, "the slow to be gone", func() bool { return n.Sockets() == int64(viewers) })
	if st := n.Stats(); st.Cut["slow"]+st.Cut["stalled"] != int64(slow) || st.Dropped["fact"] == 0 {
		t.Errorf("%d were slow: %+v", slow, st)
	}
	t.Logf("p99 %s alone, %s with the slow", alone, with)
	if with > 3*alone+300*time.Millisecond {
		t.Errorf("p99 was %s, and is %s with the slow", alone, with)
	}
}

// fleet is two nodes, one after the other of which is replaced.
type fleet struct {
	mu    sync.Mutex
	ready []*node
	next  atomic.Int64
}

func (f *fleet) set(nodes ...*node) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ready = nodes
}

// pick is what a load balancer does.
func (f *fleet) pick() *node {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ready[int(f.next.Add(1))%len(f.ready)]
}

// regular comes back whenever it is sent away, and checks that facts come one by
// one.
type regular struct {
	follower
	fleet *fleet
	at    atomic.Int64 // the last fact
}

func (v *regular) watch(ctx context.Context) error {
	for ctx.Err() == nil {
		back, err := v.once(ctx)
		if err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(back):
		}
	}
	return nil
}

// once is a connection; it tells when to come back.
func (v *regular) once(ctx context.Context) (time.Duration, error) {
	ws, answer, err := light().DialContext(ctx, v.fleet.pick().url, nil)
	if err != nil {
		if answer != nil && answer.StatusCode != 503 {
			return 0, fmt.Errorf("refused: %s", answer.Status)
		}
		return 50 * time.Millisecond, nil // gone just now, or going
	}
	defer ws.Close()
	defer context.AfterFunc(ctx, func() { ws.Close() })()
	var since any
	if v.epoch != "" {
		since = map[string]any{"epoch": v.epoch, "seq": v.seq}
	}
	if ws.WriteJSON(joinFrame(v.room, "", since)) != nil {
		return 0, nil
	}
	for {
		_, raw, err := ws.ReadMessage()
		if err != nil {
			return 0, nil // cut: what was missed is asked for
		}
		var got frame
		if err := json.Unmarshal(raw, &got); err != nil {
			return 0, err
		}
		if got.Type == "bye" {
			return time.Duration(*got.Reconnect) * time.Millisecond, nil
		}
		if err := v.take(got); err != nil {
			return 0, err
		}
		v.at.Store(v.seq)
	}
}

// Both nodes are replaced one after the other under a crowd; nobody misses a fact.
func TestARollingRestartLosesNoFact(t *testing.T) {
	s, _ := stage(t)
	room := s.Live(t)
	quick := func(d *hub.Deps) { d.Window = time.Second }
	a, b := serve(t, s, s.Bus, quick), serve(t, s, s.Bus, quick)
	f := &fleet{}
	f.set(a, b)
	ctx, cancel := context.WithCancel(testkit.Context(t))
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	crowd := make([]*regular, crowdOf(5000))
	for i := range crowd {
		crowd[i] = &regular{follower: follower{room: room}, fleet: f}
		all.Go(func() {
			if err := crowd[i].watch(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	in := func(nodes ...*node) func() bool {
		return func() bool {
			var n int64
			for _, x := range nodes {
				n += x.Sockets()
			}
			return n == int64(len(crowd)) && slices.IndexFunc(crowd, func(v *regular) bool { return v.at.Load() == 0 }) < 0
		}
	}
	await(t, "all to be in", in(a, b))
	telling, last := tellFacts(t, s, room)
	a2 := replace(t, s, f, a, b, quick)
	await(t, "all to be in again", in(a2, b))
	b2 := replace(t, s, f, b, a2, quick)
	await(t, "all to be in for good", in(a2, b2))
	telling()
	await(t, "all to have the last fact", func() bool {
		return slices.IndexFunc(crowd, func(v *regular) bool { return v.at.Load() != last.Load() }) < 0
	})
}

// tellFacts makes facts until stop; last is the number of the last.
func tellFacts(t *testing.T, s *livetest.Stage, room string) (stop func(), last *atomic.Int64) {
	ctx, cancel := context.WithCancel(s.Ctx)
	last = new(atomic.Int64)
	last.Store(1)
	var telling sync.WaitGroup
	telling.Go(func() {
		for ctx.Err() == nil {
			s.Fact(t, room, "notice", map[string]any{"text": "n"})
			last.Add(1)
			select {
			case <-ctx.Done():
			case <-time.After(200 * time.Millisecond):
			}
		}
	})
	return func() { cancel(); telling.Wait() }, last
}

// replace drains a node while another serves, ends it, and starts one anew.
func replace(t *testing.T, s *livetest.Stage, f *fleet, old, other *node, change func(*hub.Deps)) *node {
	t.Helper()
	f.set(other)
	ctx, cancel := context.WithTimeout(testkit.Context(t), bound)
	defer cancel()
	old.Drain(ctx)
	old.Close()
	anew := serve(t, s, s.Bus, change)
	f.set(other, anew)
	return anew
}
