package order

import (
	"context"
	"strings"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/money"
)

// Figures are a room's orders for its board.
type Figures struct {
	Orders int64     // placed
	Paid   int64     // of which were paid
	GMV    money.Fen // what was paid, before refunds
}

func scanFigures(r db.Row) (f Figures, err error) {
	return f, r.Scan(&f.Orders, &f.Paid, &f.GMV)
}

// RoomFigures counts a room's orders.
func (s *Orders) RoomFigures(ctx context.Context, bank, room string) (Figures, error) {
	f, _, err := db.One(ctx, s.DB, scanFigures, `SELECT COUNT(*), COALESCE(SUM(CASE WHEN paid_fen > 0 THEN 1 ELSE 0 END), 0), COALESCE(SUM(paid_fen), 0)
		FROM orders WHERE bank_id = ? AND room_id = ?`, bank, room)
	return f, err
}

// RoomFiguresBetween counts a room's orders for each while between two of the
// times, which rise: what was placed in it, and what was paid in it. All of them
// take one look at the orders.
func (s *Orders) RoomFiguresBetween(ctx context.Context, bank, room string, times ...time.Time) ([]Figures, error) {
	var columns []string
	var args []any
	for i, from := range times[:len(times)-1] {
		to := times[i+1]
		columns = append(columns, `COALESCE(SUM(CASE WHEN created_at >= ? AND created_at < ? THEN 1 ELSE 0 END), 0),
			COALESCE(SUM(CASE WHEN paid_fen > 0 AND paid_at >= ? AND paid_at < ? THEN 1 ELSE 0 END), 0),
			COALESCE(SUM(CASE WHEN paid_at >= ? AND paid_at < ? THEN paid_fen ELSE 0 END), 0)`)
		args = append(args, from, to, from, to, from, to)
	}
	out := make([]Figures, len(columns))
	_, _, err := db.One(ctx, s.DB, func(r db.Row) (struct{}, error) {
		var into []any
		for i := range out {
			into = append(into, &out[i].Orders, &out[i].Paid, &out[i].GMV)
		}
		return struct{}{}, r.Scan(into...)
	}, "SELECT "+strings.Join(columns, ", ")+" FROM orders WHERE bank_id = ? AND room_id = ?", append(args, bank, room)...)
	return out, err
}

// RoomMinutes counts a room's orders by the minutes in which they were placed and
// paid.
func (s *Orders) RoomMinutes(ctx context.Context, bank, room string) (map[time.Time]Figures, error) {
	out := map[time.Time]Figures{}
	for _, q := range []string{
		`SELECT CONCAT(SUBSTR(created_at, 1, 16), ':00'), COUNT(*), 0, 0 FROM orders
			WHERE bank_id = ? AND room_id = ? GROUP BY SUBSTR(created_at, 1, 16)`,
		`SELECT CONCAT(SUBSTR(paid_at, 1, 16), ':00'), 0, COUNT(*), SUM(paid_fen) FROM orders
			WHERE bank_id = ? AND room_id = ? AND paid_fen > 0 GROUP BY SUBSTR(paid_at, 1, 16)`,
	} {
		type minute struct {
			at db.Time
			Figures
		}
		rows, err := db.All(ctx, s.DB, func(r db.Row) (m minute, err error) { return m, r.Scan(&m.at, &m.Orders, &m.Paid, &m.GMV) }, q, bank, room)
		if err != nil {
			return nil, err
		}
		for _, m := range rows {
			f := out[m.at.Time]
			f.Orders, f.Paid, f.GMV = f.Orders+m.Orders, f.Paid+m.Paid, f.GMV+m.GMV
			out[m.at.Time] = f
		}
	}
	return out, nil
}

// SKUFigures are what a room's paid orders hold of one SKU, before refunds.
type SKUFigures struct {
	SKU, Title    string
	Orders, Units int64
	Amount        money.Fen // of the lines, before discounts
}

// RoomSKUs counts them, the largest amount first.
func (s *Orders) RoomSKUs(ctx context.Context, bank, room string) ([]SKUFigures, error) {
	return db.All(ctx, s.DB, func(r db.Row) (f SKUFigures, err error) {
		return f, r.Scan(&f.SKU, &f.Title, &f.Orders, &f.Units, &f.Amount)
	}, `SELECT l.sku_id, MAX(l.title), COUNT(*), SUM(l.quantity), SUM(l.amount_fen) AS fen FROM orders o JOIN order_line l ON l.order_id = o.id
		WHERE o.bank_id = ? AND o.room_id = ? AND o.paid_fen > 0 GROUP BY l.sku_id ORDER BY fen DESC, l.sku_id`, bank, room)
}
