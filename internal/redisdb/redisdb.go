// Package redisdb opens Redis: a real one (single or Cluster) by URL, or, when
// embedded, one inside the process that keeps nothing. Losing all of it loses
// nothing but time: the database is the truth.
package redisdb

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// Open connects to the servers of url: "redis://host:port/0", or several of a
// Cluster by comma. An empty url starts one in the process. close releases it.
func Open(ctx context.Context, url string) (client redis.UniversalClient, closeAll func(), err error) {
	if url == "" {
		return embedded()
	}
	opts := &redis.UniversalOptions{}
	for part := range strings.SplitSeq(url, ",") {
		o, err := redis.ParseURL(strings.TrimSpace(part))
		if err != nil {
			return nil, nil, fmt.Errorf("redisdb: YINBO_REDIS_URL: %w", err)
		}
		opts.Addrs = append(opts.Addrs, o.Addr)
		opts.Username, opts.Password, opts.DB, opts.TLSConfig = o.Username, o.Password, o.DB, o.TLSConfig
	}
	client = redis.NewUniversalClient(opts)
	if err := client.Ping(ctx).Err(); err != nil {
		client.Close()
		return nil, nil, fmt.Errorf("redisdb: connect: %w", err)
	}
	return client, func() { client.Close() }, nil
}

// tick is how often the embedded server's clock for expiry is moved; by itself
// it stands still.
const tick = time.Second

func embedded() (redis.UniversalClient, func(), error) {
	m := miniredis.NewMiniRedis()
	if err := m.Start(); err != nil {
		return nil, nil, fmt.Errorf("redisdb: embedded: %w", err)
	}
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		t := time.NewTicker(tick)
		defer t.Stop()
		for {
			select {
			case <-done:
				return
			case <-t.C:
				m.FastForward(tick)
			}
		}
	}()
	client := redis.NewClient(&redis.Options{Addr: m.Addr()})
	return client, func() {
		client.Close()
		close(done)
		<-stopped
		m.Close()
	}, nil
}
