// Package stampede is a crowd for load tests: buyers who press, think, and press
// again over real HTTP, and a look into the database at whether they were told
// the truth.
//
// Every buyer has a session of its own, signed in by the bank's hand-off token.
// A press has an Idempotency-Key; whoever gets no answer, or is told to come
// back, tries again with the same key, as the apps do.
//
// It imports internal/db and internal/id. cmd/stampede and bench use it.
package stampede
