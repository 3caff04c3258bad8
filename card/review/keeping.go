package review

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/keeping"
)

// Keeping is how long is kept who searched for a whole number, and where the card
// core and we differed [own]. The audit chain has each search for good.
func Keeping() []keeping.Class {
	return []keeping.Class{
		{Name: "searches", Means: "who searched for a whole number, from the search on", Days: 365, Least: 7, // the rate is counted by the hour
			Sweep: rows(keeping.Range{Table: "lead_search", Prefix: id.Search, OverAt: "t.at", Left: "1 = 1", Held: "(1 = 0)"})},
		{Name: "differences", Means: "where the card core and we differed, from when somebody saw to it", Days: 365, Least: 31,
			Sweep: rows(keeping.Range{Table: "core_difference", Prefix: id.Difference, OverAt: "CASE WHEN t.state = 'resolved' THEN t.resolved_at END",
				Left: "1 = 1", Held: keeping.Held("t.bank_id", "t.application_id")})},
	}
}

// rows deletes whole rows of a table.
func rows(r keeping.Range) func(ctx context.Context, tx *db.Tx, s *keeping.Sweep) error {
	return func(ctx context.Context, tx *db.Tx, s *keeping.Sweep) error {
		ids, err := s.IDs(ctx, tx, r)
		if err != nil || len(ids) == 0 {
			return err
		}
		n, err := tx.Exec(ctx, "DELETE FROM "+r.Table+" WHERE bank_id = ? AND id IN "+db.Marks(len(ids)), append([]any{s.Bank}, db.Args(ids)...)...)
		s.Took(r.Table, "*", n, ids[0], ids[len(ids)-1])
		return err
	}
}
