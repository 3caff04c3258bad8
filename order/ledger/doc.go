// Package ledger keeps the bank's book: double entry, append-only (RULES §7).
//
// Invariants: an entry's debits equal its credits, so they are equal per day
// and overall; a business event (bank, event, ref) posts exactly once; nothing
// is changed or deleted, a correction is a new entry, and a reversal is one that
// an entry has at most once; a business date that is closed takes no more
// entries: what comes later goes to the next open date. Posting holds the book's
// row shared and closing holds it alone, so that the two cannot cross.
//
// Accounts are names of the chart in account.go; the first entry that uses one
// writes what it is (asset, liability, income, expense; whose) to
// ledger_account.
//
// Roll-ups (ledger_day) are what each account moved on a date that is closed.
// They are derived and can be made anew; nothing is posted to them, so that
// posting costs what it did. Up to book.rolled_through a trial balance reads
// them, after it the postings.
//
// An entry by hand is proposed by one person and posted when another approves.
//
// It imports internal/* only.
package ledger
