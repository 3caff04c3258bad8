package promo

import (
	"context"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/outbox"
)

// DropResult is what came of a drop; it is the payload of EndedFact.
type DropResult struct {
	DropID   string `json:"drop_id"`
	Quantity int64  `json:"quantity"`
	Claimed  int64  `json:"claimed"`
}

// CloseDrop ends a drop before its time; what was claimed stays. 404 not_found,
// 409 conflict when it is over.
func (s *Coupons) CloseDrop(ctx context.Context, by Staff, bank, dropID string) (r DropResult, err error) {
	d, err := readDrop(ctx, s.DB, bank, dropID)
	if err != nil {
		return r, err
	}
	if err := s.Rooms.HostMay(ctx, bank, d.Room, by.ID, by.Operator); err != nil {
		return r, err
	}
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		r, err = s.CloseDropWithin(ctx, tx, by, bank, dropID)
		return err
	})
	return r, err
}

// CloseDropWithin is CloseDrop within the transaction of who has seen to it that
// by may run the room.
func (s *Coupons) CloseDropWithin(ctx context.Context, tx *db.Tx, by Staff, bank, dropID string) (DropResult, error) {
	n, err := tx.Exec(ctx, "UPDATE coupon_drop SET ends_at = ? WHERE bank_id = ? AND id = ? AND ended_at IS NULL AND ends_at > ?", tx.Now, bank, dropID, tx.Now)
	if err != nil {
		return DropResult{}, err
	}
	d, err := readDrop(ctx, tx, bank, dropID)
	if err != nil {
		return DropResult{}, err
	}
	if n == 0 {
		return DropResult{}, fault.New(fault.Conflict, "conflict")
	}
	if _, err := s.Box.Cancel(ctx, tx, bank, DropTask, dropID); err != nil {
		return DropResult{}, err
	}
	r, err := s.endDrop(ctx, tx, *d)
	if err != nil {
		return r, err
	}
	return r, audit.Write(ctx, tx, by.entry(bank, EndedFact, dropID, map[string]any{"claimed": d.Claimed}))
}

// HandleDrop tells the room what came of a drop whose time is over, once.
func (s *Coupons) HandleDrop(ctx context.Context, t outbox.Task) error {
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		d, err := readDrop(ctx, tx, t.Bank, t.Ref)
		if fault.Code(err) == "not_found" {
			return nil
		}
		if err != nil {
			return err
		}
		if tx.Now.Before(d.EndsAt) {
			return &outbox.Postponed{At: d.EndsAt}
		}
		_, err = s.endDrop(ctx, tx, *d)
		return err
	})
}

// endDrop tells the room of the end, unless somebody did.
func (s *Coupons) endDrop(ctx context.Context, tx *db.Tx, d Drop) (DropResult, error) {
	r := DropResult{DropID: d.ID, Quantity: d.Quantity, Claimed: d.Claimed}
	n, err := tx.Exec(ctx, "UPDATE coupon_drop SET ended_at = ? WHERE bank_id = ? AND id = ? AND ended_at IS NULL", tx.Now, d.Bank, d.ID)
	if err != nil || n == 0 {
		return r, err
	}
	return r, s.Announcer.Fact(ctx, tx, d.Bank, d.Room, EndedFact, r)
}
