// Package terms keeps what a bank agreed on with its merchants: commission by
// category, when they are paid and what is kept back meanwhile, and the account
// that they are paid to.
//
// Invariants: a merchant's terms, its account and its opening are proposed by one
// person and decided on by another (a check on the row), and a proposal is applied
// once; one that was made on terms or an account that were changed since is
// refused. Terms are added and never changed: those of a date are the ones with
// the highest version among all valid from that date or before, and none is valid
// from a date before it was agreed on. So dates that have passed keep their terms.
// An order's lines keep the commission that they were sold under. An account's
// number is sealed, shown by its last four digits, and opened only with a reason
// in the audit log; that of a proposal that was refused is wiped.
//
// A merchant without terms sells under merchant.commission_bps, is paid as soon as
// its statement is approved, and nothing is kept back.
//
// docs/merchants.md is the page. It imports internal/* only.
package terms
