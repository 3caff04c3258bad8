package flash

import (
	"context"
	"errors"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/outbox"
	"yinbo/order/catalog"
)

// The tasks of a sale; ref is its id.
const (
	StartTask = "flash.start"
	EndTask   = "flash.end"
)

// HandleStart tells the room that a sale is on, once.
func (s *Sales) HandleStart(ctx context.Context, t outbox.Task) error {
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		r, err := lockSale(ctx, tx, t.Bank, t.Ref)
		if err != nil || r.State != open {
			return gone(err)
		}
		if tx.Now.Before(r.Starts) {
			return &outbox.Postponed{At: r.Starts}
		}
		n, err := tx.Exec(ctx, "UPDATE flash_sale SET announced_at = ? WHERE id = ? AND announced_at IS NULL", tx.Now, r.ID)
		if err != nil || n == 0 {
			return err
		}
		return s.Announcer.Fact(ctx, tx, r.Bank, r.Room, StartedFact, r.view(tx.Now).fact())
	})
}

// HandleEnd ends a sale whose window is over, once; the rest returns to the SKU.
func (s *Sales) HandleEnd(ctx context.Context, t outbox.Task) error {
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		r, err := lockSale(ctx, tx, t.Bank, t.Ref)
		if err != nil || r.State != open {
			return gone(err)
		}
		if tx.Now.Before(r.Ends) {
			return &outbox.Postponed{At: r.Ends}
		}
		return s.close(ctx, tx, &r, ended)
	})
}

// gone makes a task about a row that is not there a task that is done.
func gone(err error) error {
	if errors.Is(err, fault.New(fault.NotFound, "not_found")) {
		return nil
	}
	return err
}

// close ends r, whose row tx holds, returns the rest and tells the room.
func (s *Sales) close(ctx context.Context, tx *db.Tx, r *row, to state) error {
	if _, err := tx.Exec(ctx, "UPDATE flash_sale SET state = ? WHERE id = ? AND state = 'open'", string(to), r.ID); err != nil {
		return err
	}
	r.State = to
	if err := catalog.Return(ctx, tx, r.Bank, r.SKU, r.left()); err != nil {
		return err
	}
	closed := *r
	tx.AfterCommit(func() { s.learn(closed) })
	return s.Announcer.Fact(ctx, tx, r.Bank, r.Room, EndedFact, named{r.ID, r.SKU, to == cancelled})
}

// fact is what the room is told of a sale: the flash object, as flash_id and so
// on, so that no one has to ask for it.
func (v View) fact() map[string]any {
	return map[string]any{"flash_id": v.ID, "sku_id": v.SKUID, "status": v.Status, "price_fen": v.PriceFen, "total": v.Total,
		"left": v.Left, "per_user_limit": v.PerUserLimit, "starts_at": v.StartsAt, "ends_at": v.EndsAt}
}
