// Package migrations holds the schema: one portable set of files that runs
// unchanged on SQLite and on MySQL's protocol, and the runner for it.
//
// A file that has landed is never edited; a change is a new file. Invariants of
// the domain stand here first, as unique keys and checks.
package migrations

import (
	"context"
	"embed"
	"fmt"

	"github.com/pressly/goose/v3"

	"yinbo/internal/db"
)

//go:embed *.sql
var files embed.FS

// Status is one migration and whether it was applied.
type Status struct {
	Name    string
	Applied bool
}

func provider(d *db.DB) (*goose.Provider, error) {
	dialect := goose.DialectSQLite3
	if d.Dialect() == db.MySQL {
		dialect = goose.DialectMySQL
	}
	p, err := goose.NewProvider(dialect, d.Handle(), files)
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	return p, nil
}

// Up applies what is missing and tells how many files that were. On MySQL it
// first makes Unicode, compared byte by byte, the database's default, so that
// text behaves there as it does in SQLite.
func Up(ctx context.Context, d *db.DB) (int, error) {
	if d.Dialect() == db.MySQL {
		if _, err := d.Handle().ExecContext(ctx, "ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"); err != nil {
			return 0, fmt.Errorf("migrations: default character set: %w", err)
		}
	}
	p, err := provider(d)
	if err != nil {
		return 0, err
	}
	done, err := p.Up(ctx)
	if err != nil {
		return len(done), fmt.Errorf("migrations: %w", err)
	}
	return len(done), nil
}

// Pending tells how many files are not applied yet.
func Pending(ctx context.Context, d *db.DB) (int, error) {
	all, err := List(ctx, d)
	n := 0
	for _, s := range all {
		if !s.Applied {
			n++
		}
	}
	return n, err
}

// List tells each file's state, in order.
func List(ctx context.Context, d *db.DB) ([]Status, error) {
	p, err := provider(d)
	if err != nil {
		return nil, err
	}
	states, err := p.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	out := make([]Status, len(states))
	for i, s := range states {
		out[i] = Status{Name: s.Source.Path, Applied: s.State == goose.StateApplied}
	}
	return out, nil
}
