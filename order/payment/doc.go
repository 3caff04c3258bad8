// Package payment pays orders at gateways, the bank's own and others, and gives
// money back. docs/payments.md is its page.
//
// A payment or refund is a row before the gateway hears of it, and its id is
// the number that the gateway knows it by; so asking again is always safe, and
// an answer that never came is asked for (payment.query, refund.send).
//
// A payment goes through one channel, and so do its refunds, its notices and its
// account of the ledger; who signs for one channel has no say over another's.
//
// States: payment created → pending → succeeded | failed; a success is believed
// even after a failure, never the other way round. Refund pending → succeeded |
// failed.
//
// Invariants (RULES §7): however a success is learned (answer, callback, query),
// and however often, it counts once: one conditional transition, and with it in
// one transaction the order's move, the ledger's entry and what follows. The
// amount must be ours; another one is an exception and changes nothing; so are the
// numbers of two payments mixed up, and a refund that fails. Money
// that comes for an order that is cancelled takes the stock again or is given
// back in full; money that comes for a paid order, or for an amount or by a card
// that the order's discounts do not allow (any more), is given back. Refunds of
// an order, pending ones included, never exceed what was paid.
//
// Lock order: the order first, then payments and refunds.
//
// Unknown is never no: a charge, a payment or a refund without an answer is asked
// about until its gateway says.
//
// It imports internal packages, order and order/ledger.
package payment
