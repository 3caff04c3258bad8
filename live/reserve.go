package live

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
)

// Reservation is whether a viewer is told when a room starts, and how many asked
// for it.
type Reservation struct {
	Reserved     bool  `json:"reserved"`
	ByFollow     bool  `json:"by_follow" doc:"Because one follows the host, not by a reservation of one's own"`
	Reservations int64 `json:"reservations" doc:"Who asked for this room; followers are not counted"`
}

// Reserved tells of a viewer; 404 not_found.
func (s *Rooms) Reserved(ctx context.Context, bank, room, viewer string) (Reservation, error) {
	v, err := s.read(ctx, s.DB, bank, room)
	if err != nil {
		return Reservation{}, err
	}
	r := Reservation{Reservations: v.Reservations}
	_, found, err := db.One(ctx, s.DB, func(row db.Row) (none struct{}, err error) { return none, row.Scan(&r.Reserved, &r.ByFollow) },
		"SELECT status <> 'cancelled', by_follow FROM room_reservation WHERE bank_id = ? AND room_id = ? AND viewer_id = ?", bank, room, viewer)
	if err == nil && !found && v.Status == Scheduled {
		r.Reserved, err = follows(ctx, s.DB, bank, v.Host.ID, viewer)
		r.ByFollow = r.Reserved
	}
	return r, err
}

// Reserve notes that a viewer wants to be told when the room starts: that is
// their consent to one message. Again it changes nothing. 409 conflict when the
// room has started.
func (s *Rooms) Reserve(ctx context.Context, bank, room, viewer string) (Reservation, error) {
	return s.reservation(ctx, bank, room, viewer, func(tx *db.Tx, _ row) (int64, error) {
		n, err := tx.Exec(ctx, `UPDATE room_reservation SET status = 'waiting', by_follow = FALSE, ended_at = NULL, reserved_at = ?
			WHERE bank_id = ? AND room_id = ? AND viewer_id = ? AND status = 'cancelled'`, tx.Now, bank, room, viewer)
		if err != nil || n > 0 {
			return n, err
		}
		_, there, err := db.Value[string](ctx, tx, "SELECT id FROM room_reservation WHERE bank_id = ? AND room_id = ? AND viewer_id = ?", bank, room, viewer)
		if err != nil || there {
			return 0, err
		}
		return 1, tx.Insert(ctx, "room_reservation (id, bank_id, room_id, viewer_id, status, reason, reserved_at)",
			[][]any{{id.New(id.Reservation), bank, room, viewer, "waiting", "", tx.Now}}, "")
	})
}

// Unreserve takes it back, and lets a follower of the host go untold of this one
// room; again it changes nothing. 409 conflict when the room has started.
func (s *Rooms) Unreserve(ctx context.Context, bank, room, viewer string) (Reservation, error) {
	return s.reservation(ctx, bank, room, viewer, func(tx *db.Tx, v row) (int64, error) {
		n, err := tx.Exec(ctx, `UPDATE room_reservation SET status = 'cancelled', ended_at = ?
			WHERE bank_id = ? AND room_id = ? AND viewer_id = ? AND status = 'waiting'`, tx.Now, bank, room, viewer)
		if err != nil || n > 0 {
			return -n, err
		}
		follower, err := follows(ctx, tx, bank, v.Host.ID, viewer)
		if err != nil || !follower {
			return 0, err
		}
		return 0, tx.InsertIgnore(ctx, "room_reservation (id, bank_id, room_id, viewer_id, status, reason, by_follow, reserved_at, ended_at)",
			[][]any{{id.New(id.Reservation), bank, room, viewer, "cancelled", "", true, tx.Now, tx.Now}})
	})
}

// reservation changes a viewer's reservation of a room that is still to come, and
// the room's count with it. Holding the room keeps it from starting meanwhile.
func (s *Rooms) reservation(ctx context.Context, bank, room, viewer string, change func(tx *db.Tx, v row) (int64, error)) (Reservation, error) {
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		v, err := s.readAs(ctx, tx, tx.Dialect().ForUpdate(), bank, room)
		if err != nil {
			return err
		}
		if v.Status != Scheduled {
			return fault.New(fault.Conflict, "conflict")
		}
		n, err := change(tx, v)
		if err != nil || n == 0 {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE room SET reservations = reservations + ? WHERE bank_id = ? AND id = ?", n, bank, room)
		return err
	})
	if err != nil {
		return Reservation{}, err
	}
	return s.Reserved(ctx, bank, room, viewer)
}
