package flash

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/fault"
	"yinbo/order/catalog"
)

// Sales schedules flash sales and sells.
type Sales struct {
	Deps

	mu     sync.RWMutex
	sales  map[string]*sale // what this node knows, by id
	closed bool
	busy   sync.WaitGroup // committers

	admissionDown atomic.Int64 // unix nanoseconds until which it is not asked
	rooms         sync.Map     // bank/room → struct{}: rooms known to be the bank's
}

// New makes the service.
func New(d Deps) *Sales {
	if d.Batch == 0 {
		d.Batch = DefaultBatch
	}
	return &Sales{Deps: d, sales: map[string]*sale{}}
}

// Close refuses further buyers and waits until those in the queues have their
// answers, or ctx ends.
func (s *Sales) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.busy.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Waiting is how many buyers stand in the queues of this node.
func (s *Sales) Waiting() (n int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, sl := range s.sales {
		sl.mu.Lock()
		n += len(sl.queue.tickets)
		sl.mu.Unlock()
	}
	return n
}

// sale is what this node knows of one sale. The row is a copy, at most a round
// of Run old; the decision is the database's.
type sale struct {
	good catalog.Good

	mu       sync.Mutex
	row      row
	buyers   buyers
	queue    queue
	running  int   // committers
	seen     Level // admission's, by the last round of Run, and what the row had then
	seenLeft int64

	lookout    lookout
	rebuilding sync.Mutex // one at a time on this node
}

// sale gives what the node knows, from the database the first time; another
// bank's is 404 not_found.
func (s *Sales) sale(ctx context.Context, bank, flashID string) (*sale, error) {
	sl, ok := s.known(flashID)
	if !ok {
		r, err := readSale(ctx, s.DB, bank, flashID)
		if err != nil {
			return nil, err
		}
		if sl, err = s.remember(ctx, r); err != nil {
			return nil, err
		}
	}
	if sl.current().Bank != bank {
		return nil, fault.New(fault.NotFound, "not_found")
	}
	return sl, nil
}

func (s *Sales) known(flashID string) (*sale, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	sl, ok := s.sales[flashID]
	return sl, ok
}

func (s *Sales) remember(ctx context.Context, r row) (*sale, error) {
	if sl, ok := s.known(r.ID); ok {
		return sl, nil
	}
	goods, err := catalog.Goods(ctx, s.DB, s.DB.Clock().Now(), r.Bank, []string{r.SKU})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if sl, ok := s.sales[r.ID]; ok {
		return sl, nil
	}
	sl := &sale{good: goods[r.SKU], row: r, buyers: newBuyers(), queue: newQueue(s.Batch)}
	s.sales[r.ID] = sl
	return sl, nil
}

func (sl *sale) current() row {
	sl.mu.Lock()
	defer sl.mu.Unlock()
	return sl.row
}

// learn takes in a row that was just committed or read.
func (s *Sales) learn(r row) {
	if sl, ok := s.known(r.ID); ok {
		sl.learn(r)
	}
}

func (sl *sale) learn(r row) {
	sl.mu.Lock()
	defer sl.mu.Unlock()
	if r.moves() >= sl.row.moves() { // else it was read before what is known already
		sl.row = r
	}
}

// refresh reads a sale anew; what fails here is made good by Run.
func (s *Sales) refresh(ctx context.Context, bank, flashID string) {
	if r, err := readSale(ctx, s.DB, bank, flashID); err == nil {
		if _, err := s.remember(ctx, r); err == nil {
			s.learn(r)
		}
	}
}

// admissionWait bounds a call to admission; a buyer waits for it.
const admissionWait = 300 * time.Millisecond

// admit calls admission, unless it failed within the last second: then the
// database decides alone. It tells whether admission answered.
func (s *Sales) admit(call func() error) bool {
	now := clock.System{}.Now().UnixNano()
	if now < s.admissionDown.Load() {
		return false
	}
	if err := call(); err != nil {
		s.admissionDown.Store(now + int64(time.Second))
		return false
	}
	return true
}
