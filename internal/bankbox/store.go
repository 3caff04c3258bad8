package bankbox

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the only driver of this book
)

//go:embed schema.sql
var schema string

// dbFile is the book's name inside Config.Dir.
const dbFile = "bankbox.db"

// readerConns is kept small: each connection owns a page cache.
const readerConns = 3

// store is the bank's book: one writing connection, so that SQLite's single
// writer is queued for in Go and not by busy errors, and a few reading ones.
type store struct {
	writer *sql.DB
	reader *sql.DB
}

// querier is what reading functions need; *sql.DB and *sql.Tx both give it.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func openStore(ctx context.Context, dir string) (*store, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("create state folder: %w", err)
	}
	path, err := filepath.Abs(filepath.Join(dir, dbFile))
	if err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	s := &store{}
	if s.writer, err = openSQLite(path, 1, "immediate", "synchronous(FULL)"); err != nil {
		return nil, err
	}
	if _, err = s.writer.ExecContext(ctx, schema); err != nil {
		return nil, errors.Join(fmt.Errorf("set up %s: %w", path, err), s.writer.Close())
	}
	if err := addColumns(ctx, s.writer); err != nil {
		return nil, errors.Join(fmt.Errorf("set up %s: %w", path, err), s.writer.Close())
	}
	if s.reader, err = openSQLite(path, readerConns, "deferred", "query_only(1)"); err != nil {
		return nil, errors.Join(err, s.writer.Close())
	}
	return s, nil
}

// addColumns gives a book of an earlier make the columns that it lacks.
func addColumns(ctx context.Context, db *sql.DB) error {
	for _, c := range []struct{ table, name, kind string }{
		{"payments", "instalments", "INTEGER NOT NULL DEFAULT 0"}, {"sms", "notify_url", "TEXT NOT NULL DEFAULT ''"},
	} {
		var n int
		err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM pragma_table_info(?) WHERE name = ?", c.table, c.name).Scan(&n)
		if err != nil {
			return err
		}
		if n > 0 {
			continue
		}
		if _, err := db.ExecContext(ctx, "ALTER TABLE "+c.table+" ADD COLUMN "+c.name+" "+c.kind); err != nil {
			return err
		}
	}
	return nil
}

func openSQLite(path string, conns int, txlock string, pragmas ...string) (*sql.DB, error) {
	q := url.Values{"_txlock": {txlock}}
	for _, p := range append([]string{
		"busy_timeout(10000)", "journal_mode(WAL)", "foreign_keys(1)", "cache_size(-512)",
	}, pragmas...) {
		q.Add("_pragma", p)
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// inTx runs fn in one writing transaction. A caller that leaves while waiting is
// forgotten; once fn has begun, it runs to its end.
func (s *store) inTx(ctx context.Context, fn func(ctx context.Context, tx *sql.Tx) error) error {
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return fmt.Errorf("wait for the writer: %w", err)
	}
	defer conn.Close()
	ctx = context.WithoutCancel(ctx)
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() // a no-op after the commit
	if err := fn(ctx, tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func (s *store) close() error {
	return errors.Join(s.reader.Close(), s.writer.Close())
}

// shanghai is the bank's business zone; it has had no daylight saving since 1991,
// so a fixed offset needs no zone file on the machine.
var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// businessDay is the half-open range, in Unix milliseconds, of a date
// (YYYY-MM-DD) in the bank's zone.
func businessDay(date string) (from, to int64, err error) {
	day, err := time.ParseInLocation(time.DateOnly, date, shanghai)
	if err != nil {
		return 0, 0, err
	}
	return day.UnixMilli(), day.AddDate(0, 0, 1).UnixMilli(), nil
}

// rfc3339 shows Unix milliseconds as the API does: UTC with milliseconds.
func rfc3339(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

func rfc3339OrNil(ms sql.NullInt64) *string {
	if !ms.Valid {
		return nil
	}
	t := rfc3339(ms.Int64)
	return &t
}
