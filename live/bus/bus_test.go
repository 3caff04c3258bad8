package bus_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"yinbo/internal/id"
	"yinbo/internal/testkit"
	"yinbo/live/bus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// each runs fn on a pair of nodes that share a bus: the same one in memory, two
// of their own on each kind of Redis.
func each(t *testing.T, fn func(t *testing.T, a, b bus.Bus)) {
	t.Run("memory", func(t *testing.T) {
		m := bus.NewMemory()
		fn(t, m, m)
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	testkit.EachRedis(t, func(t *testing.T, r redis.UniversalClient) {
		fn(t, onRedis(t, r), onRedis(t, r))
	})
	t.Run("cluster", func(t *testing.T) {
		client := testkit.Cluster(t)
		fn(t, onRedis(t, client()), onRedis(t, client()))
	})
}

func onRedis(t *testing.T, r redis.UniversalClient) bus.Bus {
	b := bus.OnRedis(r, slog.New(slog.DiscardHandler))
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// ear keeps what a subscriber heard.
type ear struct {
	mu    sync.Mutex
	heard []bus.Message
}

func (e *ear) hear(m bus.Message) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = append(e.heard, m)
}

func (e *ear) all() []bus.Message {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]bus.Message(nil), e.heard...)
}

// until waits for n messages, not more.
func (e *ear) until(t *testing.T, n int) []bus.Message {
	t.Helper()
	await(t, fmt.Sprintf("%d messages", n), func() bool { return len(e.all()) >= n })
	if got := e.all(); len(got) != n {
		t.Fatalf("%d messages, not %d: %+v", len(got), n, got)
	}
	return e.all()
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	limit := time.After(10 * time.Second)
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for !done() {
		select {
		case <-limit:
			t.Fatalf("waited in vain for %s", what)
		case <-look.C:
		}
	}
}

func subscribe(t *testing.T, b bus.Bus, channel string) (*ear, func()) {
	t.Helper()
	e := &ear{}
	cancel, err := b.Subscribe(channel, e.hear)
	if err != nil {
		t.Fatal(err)
	}
	return e, cancel
}

func publish(t *testing.T, b bus.Bus, channel string, seq int64) {
	t.Helper()
	m := bus.Message{Class: bus.Fact, Kind: "notice", Key: "k", Viewer: "v", Seq: seq, Event: json.RawMessage(`{"text":"<你好>"}`)}
	if err := b.Publish(testkit.Context(t), channel, m); err != nil {
		t.Fatal(err)
	}
}

func TestEverySubscriberOnEveryNodeHearsInOrder(t *testing.T) {
	each(t, func(t *testing.T, a, b bus.Bus) {
		room, other := bus.RoomChannel(id.New(id.Room)), bus.RoomChannel(id.New(id.Room))
		one, _ := subscribe(t, a, room)
		two, _ := subscribe(t, a, room)
		far, _ := subscribe(t, b, room)
		deaf, _ := subscribe(t, b, other)
		for i := range int64(100) {
			publish(t, a, room, i+1)
		}
		for _, e := range []*ear{one, two, far} {
			for i, m := range e.until(t, 100) {
				if m.Seq != int64(i+1) || m.Class != bus.Fact || m.Kind != "notice" || m.Key != "k" || m.Viewer != "v" {
					t.Fatalf("message %d is %+v", i+1, m)
				}
				var e struct{ Text string }
				if json.Unmarshal(m.Event, &e) != nil || e.Text != "<你好>" {
					t.Fatalf("event %s", m.Event)
				}
			}
		}
		if len(deaf.all()) != 0 {
			t.Errorf("another channel heard %+v", deaf.all())
		}
	})
}

