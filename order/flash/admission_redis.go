package flash

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"

	"yinbo/internal/id"
)

var (
	//go:embed lua/hold.lua
	holdSource string
	//go:embed lua/release.lua
	releaseSource string
	//go:embed lua/set.lua
	setSource string
)

// Redis is admission for any number of nodes.
type Redis struct {
	client             redis.UniversalClient
	hold, release, set *redis.Script
}

var _ Admission = (*Redis)(nil)

// NewRedis makes an admission on a server or cluster.
func NewRedis(c redis.UniversalClient) *Redis {
	return &Redis{c, redis.NewScript(holdSource), redis.NewScript(releaseSource), redis.NewScript(setSource)}
}

func (r *Redis) run(ctx context.Context, s *redis.Script, sale string, args ...any) (int, error) {
	n, err := s.Run(ctx, r.client, []string{stateKey(sale), claimsKey(sale)}, args...).Int()
	if err != nil {
		return 0, fmt.Errorf("flash: admission: %w", err)
	}
	return n, nil
}

// Hold takes n units for a viewer.
func (r *Redis) Hold(ctx context.Context, sale, viewer string, n, limit int64) (Verdict, error) {
	code, err := r.run(ctx, r.hold, sale, viewer, n, limit)
	if err != nil {
		return Unknown, err
	}
	return [...]Verdict{Unknown, Held, TooFew, OverLimit}[code], nil
}

// Release gives n units of a viewer back.
func (r *Redis) Release(ctx context.Context, sale, viewer string, n int64) error {
	_, err := r.run(ctx, r.release, sale, viewer, n)
	return err
}

// Look tells what is left.
func (r *Redis) Look(ctx context.Context, sale string) (Level, bool, error) {
	v, err := r.client.HMGet(ctx, stateKey(sale), "left", "epoch", "changes").Result()
	if err != nil {
		return Level{}, false, fmt.Errorf("flash: admission: %w", err)
	}
	if v[0] == nil {
		return Level{}, false, nil
	}
	left, err := strconv.ParseInt(fmt.Sprint(v[0]), 10, 64)
	if err != nil {
		return Level{}, false, fmt.Errorf("flash: admission: %w", err)
	}
	return Level{left, text(v[1]) + ":" + text(v[2])}, true, nil
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// Set replaces what is known of a sale.
func (r *Redis) Set(ctx context.Context, sale, version string, p Picture) (bool, error) {
	// The epoch keeps versions of a sale that was forgotten and set again apart.
	args := []any{version, p.Left, id.New(id.Event), keyTTL.Milliseconds()}
	for viewer, n := range p.Claims {
		if n > 0 {
			args = append(args, viewer, n)
		}
	}
	n, err := r.run(ctx, r.set, sale, args...)
	return n == 1, err
}

// Forget drops a sale that is over.
func (r *Redis) Forget(ctx context.Context, sale string) error {
	if err := r.client.Del(ctx, stateKey(sale), claimsKey(sale)).Err(); err != nil {
		return fmt.Errorf("flash: admission: %w", err)
	}
	return nil
}
