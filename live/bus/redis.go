package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Redis is the bus of many nodes: Pub/Sub on one connection a node.
type Redis struct {
	subscribers
	client redis.UniversalClient
	sub    *redis.PubSub
	log    *slog.Logger
	done   chan struct{}

	// changing holds a channel's first handler and its SUBSCRIBE together, and
	// its last and the UNSUBSCRIBE: else one who leaves could silence one who came.
	changing  sync.Mutex
	confirmed map[string]*confirmation
}

// confirmation is closed when the server has said that it sends a channel.
type confirmation struct {
	ready chan struct{}
	said  bool
}

var _ Bus = (*Redis)(nil)

// OnRedis makes the bus that suits the client: sharded Pub/Sub on a Cluster.
func OnRedis(client redis.UniversalClient, log *slog.Logger) Bus {
	if c, cluster := client.(*redis.ClusterClient); cluster {
		return NewCluster(c, log)
	}
	return NewRedis(client, log)
}

// NewRedis begins to listen. go-redis connects again by itself and subscribes
// anew; what was published meanwhile is lost, and subscribers are told so.
func NewRedis(client redis.UniversalClient, log *slog.Logger) *Redis {
	r := &Redis{subscribers: newSubscribers(), client: client, sub: client.Subscribe(context.Background()), log: log,
		done: make(chan struct{}), confirmed: map[string]*confirmation{}}
	go r.listen()
	return r
}

// queue is how many messages may wait for their handlers before go-redis drops.
const queue = 4096

func (r *Redis) listen() {
	defer close(r.done)
	for got := range r.sub.ChannelWithSubscriptions(redis.WithChannelSize(queue)) {
		switch m := got.(type) {
		case *redis.Subscription:
			if m.Kind == "subscribe" {
				r.confirm(m.Channel)
			}
		case *redis.Message:
			r.receive(m, r.log)
		}
	}
}

// receive hands a message from Redis to the handlers.
func (s subscribers) receive(m *redis.Message, log *slog.Logger) {
	var msg Message
	if err := json.Unmarshal([]byte(m.Payload), &msg); err != nil {
		log.Error("bus message unreadable", "channel", m.Channel, "error", err)
		return
	}
	s.deliver(m.Channel, msg)
}

// confirm notes that a channel is listened to. A second time it is a new
// connection's doing: between the two, messages may have been lost.
func (r *Redis) confirm(channel string) {
	r.changing.Lock()
	c, wanted := r.confirmed[channel]
	again := wanted && c.said
	if wanted && !c.said {
		c.said = true
		close(c.ready)
	}
	r.changing.Unlock()
	if again {
		r.deliver(channel, Message{Class: Control, Kind: Gap})
	}
}

// subscribeTime bounds how long a subscription may take.
const subscribeTime = 5 * time.Second

// Publish sends to every node, this one included.
func (r *Redis) Publish(ctx context.Context, channel string, m Message) error {
	raw, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("bus: %w", err)
	}
	if err := r.client.Publish(ctx, channel, raw).Err(); err != nil {
		return fmt.Errorf("bus: publish: %w", err)
	}
	return nil
}

// Subscribe adds a handler, and returns when the server sends the channel; the
// first of a channel subscribes the node.
func (r *Redis) Subscribe(channel string, handle func(Message)) (func(), error) {
	ctx, stop := context.WithTimeout(context.Background(), subscribeTime)
	defer stop()
	remove, c, err := r.begin(ctx, channel, handle)
	if err != nil {
		remove()
		return nil, fmt.Errorf("bus: subscribe: %w", err)
	}
	select {
	case <-c.ready:
		return remove, nil
	case <-r.done:
		err = redis.ErrClosed
	case <-ctx.Done():
		err = ctx.Err()
	}
	remove()
	return nil, fmt.Errorf("bus: subscribe: %w", err)
}

func (r *Redis) begin(ctx context.Context, channel string, handle func(Message)) (remove func(), c *confirmation, err error) {
	r.changing.Lock()
	defer r.changing.Unlock()
	cancel, first := r.add(channel, handle)
	if first {
		r.confirmed[channel] = &confirmation{ready: make(chan struct{})}
		err = r.sub.Subscribe(ctx, channel)
	}
	return func() { r.end(channel, cancel) }, r.confirmed[channel], err
}

func (r *Redis) end(channel string, cancel func() (last bool)) {
	r.changing.Lock()
	defer r.changing.Unlock()
	if !cancel() {
		return
	}
	delete(r.confirmed, channel)
	ctx, stop := context.WithTimeout(context.Background(), subscribeTime)
	defer stop()
	if err := r.sub.Unsubscribe(ctx, channel); err != nil && !errors.Is(err, redis.ErrClosed) {
		r.log.Warn("bus unsubscribe", "error", err)
	}
}

// Close ends listening; the client stays its owner's.
func (r *Redis) Close() error {
	err := r.sub.Close()
	<-r.done
	return err
}
