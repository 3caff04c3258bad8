// Package db opens the database and runs transactions on it.
//
// Two engines stand behind one way of use: SQLite (embedded: one writer, several
// readers, WAL, synchronous=FULL) and MySQL's protocol (MySQL 8, MariaDB 10.6+,
// TiDB). Statements are portable ("?" placeholders, text ids); what differs is in
// dialect.go and nowhere else.
//
// Invariants: Tx.Now is fixed once a transaction; InTx tries again on deadlock
// and lock time-out only, bounded and with jitter, so its closure must not reach
// outside the database; AfterCommit runs after the commit and only then; every
// time is stored as UTC with microseconds (type Time).
//
// It imports internal/clock and the two drivers.
package db
