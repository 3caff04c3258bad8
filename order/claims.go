package order

import (
	"context"
	"sort"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/order/catalog"
)

// claim counts o's limited goods to its viewer; when some are over the limit,
// all of those are named and the transaction must be rolled back. Flash sales
// have a limit of their own.
func claim(ctx context.Context, tx *db.Tx, c Cart, o Order) error {
	var over *fault.Error
	for _, l := range bySKU(o.Lines) {
		if l.limit == 0 {
			continue
		}
		ok, err := catalog.Claim(ctx, tx, o.Bank, o.Viewer, o.ID, l.SKU, l.Quantity, l.limit)
		if err != nil {
			return err
		}
		if !ok {
			if over == nil {
				over = fault.New(fault.Conflict, "order.limit_reached")
			}
			over = over.With(c.item(l.SKU)+".quantity", "order.limit_reached")
		}
	}
	if over != nil {
		sort.Slice(over.Fields, func(i, j int) bool { return over.Fields[i].Name < over.Fields[j].Name })
		return over
	}
	return nil
}

// reclaim counts a cancelled order's goods again, by the limits of today: all of
// them, or none and ok is false.
func reclaim(ctx context.Context, tx *db.Tx, o *Order) (ok bool, err error) {
	lines := bySKU(o.Lines)
	skus := make([]string, len(lines))
	for i, l := range lines {
		skus[i] = l.SKU
	}
	limits, err := catalog.Limits(ctx, tx, o.Bank, skus)
	if err != nil {
		return false, err
	}
	for _, l := range lines {
		limit, limited := limits[l.SKU]
		if !limited {
			continue
		}
		if ok, err := catalog.Claim(ctx, tx, o.Bank, o.Viewer, o.ID, l.SKU, l.Quantity, limit); err != nil {
			return false, err
		} else if !ok {
			return false, catalog.Unclaim(ctx, tx, o.Bank, o.Viewer, o.ID)
		}
	}
	return true, nil
}
