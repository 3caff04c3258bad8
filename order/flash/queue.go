package flash

import (
	"time"

	"yinbo/internal/fault"
)

// queue is who waits at one sale of one node, in the order of arrival. Batches
// take what is there, without waiting for more: they grow with the load, up to
// what the database commits quickly.
type queue struct {
	tickets []*ticket
	most    int           // tickets of a batch, at present
	limit   int           // never more than that
	turn    time.Duration // how long a batch takes until the next may begin, averaged over the last ones
}

// DefaultBatch is how many orders share a transaction at most.
const DefaultBatch = 512

const (
	// maxQueue bounds the memory that waiting buyers take.
	maxQueue = 20_000
	// maxWait is how long the last of a queue may be expected to wait, and the
	// first to have waited: who comes then is told to come back instead.
	maxWait = 2 * time.Second
	// maxBack bounds for how long they are sent away: a stall of the database makes
	// the expected wait long, and it is over in a moment.
	maxBack = 3 * time.Second
	// A batch that took longer than slow makes the next ones smaller, a full one
	// that took less than quick makes them larger.
	quick, slow = 25 * time.Millisecond, 100 * time.Millisecond
	firstBatch  = 64
)

func newQueue(limit int) queue { return queue{most: min(firstBatch, limit), limit: limit} }

// push adds a ticket, or refuses it with 503 unavailable and when to try again.
func (q *queue) push(t *ticket, now time.Time) error {
	wait := time.Duration(len(q.tickets)/q.most) * q.turn
	if len(q.tickets) > 0 {
		wait = max(wait, now.Sub(q.tickets[0].at))
	}
	if len(q.tickets) >= maxQueue || wait > maxWait {
		return fault.New(fault.Unavailable, "unavailable").After(min(max(wait, time.Second), maxBack))
	}
	t.at = now
	q.tickets = append(q.tickets, t)
	return nil
}

// pop takes the next batch; it is empty when nobody waits.
func (q *queue) pop() []*ticket {
	n := min(len(q.tickets), q.most)
	batch := q.tickets[:n:n]
	if q.tickets = q.tickets[n:]; len(q.tickets) == 0 {
		q.tickets = nil // the array that held them may go
	}
	return batch
}

// took learns from a batch of n tickets that took d, while so many committers
// were at work.
func (q *queue) took(n int, d time.Duration, atWork int) {
	q.turn += (d/time.Duration(atWork) - q.turn) / 4
	switch {
	case d > slow:
		q.most = max(q.most/2, min(firstBatch, q.limit))
	case n == q.most && d < quick:
		q.most = min(2*q.most, q.limit)
	}
}
