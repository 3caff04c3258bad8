package flash

import (
	"context"
	"strconv"
	"sync"
)

// Memory is admission within one process.
type Memory struct {
	mu    sync.Mutex
	sales map[string]*memorySale
	epoch int64
}

type memorySale struct {
	left, epoch, changes int64
	claims               map[string]int64
}

var _ Admission = (*Memory)(nil)

// NewMemory makes an admission that knows no sale.
func NewMemory() *Memory { return &Memory{sales: map[string]*memorySale{}} }

// Hold takes n units for a viewer.
func (m *Memory) Hold(_ context.Context, sale, viewer string, n, limit int64) (Verdict, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.sales[sale]
	switch {
	case !ok:
		return Unknown, nil
	case s.claims[viewer]+n > limit:
		return OverLimit, nil
	case s.left < n:
		return TooFew, nil
	}
	s.left -= n
	s.claims[viewer] += n
	s.changes++
	return Held, nil
}

// Release gives n units of a viewer back.
func (m *Memory) Release(_ context.Context, sale, viewer string, n int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.sales[sale]
	if !ok {
		return nil
	}
	s.left += n
	s.changes++
	if s.claims[viewer] -= n; s.claims[viewer] <= 0 {
		delete(s.claims, viewer)
	}
	return nil
}

// Look tells what is left.
func (m *Memory) Look(_ context.Context, sale string) (Level, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.sales[sale]
	if !ok {
		return Level{}, false, nil
	}
	return Level{s.left, s.version()}, true, nil
}

// Set replaces what is known of a sale.
func (m *Memory) Set(_ context.Context, sale, version string, p Picture) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := ""
	if s, ok := m.sales[sale]; ok {
		now = s.version()
	}
	if now != version {
		return false, nil
	}
	m.epoch++
	s := &memorySale{left: p.Left, epoch: m.epoch, claims: make(map[string]int64, len(p.Claims))}
	for viewer, n := range p.Claims {
		if n > 0 {
			s.claims[viewer] = n
		}
	}
	m.sales[sale] = s
	return true, nil
}

// Forget drops a sale that is over.
func (m *Memory) Forget(_ context.Context, sale string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.sales, sale)
	return nil
}

func (s *memorySale) version() string {
	return strconv.FormatInt(s.epoch, 36) + ":" + strconv.FormatInt(s.changes, 36)
}
