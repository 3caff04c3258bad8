package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"yinbo/internal/tracing"
)

// Querier reads: a DB outside of transactions, a Tx inside.
type Querier interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) *sql.Row
	Dialect() Dialect
}

// Tx is a transaction. Now is its one time.
type Tx struct {
	Now     time.Time
	tx      *sql.Tx
	dialect Dialect
	after   []func()
}

var (
	_ Querier = (*DB)(nil)
	_ Querier = (*Tx)(nil)
)

const attempts = 6

// InTx runs fn in a transaction and commits when it returns nil. On deadlock,
// lock time-out or a busy writer it runs fn again, up to six times with jitter:
// fn must not reach outside the database.
func (d *DB) InTx(ctx context.Context, fn func(tx *Tx) error) (err error) {
	ctx, end := tracing.Part(ctx, "transaction")
	defer func() { end(err) }()
	for try := 1; ; try++ {
		err = d.once(ctx, fn)
		if err == nil || !retryable(err) || try == attempts {
			return err
		}
		pause := time.Duration(rand.Int64N(int64(try*10)))*time.Millisecond + time.Millisecond
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(pause):
		}
	}
}

func (d *DB) once(ctx context.Context, fn func(tx *Tx) error) error {
	raw, err := d.w.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("db: begin: %w", err)
	}
	tx := &Tx{Now: d.clock.Now(), tx: raw, dialect: d.dialect}
	defer raw.Rollback() // after a commit this does nothing
	if err := fn(tx); err != nil {
		return err
	}
	if err := raw.Commit(); err != nil {
		return fmt.Errorf("db: commit: %w", err)
	}
	for _, f := range tx.after {
		f()
	}
	return nil
}

// AfterCommit runs f once the transaction is committed. What f does may be lost
// by a crash; what must happen goes to the outbox.
func (t *Tx) AfterCommit(f func()) { t.after = append(t.after, f) }

// Exec runs a statement and gives the number of rows it matched.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := t.tx.ExecContext(ctx, query, plain(args)...)
	if err != nil {
		return 0, fmt.Errorf("db: %s: %w", head(query), err)
	}
	return res.RowsAffected()
}

// Query reads rows within the transaction.
func (t *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.tx.QueryContext(ctx, query, plain(args)...)
}

// QueryRow reads a row within the transaction.
func (t *Tx) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return t.tx.QueryRowContext(ctx, query, plain(args)...)
}

// Dialect is the engine.
func (t *Tx) Dialect() Dialect { return t.dialect }

// Query reads rows of the last committed state.
func (d *DB) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return d.r.QueryContext(ctx, query, plain(args)...)
}

// QueryRow reads a row of the last committed state.
func (d *DB) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return d.r.QueryRowContext(ctx, query, plain(args)...)
}

// plain turns times into their stored form, so that a time.Time that slipped in
// as it is does not become text of another shape.
func plain(args []any) []any {
	for i, a := range args {
		switch v := a.(type) {
		case time.Time:
			args[i] = At(v)
		case *time.Time:
			if v == nil {
				args[i] = nil
			} else {
				args[i] = At(*v)
			}
		}
	}
	return args
}

// head is the statement's first words, for error texts: never its arguments.
func head(query string) string {
	f := strings.Fields(query)
	return strings.Join(f[:min(len(f), 4)], " ")
}
