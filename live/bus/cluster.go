package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Cluster is the bus of many nodes on a Redis Cluster: sharded Pub/Sub, so that a
// message goes through its channel's shard alone. A connection cannot span
// shards: every channel that is listened to has one of its own.
type Cluster struct {
	subscribers
	client *redis.ClusterClient
	log    *slog.Logger

	mu     sync.Mutex
	ears   map[string]*ear // by channel
	closed bool
	busy   sync.WaitGroup // ears
}

// ear listens to a channel.
type ear struct {
	sub   *redis.PubSub
	ready chan struct{} // closed when the server has said that it sends the channel
	done  chan struct{} // closed when nothing is heard any more
}

var _ Bus = (*Cluster)(nil)

// NewCluster makes the bus. go-redis finds a channel's shard anew where slots
// move, connects again and subscribes anew; what was published meanwhile is lost,
// and subscribers are told so.
func NewCluster(client *redis.ClusterClient, log *slog.Logger) *Cluster {
	return &Cluster{subscribers: newSubscribers(), client: client, log: log, ears: map[string]*ear{}}
}

// Publish sends to every node, this one included.
func (c *Cluster) Publish(ctx context.Context, channel string, m Message) error {
	raw, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("bus: %w", err)
	}
	if err := c.client.SPublish(ctx, channel, raw).Err(); err != nil {
		return fmt.Errorf("bus: publish: %w", err)
	}
	return nil
}

// Subscribe adds a handler, and returns when the server sends the channel.
func (c *Cluster) Subscribe(channel string, handle func(Message)) (func(), error) {
	ctx, stop := context.WithTimeout(context.Background(), subscribeTime)
	defer stop()
	remove, e, err := c.begin(ctx, channel, handle)
	if err != nil {
		return nil, fmt.Errorf("bus: subscribe: %w", err)
	}
	select {
	case <-e.ready:
		return remove, nil
	case <-e.done:
		err = redis.ErrClosed
	case <-ctx.Done():
		err = ctx.Err()
	}
	remove()
	return nil, fmt.Errorf("bus: subscribe: %w", err)
}

func (c *Cluster) begin(ctx context.Context, channel string, handle func(Message)) (remove func(), e *ear, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, nil, redis.ErrClosed
	}
	cancel, first := c.add(channel, handle)
	if first {
		begun := &ear{sub: c.client.SSubscribe(ctx, channel), ready: make(chan struct{}), done: make(chan struct{})}
		c.ears[channel] = begun
		c.busy.Go(func() { c.listen(begun, channel) })
	}
	return func() { c.end(channel, cancel) }, c.ears[channel], nil
}

func (c *Cluster) listen(e *ear, channel string) {
	defer close(e.done)
	said := false
	for got := range e.sub.ChannelWithSubscriptions(redis.WithChannelSize(queue)) {
		switch m := got.(type) {
		case *redis.Subscription:
			switch {
			case m.Kind != "ssubscribe":
			case said: // a new connection: messages may have been lost between
				c.deliver(channel, Message{Class: Control, Kind: Gap})
			default:
				said = true
				close(e.ready)
			}
		case *redis.Message:
			c.receive(m, c.log)
		}
	}
}

func (c *Cluster) end(channel string, cancel func() (last bool)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !cancel() {
		return
	}
	e := c.ears[channel]
	delete(c.ears, channel)
	if e != nil {
		c.shut(e, channel)
	}
}

func (c *Cluster) shut(e *ear, channel string) {
	if err := e.sub.Close(); err != nil {
		c.log.Warn("bus unsubscribe", "channel", channel, "error", err)
	}
}

// Close ends listening; the client stays its owner's.
func (c *Cluster) Close() error {
	c.mu.Lock()
	c.closed = true
	for channel, e := range c.ears {
		c.shut(e, channel)
	}
	clear(c.ears)
	c.mu.Unlock()
	c.busy.Wait()
	return nil
}
