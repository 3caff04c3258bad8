// Package funnel counts what becomes of people whom a card product was shown to:
// shown, clicked, started, submitted, approved, issued, activated, bound, first
// spend; by room, host and the other dimensions, and what that cost.
//
// A line of the funnel is a cohort: the people who clicked, started or submitted
// within the period under one value of the dimension, and how far each of them
// ever came. Who came to a step has been at those before it, whether or not a
// beacon told so: no step is larger than the one before. docs/funnel.md says what
// each counts.
//
// Invariants: a viewer's touch stands once for a kind, product, room and day, by
// a unique key; a guest leaves a number and nothing else. Costs are whole fen; a
// cost that is withdrawn stays, and counts no more. Who enters, changes, withdraws
// and exports is in the audit chain.
//
// Lifecycle: touches wait in memory for a second and are written together by Run,
// the last ones when it ends. A node that is killed loses them: they are figures,
// nothing hangs on them.
//
// It imports internal packages and card.
package funnel
