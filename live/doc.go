// Package live is the life of rooms: scheduled, live, ended; their shelf, pin and
// notices; chat rules, mutes and words; the log of facts; the board.
//
// Invariants: a fact is numbered and written in the transaction that makes it
// true, and published after the commit; numbers of a room are 1, 2, 3 …; a host
// runs rooms that are theirs or shared with them, an operator all of the bank;
// another bank's room is not_found.
//
// A place on the shelf that is off keeps its place. The board counts in the
// database, anew each second while that is cheap and less often in large rooms
// (board_kept.go), and marks what nodes only report. What happens in a room
// within another's transaction goes by Hold and the …Within functions; who must
// hear of facts in the transaction follows them (Follow).
//
// live/play has lotteries and polls, live/rundown the cues a room is run by,
// live/hub holds the sockets, live/bus carries messages between nodes,
// live/video takes and plays the picture. It imports internal only; goods and
// figures come through the interfaces of edges.go.
package live
