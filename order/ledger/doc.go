// Package ledger keeps the bank's book: double entry, append-only (RULES §7).
//
// Invariants: an entry's debits equal its credits, so they are equal per day
// and overall; a business event (bank, event, ref) posts exactly once; nothing
// is changed or deleted, a correction is a new entry; a business date that is
// closed takes no more entries: what comes later goes to the next open date.
// Posting holds the book's row shared and closing holds it alone, so that the
// two cannot cross.
//
// Accounts are names; their kinds follow from the constants in account.go.
//
// It imports internal/* only.
package ledger
