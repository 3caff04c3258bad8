package order

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/money"
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

// Figures are a room's orders for its board.
type Figures struct {
	Orders int64     // placed
	Paid   int64     // of which were paid
	GMV    money.Fen // what was paid, before refunds
}

// RoomFigures counts a room's orders.
func (s *Orders) RoomFigures(ctx context.Context, bank, room string) (Figures, error) {
	f, _, err := db.One(ctx, s.DB, func(r db.Row) (f Figures, err error) {
		return f, r.Scan(&f.Orders, &f.Paid, &f.GMV)
	}, `SELECT COUNT(*), COALESCE(SUM(CASE WHEN paid_fen > 0 THEN 1 ELSE 0 END), 0), COALESCE(SUM(paid_fen), 0)
		FROM orders WHERE bank_id = ? AND room_id = ?`, bank, room)
	return f, err
}

// nickname is how the viewer is shown in a room.
func nickname(ctx context.Context, q db.Querier, bank, viewer string) (string, error) {
	name, _, err := db.Value[string](ctx, q, "SELECT nickname FROM viewer WHERE bank_id = ? AND id = ?", bank, viewer)
	return name, err
}
