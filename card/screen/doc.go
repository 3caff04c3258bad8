// Package screen decides on card applications before a person looks (RULES §4):
// by rules that a bank's risk people write, on facts without personal data.
//
// A rule is an expression over Input that says refer or decline when it is true;
// the worst of all rules is the verdict. Rules stand in versions:
//
//	draft → submitted → active → retired → submitted …
//
// One person of role risk submits, another (risk or supervisor) approves, which
// makes the version the active one and retires the one it was submitted against.
// To go back, an older version is submitted again. A bank that has none gets the
// standard rules as its first version.
//
// Invariants:
//   - exactly one version of a bank is active, by a unique key, once the bank has
//     decided anything;
//   - nobody approves what they wrote or submitted; an approval names the revision
//     that was read and fails when another version became active meanwhile;
//   - rules change in drafts only, and a version that was ever active never
//     becomes a draft again: a decision can be replayed from its record, by
//     version and input, and says the same;
//   - expressions have no loops, calls, clocks or chance: evaluating one costs
//     what its length costs. One that fails refers: a person looks;
//   - list entries hold keyed hashes; a clear value is hashed before anything
//     else is done with it.
//
// Counts are exact and of committed rows: before anything is counted, the
// transaction writes one row each of screening_latch for the person's device,
// address and phones, in a fixed order, and so holds them until it ends. Whoever
// shares one of them waits and then sees this application. The counts themselves
// are ranges of an index, and stop at countLimit.
//
// Two facts of the form are left out on purpose: sex, by which nobody is to be
// refused a card, and whatever would name the person.
//
// Lifecycle: no goroutines; a dry run is a task of the outbox.
//
// It imports yinbo/card, internal packages and expr.
package screen
