package order

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// Get shows one of the viewer's orders; 404 not_found.
func (s *Orders) Get(ctx context.Context, bank, viewer, orderID string) (View, error) {
	o, err := ReadOwn(ctx, s.DB, bank, viewer, orderID)
	if err != nil {
		return View{}, err
	}
	return o.View(), nil
}

// ReadOwn gives one of the viewer's orders as it is stored; 404 not_found.
func ReadOwn(ctx context.Context, q db.Querier, bank, viewer, orderID string) (Order, error) {
	orders, err := read(ctx, q, "bank_id = ? AND viewer_id = ? AND id = ?", bank, viewer, orderID)
	if err != nil {
		return Order{}, err
	}
	if len(orders) == 0 {
		return Order{}, fault.New(fault.NotFound, "not_found")
	}
	return orders[0], nil
}

// List shows the viewer's orders, newest first, after the one named: one more
// than limit when there are further ones. An empty status means all.
func (s *Orders) List(ctx context.Context, bank, viewer string, status Status, after string, limit int) ([]View, error) {
	where, args := "bank_id = ? AND viewer_id = ?", []any{bank, viewer}
	if status != "" {
		where, args = where+" AND status = ?", append(args, string(status))
	}
	if after != "" {
		where, args = where+" AND id < ?", append(args, after)
	}
	orders, err := read(ctx, s.DB, where+" ORDER BY id DESC LIMIT ?", append(args, limit+1)...)
	items := make([]View, len(orders))
	for i, o := range orders {
		items[i] = o.View()
	}
	return items, err
}

// OrderedIn tells whether a viewer has an order in a room that is not cancelled.
func (s *Orders) OrderedIn(ctx context.Context, q db.Querier, bank, room, viewer string) (bool, error) {
	_, found, err := db.Value[string](ctx, q, "SELECT id FROM orders WHERE bank_id = ? AND viewer_id = ? AND room_id = ? AND status <> 'cancelled' LIMIT 1",
		bank, viewer, room)
	return found, err
}

// nickname is how the viewer is shown in a room.
func nickname(ctx context.Context, q db.Querier, bank, viewer string) (string, error) {
	name, _, err := db.Value[string](ctx, q, "SELECT nickname FROM viewer WHERE bank_id = ? AND id = ?", bank, viewer)
	return name, err
}
