package payment

import (
	"context"
	"maps"
	"slices"
	"time"

	"yinbo/internal/db"
)

const spentByCard = ` FROM orders o JOIN payment p ON p.bank_id = o.bank_id AND p.order_id = o.id
	WHERE o.bank_id = ? AND p.method = 'bound_card' AND p.status = 'succeeded' AND p.paid_at >= ? AND o.viewer_id `

// HasSpent tells whether a viewer has paid with a bound card since a time.
func (p *Payments) HasSpent(ctx context.Context, q db.Querier, bank, viewer string, since time.Time) (bool, error) {
	_, spent, err := db.Value[string](ctx, q, "SELECT p.id"+spentByCard+"= ? LIMIT 1", bank, since, viewer)
	return spent, err
}

// SpentAt gives when each of some viewers paid with a bound card since a time.
func (p *Payments) SpentAt(ctx context.Context, bank string, viewers []string, since time.Time) (map[string][]time.Time, error) {
	type paid struct {
		viewer string
		at     db.Time
	}
	out := map[string][]time.Time{}
	if len(viewers) == 0 {
		return out, nil
	}
	rows, err := db.All(ctx, p.DB, func(r db.Row) (x paid, err error) { return x, r.Scan(&x.viewer, &x.at) },
		"SELECT o.viewer_id, p.paid_at"+spentByCard+"IN "+db.Marks(len(viewers))+" ORDER BY p.paid_at",
		append([]any{bank, since}, db.Args(viewers)...)...)
	for _, r := range rows {
		out[r.viewer] = append(out[r.viewer], r.at.Time)
	}
	return out, err
}

// spendersAtOnce bounds a statement.
const spendersAtOnce = 1000

// OwnSpent gives when each of some viewers first paid with a bound card of the
// bank's own since a time of their own; who did not is left out.
func (p *Payments) OwnSpent(ctx context.Context, bank string, since map[string]time.Time) (map[string]time.Time, error) {
	viewers := slices.Sorted(maps.Keys(since))
	out := map[string]time.Time{}
	for part := range slices.Chunk(viewers, spendersAtOnce) {
		first := since[part[0]]
		for _, v := range part {
			if since[v].Before(first) {
				first = since[v]
			}
		}
		type paid struct {
			viewer string
			at     db.Time
		}
		rows, err := db.All(ctx, p.DB, func(r db.Row) (x paid, err error) { return x, r.Scan(&x.viewer, &x.at) },
			"SELECT o.viewer_id, p.paid_at"+spentByCard+"IN "+db.Marks(len(part))+" AND p.own_card ORDER BY p.paid_at",
			append([]any{bank, first}, db.Args(part)...)...)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if _, known := out[r.viewer]; !known && !r.at.Before(since[r.viewer]) {
				out[r.viewer] = r.at.Time
			}
		}
	}
	return out, nil
}
