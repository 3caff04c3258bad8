// Package order keeps orders and their states. Its subpackages are catalog
// (what is sold), flash (flash sales), promo (coupons), payment (paying and
// refunding), voucher (codes), desk (finding and showing orders), addressbook,
// bulk (imports), terms (merchants' contracts), ledger, settle and report (what
// finance reads of all of them).
//
// States: pending_payment → paid | cancelled; cancelled → paid when a payment
// came late and the stock and the coupons could be had again; paid → fulfilling
// when it was sent → completed when it was received, or when nobody said anything
// for the bank's CompleteAfterDays; an order of nothing but voucher codes goes
// from paid to completed when none can be used any more. Each of these three →
// refunding → refunded, or back to where the order stands: fulfilling_at and
// completed_at say that apart from refunds. The table in moves.go is the whole of
// it; every move is a
// conditional UPDATE within a transaction that holds the order's row.
//
// Invariants: an order holds its units and coupons from the moment it is placed
// until it is cancelled, by whom or whatever: they go back in the transaction
// that cancels, once. What is to be paid is the goods less the discounts, and at
// least 1 fen. An order that is not paid in time is cancelled: a sweep over
// expires_at, which no task of its own need precede (docs/adr/0015). The address
// is sealed. A person's answer never says more than what is committed.
//
// Limited goods are counted to the viewer in the transaction that places the
// order, given back in the one that cancels it, and counted again when a late
// payment takes the units again; a refund gives no claim back (see catalog).
// Goods of a branch are sold to its viewers and in its rooms.
//
// Lock order, for all who touch orders: the order, the flash sale, its claims,
// claims of SKUs by SKU id, SKUs by id, coupons by id, drops of coupons, their
// batches by id, payments, refunds and codes, the room, the bank's book, the
// audit chain. Several orders are locked by id.
//
// It imports internal packages and order/catalog; flash, promo, payment, voucher,
// desk and addressbook import it; flash, promo, payment and voucher are known to
// it by the interfaces in edges.go.
package order
