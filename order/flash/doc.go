// Package flash sells a quantity of one SKU at one price in one window, and
// never more than that quantity.
//
// The row of the sale decides: sold = sold + n where sold + n <= total, in one
// transaction with claims, orders, lines, tasks and kept answers. Before it
// stands admission (Redis, or memory on a single embedded node), which turns
// away most of those who would be refused; behind the queue of each sale stand
// committers, which decide all that wait in few transactions (group commit).
//
// A press goes: buy.go (what the node knows, a hold) → queue.go (back-pressure,
// batches by load) → commit.go (who commits, who is told what) → batch.go (the
// transaction). What would be refused goes by look.go, one read of the row that
// many share, and buyers.go, so that a refusal is true when it is told. rebuild.go
// makes admission's picture anew when it is lost, old or wrong; run.go looks for
// that once a second.
//
// Until its start a sale may be changed (change.go): the units that makes go
// from or to the SKU's stock with it, and a press that a node took at another
// price than the row's is refused when it is committed.
//
// Invariants: sold counts units in orders that are not cancelled; a viewer's
// claim is the units in their orders of this sale and never above the limit;
// while a sale is open, SKU stock + total is constant, afterwards SKU stock +
// sold is. A person is told 201 only after the commit, and a refusal only when
// no order exists under that key. What admission says is never trusted: losing
// or falsifying it costs speed, not units.
//
// States of a row: open → ended | cancelled. What viewers see (scheduled,
// on_sale, sold_out, ended, cancelled) follows from the state, the time and what
// is left.
//
// Lifecycle: Run keeps this node's picture of the open sales fresh, lifts
// sold-out flags and repairs admission once a second; a committer runs while its
// queue holds something. Close waits for the committers.
//
// It imports internal packages, order and order/catalog. Only admission_redis.go
// touches Redis.
package flash
