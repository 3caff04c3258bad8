package server

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"yinbo/internal/fault"
)

// limiter counts per address on this node; what must hold over all nodes is
// counted in the database.
type limiter struct {
	every rate.Limit
	burst int

	mu   sync.Mutex
	seen map[string]*rate.Limiter
}

func newLimiter(n int, per time.Duration) *limiter {
	return &limiter{every: rate.Limit(float64(n) / per.Seconds()), burst: n, seen: map[string]*rate.Limiter{}}
}

// maxSeen bounds the memory that strangers can take.
const maxSeen = 100_000

// allow is 429 rate_limited when the address was here too often.
func (l *limiter) allow(address string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	one, ok := l.seen[address]
	if !ok {
		if len(l.seen) >= maxSeen {
			clear(l.seen)
		}
		one = rate.NewLimiter(l.every, l.burst)
		l.seen[address] = one
	}
	r := one.Reserve()
	if wait := r.Delay(); wait > 0 {
		r.Cancel()
		return fault.New(fault.RateLimited, "rate_limited").After(wait)
	}
	return nil
}
