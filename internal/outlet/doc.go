// Package outlet knows the branches at which people collect their cards: the
// bank's own number of each, where it is, and whether it hands cards out now.
//
// Invariants: an outlet is a branch of its bank; a bank's numbers are unique.
// What was chosen stays chosen when an outlet closes: people see that it did.
//
// It imports internal/audit, internal/db and internal/fault.
package outlet
