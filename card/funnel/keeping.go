package funnel

import (
	"context"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/keeping"
)

// Erase is what the funnel holds of a person: which forms they opened.
func Erase(ctx context.Context, tx *db.Tx, e *keeping.Removal) error {
	return e.Run(ctx, tx, "funnel_touch", "*", "DELETE FROM funnel_touch WHERE bank_id = ? AND viewer_id = ?", e.Bank, e.Viewer)
}

// held keeps a touch that a legal hold names the viewer or the room of.
var held = keeping.Held("funnel_touch.bank_id", "funnel_touch.viewer_id", "funnel_touch.room_id")

// Keeping is how long is kept who opened and began a form [own]. What nobody can
// be found by stays: guests' numbers and costs.
func Keeping() keeping.Class {
	return keeping.Class{Name: "funnel", Means: "who opened and began an application's form, from that day on", Days: 365, Least: 31, Sweep: sweep}
}

// sweep takes a bite out of the oldest day that is over.
func sweep(ctx context.Context, tx *db.Tx, s *keeping.Sweep) error {
	// The bank's day may end half a day after the same day in UTC.
	over := s.Before.Add(-24 * time.Hour).Format(time.DateOnly)
	day, found, err := db.Value[*string](ctx, tx, "SELECT MIN(day) FROM funnel_touch WHERE bank_id = ? AND day < ? AND NOT "+held, s.Bank, over)
	if err != nil || !found || day == nil {
		return err
	}
	where := " FROM funnel_touch WHERE bank_id = ? AND day = ? AND NOT " + held
	people, err := db.All(ctx, tx, func(r db.Row) (v string, err error) { return v, r.Scan(&v) },
		"SELECT DISTINCT viewer_id"+where+" ORDER BY viewer_id LIMIT ?", s.Bank, *day, s.Limit)
	if err != nil || len(people) == 0 {
		return err
	}
	s.More()
	n, err := tx.Exec(ctx, "DELETE"+where+" AND viewer_id IN "+db.Marks(len(people)), append([]any{s.Bank, *day}, db.Args(people)...)...)
	s.Took("funnel_touch", "*", n, *day, *day)
	return err
}
