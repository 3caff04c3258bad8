package live

import (
	"context"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// Remove takes a chat message back; again it changes nothing. 404 not_found when
// the room has shown no such message.
func (s *Rooms) Remove(ctx context.Context, bank, room, eventID string, by Staff) error {
	return s.assist(ctx, bank, room, by, func(tx *db.Tx, _ row) error {
		removed, found, err := db.Value[db.Time](ctx, tx, "SELECT removed_at FROM chat_message WHERE id = ? AND room_id = ? AND status = 'shown'"+tx.Dialect().ForUpdate(), eventID, room)
		if err != nil {
			return err
		}
		if !found {
			return fault.New(fault.NotFound, "not_found")
		}
		if !removed.IsZero() {
			return nil
		}
		if _, err := tx.Exec(ctx, "UPDATE chat_message SET removed_at = ?, removed_by = ? WHERE id = ?", tx.Now, by.ID, eventID); err != nil {
			return err
		}
		if err := s.Fact(ctx, tx, bank, room, factRemoved, map[string]string{"id": eventID}); err != nil {
			return err
		}
		return s.Acted(ctx, tx, Act{bank, room, by, factRemoved, eventID, nil})
	})
}

// Mute silences a viewer in the room for a while; 0 lets them speak again.
// 404 not_found when the bank has no such viewer.
func (s *Rooms) Mute(ctx context.Context, bank, room, viewer string, d time.Duration, by Staff) error {
	var until time.Time
	err := s.assist(ctx, bank, room, by, func(tx *db.Tx, _ row) error {
		if err := knows(ctx, tx, bank, viewer); err != nil {
			return err
		}
		until = tx.Now.Add(d)
		err := tx.Insert(ctx, "room_mute (room_id, viewer_id, bank_id, until_at, muted_by)", [][]any{{room, viewer, bank, until, by.ID}},
			tx.Dialect().OnDuplicate("room_id, viewer_id", "until_at = NEW(until_at)", "muted_by = NEW(muted_by)"))
		if err != nil {
			return err
		}
		return s.Acted(ctx, tx, Act{bank, room, by, "viewer.muted", viewer, map[string]any{"until_at": clock.At(until)}})
	})
	if err != nil {
		return err
	}
	s.tellNodes(room, ControlRules)
	s.Private(bank, viewer, "muted", map[string]any{"until_at": clock.At(until)})
	return nil
}

// knows is nil when the bank has the viewer.
func knows(ctx context.Context, tx *db.Tx, bank, viewer string) error {
	_, found, err := db.Value[string](ctx, tx, "SELECT id FROM viewer WHERE bank_id = ? AND id = ?", bank, viewer)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found").With("viewer_id", "field.invalid")
	}
	return err
}

// Ban keeps a viewer out of a room, for d, or for good when d is 0. 404 not_found
// when the bank has no such viewer.
func (s *Rooms) Ban(ctx context.Context, bank, room, viewer string, d time.Duration, reason string, by Staff) error {
	err := s.assist(ctx, bank, room, by, func(tx *db.Tx, _ row) error {
		if err := knows(ctx, tx, bank, viewer); err != nil {
			return err
		}
		until, reason := banEnd(tx, d), audit.Reason(reason)
		err := tx.Insert(ctx, "room_ban (room_id, viewer_id, bank_id, until_at, reason, banned_by, banned_at)",
			[][]any{{room, viewer, bank, until, reason, by.ID, tx.Now}}, tx.Dialect().OnDuplicate("room_id, viewer_id",
				"until_at = NEW(until_at)", "reason = NEW(reason)", "banned_by = NEW(banned_by)", "banned_at = NEW(banned_at)"))
		if err != nil {
			return err
		}
		return s.Acted(ctx, tx, Act{bank, room, by, "viewer.banned", viewer, map[string]any{"until_at": until, "reason": reason}})
	})
	if err == nil {
		s.tellNodes(room, ControlRules)
	}
	return err
}

// banEnd is when a ban of d ends, nil for never.
func banEnd(tx *db.Tx, d time.Duration) *time.Time {
	if d == 0 {
		return nil
	}
	until := tx.Now.Add(d)
	return &until
}

// Unban lets a viewer into the room again; 404 not_found when they were not kept
// out.
func (s *Rooms) Unban(ctx context.Context, bank, room, viewer string, by Staff) error {
	err := s.assist(ctx, bank, room, by, func(tx *db.Tx, _ row) error {
		n, err := tx.Exec(ctx, "DELETE FROM room_ban WHERE bank_id = ? AND room_id = ? AND viewer_id = ?", bank, room, viewer)
		if err == nil && n == 0 {
			err = fault.New(fault.NotFound, "not_found")
		}
		if err != nil {
			return err
		}
		return s.Acted(ctx, tx, Act{bank, room, by, "viewer.unbanned", viewer, nil})
	})
	if err == nil {
		s.tellNodes(room, ControlRules)
	}
	return err
}

// BanEverywhere keeps a viewer out of all rooms of the bank: for operators.
func (s *Rooms) BanEverywhere(ctx context.Context, bank, viewer string, d time.Duration, reason string, by Staff) error {
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := knows(ctx, tx, bank, viewer); err != nil {
			return err
		}
		until, reason := banEnd(tx, d), audit.Reason(reason)
		err := tx.Insert(ctx, "bank_ban (bank_id, viewer_id, until_at, reason, banned_by, banned_at)",
			[][]any{{bank, viewer, until, reason, by.ID, tx.Now}}, tx.Dialect().OnDuplicate("bank_id, viewer_id",
				"until_at = NEW(until_at)", "reason = NEW(reason)", "banned_by = NEW(banned_by)", "banned_at = NEW(banned_at)"))
		if err != nil {
			return err
		}
		e := by.entry(bank, "viewer.banned", viewer)
		e.Detail = map[string]any{"until_at": until, "reason": reason}
		return audit.Write(ctx, tx, e)
	})
	if err == nil {
		err = s.tellBank(ctx, bank)
	}
	return err
}

// UnbanEverywhere ends that; what single rooms decided stays. 404 not_found when
// they were not kept out.
func (s *Rooms) UnbanEverywhere(ctx context.Context, bank, viewer string, by Staff) error {
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, "DELETE FROM bank_ban WHERE bank_id = ? AND viewer_id = ?", bank, viewer)
		if err == nil && n == 0 {
			err = fault.New(fault.NotFound, "not_found")
		}
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, by.entry(bank, "viewer.unbanned", viewer))
	})
	if err == nil {
		err = s.tellBank(ctx, bank)
	}
	return err
}

// tellBank tells the nodes of all rooms that somebody may be in.
func (s *Rooms) tellBank(ctx context.Context, bank string) error {
	rooms, err := db.All(ctx, s.DB, func(r db.Row) (v string, err error) { return v, r.Scan(&v) },
		`SELECT id FROM room WHERE bank_id = ? AND status = 'live' UNION
		SELECT r.id FROM room r JOIN room_presence p ON p.room_id = r.id WHERE r.bank_id = ? AND p.at > ?`, bank, bank, s.DB.Clock().Now().Add(-alive))
	for _, room := range rooms {
		s.tellNodes(room, ControlRules)
	}
	return err
}
