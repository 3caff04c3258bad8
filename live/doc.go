// Package live is the life of rooms: scheduled, live, ended; their shelf, pin and
// notices; who runs them and who helps; what viewers may say in them; the log of
// facts, chat and acts; reservations, and who follows which host; the board.
//
// Invariants: a fact is numbered and written in the transaction that makes it
// true, and published after the commit; numbers of a room are 1, 2, 3 …; what
// staff do is written in its transaction too (room_act), and of the log nothing is
// ever changed or taken away. A host runs rooms that are theirs or shared with
// them, an operator all of the bank; an assistant has the shelf, notices and
// moderation, not the room's life, nor money; another bank's room is not_found. A
// held message is decided about once; a reservation is reminded of once, and a
// follower of the host once a room. What a follower cancels for one room stays so.
//
// A room's life has the contract's three statuses. A pause is a mark (paused_at)
// on a live room, so that viewers find it and buy on; a replay is one (replay_at)
// on an ended room; a stop by compliance is an end whose fact says so. A place on
// the shelf that is off keeps its place.
//
// The board counts in the database, anew each second while that is cheap and less
// often in large rooms (board_kept.go), and marks what nodes only report. What
// happens in a room within another's transaction goes by Hold and the …Within
// functions; who must hear of facts in the transaction follows them (Follow).
//
// live/play has lotteries and polls, live/rundown the cues a room is run by,
// live/hub holds the sockets, live/bus carries messages between nodes, live/words
// judges texts, live/video takes and plays the picture. It imports internal only;
// goods and figures come through the interfaces of edges.go.
package live
