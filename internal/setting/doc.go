// Package setting lets a bank's administrators see and change what the bank may
// set: each setting with its unit, its default, its limits and who changed it
// last. A change is one section's. Where a section touches money or keeping, one
// administrator asks and another confirms; elsewhere it holds at once.
//
// Invariants: nobody confirms what they asked for; one change of a section waits
// at a time; what is confirmed changes what stood there when it was asked for,
// and nothing else; every change is in the audit log. What staff's sign-in asks
// for has its own requests, see internal/auth.
//
// It imports internal/{audit,auth,clock,db,fault,id,invariant,keeping,tenant}.
package setting
