package hub_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"yinbo/internal/clock"
	"yinbo/internal/testkit"
	"yinbo/live/bus"
	"yinbo/live/livetest"
)

// eachPair runs fn with two nodes on one database and a shared bus: one in
// memory, and one on Redis to which each has its own connection.
func eachPair(t *testing.T, fn func(t *testing.T, s *livetest.Stage, a, b *node)) {
	t.Run("sqlite and memory", func(t *testing.T) {
		s, a := stage(t)
		fn(t, s, a, serve(t, s, s.Bus))
	})
	t.Run("mariadb and redis", func(t *testing.T) {
		r := testkit.Redis(t)
		buses := make([]bus.Bus, 2)
		for i := range buses {
			buses[i] = onRedis(t, r)
		}
		s := livetest.New(t, testkit.MariaDB(t, clock.System{}), buses[0])
		fn(t, s, serve(t, s, buses[0]), serve(t, s, buses[1]))
	})
}

func TestTwoNodesAreOneRoom(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, s *livetest.Stage, a, b *node) {
		room := s.Live(t)
		who, token := s.Viewer(t, s.Bank, "大嗓门")
		here, there := a.join(t, room, token), b.join(t, room, token)
		a.join(t, room, "")
		for _, c := range []*socket{here, there} {
			c.hears("viewers", map[string]any{"count": 3.0})
		}
		here.say(map[string]any{"type": "like", "count": 3})
		there.say(map[string]any{"type": "like", "count": 4})
		here.hears("likes", map[string]any{"total": 7.0})
		there.hears("likes", map[string]any{"total": 7.0})
		here.say(map[string]any{"type": "chat", "id": "c1", "text": "你好"})
		there.hears("chat", map[string]any{"text": "你好"})
		s.Notice(t, room, "欢迎")
		for _, c := range []*socket{here, there} {
			c.hears("notice", map[string]any{"text": "欢迎", "seq": 2.0})
		}
		s.Rooms.Private(s.Bank.ID, who.ID, "order.updated", map[string]string{"order_id": "ord_1", "status": "paid"})
		for _, c := range []*socket{here, there} {
			c.hears("order.updated", nil)
		}
		muteOnBoth(t, s, room, who.ID, here, there)
		again := b.join(t, room, token) // a socket of later does not speak either
		tries(t, again, "chat.muted")
		again.ws.Close()
		there.ws.Close()
		here.hears("viewers", map[string]any{"count": 2.0})
	})
}

// muteOnBoth checks that a mute takes effect on every node within a second.
func muteOnBoth(t *testing.T, s *livetest.Stage, room, viewer string, sockets ...*socket) {
	t.Helper()
	start := time.Now()
	if err := s.Rooms.Mute(s.Ctx, s.Bank.ID, room, viewer, time.Minute, s.Host); err != nil {
		t.Fatal(err)
	}
	for _, c := range sockets {
		tries(t, c, "chat.muted")
		if d := time.Since(start); d > time.Second {
			t.Errorf("muted after %s", d)
		}
	}
}

func TestFactsAreInOrderOverTwoNodes(t *testing.T) {
	eachPair(t, func(t *testing.T, s *livetest.Stage, a, b *node) {
		crowd(t, s, s.Live(t), []*node{a, b}, 16, 4, 15)
	})
}

// onRedis is a bus with a connection of its own.
func onRedis(t *testing.T, r redis.UniversalClient) bus.Bus {
	b := bus.NewRedis(r, slog.New(slog.DiscardHandler))
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}
