package live

import (
	"context"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// Member is one with whom a room is shared.
type Member struct {
	ID      string       `json:"id"`
	Name    string       `json:"name"`
	Part    Part         `json:"role" enum:"host,assistant"`
	AddedAt *clock.Stamp `json:"added_at"`
}

// maxCrew is with how many a room is shared at most.
const maxCrew = 50

// Crew gives those with whom a room is shared, to those who run it or moderate it.
func (s *Rooms) Crew(ctx context.Context, bank, room string, by Staff) ([]Member, error) {
	if err := s.AssistantMay(ctx, bank, room, by.ID, by.Operator); err != nil {
		return nil, err
	}
	return db.All(ctx, s.DB, func(r db.Row) (m Member, err error) {
		var added db.Time
		err = r.Scan(&m.ID, &m.Name, &m.Part, &added)
		m.AddedAt = clock.AtPtr(added.Time)
		return m, err
	}, `SELECT c.staff_id, s.name, c.role, c.added_at FROM room_staff c JOIN staff s ON s.id = c.staff_id
		WHERE c.bank_id = ? AND c.room_id = ? ORDER BY c.staff_id`, bank, room)
}

// Colleague is one with whom a room could be shared.
type Colleague struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// maxColleagues bounds the choice; who is not in it is found by a longer name.
const maxColleagues = 50

// Colleagues gives those with whom the owner or an operator could share a room,
// by a part of their name; "" begins with the first.
func (s *Rooms) Colleagues(ctx context.Context, bank, room string, by Staff, name string) (found []Colleague, err error) {
	err = s.own(ctx, bank, room, by, func(tx *db.Tx, v row) error {
		found, err = db.All(ctx, tx, func(r db.Row) (c Colleague, err error) { return c, r.Scan(&c.ID, &c.Name) },
			`SELECT s.id, s.name FROM staff s WHERE s.bank_id = ? AND s.disabled_at IS NULL AND s.id <> ? AND INSTR(s.name, ?) > 0
				AND EXISTS (SELECT 1 FROM staff_role r WHERE r.bank_id = s.bank_id AND r.staff_id = s.id AND r.role IN ('host', 'operator'))
				AND NOT EXISTS (SELECT 1 FROM room_staff c WHERE c.room_id = ? AND c.staff_id = s.id)
			ORDER BY s.name, s.id LIMIT ?`, bank, v.Host.ID, name, room, maxColleagues)
		return err
	})
	return found, err
}

// Share lets a colleague run a room, or help in it; again it changes the part.
// Only the room's owner or an operator may. 422 staff_id when it is nobody of the
// bank who is a host or operator.
func (s *Rooms) Share(ctx context.Context, bank, room string, by Staff, with string, part Part) ([]Member, error) {
	err := s.own(ctx, bank, room, by, func(tx *db.Tx, v row) error {
		_, known, err := db.Value[string](ctx, tx, `SELECT s.id FROM staff s JOIN staff_role r ON r.bank_id = s.bank_id AND r.staff_id = s.id
			WHERE s.bank_id = ? AND s.id = ? AND s.disabled_at IS NULL AND r.role IN ('host', 'operator') LIMIT 1`, bank, with)
		if err != nil {
			return err
		}
		if !known || with == v.Host.ID {
			return fault.InvalidField("staff_id", "staff.not_host")
		}
		n, _, err := db.Value[int64](ctx, tx, "SELECT COUNT(*) FROM room_staff WHERE room_id = ? AND staff_id <> ?", room, with)
		if err != nil {
			return err
		}
		if n >= maxCrew {
			return fault.InvalidField("staff_id", "field.too_large")
		}
		err = tx.Insert(ctx, "room_staff (room_id, staff_id, bank_id, role, added_by, added_at)", [][]any{{room, with, bank, string(part), by.ID, tx.Now}},
			tx.Dialect().OnDuplicate("room_id, staff_id", "role = NEW(role)", "added_by = NEW(added_by)", "added_at = NEW(added_at)"))
		if err != nil {
			return err
		}
		return s.Acted(ctx, tx, Act{bank, room, by, "room.shared", with, map[string]any{"role": part}})
	})
	if err != nil {
		return nil, err
	}
	return s.Crew(ctx, bank, room, by)
}

// Unshare takes a colleague off; 404 not_found when it was not shared with them.
func (s *Rooms) Unshare(ctx context.Context, bank, room string, by Staff, with string) error {
	return s.own(ctx, bank, room, by, func(tx *db.Tx, _ row) error {
		n, err := tx.Exec(ctx, "DELETE FROM room_staff WHERE bank_id = ? AND room_id = ? AND staff_id = ?", bank, room, with)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, "not_found")
		}
		return s.Acted(ctx, tx, Act{bank, room, by, "room.unshared", with, nil})
	})
}

// own is run for the room's owner and operators only: who was let in does not let
// others in. 403 auth.forbidden.
func (s *Rooms) own(ctx context.Context, bank, room string, by Staff, do func(tx *db.Tx, v row) error) error {
	return s.assist(ctx, bank, room, by, func(tx *db.Tx, v row) error {
		scope, err := s.scopeOf(ctx, tx, bank, by.ID, by.Operator)
		if err != nil {
			return err
		}
		if v.Host.ID != by.ID && !scope.Has(v.branch) {
			return fault.New(fault.Forbidden, "auth.forbidden")
		}
		return do(tx, v)
	})
}
