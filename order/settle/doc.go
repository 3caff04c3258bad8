// Package settle pays merchants and proves it: it closes business dates, makes
// one statement a merchant and date, and reconciles our payments with the
// gateway's statement (RULES §7).
//
// Invariants: a statement's lines come from the ledger's entries of its date
// and add up to it (payable = sales − refunds − commission + discounts, and the
// sum of the lines' net), where sales and refunds are what viewers paid and got
// back, and discounts what the bank and the platform paid for them (a discount
// that the merchant gave up itself is in neither, and the commission is on the
// whole price all the same); a date has its statements all or none, once; whoever
// submits a statement does not decide on it; a difference is recorded once and
// what a person resolved stays resolved; every act is in the audit log by the
// transaction that does it.
//
// Lifecycle of a settlement: draft → submitted → approved | rejected, and
// rejected → submitted; then paid by a payout. Approval moves its amount from the
// merchant's account to what is due for payout, less the reserve of its terms. A payable below zero is carried: its approval
// posts the reverse, so that the merchant's payout due falls by it.
//
// Lifecycle of an exception: (waiting →) open → (proposed →) resolved. A shortage
// waits for the next day's file before it is open. One that a later run no longer
// finds is taken away unless a person resolved it. While it is open, suspense
// holds it. Above the bank's limit a second person confirms.
//
// Of a gateway's file all or nothing is used: one that is late, cut off, of a wrong
// total, day or encoding is said in the reconciliation and changes no figure.
//
// Lifecycle of a payout: paying → paid | failed, and paid → returned. It is a row,
// and its id the bank's number of it, before the bank hears of it; unknown is never
// no. docs/reconciliation.md is the page.
//
// It imports order/ledger and internal/*.
package settle
