package live

import (
	"context"
	"fmt"

	"yinbo/internal/db"
	"yinbo/internal/keeping"
)

// erasedName is how a person who was erased is shown beside what they said.
const erasedName = "已注销用户"

// Erase is what rooms hold of a person: reservations that wait are taken back,
// hosts are followed no more, and what the person said stays without a name for its time (Keeping).
func (s *Rooms) Erase(ctx context.Context, tx *db.Tx, e *keeping.Removal) error {
	rooms, err := db.All(ctx, tx, func(r db.Row) (v string, err error) { return v, r.Scan(&v) },
		"SELECT room_id FROM room_reservation WHERE bank_id = ? AND viewer_id = ? AND status = 'waiting' ORDER BY room_id", e.Bank, e.Viewer)
	if err != nil {
		return err
	}
	for _, room := range rooms {
		if _, err := s.readAs(ctx, tx, tx.Dialect().ForUpdate(), e.Bank, room); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE room_reservation SET status = 'cancelled', reason = 'person erased', ended_at = ?
			WHERE bank_id = ? AND room_id = ? AND viewer_id = ? AND status = 'waiting'`, tx.Now, e.Bank, room, e.Viewer)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE room SET reservations = reservations - ? WHERE bank_id = ? AND id = ?", n, e.Bank, room); err != nil {
			return err
		}
		e.Erased("room_reservation", "status", n)
	}
	if err := e.Run(ctx, tx, "host_follow", "*", "DELETE FROM host_follow WHERE bank_id = ? AND viewer_id = ?", e.Bank, e.Viewer); err != nil {
		return err
	}
	held := keeping.Held("chat_message.bank_id", "chat_message.room_id")
	kept, _, err := db.Value[int64](ctx, tx, "SELECT COUNT(*) FROM chat_message WHERE bank_id = ? AND viewer_id = ? AND "+held, e.Bank, e.Viewer)
	if err != nil {
		return err
	}
	e.Kept("chat_message", "nickname", kept, "the room is held")
	return e.Run(ctx, tx, "chat_message", "nickname", "UPDATE chat_message SET nickname = ? WHERE bank_id = ? AND viewer_id = ? AND NOT "+held, erasedName, e.Bank, e.Viewer)
}

// spoken are the tables of what was said and done in a room; column names the
// rows of a room one after another, person is whose hold keeps a row.
var spoken = []struct{ table, column, person string }{
	{"chat_report", "event_id", "chat_report.viewer_id"},
	{"chat_message", "id", "chat_message.viewer_id"},
	{"room_act", "id", ""},
	{"room_visitor", "visitor_id", "room_visitor.visitor_id"},
	{"room_reservation", "id", "room_reservation.viewer_id"},
	{"recording_slice", "id", ""},
	{"room_event", "seq", ""},
}

// Keeping is how long what was said and done in a room is kept. The room itself
// and its figures stay.
func Keeping() keeping.Class {
	return keeping.Class{Name: "live", Means: "a room's facts, chat, acts and visitors, from its end on", Days: keeping.ThreeYears, Least: keeping.ThreeYears,
		Sweep: clear,
		Again: func(ctx context.Context, tx *db.Tx, bank string) error {
			_, err := tx.Exec(ctx, "UPDATE room SET cleared_at = NULL WHERE bank_id = ? AND cleared_at IS NOT NULL", bank)
			return err
		}}
}

// clear takes a bite out of the first room that is over its time.
func clear(ctx context.Context, tx *db.Tx, s *keeping.Sweep) error {
	room, found, err := db.Value[string](ctx, tx, `SELECT id FROM room WHERE bank_id = ? AND status = 'ended' AND ended_at < ? AND cleared_at IS NULL
		AND NOT `+keeping.Held("room.bank_id", "room.id")+" ORDER BY id LIMIT 1"+tx.Dialect().ForUpdate(), s.Bank, s.Before)
	if err != nil || !found {
		return err
	}
	s.More()
	if _, err := tx.Exec(ctx, "UPDATE room SET clearing_at = COALESCE(clearing_at, ?) WHERE bank_id = ? AND id = ?", tx.Now, s.Bank, room); err != nil {
		return err
	}
	left := s.Limit
	for _, t := range spoken {
		where := fmt.Sprintf(" FROM %s WHERE bank_id = ? AND room_id = ?", t.table)
		if t.person != "" {
			where += " AND NOT " + keeping.Held(t.table+".bank_id", t.person)
		}
		keys, err := db.All(ctx, tx, func(r db.Row) (v string, err error) { return v, r.Scan(&v) },
			"SELECT DISTINCT "+t.column+where+" ORDER BY "+t.column+" LIMIT ?", s.Bank, room, left)
		if err != nil {
			return err
		}
		if len(keys) > 0 {
			n, err := tx.Exec(ctx, "DELETE"+where+" AND "+t.column+" IN "+db.Marks(len(keys)), append([]any{s.Bank, room}, db.Args(keys)...)...)
			if err != nil {
				return err
			}
			s.Took(t.table, "*", n, room, room)
		}
		if left -= len(keys); left == 0 {
			return nil
		}
	}
	_, err = tx.Exec(ctx, "UPDATE room SET cleared_at = ? WHERE bank_id = ? AND id = ?", tx.Now, s.Bank, room)
	return err
}
