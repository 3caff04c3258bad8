// Package bind ties bank cards to viewers: the four-factor check at the bank,
// its code by SMS, and a token in place of the card's number.
//
// Invariants: the PAN is passed on to the bank and forgotten; what stays is a
// keyed hash in the day's count of checks, the BIN and the last four digits. The
// count is taken by a conditional UPDATE before the bank is called, so that we
// stop before the bank locks the card (RULES §2: three failures in a row, ten
// calls a day), however many ask at once. A bank that does not answer is
// "unknown", never "no". Tokens are sealed. A credit card of the bank's own ends
// the viewer's application as bound, and what asks for the binding
// ends with it, in the transaction that binds. A viewer who has cards has one of them as the default
// (primary key of default_card; who binds, unbinds and chooses locks that row first).
//
// Lifecycle: no goroutines.
//
// It imports yinbo/card and internal packages.
package bind
