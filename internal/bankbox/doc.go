// Package bankbox is the bank on the other side: a payment gateway with a
// cashier page, card binding by OTP, payouts to merchants, an SMS box and a card
// core, spoken to over real HTTP and kept in its own SQLite file. The demo and the
// tests of yinbo run against it as they would against any bank; nothing here knows
// yinbo, and no package of yinbo is imported.
//
// Invariants:
//
//   - A payment leaves `pending` once, by one conditional UPDATE, and the
//     callback that tells of it is a row written in the same transaction: fifty
//     people at one cashier make one success and one callback.
//   - The sum of a payment's refunds never exceeds what was paid.
//   - A callback is sent until a 2xx answers it (at least once, back-off up to a
//     minute, for a day), over kills and restarts, each time signed anew.
//   - Creating calls are idempotent on the caller's own number; the same number
//     with another amount is a conflict, never a second payment.
//   - A PAN is never stored: only its keyed digest, BIN and last four digits.
//   - Money is int64 fen; statements show it in yuan by integer arithmetic.
//
// Faults (PUT /faults) live in memory and end with the process. The callback
// faults are decided when the event happens, not when it is sent, so what was
// dropped stays dropped and what was queued before stays whole.
//
// Names that the bank answers in a special way, so that tests and demos can walk
// every path: 测试不符 (factor mismatch), 测试锁定 (locked card), 测试超时 (no
// answer), 测试余额不足 (binds, but every charge fails), 测试拒绝 (the card core
// declines); of payees 测试付款失败 (refused) and 测试退汇 (paid, and comes back). A name that contains one of them counts.
//
// Lifecycle: Open listens, starts the courier of callbacks and the card core's
// clock; Close stops listening, lets what is under way finish, and closes the
// file. Both goroutines sleep until something is due.
//
// May import: the standard library, Gin, modernc.org/sqlite, golang.org/x/text.
package bankbox
