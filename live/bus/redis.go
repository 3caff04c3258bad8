package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
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
}

var _ Bus = (*Redis)(nil)

// NewRedis begins to listen. go-redis connects again by itself and subscribes
// anew; what was published meanwhile is lost, and read from the rooms' logs.
func NewRedis(client redis.UniversalClient, log *slog.Logger) *Redis {
	r := &Redis{subscribers: newSubscribers(), client: client, sub: client.Subscribe(context.Background()), log: log, done: make(chan struct{})}
	go r.listen()
	return r
}

// queue is how many messages may wait for their handlers before go-redis drops.
const queue = 4096

func (r *Redis) listen() {
	defer close(r.done)
	for m := range r.sub.Channel(redis.WithChannelSize(queue)) {
		var msg Message
		if err := json.Unmarshal([]byte(m.Payload), &msg); err != nil {
			r.log.Error("bus message unreadable", "channel", m.Channel, "error", err)
			continue
		}
		r.deliver(m.Channel, msg)
	}
}

// subscribeTime bounds how long a subscription may take to be sent.
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

// Subscribe adds a handler; the first of a channel subscribes the node.
func (r *Redis) Subscribe(channel string, handle func(Message)) (func(), error) {
	cancel, first, _ := r.add(channel, handle)
	if first {
		ctx, stop := context.WithTimeout(context.Background(), subscribeTime)
		defer stop()
		if err := r.sub.Subscribe(ctx, channel); err != nil {
			cancel()
			return nil, fmt.Errorf("bus: subscribe: %w", err)
		}
	}
	return func() {
		if cancel() {
			ctx, stop := context.WithTimeout(context.Background(), subscribeTime)
			defer stop()
			if err := r.sub.Unsubscribe(ctx, channel); err != nil {
				r.log.Warn("bus unsubscribe", "error", err)
			}
		}
	}, nil
}

// Close ends listening; the client stays its owner's.
func (r *Redis) Close() error {
	err := r.sub.Close()
	<-r.done
	return err
}
