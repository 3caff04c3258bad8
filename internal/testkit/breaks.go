package testkit

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"yinbo/internal/db"
	"yinbo/internal/invariant"
)

// Break is data that is made wrong on purpose, and the invariants that must
// see it: no others.
type Break struct {
	name       string
	statements []string
	want       []string
}

// Wrong is what statements make of the data, with the schema's CHECKs off; seen
// names the invariants, by space.
func Wrong(name, seen string, statements ...string) Break {
	want := strings.Fields(seen)
	slices.Sort(want)
	return Break{name, statements, want}
}

// Breaks proves of each rule that it can fail: the data as it is breaks none,
// and each break exactly those that it names. Every rule must be named by one.
// What is broken is rolled back.
func Breaks(t *testing.T, d *db.DB, rules []invariant.Rule, breaks []Break) {
	t.Helper()
	Holds(t, d, rules...)
	proved := map[string]bool{}
	for _, b := range breaks {
		got := broken(t, d, rules, b.statements)
		if !slices.Equal(got, b.want) {
			t.Errorf("%s: broken are %v, want %v", b.name, got, b.want)
		}
		for _, name := range b.want {
			proved[name] = true
		}
	}
	for _, r := range rules {
		if !proved[r.Name] {
			t.Errorf("nothing shows that %s can fail", r.Name)
		}
	}
}

// Holds ends the test unless the data breaks none of the rules.
func Holds(t *testing.T, d *db.DB, rules ...invariant.Rule) {
	t.Helper()
	if bad := broken(t, d, rules, nil); len(bad) > 0 {
		t.Fatalf("broken: %v", bad)
	}
}

var errUndone = errors.New("undone")

// broken gives the names of the rules that are broken after the statements.
func broken(t *testing.T, d *db.DB, rules []invariant.Rule, statements []string) (names []string) {
	t.Helper()
	ctx := Context(t)
	off, on := "PRAGMA ignore_check_constraints = 1", "PRAGMA ignore_check_constraints = 0"
	if d.Dialect() == db.MySQL {
		off, on = "SET check_constraint_checks = 0", "SET check_constraint_checks = 1"
	}
	err := d.InTx(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(ctx, off); err != nil {
			return err
		}
		for _, s := range statements {
			if n, err := tx.Exec(ctx, s); err != nil || n == 0 {
				t.Errorf("%s: %d rows: %v", s, n, err)
			}
		}
		for _, r := range rules {
			v, err := invariant.Check(ctx, tx, tx.Now, r, 1)
			if err != nil {
				return err
			}
			if v.Broken > 0 {
				names = append(names, r.Name)
			}
		}
		if _, err := tx.Exec(ctx, on); err != nil {
			return err
		}
		return errUndone
	})
	if !errors.Is(err, errUndone) {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}
