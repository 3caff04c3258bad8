package flash

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"
)

var (
	//go:embed lua/hold.lua
	holdSource string
	//go:embed lua/release.lua
	releaseSource string
	//go:embed lua/set.lua
	setSource string
)

// Redis is admission for any number of nodes. Calls that come at the same time
// travel in one pipeline.
type Redis struct {
	client             redis.UniversalClient
	hold, release, set *redis.Script
}

var _ Admission = (*Redis)(nil)

// NewRedis makes an admission on a server or cluster.
func NewRedis(c redis.UniversalClient) (*Redis, error) {
	pipelined, err := c.AutoPipeline()
	if err != nil {
		return nil, fmt.Errorf("flash: admission: %w", err)
	}
	return &Redis{pipelined, redis.NewScript(holdSource), redis.NewScript(releaseSource), redis.NewScript(setSource)}, nil
}

func (r *Redis) run(ctx context.Context, s *redis.Script, sale string, args ...any) (int, error) {
	n, err := s.Run(ctx, r.client, []string{stateKey(sale), claimsKey(sale)}, args...).Int()
	if err != nil {
		return 0, fmt.Errorf("flash: admission: %w", err)
	}
	return n, nil
}

// Hold takes n units for a viewer.
func (r *Redis) Hold(ctx context.Context, s Ref, viewer string, n, limit int64) (Verdict, error) {
	code, err := r.run(ctx, r.hold, s.Sale, s.Epoch, viewer, n, limit)
	if err != nil {
		return Unknown, err
	}
	return [...]Verdict{Unknown, Held, TooFew, OverLimit}[code], nil
}

// Release gives n units back.
func (r *Redis) Release(ctx context.Context, s Ref, viewer string, n int64) error {
	_, err := r.run(ctx, r.release, s.Sale, s.Epoch, viewer, n)
	return err
}

// Look tells what is left.
func (r *Redis) Look(ctx context.Context, sale string) (l Level, known bool, err error) {
	v, err := r.client.HMGet(ctx, stateKey(sale), "left", "epoch", "changes").Result()
	if err != nil {
		return l, false, fmt.Errorf("flash: admission: %w", err)
	}
	left, isSet := v[0].(string)
	if !isSet {
		return l, false, nil
	}
	if l.Left, err = strconv.ParseInt(left, 10, 64); err != nil {
		return l, false, fmt.Errorf("flash: admission: %w", err)
	}
	l.Epoch, _ = v[1].(string)
	changes, _ := v[2].(string)
	l.Changes, err = strconv.ParseInt(changes, 10, 64)
	return l, err == nil, err
}

// Set replaces the picture of a sale.
func (r *Redis) Set(ctx context.Context, s Ref, p Picture) error {
	args := []any{s.Epoch, p.Left, keyTTL.Milliseconds()}
	for viewer, n := range p.Claims {
		if n > 0 {
			args = append(args, viewer, n)
		}
	}
	_, err := r.run(ctx, r.set, s.Sale, args...)
	return err
}

// Forget drops a sale that is over.
func (r *Redis) Forget(ctx context.Context, sale string) error {
	if err := r.client.Del(ctx, stateKey(sale), claimsKey(sale)).Err(); err != nil {
		return fmt.Errorf("flash: admission: %w", err)
	}
	return nil
}
