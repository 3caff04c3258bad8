package review

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// MaxFilters is how many filters a person may keep.
const MaxFilters = 30

// SavedFilter is a filter that a person keeps under a name.
type SavedFilter struct {
	Name      string            `json:"name"`
	Query     map[string]string `json:"query" doc:"The list's parameters; no search text"`
	CreatedAt clock.Stamp       `json:"created_at"`
}

// Filters are a person's own, by name.
func (l *Leads) Filters(ctx context.Context, bank string, p Person) ([]SavedFilter, error) {
	return db.All(ctx, l.book.DB, func(r db.Row) (f SavedFilter, err error) {
		var raw string
		var at db.Time
		if err := r.Scan(&f.Name, &raw, &at); err != nil {
			return f, err
		}
		f.CreatedAt = clock.At(at.Time)
		return f, json.Unmarshal([]byte(raw), &f.Query)
	}, "SELECT name, query, created_at FROM saved_filter WHERE bank_id = ? AND staff_id = ? ORDER BY name LIMIT ?", bank, p.ID, MaxFilters)
}

// personal is what an id, phone or card number looks like.
var personal = regexp.MustCompile(`[0-9]{11}`)

// SaveFilter keeps a filter, in place of the one of that name. Errors: validation
// when it filters nothing, or would keep somebody's number in clear; conflict
// beyond MaxFilters.
func (l *Leads) SaveFilter(ctx context.Context, bank string, p Person, name string, query map[string]string) error {
	if len(query) == 0 {
		return fault.InvalidField("query", "field.required")
	}
	if personal.MatchString(name) {
		return fault.InvalidField("name", "field.format")
	}
	if personal.MatchString(query["income_band"]) {
		return fault.InvalidField("query.income_band", "field.format")
	}
	raw, err := json.Marshal(query)
	if err != nil {
		return fmt.Errorf("review: filter: %w", err)
	}
	return l.book.DB.InTx(ctx, func(tx *db.Tx) error {
		err := tx.Insert(ctx, "saved_filter (bank_id, staff_id, name, query, created_at)", [][]any{{bank, p.ID, name, string(raw), tx.Now}},
			tx.Dialect().OnDuplicate("bank_id, staff_id, name", "query = NEW(query)"))
		if err != nil {
			return err
		}
		n, _, err := db.Value[int](ctx, tx, "SELECT COUNT(*) FROM saved_filter WHERE bank_id = ? AND staff_id = ?", bank, p.ID)
		if err == nil && n > MaxFilters {
			err = fault.New(fault.Conflict, "conflict").With("name", "field.too_large")
		}
		return err
	})
}

// DropFilter forgets a filter. Errors: not_found.
func (l *Leads) DropFilter(ctx context.Context, bank string, p Person, name string) error {
	return l.book.DB.InTx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, "DELETE FROM saved_filter WHERE bank_id = ? AND staff_id = ? AND name = ?", bank, p.ID, name)
		if err == nil && n == 0 {
			err = fault.New(fault.NotFound, "not_found")
		}
		return err
	})
}
