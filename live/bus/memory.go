package bus

import (
	"context"
	"sync"
)

// Memory is the bus of a single node.
type Memory struct {
	subscribers
}

var _ Bus = (*Memory)(nil)

// NewMemory makes a bus within the process.
func NewMemory() *Memory { return &Memory{newSubscribers()} }

// Publish calls the subscribers at once.
func (m *Memory) Publish(_ context.Context, channel string, msg Message) error {
	m.deliver(channel, msg)
	return nil
}

// Subscribe adds a handler.
func (m *Memory) Subscribe(channel string, handle func(Message)) (func(), error) {
	cancel, _ := m.add(channel, handle)
	return func() { cancel() }, nil
}

// Close does nothing: there is nothing to let go of.
func (m *Memory) Close() error { return nil }

// subscribers are the handlers of this node by channel.
type subscribers struct {
	mu   *sync.RWMutex
	by   map[string]map[int]func(Message)
	next *int
}

func newSubscribers() subscribers {
	return subscribers{mu: &sync.RWMutex{}, by: map[string]map[int]func(Message){}, next: new(int)}
}

// add gives a cancel that tells whether it was the channel's last handler, and
// whether this one is the first.
func (s subscribers) add(channel string, handle func(Message)) (cancel func() (last bool), first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*s.next++
	n := *s.next
	if s.by[channel] == nil {
		s.by[channel] = map[int]func(Message){}
		first = true
	}
	s.by[channel][n] = handle
	return func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, there := s.by[channel][n]; !there {
			return false
		}
		delete(s.by[channel], n)
		if len(s.by[channel]) > 0 {
			return false
		}
		delete(s.by, channel)
		return true
	}, first
}

func (s subscribers) deliver(channel string, m Message) {
	s.mu.RLock()
	handlers := make([]func(Message), 0, len(s.by[channel]))
	for _, h := range s.by[channel] {
		handlers = append(handlers, h)
	}
	s.mu.RUnlock()
	for _, h := range handlers {
		h(m)
	}
}
