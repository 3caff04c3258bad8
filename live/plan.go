package live

import (
	"context"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
)

// Plan is what a room is planned with.
type Plan struct {
	Title, CoverURL, Branch string
	PlaybackURL             string
	StartsAt                time.Time
	Confirmed               bool // the title's words were thought over
}

// maxAhead bounds how far ahead a room is planned.
const maxAhead = 366 * 24 * time.Hour

func soon(tx *db.Tx, starts time.Time) error {
	if starts.After(tx.Now.Add(maxAhead)) {
		return fault.InvalidField("starts_at", "field.too_large")
	}
	return nil
}

// Create plans a room of the member of staff's own. 409 words.warned, 422
// words.blocked for the title.
func (s *Rooms) Create(ctx context.Context, bank string, by Staff, p Plan) (View, error) {
	room := id.New(id.Room)
	if err := s.MayTell(ctx, bank, "", "title", p.Title, p.Confirmed); err != nil {
		return View{}, err
	}
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
		return s.Acted(ctx, tx, Act{bank, room, by, "room.created", room, nil})
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
	Confirmed       bool // the title's words were thought over
}

// Edit changes a room's plan. An ended room stays as it was: 409 conflict. 409
// words.warned, 422 words.blocked for the title.
func (s *Rooms) Edit(ctx context.Context, bank, room string, by Staff, c Change) (View, error) {
	if err := s.HostMay(ctx, bank, room, by.ID, by.Operator); err != nil {
		return View{}, err
	}
	if c.Title != nil {
		if err := s.MayTell(ctx, bank, room, "title", *c.Title, c.Confirmed); err != nil {
			return View{}, err
		}
	}
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
		return s.Acted(ctx, tx, Act{bank, room, by, "room.changed", room, nil})
	})
	if err != nil {
		return View{}, err
	}
	return s.Get(ctx, bank, room)
}
