package order

import (
	"context"
	"sort"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/order/catalog"
)

// Cancel gives up an order that is not paid; anything else is 409 conflict.
func (s *Orders) Cancel(ctx context.Context, bank, viewer, orderID string) (View, error) {
	var view View
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		o, err := LockOwn(ctx, tx, bank, viewer, orderID)
		if err != nil {
			return err
		}
		if o.Status != PendingPayment {
			return fault.New(fault.Conflict, "conflict")
		}
		if err := s.close(ctx, tx, &o, "viewer"); err != nil {
			return err
		}
		view = o.View()
		return nil
	})
	return view, err
}

func (s *Orders) close(ctx context.Context, tx *db.Tx, o *Order, reason string) error {
	if err := s.move(ctx, tx, o, Cancelled, "closed_at = ?, close_reason = ?", tx.Now, reason); err != nil {
		return err
	}
	return s.giveBack(ctx, tx, o)
}

// giveBack returns what the order held.
func (s *Orders) giveBack(ctx context.Context, tx *db.Tx, o *Order) error {
	if err := s.returnUnits(ctx, tx, o); err != nil || len(o.Deductions) == 0 {
		return err
	}
	return s.Coupons.Return(ctx, tx, *o)
}

func (s *Orders) returnUnits(ctx context.Context, tx *db.Tx, o *Order) error {
	if o.Flash != "" {
		return s.Units.Return(ctx, tx, o.Bank, o.Flash, o.Viewer, o.pieces())
	}
	if err := catalog.Unclaim(ctx, tx, o.Bank, o.Viewer, o.ID); err != nil {
		return err
	}
	for _, l := range bySKU(o.Lines) {
		if err := catalog.Return(ctx, tx, o.Bank, l.SKU, l.Quantity); err != nil {
			return err
		}
	}
	return nil
}

// retake takes again what giveBack returned: all of it, or nothing and ok is
// false.
func (s *Orders) retake(ctx context.Context, tx *db.Tx, o *Order) (ok bool, err error) {
	if ok, err = s.retakeUnits(ctx, tx, o); !ok || len(o.Deductions) == 0 {
		return ok, err
	}
	if ok, err = s.Coupons.Retake(ctx, tx, *o); ok || err != nil {
		return ok, err
	}
	return false, s.returnUnits(ctx, tx, o)
}

func (s *Orders) retakeUnits(ctx context.Context, tx *db.Tx, o *Order) (ok bool, err error) {
	if o.Flash != "" {
		return s.Units.Retake(ctx, tx, o.Bank, o.Flash, o.Viewer, o.pieces())
	}
	if ok, err := reclaim(ctx, tx, o); !ok {
		return false, err
	}
	var taken []Line
	for _, l := range bySKU(o.Lines) {
		ok, err := catalog.Take(ctx, tx, o.Bank, l.SKU, l.Quantity)
		if err != nil {
			return false, err
		}
		if ok {
			taken = append(taken, l)
			continue
		}
		for _, t := range taken {
			if err := catalog.Return(ctx, tx, o.Bank, t.SKU, t.Quantity); err != nil {
				return false, err
			}
		}
		return false, catalog.Unclaim(ctx, tx, o.Bank, o.Viewer, o.ID)
	}
	return true, nil
}

func (o Order) pieces() (n int64) {
	for _, l := range o.Lines {
		n += l.Quantity
	}
	return n
}

// bySKU is the lines in the order in which rows are locked.
func bySKU(lines []Line) []Line {
	sorted := append([]Line(nil), lines...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i].SKU < sorted[j].SKU })
	return sorted
}
