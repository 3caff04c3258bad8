// Package jobs runs what must happen: Asynq workers that are woken for rows of
// the outbox, take them by lease, and call the handler of their kind.
//
// The pattern (docs/adr/0002): the row says what is due and whether it is done;
// an Asynq task is only its wake-up, so a queue that loses, doubles or delays
// tasks costs time and never an effect. jobs/relay enqueues wake-ups and repeats
// those that nobody answered.
//
// Handlers are methods of the domains, with their task kinds; cmd/yinbo names
// them in one table. A handler answers nil (done), outbox.ErrEnded (done, and
// ended by itself), *outbox.Postponed (wait), *outbox.Dropped (never), or any error
// (again, with a growing pause).
//
// It imports internal/outbox and asynq, and no domain.
package jobs
