package tenant

import (
	"context"
	"time"

	"yinbo/internal/db"
)

// Branch is a branch or outlet in the bank's tree.
type Branch struct {
	ID       string  `json:"id"`
	ParentID *string `json:"parent_id" doc:"null for one directly under the bank"`
	Name     string  `json:"name"`
}

// Branches gives the bank's branches, oldest first, after the one named: one
// more than limit when there are further ones.
func (d *Directory) Branches(ctx context.Context, bank, after string, limit int) ([]Branch, error) {
	return db.All(ctx, d.db, func(r db.Row) (b Branch, err error) { return b, r.Scan(&b.ID, &b.ParentID, &b.Name) },
		"SELECT id, parent_id, name FROM branch WHERE bank_id = ? AND id > ? ORDER BY id LIMIT ?", bank, after, limit+1)
}

// Below gives a branch and all branches under it, as the tree stands now; a
// branch that the bank does not have stands alone.
func (d *Directory) Below(ctx context.Context, bank, branch string) ([]string, error) {
	type edge struct{ id, parent string }
	tree, err := db.All(ctx, d.db, func(r db.Row) (e edge, err error) { return e, r.Scan(&e.id, &e.parent) },
		"SELECT id, parent_id FROM branch WHERE bank_id = ? AND parent_id IS NOT NULL ORDER BY id", bank)
	if err != nil {
		return nil, err
	}
	children := map[string][]string{}
	for _, e := range tree {
		children[e.parent] = append(children[e.parent], e.id)
	}
	below, seen := []string{branch}, map[string]bool{branch: true}
	for i := 0; i < len(below); i++ {
		for _, child := range children[below[i]] {
			if !seen[child] { // a tree that was made a ring by hand must not spin
				seen[child] = true
				below = append(below, child)
			}
		}
	}
	return below, nil
}

// Scope is which branches somebody sees.
type Scope struct {
	bounded  bool
	branches []string
}

// WholeBank sees everything, and what belongs to no branch.
var WholeBank = Scope{}

// Within sees the branches only.
func Within(branches ...string) Scope { return Scope{bounded: true, branches: branches} }

// Bounded tells whether it is less than the whole bank.
func (s Scope) Bounded() bool { return s.bounded }

// Branches are the branches of a bounded scope.
func (s Scope) Branches() []string { return s.branches }

// Has tells whether what belongs to a branch is seen; "" for no branch.
func (s Scope) Has(branch string) bool {
	if !s.bounded {
		return true
	}
	for _, b := range s.branches {
		if b == branch {
			return branch != ""
		}
	}
	return false
}

// SQL is the condition that column is of a branch in the scope, with its
// arguments: "" when all is seen. A bounded scope without a branch sees nothing.
func (s Scope) SQL(column string) (cond string, args []any) {
	switch {
	case !s.bounded:
		return "", nil
	case len(s.branches) == 0:
		return "1 = 0", nil
	}
	return column + " IN " + db.Marks(len(s.branches)), db.Args(s.branches)
}

// And is SQL to be put behind a WHERE that has its first condition.
func (s Scope) And(column string) (cond string, args []any) {
	if cond, args = s.SQL(column); cond != "" {
		cond = " AND " + cond
	}
	return cond, args
}

// knownScope is a scope as it was read at a time.
type knownScope struct {
	scope Scope
	at    time.Time
}

// maxScopes bounds the memory of scopes that were read.
const maxScopes = 10_000

// ScopeOf is the scope of somebody of a branch: it and what is below it; the
// whole bank for "". A change of the tree is seen within freshFor.
func (d *Directory) ScopeOf(ctx context.Context, bank, branch string) (Scope, error) {
	if branch == "" {
		return WholeBank, nil
	}
	now, key := d.db.Clock().Now(), bank+"/"+branch
	d.mu.RLock()
	known, found := d.scopes[key]
	d.mu.RUnlock()
	if found && now.Sub(known.at) < freshFor {
		return known.scope, nil
	}
	below, err := d.Below(ctx, bank, branch)
	if err != nil {
		return Scope{bounded: true}, err
	}
	scope := Within(below...)
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.scopes) >= maxScopes {
		clear(d.scopes)
	}
	d.scopes[key] = knownScope{scope, now}
	return scope, nil
}
