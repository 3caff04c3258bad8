// Command live measures rooms: it starts private servers, runs ours and a plain
// gorilla hub (bench/live/plain) in turn in one run, and prints what each did and
// the ratios.
//
//	go run ./bench/live                 all of it (make bench-live)
//	go run ./bench/live -only crowd     a part of it, or several by comma
//	go run ./bench/live -apart          without the audience's half of TCP; root only
//
// Ours is `yinbo all` on MariaDB and Redis with demo data. Events are made by a
// second node, which is this process: live.Rooms on the same database and Redis,
// so that a fact is a transaction, a line in the room's log and a message on the
// bus like any other. The audience is internal/stampede's, in this process as
// well. CPU and memory are the server process's own, from /proc.
package main
