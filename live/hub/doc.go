// Package hub holds the sockets of rooms (CONTRACT §7) on gorilla/websocket, which
// no other package imports.
//
// A room that has sockets here has one goroutine: it gathers what the bus brings
// and writes one frame a tick, encoded once and shared by all who get the same.
// Facts do not wait for the tick, go out in the order of their numbers, and are
// kept in a ring from which those who come back are served; a number that is
// missing is read from the room's log. State is conflated by key, talk is sampled
// when a tick has too much of it, private events go to their viewer's sockets.
//
// Every connection has a queue bounded in bytes, a write deadline, and a named
// reason for its end: who cannot keep up loses talk and state first, then is cut
// with a "bye" and comes back by recovery.
//
// Lifecycle: New, Start, then ServeHTTP per socket; Drain says good-bye; Close
// waits for every goroutine. It imports live, live/bus and internal.
package hub
