// Package bus carries committed facts, figures, talk and private messages between
// the nodes that serve a room's sockets.
//
// Delivery is at most once and may lose, double and reorder: a fact bears its
// number, and who misses one reads it from the room's log. A channel is a room
// or a bank. Three implementations pass one contract test: memory (one node), redis
// (Pub/Sub, one connection and one subscription per channel and node) and cluster
// (sharded Pub/Sub, one connection per channel and node).
//
// Lifecycle: a Bus is closed once; handlers run on the bus's goroutine and must
// not block. It imports go-redis and nothing of ours.
package bus
