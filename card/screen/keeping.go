package screen

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/keeping"
)

// Keeping is how long dry runs are kept [own]; what a version was approved on
// stands in the audit chain.
func Keeping() keeping.Class {
	return keeping.Class{Name: "dry_runs", Means: "dry runs of screening rules and what they found, from their end on", Days: 365, Least: 31,
		Sweep: func(ctx context.Context, tx *db.Tx, s *keeping.Sweep) error {
			ids, err := s.IDs(ctx, tx, keeping.Range{Table: "screening_run", Prefix: id.DryRun, OverAt: "t.ended_at", Left: "1 = 1", Held: "(1 = 0)"})
			if err != nil || len(ids) == 0 {
				return err
			}
			for _, of := range []struct{ table, column string }{{"screening_run_change", "run_id"}, {"screening_run", "id"}} {
				n, err := tx.Exec(ctx, "DELETE FROM "+of.table+" WHERE bank_id = ? AND "+of.column+" IN "+db.Marks(len(ids)), append([]any{s.Bank}, db.Args(ids)...)...)
				if err != nil {
					return err
				}
				s.Took(of.table, "*", n, ids[0], ids[len(ids)-1])
			}
			return nil
		}}
}
