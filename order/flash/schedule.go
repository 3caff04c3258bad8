package flash

import (
	"context"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/money"
	"yinbo/internal/outbox"
	"yinbo/order/catalog"
)

// Staff is who schedules or cancels.
type Staff struct {
	ID        string
	Operator  bool // may run every room of the bank
	RequestID string
}

// Terms are what a sale offers.
type Terms struct {
	SKU          string
	Price        money.Fen // for one piece
	Total        int64     // units, taken out of the SKU's stock
	PerUserLimit int64
	Starts, Ends time.Time
}

// Bounds of a sale.
const (
	maxUnits  = 1_000_000
	maxLength = 31 * 24 * time.Hour
	maxAhead  = 366 * 24 * time.Hour
)

func (t Terms) check(now time.Time) error {
	e := fault.New(fault.Invalid, "validation")
	if t.Price <= 0 || t.Price > money.Limit/maxUnits {
		e = e.With("price_fen", "field.invalid")
	}
	if t.Total <= 0 || t.Total > maxUnits {
		e = e.With("total", "field.invalid")
	}
	if t.PerUserLimit <= 0 || t.PerUserLimit > maxUnits {
		e = e.With("per_user_limit", "field.invalid")
	}
	if t.Starts.After(now.Add(maxAhead)) || t.Starts.Before(now.Add(-maxLength)) {
		e = e.With("starts_at", "field.invalid")
	}
	if !t.Ends.After(t.Starts) || !t.Ends.After(now) || t.Ends.Sub(t.Starts) > maxLength {
		e = e.With("ends_at", "field.invalid")
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// Schedule sets up a sale in a room and takes its units out of the SKU's stock.
// Refusals: 404 not_found (room, SKU), 409 flash.overlap, 409
// stock.insufficient, 422 validation.
func (s *Sales) Schedule(ctx context.Context, req idem.Request, by Staff, bank, room string, t Terms) (v View, replayed bool, err error) {
	if err := s.Rooms.HostMay(ctx, bank, room, by.ID, by.Operator); err != nil {
		return v, false, err
	}
	return idem.Do(ctx, s.Keeper, req, func(tx *db.Tx) (View, error) {
		return s.ScheduleWithin(ctx, tx, by, bank, room, t)
	})
}

// ScheduleWithin is Schedule within the transaction of who has seen to it that
// by may run the room.
func (s *Sales) ScheduleWithin(ctx context.Context, tx *db.Tx, by Staff, bank, room string, t Terms) (View, error) {
	if err := t.check(tx.Now); err != nil {
		return View{}, err
	}
	r := row{ID: id.New(id.Flash), Bank: bank, Room: room, SKU: t.SKU, State: open, Price: t.Price, Total: t.Total,
		Limit: t.PerUserLimit, Starts: t.Starts.UTC().Truncate(time.Microsecond), Ends: t.Ends.UTC().Truncate(time.Microsecond)}
	if err := sellable(ctx, tx, r); err != nil {
		return View{}, err
	}
	if err := takeUnits(ctx, tx, r, r.Total); err != nil {
		return View{}, err
	}
	tx.AfterCommit(func() { s.refresh(context.WithoutCancel(ctx), bank, r.ID) })
	return r.view(tx.Now), s.open(ctx, tx, r, by)
}

// sellable holds the SKU, so that two sales of it cannot be set up at once, and
// refuses what may not be sold in the sale's window.
func sellable(ctx context.Context, tx *db.Tx, r row) error {
	_, found, err := catalog.LockSKU(ctx, tx, r.Bank, r.SKU)
	if err != nil {
		return err
	}
	goods, err := catalog.Goods(ctx, tx, tx.Now, r.Bank, []string{r.SKU})
	if err != nil {
		return err
	}
	g := goods[r.SKU]
	if !found || g.Hidden {
		return fault.New(fault.NotFound, "not_found").With("sku_id", "not_found")
	}
	if g.Kind == catalog.CardOffer {
		return fault.InvalidField("sku_id", "order.not_for_sale")
	}
	_, overlap, err := db.Value[string](ctx, tx, `SELECT id FROM flash_sale
		WHERE bank_id = ? AND sku_id = ? AND state = 'open' AND starts_at < ? AND ends_at > ? AND id <> ? LIMIT 1`, r.Bank, r.SKU, r.Ends, r.Starts, r.ID)
	if err == nil && overlap {
		err = fault.New(fault.Conflict, "flash.overlap")
	}
	return err
}

// takeUnits takes units of a sale out of its SKU's stock; fewer than none give
// some back.
func takeUnits(ctx context.Context, tx *db.Tx, r row, units int64) error {
	if units <= 0 {
		return catalog.Return(ctx, tx, r.Bank, r.SKU, -units)
	}
	ok, err := catalog.Take(ctx, tx, r.Bank, r.SKU, units)
	if err == nil && !ok {
		err = fault.New(fault.Conflict, "stock.insufficient").With("total", "stock.insufficient")
	}
	return err
}

// open writes the row, its tasks, the room's fact and the audit entry.
func (s *Sales) open(ctx context.Context, tx *db.Tx, r row, by Staff) error {
	err := tx.Insert(ctx, "flash_sale (id, bank_id, room_id, sku_id, price_fen, total, per_user_limit, starts_at, ends_at, state, created_by, created_at)",
		[][]any{{r.ID, r.Bank, r.Room, r.SKU, r.Price, r.Total, r.Limit, r.Starts, r.Ends, string(open), by.ID, tx.Now}}, "")
	if err != nil {
		return err
	}
	if err := s.setTimers(ctx, tx, r); err != nil {
		return err
	}
	if err := s.Announcer.Fact(ctx, tx, r.Bank, r.Room, ScheduledFact, r.view(tx.Now).fact()); err != nil {
		return err
	}
	return audit.Write(ctx, tx, audit.Entry{Bank: r.Bank, ActorKind: "staff", Actor: by.ID, Action: "flash.schedule", Object: r.ID,
		RequestID: by.RequestID, Detail: map[string]any{"sku_id": r.SKU, "price_fen": r.Price, "total": r.Total}})
}

// setTimers writes the tasks that start and end a sale.
func (s *Sales) setTimers(ctx context.Context, tx *db.Tx, r row) error {
	return s.Box.Add(ctx, tx, outbox.Task{Bank: r.Bank, Kind: StartTask, Ref: r.ID, Payload: struct{}{}, Due: r.Starts},
		outbox.Task{Bank: r.Bank, Kind: EndTask, Ref: r.ID, Payload: struct{}{}, Due: r.Ends})
}

// stopTimers takes them away.
func (s *Sales) stopTimers(ctx context.Context, tx *db.Tx, r row) error {
	for _, kind := range []string{StartTask, EndTask} {
		if _, err := s.Box.Cancel(ctx, tx, r.Bank, kind, r.ID); err != nil {
			return err
		}
	}
	return nil
}

// TopUp adds units to an open sale, out of the SKU's stock; other nodes sell
// them within a round of their Run. Refusals: 404 not_found, 409 conflict when
// the sale is over, 409 stock.insufficient, 422 validation.
func (s *Sales) TopUp(ctx context.Context, req idem.Request, by Staff, bank, flashID string, units int64) (v View, replayed bool, err error) {
	known, err := readSale(ctx, s.DB, bank, flashID)
	if err != nil {
		return v, false, err
	}
	if err := s.Rooms.HostMay(ctx, bank, known.Room, by.ID, by.Operator); err != nil {
		return v, false, err
	}
	return idem.Do(ctx, s.Keeper, req, func(tx *db.Tx) (View, error) {
		r, err := lockSale(ctx, tx, bank, flashID)
		if err != nil {
			return View{}, err
		}
		if r.State != open || !tx.Now.Before(r.Ends) {
			return View{}, fault.New(fault.Conflict, "conflict")
		}
		if units < 1 || units > maxUnits-r.Total {
			return View{}, fault.InvalidField("units", "field.invalid")
		}
		ok, err := catalog.Take(ctx, tx, bank, r.SKU, units)
		if err != nil {
			return View{}, err
		}
		if !ok {
			return View{}, fault.New(fault.Conflict, "stock.insufficient").With("units", "stock.insufficient")
		}
		if err := raise(ctx, tx, r, units); err != nil {
			return View{}, err
		}
		r.Total += units
		tx.AfterCommit(func() { s.returned(r, "", units) })
		// The fact that there is such a sale, again with its new figures.
		kind := ScheduledFact
		if !tx.Now.Before(r.Starts) {
			kind = StartedFact
		}
		if err := s.Announcer.Fact(ctx, tx, bank, r.Room, kind, r.view(tx.Now).fact()); err != nil {
			return View{}, err
		}
		return r.view(tx.Now), audit.Write(ctx, tx, audit.Entry{Bank: bank, ActorKind: "staff", Actor: by.ID, Action: "flash.top_up", Object: flashID,
			RequestID: by.RequestID, Detail: map[string]any{"units": units, "total": r.Total}})
	})
}

// Cancel ends an open sale before its time; the rest returns to the SKU. Orders
// stay: unpaid ones give their units back to the SKU when they are cancelled.
// Refusals: 404 not_found, 409 conflict when it is over.
func (s *Sales) Cancel(ctx context.Context, by Staff, bank, flashID string) (View, error) {
	r, err := readSale(ctx, s.DB, bank, flashID)
	if err != nil {
		return View{}, err
	}
	if err := s.Rooms.HostMay(ctx, bank, r.Room, by.ID, by.Operator); err != nil {
		return View{}, err
	}
	var v View
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		v, err = s.CancelWithin(ctx, tx, by, bank, flashID)
		return err
	})
	return v, err
}

// CancelWithin is Cancel within the transaction of who has seen to it that by may
// run the room.
func (s *Sales) CancelWithin(ctx context.Context, tx *db.Tx, by Staff, bank, flashID string) (View, error) {
	r, err := lockSale(ctx, tx, bank, flashID)
	if err != nil {
		return View{}, err
	}
	if r.State != open || !tx.Now.Before(r.Ends) {
		return View{}, fault.New(fault.Conflict, "conflict")
	}
	if err := s.close(ctx, tx, &r, cancelled); err != nil {
		return View{}, err
	}
	if err := s.stopTimers(ctx, tx, r); err != nil {
		return View{}, err
	}
	return r.view(tx.Now), audit.Write(ctx, tx, audit.Entry{Bank: bank, ActorKind: "staff", Actor: by.ID, Action: "flash.cancel", Object: flashID,
		RequestID: by.RequestID})
}
