package testkit

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"yinbo/internal/db"
)

// Unchanged runs act and wants every row of every table to be as it was before.
func Unchanged(t testing.TB, d *db.DB, what string, act func()) {
	t.Helper()
	before := snapshot(t, d)
	act()
	after := snapshot(t, d)
	for _, row := range after {
		if !slices.Contains(before, row) {
			t.Errorf("%s wrote %s", what, row)
		}
	}
	for _, row := range before {
		if !slices.Contains(after, row) {
			t.Errorf("%s took %s", what, row)
		}
	}
}

// snapshot is every row of every table as text.
func snapshot(t testing.TB, d *db.DB) (all []string) {
	t.Helper()
	tables := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if d.Dialect() == db.MySQL {
		tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
	}
	names, err := db.All(Context(t), d, func(r db.Row) (s string, err error) { return s, r.Scan(&s) }, tables)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range names {
		rows, err := d.Query(Context(t), "SELECT * FROM "+table)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values, cells := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				values[i] = &cells[i]
			}
			if err := rows.Scan(values...); err != nil {
				t.Fatal(err)
			}
			for i, v := range cells {
				if text, ok := v.([]byte); ok {
					cells[i] = string(text)
				}
			}
			all = append(all, fmt.Sprint(table, " ", cells))
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return all
}
