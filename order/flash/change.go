package flash

import (
	"context"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/money"
)

// Change is what is changed of a sale before it starts; nil stays as it is.
type Change struct {
	Price        *money.Fen
	Total        *int64
	PerUserLimit *int64
	Starts, Ends *clock.Stamp
}

// of is the sale's terms with the change.
func (c Change) of(r row) Terms {
	t := Terms{SKU: r.SKU, Price: r.Price, Total: r.Total, PerUserLimit: r.Limit, Starts: r.Starts, Ends: r.Ends}
	if c.Price != nil {
		t.Price = *c.Price
	}
	if c.Total != nil {
		t.Total = *c.Total
	}
	if c.PerUserLimit != nil {
		t.PerUserLimit = *c.PerUserLimit
	}
	if c.Starts != nil {
		t.Starts = c.Starts.UTC().Truncate(time.Microsecond)
	}
	if c.Ends != nil {
		t.Ends = c.Ends.UTC().Truncate(time.Microsecond)
	}
	return t
}

// Change changes a sale that has not started. Units that it has more or fewer go
// from or to the SKU's stock in the same transaction, and the room hears of the
// sale again. Other nodes learn of it within a round of their Run; whoever
// presses at a price that is not the sale's is refused. Refusals: 404 not_found,
// 409 conflict once it has started, 409 flash.overlap, 409 stock.insufficient,
// 422 validation.
func (s *Sales) Change(ctx context.Context, by Staff, bank, flashID string, c Change) (v View, err error) {
	known, err := readSale(ctx, s.DB, bank, flashID)
	if err != nil {
		return v, err
	}
	if err := s.Rooms.HostMay(ctx, bank, known.Room, by.ID, by.Operator); err != nil {
		return v, err
	}
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		r, err := lockSale(ctx, tx, bank, flashID)
		if err != nil {
			return err
		}
		if r.status(tx.Now) != Scheduled {
			return fault.New(fault.Conflict, "conflict")
		}
		t := c.of(r)
		if err := t.check(tx.Now); err != nil {
			return err
		}
		more := t.Total - r.Total
		r.Price, r.Total, r.Limit, r.Starts, r.Ends = t.Price, t.Total, t.PerUserLimit, t.Starts, t.Ends
		if err := s.apply(ctx, tx, r, more); err != nil {
			return err
		}
		v = r.view(tx.Now)
		tx.AfterCommit(func() { s.refresh(context.WithoutCancel(ctx), bank, flashID) })
		return audit.Write(ctx, tx, audit.Entry{Bank: bank, ActorKind: "staff", Actor: by.ID, Action: "flash.change", Object: flashID, RequestID: by.RequestID,
			Detail: map[string]any{"price_fen": r.Price, "total": r.Total, "per_user_limit": r.Limit, "starts_at": v.StartsAt, "ends_at": v.EndsAt}})
	})
	return v, err
}

// apply writes a changed sale, moves its units and its timers, and tells the room.
// A picture that admission may have is of the old terms: it loses its epoch.
func (s *Sales) apply(ctx context.Context, tx *db.Tx, r row, more int64) error {
	if err := sellable(ctx, tx, r); err != nil {
		return err
	}
	if err := takeUnits(ctx, tx, r, more); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE flash_sale SET price_fen = ?, total = ?, per_user_limit = ?, starts_at = ?, ends_at = ?, announced_at = NULL, epoch = ''
		WHERE bank_id = ? AND id = ? AND state = 'open'`, r.Price, r.Total, r.Limit, r.Starts, r.Ends, r.Bank, r.ID)
	if err != nil {
		return err
	}
	if err := s.stopTimers(ctx, tx, r); err != nil {
		return err
	}
	if err := s.setTimers(ctx, tx, r); err != nil {
		return err
	}
	return s.Announcer.Fact(ctx, tx, r.Bank, r.Room, ScheduledFact, r.view(tx.Now).fact())
}
