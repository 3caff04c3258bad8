// Package card takes applications for credit cards and holds what the card
// department's packages share: screen (rules), review (leads), bind (cards of
// viewers), follow (what happens after a card is issued) and funnel (how far
// people come, and at what cost). Beside applications it has what leads to one:
// the bank's form in versions, drafts and share codes.
//
// Invariants: a status moves only along the table in status.go, by a conditional
// UPDATE, and each move leaves a line on the timeline, a push to the applicant
// and, where the applicant should know, a text message, all of one transaction
// (Book.Move). One application per person and card product is open at a time,
// held by a unique key. Personal data is sealed per field before the transaction
// begins; rows, tasks and details hold masks and keyed hashes only. Every
// application is screened before it is written (card/screen, behind Screener).
//
// Lifecycle: no goroutines; an Applications is ready when it is made and needs
// no closing.
//
// It may import internal packages only; its own subpackages import it.
package card
