package flash

import (
	"context"
	"sync"
)

// Memory is admission within one process.
type Memory struct {
	mu    sync.Mutex
	sales map[string]*memorySale
}

type memorySale struct {
	Level
	claims map[string]int64
}

var _ Admission = (*Memory)(nil)

// NewMemory makes an admission that knows no sale.
func NewMemory() *Memory { return &Memory{sales: map[string]*memorySale{}} }

// Hold takes n units for a viewer.
func (m *Memory) Hold(_ context.Context, ref Ref, viewer string, n, limit int64) (Verdict, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.sales[ref.Sale]
	switch {
	case !ok || s.Epoch != ref.Epoch:
		return Unknown, nil
	case s.claims[viewer]+n > limit:
		return OverLimit, nil
	case s.Left < n:
		return TooFew, nil
	}
	s.Left -= n
	s.claims[viewer] += n
	s.Changes++
	return Held, nil
}

// Release gives n units back.
func (m *Memory) Release(_ context.Context, ref Ref, viewer string, n int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.sales[ref.Sale]
	if !ok || s.Epoch != ref.Epoch {
		return nil
	}
	s.Left += n
	s.Changes++
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
	return s.Level, true, nil
}

// Set replaces the picture of a sale.
func (m *Memory) Set(_ context.Context, ref Ref, p Picture) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, ok := m.sales[ref.Sale]; ok && s.Epoch > ref.Epoch {
		return nil
	}
	s := &memorySale{Level: Level{Left: p.Left, Epoch: ref.Epoch}, claims: make(map[string]int64, len(p.Claims))}
	for viewer, n := range p.Claims {
		if n > 0 {
			s.claims[viewer] = n
		}
	}
	m.sales[ref.Sale] = s
	return nil
}

// Forget drops a sale that is over.
func (m *Memory) Forget(_ context.Context, sale string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.sales, sale)
	return nil
}
