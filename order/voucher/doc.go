// Package voucher keeps the codes of voucher goods: one for each unit that was
// paid, used up once at a merchant's terminal.
//
// States: issued → redeemed | void; void → issued when the refund that took the
// code back fails. Expired is an issued code past valid_until. Redeeming is one
// conditional UPDATE: of many terminals at once, one has the effect.
//
// Invariants: a unit has one code, issued in the transaction that makes the
// order paid. A code's value is its unit's part of what was paid; the codes that
// are redeemed or can be are never worth more than what refunds leave. Codes are
// stored sealed and found by keyed hash; only their owner sees them, and no log,
// audit entry or kept answer holds one.
//
// Lock order: the order first; whoever holds its row may change its codes.
//
// It imports internal packages, order and order/catalog.
package voucher
