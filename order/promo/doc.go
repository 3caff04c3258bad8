// Package promo grants coupons out of funded batches and takes them off orders.
// An instant discount (立减金) is a coupon for payments by bound cards with given
// BINs only.
//
// States of a batch: draft → open ⇄ paused; all → closed. Pausing and closing
// stop grants; what a viewer holds stays usable. A batch's terms never change.
//
// States of a coupon: granted → reserved (by an order) → used; reserved and used
// → granted when the order is cancelled or refunded in full, or expired when the
// coupon's time is over by then; granted → expired. Its own time decides at use,
// coupon.expire ends it some time later. What is reserved in time may be paid
// after it.
//
// Invariants: a batch's committed face value (granted, reserved, used) is moved
// by one conditional UPDATE and never above its budget; the end of an unused
// coupon gives it back. A coupon is in one order at a time, by a conditional
// UPDATE. A viewer's coupons of a batch are numbered, up to its cap; what is
// granted for an event (a drop, a rule) is granted once, by unique keys. At most
// one instant discount an order, and beside it one exclusive coupon or several
// stackable ones. Instant discounts come off first, then coupons, as named; each
// off the goods that its batch is for. At least 1 fen is left to pay, so that an
// order is always paid by a real payment. A partial refund gives back to the
// funders in proportion, and the coupon stays used; a grant for spending is not
// taken back when that is refunded.
//
// A red packet is money of a batch that is committed when it opens, split into
// shares beforehand: the sum of the shares is the packet, and each is a coupon
// of its own amount, up to the batch's. What nobody took is released at its end.
//
// Lock order: as package order says; coupons by id, drops and red packets,
// batches by id.
//
// It imports internal packages, order and order/catalog; order and payment know
// it by their interfaces Coupons and Discounts. What happens to cards it learns
// from tasks, which cmd/yinbo wires.
package promo
