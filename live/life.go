package live

import (
	"context"
	"strings"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/outbox"
)

// move is a step of a room's life: a conditional update, and the fact that it
// makes.
type move struct {
	set, from string // what changes, NOW for the time; where the room must stand
	fact      string // "" for none
	action    string // in the log
}

// The moves. A paused room is live still, so that viewers find it and buy on; a
// replay is what an ended room may offer.
var (
	starts  = move{"status = 'live', started_at = NOW", "status = 'scheduled'", factStarted, factStarted}
	pauses  = move{"paused_at = NOW", "status = 'live' AND paused_at IS NULL", factPaused, factPaused}
	resumes = move{"paused_at = NULL", "status = 'live' AND paused_at IS NOT NULL", factResumed, factResumed}
	ends    = move{"status = 'ended', paused_at = NULL, ended_at = NOW", "status = 'live'", factEnded, factEnded}
	offers  = move{"replay_at = NOW", "status = 'ended' AND replay_at IS NULL", "", "room.replay_offered"}
	takes   = move{"replay_at = NULL", "status = 'ended' AND replay_at IS NOT NULL", "", "room.replay_taken_back"}
)

// Start goes live; those who reserved it and those who follow the host are told. 409 conflict unless the room is
// scheduled.
func (s *Rooms) Start(ctx context.Context, bank, room string, by Staff) (View, error) {
	return s.move(ctx, bank, room, by, starts, func(tx *db.Tx, v row) error {
		if v.Reservations == 0 {
			_, followed, err := db.Value[string](ctx, tx, "SELECT id FROM host_follow WHERE bank_id = ? AND host_id = ? LIMIT 1", bank, v.Host.ID)
			if err != nil || !followed {
				return err
			}
		}
		return s.Box.Add(ctx, tx, outbox.Task{Bank: bank, Kind: TaskStarted, Ref: room, Payload: struct{}{}})
	})
}

// Pause stops for a while. 409 conflict unless the room is live.
func (s *Rooms) Pause(ctx context.Context, bank, room string, by Staff) (View, error) {
	return s.move(ctx, bank, room, by, pauses, nil)
}

// Resume goes on after a pause; 409 conflict when there is none.
func (s *Rooms) Resume(ctx context.Context, bank, room string, by Staff) (View, error) {
	return s.move(ctx, bank, room, by, resumes, nil)
}

// End ends the room. 409 conflict unless it is live.
func (s *Rooms) End(ctx context.Context, bank, room string, by Staff) (View, error) {
	return s.move(ctx, bank, room, by, ends, nil)
}

// OfferReplay lets viewers watch an ended room again, or no more. 409 conflict
// when the room is not over, or already so.
func (s *Rooms) OfferReplay(ctx context.Context, bank, room string, by Staff, offered bool) (View, error) {
	if !offered {
		return s.move(ctx, bank, room, by, takes, nil)
	}
	return s.move(ctx, bank, room, by, offers, nil)
}

func (s *Rooms) move(ctx context.Context, bank, room string, by Staff, m move, also func(*db.Tx, row) error) (View, error) {
	err := s.run(ctx, bank, room, by, func(tx *db.Tx, v row) error {
		if err := s.step(ctx, tx, v, m, struct{}{}); err != nil {
			return err
		}
		if also != nil {
			if err := also(tx, v); err != nil {
				return err
			}
		}
		return s.Acted(ctx, tx, Act{bank, room, by, m.action, room, nil})
	})
	if err != nil {
		return View{}, err
	}
	return s.Get(ctx, bank, room)
}

// step makes a move; 409 conflict when it is not allowed from where the room is.
func (s *Rooms) step(ctx context.Context, tx *db.Tx, v row, m move, payload any) error {
	args := []any{v.bank, v.ID}
	set, timed := strings.Replace(m.set, "NOW", "?", 1), strings.Contains(m.set, "NOW")
	if timed {
		args = append([]any{tx.Now}, args...)
	}
	n, err := tx.Exec(ctx, "UPDATE room SET "+set+" WHERE bank_id = ? AND id = ? AND "+m.from, args...)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, "conflict")
	}
	if m.fact == "" {
		return nil
	}
	return s.Fact(ctx, tx, v.bank, v.ID, m.fact, payload)
}

// Stop ends a live room at once, whoever runs it: for those who watch over what
// is said in a bank's name. Viewers learn that it was stopped; the reason is in
// the log. A stopped room is ended for good. 409 conflict unless it is live.
func (s *Rooms) Stop(ctx context.Context, bank, room string, by Staff, reason string) (View, error) {
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		v, err := s.readAs(ctx, tx, tx.Dialect().ForUpdate(), bank, room)
		if err != nil {
			return err
		}
		if err := s.step(ctx, tx, v, ends, map[string]string{"reason": "stopped"}); err != nil {
			return err
		}
		return s.Acted(ctx, tx, Act{bank, room, by, "room.stopped", room, map[string]any{"reason": audit.Reason(reason)}})
	})
	if err != nil {
		return View{}, err
	}
	return s.Get(ctx, bank, room)
}
