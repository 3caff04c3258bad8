package live

import (
	"context"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
)

// publishTime bounds a publication.
const publishTime = 2 * time.Second

// Staff is who runs a room.
type Staff struct {
	ID, Name  string
	Operator  bool // may run every room of the bank
	RequestID string
}

func (by Staff) entry(bank, action, object string) audit.Entry {
	return audit.Entry{Bank: bank, ActorKind: "staff", Actor: by.ID, Action: action, Object: object, RequestID: by.RequestID}
}

// Plan is what a room is planned with.
type Plan struct {
	Title, CoverURL, Branch string
	PlaybackURL             string
	StartsAt                time.Time
}

// maxAhead bounds how far ahead a room is planned.
const maxAhead = 366 * 24 * time.Hour

func soon(tx *db.Tx, starts time.Time) error {
	if starts.After(tx.Now.Add(maxAhead)) {
		return fault.InvalidField("starts_at", "field.too_large")
	}
	return nil
}

// Create plans a room of the member of staff's own.
func (s *Rooms) Create(ctx context.Context, bank string, by Staff, p Plan) (View, error) {
	room := id.New(id.Room)
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := soon(tx, p.StartsAt); err != nil {
			return err
		}
		var branch *string
		if p.Branch != "" {
			if _, found, err := db.Value[string](ctx, tx, "SELECT id FROM branch WHERE bank_id = ? AND id = ?", bank, p.Branch); err != nil || !found {
				if err != nil {
					return err
				}
				return fault.InvalidField("branch_id", "field.invalid")
			}
			branch = &p.Branch
		}
		err := tx.Insert(ctx, "room (id, bank_id, title, cover_url, status, host_id, host_name, branch_id, playback_url, starts_at, epoch, created_at)",
			[][]any{{room, bank, p.Title, p.CoverURL, string(Scheduled), by.ID, by.Name, branch, p.PlaybackURL, p.StartsAt, id.New(id.Event), tx.Now}}, "")
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, by.entry(bank, "room.created", room))
	})
	if err != nil {
		return View{}, err
	}
	return s.Get(ctx, bank, room)
}

// Change is what is changed of a plan; nil stays as it is.
type Change struct {
	Title, CoverURL *string
	StartsAt        *clock.Stamp
}

// Edit changes a room's plan. An ended room stays as it was: 409 conflict.
func (s *Rooms) Edit(ctx context.Context, bank, room string, by Staff, c Change) (View, error) {
	err := s.run(ctx, bank, room, by, func(tx *db.Tx, v row) error {
		if v.Status == Ended {
			return fault.New(fault.Conflict, "conflict")
		}
		if c.StartsAt != nil && v.Status != Scheduled {
			return fault.New(fault.Conflict, "conflict").With("starts_at", "field.not_allowed")
		}
		title, cover, starts := v.Title, v.CoverURL, v.StartsAt.Time
		if c.Title != nil {
			title = *c.Title
		}
		if c.CoverURL != nil {
			cover = *c.CoverURL
		}
		if c.StartsAt != nil {
			starts = c.StartsAt.Time
			if err := soon(tx, starts); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, "UPDATE room SET title = ?, cover_url = ?, starts_at = ? WHERE bank_id = ? AND id = ?", title, cover, starts, bank, room)
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, by.entry(bank, "room.changed", room))
	})
	if err != nil {
		return View{}, err
	}
	return s.Get(ctx, bank, room)
}

// Start goes live. 409 conflict unless the room is scheduled.
func (s *Rooms) Start(ctx context.Context, bank, room string, by Staff) (View, error) {
	return s.move(ctx, bank, room, by, "UPDATE room SET status = 'live', started_at = ? WHERE bank_id = ? AND id = ? AND status = 'scheduled'", factStarted)
}

// End ends the room. 409 conflict unless it is live.
func (s *Rooms) End(ctx context.Context, bank, room string, by Staff) (View, error) {
	return s.move(ctx, bank, room, by, "UPDATE room SET status = 'ended', ended_at = ? WHERE bank_id = ? AND id = ? AND status = 'live'", factEnded)
}

func (s *Rooms) move(ctx context.Context, bank, room string, by Staff, update, fact string) (View, error) {
	err := s.run(ctx, bank, room, by, func(tx *db.Tx, _ row) error {
		n, err := tx.Exec(ctx, update, tx.Now, bank, room)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "conflict")
		}
		if err := s.Fact(ctx, tx, bank, room, fact, struct{}{}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, by.entry(bank, fact, room))
	})
	if err != nil {
		return View{}, err
	}
	return s.Get(ctx, bank, room)
}

// run does something to a room that by may run, in one transaction that holds the
// room: what do decides by cannot change under it.
func (s *Rooms) run(ctx context.Context, bank, room string, by Staff, do func(tx *db.Tx, v row) error) error {
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		v, err := s.readAs(ctx, tx, tx.Dialect().ForUpdate(), bank, room)
		if err != nil {
			return err
		}
		if err := s.may(ctx, tx, v, by.ID, by.Operator); err != nil {
			return err
		}
		return do(tx, v)
	})
}

func (s *Rooms) may(ctx context.Context, q db.Querier, v row, staff string, operator bool) error {
	if operator || v.hostID == staff {
		return nil
	}
	_, shared, err := db.Value[string](ctx, q, "SELECT staff_id FROM room_staff WHERE room_id = ? AND staff_id = ?", v.ID, staff)
	if err == nil && !shared {
		err = fault.New(fault.NotFound, "not_found")
	}
	return err
}

// HostMay is nil when the member of staff may run the room, else 404 not_found.
func (s *Rooms) HostMay(ctx context.Context, bank, room, staff string, operator bool) error {
	v, err := s.read(ctx, s.DB, bank, room)
	if err != nil {
		return err
	}
	return s.may(ctx, s.DB, v, staff, operator)
}
