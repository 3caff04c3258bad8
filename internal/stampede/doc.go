// Package stampede is a crowd for load tests, over real HTTP and sockets.
//
// Buyers press, think, and press again; a look into the database tells whether
// they were told the truth. Every buyer has a session of its own, signed in by the
// bank's hand-off token. A press has an Idempotency-Key; whoever gets no answer,
// or is told to come back, tries again with the same key, as the apps do.
//
// An audience watches a room: ten thousand sockets on one goroutine, by epoll
// (Linux). Frames that all get are decoded once, so that the audience leaves the
// machine to the server; every viewer's facts are checked by their numbers, over
// all of their connections.
//
// It imports internal/db and internal/id. cmd/stampede and bench use it.
package stampede
