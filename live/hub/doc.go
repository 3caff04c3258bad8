// Package hub holds the sockets of rooms (CONTRACT §7) on gorilla/websocket, which
// no other package imports.
//
// A room that has sockets here has two goroutines. One gathers what the bus brings
// and writes one frame a tick, encoded once and shared by all who get the same;
// the other asks the database: counts, mutes, words, facts that are missing.
// Facts do not wait for the tick, go out in the order of their numbers, and are
// kept in a ring from which those who come back are served; a number that is
// missing is read from the room's log. State is conflated by key, talk is sampled
// when a tick has too much of it, private events go to their viewer's sockets.
//
// Every connection has a queue bounded in bytes, a write deadline, and a named
// reason for its end: who cannot keep up loses talk and state first (the latest
// state is made good once they can), then is cut with a "bye" and comes back by
// recovery. A frame's seq is that of the last fact written, never of one that is
// still to be: who is cut off then asks for it.
//
// Locks: room.opening, room.painting and bank.opening are held while the database
// or the bus is asked; Hub.mu, room.mu and queue.mu never. Hub.mu and room.mu are
// not held together; queue.mu is the innermost.
//
// Lifecycle: New, then ServeHTTP per socket; Drain says good-bye; Close
// waits for every goroutine. It imports live, live/bus and internal.
package hub
