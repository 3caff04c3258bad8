package card

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
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

// readSteps reads the statuses that an application went through, as its applicant
// should see them: that a lead went back to its queue and was taken up anew is the
// department's own affair. Waiting and review are shown once, and once more when
// the applicant was asked for something or the answer was taken back.
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
		if d.Status == "" || shown(steps, d.Status) {
			continue
		}
		steps = append(steps, Step{Status: d.Status, At: clock.At(r.at.Time)})
	}
	return steps, nil
}

// shown tells whether a status is among the steps already.
func shown(steps []Step, status Status) bool {
	if status != Queued && status != InReview {
		return len(steps) > 0 && steps[len(steps)-1].Status == status
	}
	for _, step := range slices.Backward(steps) {
		switch step.Status {
		case status:
			return true
		case InfoRequested, Rejected: // what follows is news
			return false
		}
	}
	return false
}
