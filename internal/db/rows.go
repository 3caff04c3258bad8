package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// Row is what a scan function reads from: *sql.Row or *sql.Rows.
type Row interface{ Scan(dest ...any) error }

// All reads every row through scan.
func All[T any](ctx context.Context, q Querier, scan func(Row) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("db: %s: %w", head(query), err)
	}
	defer rows.Close()
	out := []T{}
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("db: %s: %w", head(query), err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("db: %s: %w", head(query), err)
	}
	return out, nil
}

// One reads the first row through scan; found is false when there is none.
func One[T any](ctx context.Context, q Querier, scan func(Row) (T, error), query string, args ...any) (v T, found bool, err error) {
	v, err = scan(q.QueryRow(ctx, query, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return v, false, nil
	}
	if err != nil {
		return v, false, fmt.Errorf("db: %s: %w", head(query), err)
	}
	return v, true, nil
}

// Value reads a single column of a single row; found is false when there is none.
func Value[T any](ctx context.Context, q Querier, query string, args ...any) (v T, found bool, err error) {
	return One(ctx, q, func(r Row) (T, error) {
		var v T
		return v, r.Scan(&v)
	}, query, args...)
}

// Marks is "(?,?,?)" for n values of an IN list.
func Marks(n int) string {
	return "(" + strings.TrimSuffix(strings.Repeat("?,", n), ",") + ")"
}

// Args turns a list into statement arguments.
func Args[T any](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
	}
	return out
}

// maxArgs keeps multi-row statements under SQLite's 32,766 variables.
const maxArgs = 30_000

// Insert adds rows to "table (col, col)" with as few statements as the engines
// allow; tail (from Dialect.OnDuplicate, or "") ends each.
func (t *Tx) Insert(ctx context.Context, into string, rows [][]any, tail string) error {
	return t.insert(ctx, "INSERT INTO ", into, rows, tail)
}

// InsertIgnore is Insert that leaves rows alone that are there already.
func (t *Tx) InsertIgnore(ctx context.Context, into string, rows [][]any) error {
	return t.insert(ctx, t.dialect.InsertIgnore(), into, rows, "")
}

func (t *Tx) insert(ctx context.Context, verb, into string, rows [][]any, tail string) error {
	if len(rows) == 0 {
		return nil
	}
	width := len(rows[0])
	per := maxArgs / width
	for start := 0; start < len(rows); start += per {
		part := rows[start:min(start+per, len(rows))]
		args := make([]any, 0, len(part)*width)
		for _, r := range part {
			args = append(args, r...)
		}
		marks := strings.TrimSuffix(strings.Repeat(Marks(width)+",", len(part)), ",")
		if _, err := t.Exec(ctx, verb+into+" VALUES "+marks+tail, args...); err != nil {
			return err
		}
	}
	return nil
}