// What is published once Subscribe has returned arrives: there is no moment in
// which a subscriber believes that it listens and does not.
func TestASubscriptionHearsFromItsReturnOn(t *testing.T) {
	each(t, func(t *testing.T, a, b bus.Bus) {
		for range 50 {
			channel := bus.BankChannel(id.New(id.Bank))
			e, cancel := subscribe(t, a, channel)
			publish(t, b, channel, 1)
			e.until(t, 1)
			cancel()
		}
	})
}

// Rooms are let go and opened anew all the time: who leaves must not silence who
// comes at the same moment.
func TestOneWhoLeavesDoesNotSilenceOneWhoComes(t *testing.T) {
	each(t, func(t *testing.T, a, b bus.Bus) {
		channel := bus.RoomChannel(id.New(id.Room))
		_, leave := subscribe(t, a, channel)
		for round := range 30 {
			var came *ear
			var next func()
			var both sync.WaitGroup
			both.Go(func() { leave() })
			both.Go(func() { came, next = subscribe(t, a, channel) })
			both.Wait()
			publish(t, b, channel, int64(round))
			came.until(t, 1)
			leave = next
		}
		leave()
		leave() // twice does nothing
		gone, cancel := subscribe(t, a, channel)
		cancel()
		publish(t, b, channel, 1)
		if len(gone.all()) != 0 {
			t.Error("heard after the subscription was cancelled")
		}
	})
}

// When the connection is lost the bus says so, and goes on.
func TestALostConnectionIsToldAndMended(t *testing.T) {
	r := testkit.Redis(t)
	b := onRedis(t, r)
	channel := bus.RoomChannel(id.New(id.Room))
	e, _ := subscribe(t, b, channel)
	ctx := testkit.Context(t)
	mine, err := r.Do(ctx, "CLIENT", "LIST", "TYPE", "PUBSUB").Text()
	if err != nil {
		t.Fatal(err)
	}
	for _, client := range subscribers(mine, r.(*redis.Client).Options().DB) {
		if err := r.ClientKillByFilter(ctx, "ID", client).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if got := e.until(t, 1)[0]; got.Class != bus.Control || got.Kind != bus.Gap {
		t.Fatalf("told %+v", got)
	}
	publish(t, b, channel, 7)
	if got := e.until(t, 2)[1]; got.Seq != 7 {
		t.Errorf("heard %+v", got)
	}
}

func TestALostConnectionToAClusterIsToldAndMended(t *testing.T) {
	client := testkit.Cluster(t)
	b := onRedis(t, client())
	channel := bus.RoomChannel(id.New(id.Room))
	e, _ := subscribe(t, b, channel)
	ctx := testkit.Context(t)
	err := client().ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error {
		return c.ClientKillByFilter(ctx, "TYPE", "pubsub").Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := e.until(t, 1)[0]; got.Class != bus.Control || got.Kind != bus.Gap {
		t.Fatalf("told %+v", got)
	}
	publish(t, b, channel, 7)
	if got := e.until(t, 2)[1]; got.Seq != 7 {
		t.Errorf("heard %+v", got)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if _, err := b.Subscribe(channel, func(bus.Message) {}); err == nil {
		t.Error("subscribed to a bus that is closed")
	}
}

func TestWithoutRedisNothingIsPromised(t *testing.T) {
	r := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	b := bus.OnRedis(r, slog.New(slog.DiscardHandler))
	if _, err := b.Subscribe("x", func(bus.Message) {}); err == nil {
		t.Error("subscribed to nothing")
	}
	if err := b.Publish(testkit.Context(t), "x", bus.Message{}); err == nil {
		t.Error("published to nothing")
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// subscribers picks the ids of the clients of one database out of a CLIENT LIST.
func subscribers(list string, database int) []string {
	var ids []string
	for line := range strings.Lines(list) {
		fields := map[string]string{}
		for part := range strings.FieldsSeq(line) {
			k, v, _ := strings.Cut(part, "=")
			fields[k] = v
		}
		if fields["db"] == strconv.Itoa(database) {
			ids = append(ids, fields["id"])
		}
	}
	return ids
}
