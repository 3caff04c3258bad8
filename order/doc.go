// Package order keeps orders and their states. Its subpackages are catalog
// (what is sold), flash (flash sales), payment (paying and refunding), ledger
// and settle.
//
// States: pending_payment → paid | cancelled; cancelled → paid when a payment
// came late and the stock could be had again; paid → refunding → paid |
// refunded. The table in moves.go is the whole of it; every move is a
// conditional UPDATE within a transaction that holds the order's row.
//
// Invariants: an order holds its units from the moment it is placed until it is
// cancelled, by whom or whatever: the units go back in the transaction that
// cancels, once. An order that is placed has an order.expire task. The address
// is sealed. A person's answer never says more than what is committed.
//
// Limited goods are counted to the viewer in the transaction that places the
// order, given back in the one that cancels it, and counted again when a late
// payment takes the units again; a refund gives no claim back (see catalog).
// Goods of a branch are sold to its viewers and in its rooms.
//
// Lock order, for all who touch orders: the order, the flash sale, its claims,
// claims of SKUs by SKU id, SKUs by id, the room, the bank's book and audit chain.
//
// It imports internal packages and order/catalog; flash and payment import it,
// and are known to it by the interfaces in edges.go.
package order
