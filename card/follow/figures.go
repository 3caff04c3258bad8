package follow

import (
	"context"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/tenant"
)

// Figures tell what came of a journey's version, step by step.
type Figures struct {
	Key     string        `json:"key"`
	Version int           `json:"version"`
	Days    int           `json:"days" doc:"Within how many days after a message what followed is counted"`
	Steps   []StepFigures `json:"steps"`
}

// StepFigures count people at one step.
type StepFigures struct {
	Step      int            `json:"step"`
	Reached   int            `json:"reached" doc:"For whom it was planned"`
	Waiting   int            `json:"waiting"`
	Sent      int            `json:"sent"`
	Delivered int            `json:"delivered" doc:"Of those sent, what the gateway says has arrived"`
	Failed    int            `json:"failed"`
	Skipped   map[string]int `json:"skipped" doc:"By reason"`
	Cancelled map[string]int `json:"cancelled" doc:"By reason"`
	Bound     int            `json:"bound" doc:"Of those sent, who bound the card within the days"`
	Spent     int            `json:"spent" doc:"Of those sent, who paid with a bound card within the days"`
}

// SpendingTimes tells when viewers paid with bound cards.
type SpendingTimes interface {
	SpentAt(ctx context.Context, bank string, viewers []string, since time.Time) (map[string][]time.Time, error)
}

// Figures counts a journey's version; not_found for a key or version that the
// bank has nothing of. version below zero is the one in use.
func (f *FollowUps) Figures(ctx context.Context, bank tenant.Bank, key string, version, days int, spending SpendingTimes) (Figures, error) {
	versions, err := f.Versions(ctx, bank, key)
	if err != nil {
		return Figures{}, err
	}
	out := Figures{Key: key, Version: version, Days: days}
	found := false
	for _, v := range versions {
		if version < 0 && v.Status == "active" || version == v.Version {
			out.Version, found = v.Version, true
			for i := range v.Journey.Steps {
				out.Steps = append(out.Steps, StepFigures{Step: i + 1, Skipped: map[string]int{}, Cancelled: map[string]int{}})
			}
			break
		}
	}
	if !found {
		return Figures{}, notFound()
	}
	if err := f.count(ctx, bank.ID, &out); err != nil {
		return Figures{}, err
	}
	return out, f.effects(ctx, bank.ID, &out, spending)
}

func (o *Figures) step(n int) *StepFigures {
	for len(o.Steps) < n { // the built-in one had more steps once
		o.Steps = append(o.Steps, StepFigures{Step: len(o.Steps) + 1, Skipped: map[string]int{}, Cancelled: map[string]int{}})
	}
	return &o.Steps[n-1]
}

func (f *FollowUps) count(ctx context.Context, bank string, out *Figures) error {
	type group struct {
		step, n, delivered int
		status, reason     string
	}
	groups, err := db.All(ctx, f.book.DB, func(r db.Row) (g group, err error) {
		return g, r.Scan(&g.step, &g.status, &g.reason, &g.n, &g.delivered)
	}, `SELECT step, status, CASE WHEN status IN ('skipped', 'cancelled') THEN reason ELSE '' END AS why, COUNT(*), COUNT(delivered_at) FROM follow_up
		WHERE bank_id = ? AND journey = ? AND version = ? GROUP BY step, status, why`, bank, out.Key, out.Version)
	if err != nil {
		return err
	}
	for _, g := range groups {
		s := out.step(g.step)
		s.Reached += g.n
		switch g.status {
		case "sent":
			s.Sent, s.Delivered = s.Sent+g.n, s.Delivered+g.delivered
		case "failed":
			s.Failed += g.n
		case "skipped":
			s.Skipped[g.reason] += g.n
		case "cancelled":
			s.Cancelled[g.reason] += g.n
		default:
			s.Waiting += g.n
		}
	}
	return nil
}

// effectsPage is how many messages are looked at together.
const effectsPage = 500

type sentRow struct {
	id, viewer   string
	step         int
	ended, bound db.Time
}

// effects counts what followed the messages within the days.
func (f *FollowUps) effects(ctx context.Context, bank string, out *Figures, spending SpendingTimes) error {
	within := func(from, t time.Time) bool { return !t.Before(from) && t.Before(from.AddDate(0, 0, out.Days)) }
	after := ""
	for {
		rows, err := db.All(ctx, f.book.DB, func(r db.Row) (s sentRow, err error) {
			return s, r.Scan(&s.id, &s.viewer, &s.step, &s.ended, &s.bound)
		}, `SELECT f.id, f.viewer_id, f.step, f.ended_at, a.bound_at FROM follow_up f JOIN application a ON a.id = f.application_id
			WHERE f.bank_id = ? AND f.journey = ? AND f.version = ? AND f.status = 'sent' AND f.id > ? ORDER BY f.id LIMIT ?`,
			bank, out.Key, out.Version, after, effectsPage)
		if err != nil || len(rows) == 0 {
			return err
		}
		viewers, first := make([]string, len(rows)), rows[0].ended.Time
		for i, r := range rows {
			viewers[i] = r.viewer
			if r.ended.Before(first) {
				first = r.ended.Time
			}
		}
		paid, err := spending.SpentAt(ctx, bank, viewers, first)
		if err != nil {
			return err
		}
		for _, r := range rows {
			s := out.step(r.step)
			if !r.bound.IsZero() && within(r.ended.Time, r.bound.Time) {
				s.Bound++
			}
			for _, t := range paid[r.viewer] {
				if within(r.ended.Time, t) {
					s.Spent++
					break
				}
			}
		}
		after = rows[len(rows)-1].id
	}
}
