// Package review works applications as leads: the queue, claims by lease,
// decisions, looks at personal data, the hand-over to the card core and what the
// card core answers.
//
// Invariants: whoever decides holds the claim, by a conditional UPDATE that names
// them and the lease, so that of two decisions one wins and the other is told; a
// claim past its lease counts as none. A decision above the bank's limit, and
// every override, is only proposed: a second person, who had no part in the lead,
// confirms it or turns it down, and nobody may take the lead meanwhile. Queues
// give nobody more open leads than they have room for. A promise that was not
// kept is escalated once. An approval and the task that hands it to
// the card core are one transaction. Outcomes never move an application back:
// duplicates and late ones change nothing. Every act is in the bank's audit chain
// in the same transaction; lists and exports show masks only, and Reveal is the
// one way to see more.
//
// Lifecycle: no goroutines. Tasks: TaskHandoff (Handoff.Send), TaskPromise,
// TaskSpread (Leads), TaskCompare (Comparer).
//
// It imports yinbo/card and internal packages.
package review
