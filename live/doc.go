// Package live is the life of rooms: scheduled, live, ended; their shelf, pin and
// notices; chat rules, mutes and words; the log of facts; the board.
//
// Invariants: a fact is numbered and written in the transaction that makes it
// true, and published after the commit; numbers of a room are 1, 2, 3 …; a host
// runs rooms that are theirs or shared with them, an operator all of the bank;
// another bank's room is not_found.
//
// live/hub holds the sockets, live/bus carries messages between nodes,
// live/video takes and plays the picture. It imports internal only; goods and
// figures come through the interfaces of edges.go.
package live
