package db

import (
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/go-sql-driver/mysql"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Dialect is the engine behind the handle. Everything in which the two differ
// stands in this file.
type Dialect uint8

// The two engines.
const (
	SQLite Dialect = iota
	MySQL
)

// String is the engine's name, as goose knows it.
func (d Dialect) String() string {
	if d == MySQL {
		return "mysql"
	}
	return "sqlite3"
}

// InsertIgnore begins an INSERT that leaves rows alone that are there already.
func (d Dialect) InsertIgnore() string {
	if d == MySQL {
		return "INSERT IGNORE INTO "
	}
	return "INSERT OR IGNORE INTO "
}

// OnDuplicate ends an INSERT with an update of the row that is there already.
// key names the unique columns; each assignment is written once, with NEW(col)
// for the value that was to be inserted: "stock = stock + NEW(stock)".
func (d Dialect) OnDuplicate(key string, assignments ...string) string {
	set := strings.Join(assignments, ", ")
	if d == MySQL {
		return " ON DUPLICATE KEY UPDATE " + strings.ReplaceAll(set, "NEW(", "VALUES(")
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(set, "NEW(")
		b.WriteString(before)
		if !found {
			break
		}
		column, after, _ := strings.Cut(rest, ")")
		b.WriteString("excluded." + column)
		set = after
	}
	return " ON CONFLICT (" + key + ") DO UPDATE SET " + b.String()
}

// ForUpdate locks the rows read; SQLite's one writer needs no such lock.
func (d Dialect) ForUpdate() string {
	if d == MySQL {
		return " FOR UPDATE"
	}
	return ""
}

// ForShare keeps the rows read from changing until the commit.
func (d Dialect) ForShare() string {
	if d == MySQL {
		return " LOCK IN SHARE MODE"
	}
	return ""
}

// SkipLocked locks the rows read and passes over those that others hold.
func (d Dialect) SkipLocked() string {
	if d == MySQL {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}

// By follows a table's name and its alias, and names the index to read it by.
func (d Dialect) By(index string) string {
	if d == MySQL {
		return " FORCE INDEX (" + index + ")"
	}
	return " INDEXED BY " + index
}

// ByKey follows a table's name: it is to be read in the order of its primary key.
// SQLite is told by a "+" before a column of another index ("+bank_id = ?").
func (d Dialect) ByKey() string {
	if d == MySQL {
		return " FORCE INDEX (PRIMARY)"
	}
	return ""
}

// Then joins the next table after, never before, the ones that stand in front.
func (d Dialect) Then() string {
	if d == MySQL {
		return " STRAIGHT_JOIN "
	}
	return " CROSS JOIN "
}

// IsDuplicate tells that a unique key refused a row.
func IsDuplicate(err error) bool {
	var m *mysql.MySQLError
	if errors.As(err, &m) {
		return m.Number == 1062
	}
	var s *sqlite.Error
	if errors.As(err, &s) {
		return s.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || s.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	return false
}

// IsCheck tells that a CHECK constraint refused a row.
func IsCheck(err error) bool {
	var m *mysql.MySQLError
	if errors.As(err, &m) {
		return m.Number == 3819 || m.Number == 4025 // MySQL, MariaDB
	}
	var s *sqlite.Error
	return errors.As(err, &s) && s.Code() == sqlite3.SQLITE_CONSTRAINT_CHECK
}

// IsLost tells that the connection went away: whether a commit that was under
// way happened is not known.
func IsLost(err error) bool {
	var m *mysql.MySQLError
	if errors.As(err, &m) {
		return m.Number == 1053 || m.Number == 1317 || m.Number == 1927 // shutting down, interrupted, killed
	}
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysql.ErrInvalidConn)
}

// retryable tells that the transaction was rolled back for others' sake and may
// be tried again as it is: deadlock, lock time-out, busy.
func retryable(err error) bool {
	var m *mysql.MySQLError
	if errors.As(err, &m) {
		return m.Number == 1213 || m.Number == 1205
	}
	var s *sqlite.Error
	if errors.As(err, &s) {
		primary := s.Code() & 0xff
		return primary == sqlite3.SQLITE_BUSY || primary == sqlite3.SQLITE_LOCKED
	}
	return false
}

// IsAway tells that the database could not be reached, or would not serve just
// now: the same may succeed in a moment. Whether a commit that ended so did
// happen is not known.
func IsAway(err error) bool {
	var m *mysql.MySQLError
	if errors.As(err, &m) {
		switch m.Number {
		case 1040, 1053, 1927: // too many connections, going down, connection killed
			return true
		}
		return retryable(err)
	}
	var n *net.OpError
	return errors.Is(err, mysql.ErrInvalidConn) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.As(err, &n) || retryable(err)
}
