package flash

import (
	"context"
	"errors"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/idem"
	"yinbo/internal/money"
	"yinbo/order"
)

// ticket is a buyer who waits for a verdict.
type ticket struct {
	req    idem.Request
	leave  func() // the key is no longer under way
	viewer string
	n      int64
	held   bool // admission holds n units for it, in the picture of epoch
	epoch  string
	order  order.Order
	at     time.Time     // when it was queued
	answer func(Outcome) // called once, returns at once
}

// verdict is what a buyer is told.
type verdict struct {
	view     order.View
	replayed bool
	bought   bool // the order of this very ticket is committed
	err      error
}

func (v verdict) outcome() Outcome { return Outcome{v.view, v.replayed, v.err} }

const (
	commitWait  = 15 * time.Second
	commitTries = 4
)

// committers is how many work at one sale of a node: while one waits for the
// database the other gets its batch ready. SQLite has one writer: there a second
// would only make the batches smaller. Where each order has a transaction of its
// own there are as many as serve best. Sales commit side by side.
func (s *Sales) committers() int {
	switch {
	case s.Batch == 1:
		return 4
	case s.DB.Dialect() == db.SQLite:
		return 1
	}
	return 2
}

// submit puts a ticket into its sale's queue and sees to it that a committer
// runs.
func (s *Sales) submit(sl *sale, t *ticket) error {
	s.mu.RLock()
	defer s.mu.RUnlock() // Close waits until no submit is half done
	sl.mu.Lock()
	defer sl.mu.Unlock()
	if s.closed {
		return fault.New(fault.Unavailable, "unavailable").After(time.Second)
	}
	if err := sl.queue.push(t, time.Now()); err != nil {
		return err
	}
	if sl.running < s.committers() {
		sl.running++
		s.busy.Add(1)
		go s.commitAll(sl)
	}
	return nil
}

// commitAll decides what is queued, batch by batch, until nothing is.
func (s *Sales) commitAll(sl *sale) {
	defer s.busy.Done()
	for {
		sl.mu.Lock()
		batch := sl.queue.pop()
		if len(batch) == 0 {
			sl.running--
			sl.mu.Unlock()
			return
		}
		sl.mu.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), 2*commitWait)
		start := time.Now()
		s.commit(ctx, sl, batch)
		cancel()
		sl.mu.Lock()
		sl.queue.took(len(batch), time.Since(start), sl.running)
		sl.mu.Unlock()
	}
}

// commit decides a batch and tells each of its buyers. A batch that the
// database refuses as a whole is decided one by one, so that one bad request
// cannot fail the others.
func (s *Sales) commit(ctx context.Context, sl *sale, batch []*ticket) {
	out, err := s.try(ctx, sl, batch)
	switch {
	case err == nil:
		s.tell(sl, batch, out)
	case len(batch) > 1 && s.DB.Ping(ctx) == nil:
		for i := range batch {
			s.commit(ctx, sl, batch[i:i+1])
		}
	default:
		s.fail(batch, err)
	}
}

// try runs the batch's transaction, as a plain batch first. Whatever went wrong,
// also a commit whose outcome is unknown, it is safe to run it again: tickets
// that were committed are found by their keys.
func (s *Sales) try(ctx context.Context, sl *sale, batch []*ticket) (out outcome, err error) {
	ctx, cancel := context.WithTimeout(ctx, commitWait)
	defer cancel()
	r := sl.current()
	run := func(decide func(context.Context, *db.Tx, row, []*ticket) (outcome, error)) error {
		return s.DB.InTx(ctx, func(tx *db.Tx) error {
			out, err = decide(ctx, tx, r, batch)
			return err
		})
	}
	err = run(s.sellAll)
	for n := 1; err != nil && n <= commitTries; n++ {
		if !errors.Is(err, errNotPlain) {
			select {
			case <-ctx.Done():
				return out, errors.Join(err, ctx.Err())
			case <-time.After(time.Duration(n*n) * 20 * time.Millisecond):
			}
		}
		if err = run(s.decide); db.IsDuplicate(err) || db.IsCheck(err) {
			break
		}
	}
	return out, err
}

// tell learns what was committed and gives every buyer the verdict.
func (s *Sales) tell(sl *sale, batch []*ticket, out outcome) {
	sl.learn(out.row)
	sl.mu.Lock()
	sl.buyers.add(batch, out.verdicts, out.row)
	sl.mu.Unlock()
	for i, t := range batch {
		if !out.verdicts[i].bought {
			s.release(t)
		}
		t.leave()
		t.answer(out.verdicts[i].outcome())
	}
	s.tellStock(out.row)
}

// fail tells buyers that nobody knows. Their holds stay: they may have been
// sold. The repair of admission asks the database.
func (s *Sales) fail(batch []*ticket, cause error) {
	for _, t := range batch {
		t.leave()
		err := fault.New(fault.Unavailable, "unavailable").After(time.Second).Because(cause)
		if db.IsDuplicate(cause) || db.IsCheck(cause) { // rolled back for sure
			s.release(t)
			err = fault.New(fault.Internal, "internal").Because(cause)
		}
		t.answer(Outcome{Err: err})
	}
}

// price is what a piece cost when it was pressed for.
func (t *ticket) price() money.Fen { return t.order.Lines[0].Price }
