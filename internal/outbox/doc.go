// Package outbox keeps what must happen: a row written in the transaction that
// caused it, with the time from which it is due.
//
// The row is the truth. A queue (jobs, on Asynq) wakes a worker for it; the
// worker takes the row by a lease, has its effect, and ends the row. A wake-up
// that is lost is repeated, one that comes twice finds the row leased or ended,
// and a worker that dies leaves a lease that runs out. Effects outside must be
// idempotent by the task's id.
//
// States: pending → done | cancelled | dead. A dead task waits for a person.
//
// It imports internal/db and internal/id.
package outbox
