// Package auth knows who somebody is: viewers by phone and one-time code or by
// their bank's app, staff by password and second factor; sessions with rotating
// refresh tokens; short-lived access tokens.
//
// Invariants: codes, refresh tokens and passwords are stored hashed; a refresh
// token works once, and its reuse ends its whole session; a session that was
// ended is refused on this node at once and on others within two seconds;
// limits are counted in the database (RULES §2).
//
// It imports internal/db, id, fault, pii, tenant and the token libraries.
package auth
