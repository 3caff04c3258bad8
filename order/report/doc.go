// Package report is what finance sees over the book: whether a day closes and
// what is missing, sums by room, merchant, funder and channel, what funders owe,
// what is promised and not used up, and what stands behind an entry.
//
// Invariants: it only reads, but for the audit entry of an export; every sum is
// of postings, statements or the rows that they came from, none is kept here.
// No person's data is in any of it.
//
// It imports order/ledger and internal/*.
package report
