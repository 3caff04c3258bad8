// Package keeping says how long data stays, what may not go, and proves what
// went (RULES §5, PIPL 47): classes of data with a timer each, legal holds, the
// erasure of a person, and proofs.
//
// The rules of what to delete stand beside the tables that they are about: each
// domain declares its classes and its part of a person, this package keeps their
// time, holds and proofs.
//
// Invariants: nothing that a standing legal hold names is erased or deleted: to
// set a hold and to take a bite of a bank's data each lock the bank's row. What
// went and its proof are one transaction; the proof's digest stands in the audit
// chain. A person is erased once, all of it in one transaction. Proofs and lifted
// holds stay for ever, and hold no personal data.
//
// Lifecycle: no goroutines. Task: the recurring one of Work.
//
// It imports internal packages only.
package keeping
