package card

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/pii"
)

// Line is a line of the timeline, its text unsealed.
type Line struct {
	ID     string
	Kind   string
	Actor  string
	Detail map[string]any
	Text   pii.Text
	At     time.Time
}

// Timeline reads what happened to an application, the oldest first.
func (b *Book) Timeline(ctx context.Context, q db.Querier, bank, application string) ([]Line, error) {
	type row struct {
		Line
		sealed *string
	}
	rows, err := db.All(ctx, q, func(r db.Row) (v row, err error) {
		var at db.Time
		var detail string
		if err := r.Scan(&v.ID, &v.Kind, &v.Actor, &detail, &v.sealed, &at); err != nil {
			return v, err
		}
		v.At = at.Time
		return v, json.Unmarshal([]byte(detail), &v.Detail)
	}, "SELECT id, kind, actor_id, detail, sealed_text, at FROM lead_event WHERE bank_id = ? AND application_id = ? ORDER BY at, id", bank, application)
	if err != nil {
		return nil, err
	}
	out := make([]Line, len(rows))
	for i, r := range rows {
		out[i] = r.Line
		if r.sealed == nil {
			continue
		}
		if out[i].Text, err = b.Keys.Open(ctx, eventPlace(bank, r.ID), *r.sealed); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// readSteps reads the statuses that an application went through. A status that
// follows itself is shown once.
func readSteps(ctx context.Context, q db.Querier, bank, application string) ([]Step, error) {
	type row struct {
		detail string
		at     db.Time
	}
	rows, err := db.All(ctx, q, func(r db.Row) (v row, err error) { return v, r.Scan(&v.detail, &v.at) },
		"SELECT detail, at FROM lead_event WHERE bank_id = ? AND application_id = ? ORDER BY at, id", bank, application)
	if err != nil {
		return nil, err
	}
	steps := []Step{}
	for _, r := range rows {
		var d struct{ Status Status }
		if err := json.Unmarshal([]byte(r.detail), &d); err != nil {
			return nil, fmt.Errorf("card: timeline of %s: %w", application, err)
		}
		if d.Status == "" || len(steps) > 0 && steps[len(steps)-1].Status == d.Status {
			continue
		}
		steps = append(steps, Step{Status: d.Status, At: clock.At(r.at.Time)})
	}
	return steps, nil
}
