package live

import (
	"context"
	"slices"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/money"
)

// PlaceChange is what is changed of one place on a shelf; nil stays as it is.
type PlaceChange struct {
	On       *bool
	Price    *money.Fen // 0 for the SKU's own
	Position *int       // from 0; past the end is the end
}

// HostShelf shows a room's shelf to who may run it, with what is off too.
func (s *Rooms) HostShelf(ctx context.Context, bank, room string, by Staff) ([]Item, error) {
	v, err := s.read(ctx, s.DB, bank, room)
	if err != nil {
		return nil, err
	}
	if err := s.may(ctx, s.DB, v, by.ID, by.Operator, PartAssistant); err != nil {
		return nil, err
	}
	items, _, err := s.wholeShelf(ctx, v)
	return items, err
}

// ChangePlace takes a SKU off the shelf and puts it on again without losing its
// place, moves it, or gives it another price in the room. What is taken off is
// pinned no more. 404 not_found when it has no place, 409 conflict.
func (s *Rooms) ChangePlace(ctx context.Context, bank, room, sku string, by Staff, c PlaceChange) ([]Item, error) {
	err := s.assist(ctx, bank, room, by, func(tx *db.Tx, v row) error {
		if v.Status == Ended {
			return fault.New(fault.Conflict, "conflict")
		}
		all, err := s.places(ctx, tx, room)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(all, func(p placed) bool { return p.sku == sku })
		if at < 0 {
			return fault.New(fault.NotFound, "not_found")
		}
		if c.On != nil && !*c.On && v.pinned == sku {
			if err := s.pin(ctx, tx, bank, room, nil); err != nil {
				return err
			}
		}
		if err := changeRow(ctx, tx, room, sku, c); err != nil {
			return err
		}
		if c.Position != nil {
			if err := movePlace(ctx, tx, room, all, at, min(*c.Position, len(all)-1)); err != nil {
				return err
			}
		}
		act := Act{bank, room, by, "shelf.item", room, map[string]any{"sku_id": sku, "on": c.On, "price_fen": c.Price, "position": c.Position}}
		if err := s.Acted(ctx, tx, act); err != nil {
			return err
		}
		return s.Fact(ctx, tx, bank, room, factShelf, struct{}{})
	})
	if err != nil {
		return nil, err
	}
	return s.HostShelf(ctx, bank, room, by)
}

func changeRow(ctx context.Context, tx *db.Tx, room, sku string, c PlaceChange) error {
	if c.On != nil {
		set, args := "UPDATE shelf_item SET off_at = NULL", []any{}
		if !*c.On {
			set, args = "UPDATE shelf_item SET off_at = COALESCE(off_at, ?)", []any{tx.Now}
		}
		if _, err := tx.Exec(ctx, set+" WHERE room_id = ? AND sku_id = ?", append(args, room, sku)...); err != nil {
			return err
		}
	}
	if c.Price == nil {
		return nil
	}
	price := c.Price
	if *price == 0 {
		price = nil
	}
	_, err := tx.Exec(ctx, "UPDATE shelf_item SET price_fen = ? WHERE room_id = ? AND sku_id = ?", price, room, sku)
	return err
}

// movePlace takes the place at one position to another; those between make room.
func movePlace(ctx context.Context, tx *db.Tx, room string, all []placed, from, to int) error {
	moved := all[from]
	all = slices.Insert(slices.Delete(all, from, from+1), to, moved)
	for i := min(from, to); i <= max(from, to); i++ {
		if _, err := tx.Exec(ctx, "UPDATE shelf_item SET position = ? WHERE room_id = ? AND sku_id = ?", i, room, all[i].sku); err != nil {
			return err
		}
	}
	return nil
}
