package live

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// Hold keeps a room that by is a host of as it is until the commit, for what happens
// in it: 404 not_found, 409 conflict when it has ended.
func (s *Rooms) Hold(ctx context.Context, tx *db.Tx, bank, room string, by Staff) (View, error) {
	v, err := s.readAs(ctx, tx, tx.Dialect().ForUpdate(), bank, room)
	if err != nil {
		return View{}, err
	}
	if err := s.may(ctx, tx, v, by.ID, by.Operator, PartHost); err != nil {
		return View{}, err
	}
	if v.Status == Ended {
		return View{}, fault.New(fault.Conflict, "conflict")
	}
	return v.View, nil
}

// Follower hears of a room's facts within their transaction: what it writes is
// committed with the fact, and its error undoes both.
type Follower func(ctx context.Context, tx *db.Tx, bank, room, kind string) error

// Follow lets f hear of every fact from now on. It is for wiring: nothing may
// run yet.
func (s *Rooms) Follow(f Follower) { s.followers = append(s.followers, f) }

// PinWithin is Pin within the transaction of who holds the room. It gives what
// was pinned before.
func (s *Rooms) PinWithin(ctx context.Context, tx *db.Tx, bank, room string, by Staff, sku *string) (before *string, err error) {
	before, _, err = db.Value[*string](ctx, tx, "SELECT pinned_sku_id FROM room WHERE bank_id = ? AND id = ?", bank, room)
	if err != nil {
		return nil, err
	}
	if sku != nil {
		_, there, err := db.Value[string](ctx, tx, "SELECT sku_id FROM shelf_item WHERE room_id = ? AND sku_id = ? AND off_at IS NULL", room, *sku)
		if err != nil {
			return nil, err
		}
		if !there {
			return nil, fault.InvalidField("sku_id", "field.not_allowed")
		}
	}
	if err := s.pin(ctx, tx, bank, room, sku); err != nil {
		return nil, err
	}
	return before, s.Acted(ctx, tx, Act{bank, room, by, factPinned, room, map[string]any{"sku_id": sku}})
}

// NoticeWithin is Notice within the transaction of who holds the room; MayTell has
// judged the words before.
func (s *Rooms) NoticeWithin(ctx context.Context, tx *db.Tx, bank, room string, by Staff, text string, confirmed bool) error {
	if err := s.Fact(ctx, tx, bank, room, factNotice, map[string]string{"text": text}); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "UPDATE room SET notice_seq = last_seq WHERE bank_id = ? AND id = ?", bank, room); err != nil {
		return err
	}
	return s.Acted(ctx, tx, Act{bank, room, by, "room.notice", room, map[string]any{"confirmed": confirmed}})
}

// ViewIn shows a room as q sees it; 404 not_found.
func (s *Rooms) ViewIn(ctx context.Context, q db.Querier, bank, room string) (View, error) {
	v, err := s.read(ctx, q, bank, room)
	return v.View, err
}
