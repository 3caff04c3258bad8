package invariant

import (
	"context"
	"fmt"
	"time"

	"yinbo/internal/db"
)

// Row is one object that breaks an invariant.
type Row struct {
	Bank   string `json:"bank"`
	Object string `json:"object"`
	Found  string `json:"found"`
}

// Rule is something that holds in every committed state.
type Rule struct {
	Name   string // stable, dotted
	Means  string // what holds, in a sentence
	Of     string // the table that it is about; its rows are counted
	Broken string // selects bank, object, what was found

	// Args are those of Broken, for what depends on the time; nil for none.
	Args func(now time.Time) []any
	// Look stands instead of Of and Broken for what SQL alone cannot see.
	Look func(ctx context.Context, q db.Querier) (looked int64, broken []Row, err error)
	// Warns says that a person should look; nothing is broken.
	Warns bool
}

// Verdict is what was found of one invariant.
type Verdict struct {
	Name   string        `json:"name"`
	Means  string        `json:"means"`
	Looked int64         `json:"looked"` // rows looked at
	Broken int64         `json:"broken"` // rows that break it
	Rows   []Row         `json:"rows"`   // the first of those
	Warns  bool          `json:"warns,omitempty"`
	Took   time.Duration `json:"took_ns"`
}

// OK tells whether nothing is broken; a warning breaks nothing.
func (v Verdict) OK() bool { return v.Broken == 0 || v.Warns }

// Check looks at one invariant, as of now, and keeps up to keep of the rows that
// break it.
func Check(ctx context.Context, q db.Querier, now time.Time, r Rule, keep int) (Verdict, error) {
	v := Verdict{Name: r.Name, Means: r.Means, Warns: r.Warns}
	start := time.Now()
	look := r.Look
	if look == nil {
		look = r.ask(now)
	}
	looked, rows, err := look(ctx, q)
	if err != nil {
		return v, fmt.Errorf("invariant %s: %w", r.Name, err)
	}
	v.Looked, v.Broken, v.Rows, v.Took = looked, int64(len(rows)), rows[:min(len(rows), keep)], time.Since(start)
	return v, nil
}

func (r Rule) ask(now time.Time) func(context.Context, db.Querier) (int64, []Row, error) {
	return func(ctx context.Context, q db.Querier) (int64, []Row, error) {
		looked, _, err := db.Value[int64](ctx, q, "SELECT COUNT(*) FROM "+r.Of)
		if err != nil {
			return 0, nil, err
		}
		var args []any
		if r.Args != nil {
			args = r.Args(now)
		}
		rows, err := db.All(ctx, q, func(s db.Row) (v Row, err error) {
			return v, s.Scan(&v.Bank, &v.Object, &v.Found)
		}, r.Broken, args...)
		return looked, rows, err
	}
}
