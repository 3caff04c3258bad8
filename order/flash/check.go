package flash

import (
	"context"
	"fmt"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/invariant"
	"yinbo/internal/outbox"
)

// ordered is what a claim's viewer has in orders of its sale, by index.
const ordered = `(SELECT COALESCE(SUM(l.quantity), 0) FROM orders o JOIN order_line l ON l.order_id = o.id
	WHERE o.bank_id = c.bank_id AND o.viewer_id = c.viewer_id AND o.flash_id = c.flash_id AND o.status <> 'cancelled')`

// Invariants are what holds of flash sales, sold out or in full sale.
func Invariants() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "flash.sold",
		Means: "what is sold is what stands in orders that are not cancelled, and what viewers claim: left + sold = total",
		Of:    "flash_sale",
		Broken: `SELECT f.bank_id, f.id, CONCAT_WS('', 'sold ', f.sold, ', in orders ', COALESCE(o.n, 0), ', claimed ', COALESCE(c.n, 0))
			FROM flash_sale f
			LEFT JOIN (SELECT o.flash_id, SUM(l.quantity) AS n FROM orders o JOIN order_line l ON l.order_id = o.id
				WHERE o.flash_id IS NOT NULL AND o.status <> 'cancelled' GROUP BY o.flash_id) o ON o.flash_id = f.id
			LEFT JOIN (SELECT flash_id, SUM(quantity) AS n FROM flash_claim GROUP BY flash_id) c ON c.flash_id = f.id
			WHERE f.sold <> COALESCE(o.n, 0) OR f.sold <> COALESCE(c.n, 0)`,
	}, {
		Name:   "flash.units",
		Means:  "nothing is sold that there is not",
		Of:     "flash_sale",
		Broken: "SELECT bank_id, id, CONCAT_WS('', 'sold ', sold, ' of ', total) FROM flash_sale WHERE sold < 0 OR sold > total",
	}, {
		Name:   "flash.sold_ever",
		Means:  "as many units were ever sold as are now, or more came back",
		Of:     "flash_sale",
		Broken: "SELECT bank_id, id, CONCAT_WS('', 'sold ', sold, ', ever ', sold_ever) FROM flash_sale WHERE sold_ever < sold",
	}, {
		Name:  "flash.claims",
		Means: "a viewer claims what the viewer's orders hold",
		Of:    "flash_claim",
		Broken: `SELECT c.bank_id, CONCAT_WS(' ', c.flash_id, c.viewer_id), CONCAT_WS('', 'claimed ', c.quantity, ', in orders ', ` + ordered + `)
				FROM flash_claim c WHERE c.quantity <> ` + ordered + `
			UNION ALL SELECT o.bank_id, o.id, CONCAT_WS('', 'no claim of ', o.viewer_id, ' in ', o.flash_id)
				FROM orders o LEFT JOIN flash_claim c ON c.flash_id = o.flash_id AND c.viewer_id = o.viewer_id
				WHERE o.flash_id IS NOT NULL AND o.status <> 'cancelled' AND c.flash_id IS NULL`,
	}, {
		Name:  "flash.limit",
		Means: "no viewer is above the sale's limit",
		Of:    "flash_claim",
		Broken: `SELECT c.bank_id, CONCAT_WS(' ', c.flash_id, c.viewer_id), CONCAT_WS('', c.quantity, ' claimed, the limit is ', COALESCE(f.per_user_limit, 'none'))
			FROM flash_claim c LEFT JOIN flash_sale f ON f.id = c.flash_id AND f.bank_id = c.bank_id
			WHERE f.id IS NULL OR c.quantity < 0 OR c.quantity > f.per_user_limit`,
	}, {
		Name:  "flash.goods",
		Means: "an order of a sale is for the sale's SKU at the sale's price",
		Of:    "flash_sale",
		Broken: `SELECT o.bank_id, o.id, CONCAT_WS('', l.sku_id, ' at ', l.price_fen, ', the sale has ', COALESCE(f.sku_id, 'none'), ' at ', f.price_fen)
			FROM orders o JOIN order_line l ON l.order_id = o.id LEFT JOIN flash_sale f ON f.id = o.flash_id AND f.bank_id = o.bank_id
			WHERE o.flash_id IS NOT NULL AND (f.id IS NULL OR f.sku_id <> l.sku_id OR f.price_fen <> l.price_fen)`,
	}, {
		Name:  "flash.overlap",
		Means: "two open sales of one SKU do not overlap",
		Of:    "flash_sale",
		Broken: `SELECT a.bank_id, a.id, CONCAT_WS('', 'overlaps ', b.id) FROM flash_sale a
			JOIN flash_sale b ON b.bank_id = a.bank_id AND b.sku_id = a.sku_id AND b.state = 'open' AND b.id > a.id
			WHERE a.state = 'open' AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at`,
	},
		outbox.Awaited("flash.end", "an open sale has a task that ends it", EndTask, "flash_sale", "t.state = 'open'", nil),
		idem.Answered("flash.answered", id.Flash, "flash_sale", "created_by"),
	}
}

const lookEvery = 250 * time.Millisecond

// AdmissionInvariant says that admission does not promise more than there is:
// left in admission + held + sold = total, with what is held at least nothing.
// quiet says that nobody buys now: then nothing is held either.
//
// Holds on their way to the database make admission have less than the row for
// a moment, and a unit that comes back more until the next round of a node, so
// only a difference that outlasts patience is one: a few rounds.
func AdmissionInvariant(d *db.DB, a Admission, quiet bool, patience time.Duration) invariant.Rule {
	return invariant.Rule{
		Name:  "flash.admission",
		Means: "admission has no more units of a sale than the database, nor fewer once nobody buys",
		Look: func(ctx context.Context, _ db.Querier) (int64, []invariant.Row, error) {
			for end := time.Now().Add(patience); ; {
				looked, broken, err := compare(ctx, d, a, quiet)
				if err != nil || len(broken) == 0 || time.Now().After(end) {
					return looked, broken, err
				}
				select {
				case <-ctx.Done():
					return looked, broken, ctx.Err()
				case <-time.After(lookEvery):
				}
			}
		},
	}
}

// compare looks at every sale that is on. What admission does not know, the next
// buyer sets from the database.
func compare(ctx context.Context, d *db.DB, a Admission, quiet bool) (looked int64, broken []invariant.Row, err error) {
	now := d.Clock().Now()
	rows, err := readRows(ctx, d, "state = 'open' AND starts_at <= ? AND ends_at > ?", now, now)
	if err != nil {
		return 0, nil, err
	}
	for _, r := range rows {
		level, known, err := a.Look(ctx, r.ID)
		if err != nil {
			return looked, broken, err
		}
		looked++
		if known && (level.Left > r.left() || quiet && level.Left < r.left()) {
			broken = append(broken, invariant.Row{Bank: r.Bank, Object: r.ID, Found: fmt.Sprintf("%d left in admission, %d in the database", level.Left, r.left())})
		}
	}
	return looked, broken, nil
}
