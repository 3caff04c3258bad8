package flash

import (
	"context"

	"yinbo/internal/db"
	"yinbo/order"
	"yinbo/order/catalog"
)

var _ order.Units = (*Sales)(nil)

// Return gives back units of an order that is being cancelled: to the sale and
// the viewer's claim while the sale is open, afterwards to the SKU.
func (s *Sales) Return(ctx context.Context, tx *db.Tx, bank, flashID, viewer string, n int64) error {
	r, err := lockSale(ctx, tx, bank, flashID)
	if err != nil {
		return err
	}
	if err := unsell(ctx, tx, flashID, viewer, n); err != nil {
		return err
	}
	r.Sold -= n
	if r.State != open {
		return catalog.Return(ctx, tx, bank, r.SKU, n)
	}
	tx.AfterCommit(func() { s.returned(r, viewer, n) })
	return nil
}

// Retake takes again the units of a cancelled order whose payment came late:
// from the sale while it is on, afterwards from the SKU.
func (s *Sales) Retake(ctx context.Context, tx *db.Tx, bank, flashID, viewer string, n int64) (bool, error) {
	r, err := lockSale(ctx, tx, bank, flashID)
	if err != nil {
		return false, err
	}
	claims, err := claimsOf(ctx, tx, flashID, []string{viewer})
	if err != nil {
		return false, err
	}
	if claims[viewer]+n > r.Limit || r.left() < n {
		return false, nil
	}
	if r.State != open {
		if ok, err := catalog.Take(ctx, tx, bank, r.SKU, n); !ok {
			return false, err
		}
	}
	if err := sell(ctx, tx, flashID, n); err != nil {
		return false, err
	}
	r.Sold, r.Ever = r.Sold+n, r.Ever+n
	// Admission learns of it by the next repair; until then the row decides.
	tx.AfterCommit(func() { s.learn(r); s.tellStock(r) })
	return true, addClaims(ctx, tx, r, map[string]int64{viewer: n})
}

// returned lets waiting viewers in again, on this node at once, on others
// within a round of their Run.
func (s *Sales) returned(r row, viewer string, n int64) {
	ctx, cancel := context.WithTimeout(context.Background(), admissionWait)
	defer cancel()
	s.admit(func() error { return s.Admission.Release(ctx, r.ref(), viewer, n) })
	s.learn(r)
	s.tellStock(r)
}

func (s *Sales) tellStock(r row) {
	s.Announcer.State(r.Room, StockState, r.ID, stock{r.ID, r.left()})
}
