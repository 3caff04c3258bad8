package live

import (
	"context"
	"time"

	"yinbo/internal/db"
)

// Audience is how many people came into a room.
type Audience struct {
	Room, Host, Branch string
	Viewers            int64
}

// CardAudiences gives who came, within the times, into the rooms that were on in
// them, before they ended: each room shows where one applies for a card, so that
// whoever came was shown it. A person counts in each room that they came to. room "" is all rooms.
func (s *Rooms) CardAudiences(ctx context.Context, bank, room string, from, to time.Time) ([]Audience, error) {
	where, args := "r.bank_id = ? AND r.started_at < ?", []any{bank, to}
	if room != "" {
		where, args = where+" AND r.id = ?", append(args, room)
	} else {
		where, args = where+" AND (r.ended_at IS NULL OR r.ended_at >= ?)", append(args, from)
	}
	return db.All(ctx, s.DB, func(r db.Row) (a Audience, err error) { return a, r.Scan(&a.Room, &a.Host, &a.Branch, &a.Viewers) },
		"SELECT r.id, r.host_id, COALESCE(r.branch_id, ''), COUNT(*) FROM room r"+s.DB.Dialect().Then()+`room_visitor v ON v.room_id = r.id
		WHERE `+where+" AND v.first_at >= ? AND v.first_at < ? AND (r.ended_at IS NULL OR v.first_at <= r.ended_at) GROUP BY r.id, r.host_id, r.branch_id", append(args, from, to)...)
}
