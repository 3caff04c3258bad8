package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/id"
)

// funnelDays is the month that funnels are asked of, which ended a month ago.
const funnelDays = 30

// funnel counts a month's funnel by each dimension: the leads of the month, and
// three people beside each who opened the form and went away.
func (d *desk) funnel(ctx context.Context, times int) error {
	to := time.Now().UTC().AddDate(0, 0, -31)
	from := to.AddDate(0, 0, 1-funnelDays)
	if err := d.touches(ctx, from, to); err != nil {
		return err
	}
	for _, by := range []string{"room", "host", "branch", "product", "share_code"} {
		q := url.Values{"from": {from.Format(time.DateOnly)}, "to": {to.Format(time.DateOnly)}, "by": {by}}
		var took []time.Duration
		clicked := int64(0)
		for range times {
			var f struct {
				Total struct {
					Clicked int64 `json:"clicked"`
				} `json:"total"`
				Lines []json.RawMessage `json:"lines"`
			}
			begun := time.Now()
			if err := d.call(ctx, http.MethodGet, "/funnel?"+q.Encode(), nil, &f); err != nil {
				return err
			}
			took, clicked = append(took, time.Since(begun)), f.Total.Clicked
		}
		show("a month's funnel by "+by, took, time.Second, fmt.Sprintf("%d people", clicked))
	}
	return nil
}

// touches writes who clicked, and of some that they began.
func (d *desk) touches(ctx context.Context, from, to time.Time) error {
	n, _, err := db.Value[int](ctx, d.db, "SELECT COUNT(*) FROM application WHERE bank_id = ? AND created_at >= ? AND created_at < ?", d.leads.bank, from, to)
	if err != nil {
		return err
	}
	for left := 3 * n; left > 0; left -= 1000 {
		var rows [][]any
		for range min(left, 1000) {
			day, who, room, product := from.AddDate(0, 0, rand.IntN(funnelDays)).Format(time.DateOnly), id.New(id.Viewer), pick(d.leads.rooms), pick(d.leads.products)
			rows = append(rows, []any{d.leads.bank, day, "clicked", product, room, who, "", "", "", "", ""})
			if rand.IntN(3) == 0 {
				rows = append(rows, []any{d.leads.bank, day, "started", product, room, who, "", "", "", "", ""})
			}
		}
		err := d.db.InTx(ctx, func(tx *db.Tx) error {
			return tx.Insert(ctx, `funnel_touch (bank_id, day, kind, card_product_id, room_id, viewer_id,
				host_id, branch_id, manager_id, campaign, share_code)`, rows, "")
		})
		if err != nil {
			return err
		}
	}
	return nil
}
