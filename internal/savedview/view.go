// Package savedview keeps what members of staff save of a list under a name: its
// filters and its columns. They are each person's own and hold no personal data.
//
// It imports internal/db.
package savedview

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/invariant"
)

// MaxViews is how many views of a list a person may keep.
const MaxViews = 30

// Views are the bank's staff's views.
type Views struct{ DB *db.DB }

// View is what a person keeps under a name.
type View struct {
	Name      string            `json:"name"`
	Query     map[string]string `json:"query" doc:"The list's parameters; no search text"`
	Columns   []string          `json:"columns" doc:"The columns that are shown; empty for the usual ones"`
	CreatedAt clock.Stamp       `json:"created_at"`
}

// Owner is whose views they are, and of which list.
type Owner struct{ Bank, Staff, List string }

// List gives a person's views of a list, by name.
func (v *Views) List(ctx context.Context, o Owner) ([]View, error) {
	return db.All(ctx, v.DB, func(r db.Row) (w View, err error) {
		var query, shown string
		var at db.Time
		if err := r.Scan(&w.Name, &query, &shown, &at); err != nil {
			return w, err
		}
		w.CreatedAt = clock.At(at.Time)
		if err := json.Unmarshal([]byte(query), &w.Query); err != nil {
			return w, err
		}
		return w, json.Unmarshal([]byte(shown), &w.Columns)
	}, "SELECT name, query, shown, created_at FROM saved_view WHERE bank_id = ? AND staff_id = ? AND list_name = ? ORDER BY name LIMIT ?",
		o.Bank, o.Staff, o.List, MaxViews)
}

var (
	// personal is what an id, phone or card number looks like.
	personal = regexp.MustCompile(`[0-9]{7}`)
	ident    = regexp.MustCompile(`^[a-z]{3,5}_[0-9a-z]{26}$`)
	param    = regexp.MustCompile(`^[a-z_]{1,30}$`)
	// plain are words of the program, ids, dates and numbers: nobody's name.
	plain = regexp.MustCompile(`^[0-9A-Za-z_.:*,+-]{1,80}$`)
)

// Save keeps a view, in place of the one of that name. Errors: validation when it
// would keep a search text or somebody's number, or is beyond all measure;
// conflict beyond MaxViews.
func (v *Views) Save(ctx context.Context, o Owner, w View) error {
	if len(w.Query) == 0 && len(w.Columns) == 0 {
		return fault.InvalidField("query", "field.required")
	}
	if personal.MatchString(w.Name) {
		return fault.InvalidField("name", "field.format")
	}
	for key, value := range w.Query {
		if !param.MatchString(key) || key == "q" || !plain.MatchString(value) || personal.MatchString(value) && !ident.MatchString(value) {
			return fault.InvalidField("query."+key, "field.format")
		}
	}
	for _, c := range w.Columns {
		if !param.MatchString(c) {
			return fault.InvalidField("columns", "field.format")
		}
	}
	if w.Columns == nil {
		w.Columns = []string{}
	}
	query, err := json.Marshal(w.Query)
	if err != nil {
		return fmt.Errorf("savedview: %w", err)
	}
	shown, err := json.Marshal(w.Columns)
	if err != nil {
		return fmt.Errorf("savedview: %w", err)
	}
	if len(query) > 1000 || len(shown) > 1000 {
		return fault.InvalidField("query", "field.too_long")
	}
	return v.DB.InTx(ctx, func(tx *db.Tx) error {
		err := tx.Insert(ctx, "saved_view (bank_id, staff_id, list_name, name, query, shown, created_at)",
			[][]any{{o.Bank, o.Staff, o.List, w.Name, string(query), string(shown), tx.Now}},
			tx.Dialect().OnDuplicate("bank_id, staff_id, list_name, name", "query = NEW(query), shown = NEW(shown)"))
		if err != nil {
			return err
		}
		n, _, err := db.Value[int](ctx, tx, "SELECT COUNT(*) FROM saved_view WHERE bank_id = ? AND staff_id = ? AND list_name = ?", o.Bank, o.Staff, o.List)
		if err == nil && n > MaxViews {
			err = fault.New(fault.Conflict, "conflict").With("name", "field.too_large")
		}
		return err
	})
}

// Drop forgets a view. Errors: not_found.
func (v *Views) Drop(ctx context.Context, o Owner, name string) error {
	return v.DB.InTx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, "DELETE FROM saved_view WHERE bank_id = ? AND staff_id = ? AND list_name = ? AND name = ?", o.Bank, o.Staff, o.List, name)
		if err == nil && n == 0 {
			err = fault.New(fault.NotFound, "not_found")
		}
		return err
	})
}

// Invariants are what holds of saved views.
func Invariants() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "view.owner",
		Means: "a saved view is of a member of the bank's staff",
		Of:    "saved_view",
		Broken: `SELECT v.bank_id, v.staff_id, 'no such member of staff' FROM saved_view v LEFT JOIN staff s ON s.id = v.staff_id AND s.bank_id = v.bank_id
			WHERE s.id IS NULL`,
	}}
}
