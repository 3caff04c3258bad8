// Package hub holds the sockets of rooms (CONTRACT §7) on gorilla/websocket, which
// no other package imports. Why it is built like this: docs/adr/0010.
//
// # A socket
//
// gorilla upgrades the request and makes frames of what is for one socket alone;
// what many get is encoded once, as the bytes of a frame (shared). The connection
// below it is ours (wire): a write gives the kernel what it takes now and never
// waits, the rest stays in the socket's backlog until the kernel takes more. So
// whoever has a frame for a socket writes it, under the socket's lock, and no
// goroutine is parked for it. The handler returns after the upgrade.
//
// What a client sends is waited for in one of two ways behind one small seam
// (link): polled, where a few goroutines wait by epoll for all plain TCP sockets on
// Linux, and parked, a goroutine for each, elsewhere and under TLS. Both feed the
// same parser (gobwas/ws reads the headers). Nothing that may wait for the database
// runs there: joins and new tokens are done by workers while the socket is not read
// on (aside), chats are kept in batches (keep). One wheel looks after pings, silent
// and stalled sockets, joins that do not come and tokens that expire.
//
// # A room
//
// A room that has sockets here has a shard for each core, which writes frames to
// its part of the sockets; a goroutine that gathers what the bus brings into one
// frame a tick, encoded once for all; and one that asks the database: counts,
// rules, facts that are missing. Facts do not wait for the tick, go out in the order
// of their numbers, and are kept in a ring from which those who come back are served
// without a look at the database; a number that is missing is read from the room's
// log, which is also how the ring survives a restart. State is conflated by key,
// talk is sampled with a share for those who run the room, private events go to
// their viewer's sockets through their shard. A shard does what it is asked in order:
// a frame's seq is that of the last fact that its socket was given.
//
// A tick widens when writing a frame takes a good part of it; while the shards still
// write one, what happens meanwhile shares the next.
//
// # One that is slow
//
// By the bytes in its backlog a socket loses talk, then state (which is made good
// once it has read), then facts pass it by until it has read everything and is let
// in anew, by what it missed or a whole picture; it is cut with a "bye" that tells
// when to come back if too much passes it by, or ends if it takes nothing for
// writeTime.
//
// # Locks
//
// room.opening, room.painting and bank.opening are held while the database or the
// bus is asked; all others are held for moments. In this order: room.mu, conn.mu,
// then shard.mu, wheel.mu or poller.mu. Hub.mu is held with none of them. What only
// a reader or only a shard uses has no lock; its fields say so.
//
// # Lifecycle
//
// New, then ServeHTTP per socket, of which the first starts what runs; Drain sends
// everyone away in batches; Close waits for every goroutine: first what asks the
// database, then the sockets, then the rooms, then the pollers and the wheel. A
// socket ends in one way: something shuts its connection, its reader notices and
// calls left, which alone frees it.
//
// It imports live, live/bus and internal.
package hub
