package rundown

import (
	"context"
	"strings"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/outbox"
	"yinbo/live"
)

// ClockTask runs a room's rundown; its ref is the room.
const ClockTask = "rundown.clock"

// lateness is how much too late the clock still fires a cue.
const lateness = 5 * time.Minute

// follow sets the clock anew when a room starts, pauses, goes on or ends.
func (s *Rundowns) follow(ctx context.Context, tx *db.Tx, bank, room, kind string) error {
	if !strings.HasPrefix(kind, "room.") {
		return nil
	}
	return s.arm(ctx, tx, bank, room)
}

// arm replaces the room's clock task by one that is due with the next cue; there
// is none when people run the rundown, the room is not live, or nothing is left.
func (s *Rundowns) arm(ctx context.Context, tx *db.Tx, bank, room string) error {
	if _, err := s.Box.Cancel(ctx, tx, bank, ClockTask, room); err != nil {
		return err
	}
	cues, _, err := s.running(ctx, tx, bank, room)
	if err != nil || len(cues) == 0 {
		return err
	}
	return s.Box.Add(ctx, tx, outbox.Task{Bank: bank, Kind: ClockTask, Ref: room, Payload: struct{}{}, Due: cues[0].due})
}

// running gives the cues that the clock is to fire, by when they are due, and for
// whom.
func (s *Rundowns) running(ctx context.Context, q db.Querier, bank, room string) ([]Cue, live.Staff, error) {
	r, found, err := readRundown(ctx, q, bank, room)
	if err != nil || !found || r.mode != Auto {
		return nil, live.Staff{}, err
	}
	v, err := s.Rooms.ViewIn(ctx, q, bank, room)
	if err != nil || v.Status != live.Live {
		return nil, live.Staff{}, err
	}
	cues, err := readCues(ctx, q, bank, room, startOf(v))
	var planned []Cue
	for _, c := range cues {
		if c.State == Planned {
			planned = append(planned, c)
		}
	}
	return planned, r.by, err
}

// HandleClock fires what is due in a room and waits for what is next.
func (s *Rundowns) HandleClock(ctx context.Context, t outbox.Task) error {
	cues, by, err := s.running(ctx, s.DB, t.Bank, t.Ref)
	if fault.Code(err) == "not_found" {
		return nil
	}
	if err != nil {
		return err
	}
	by.RequestID = t.ID
	for _, c := range cues {
		now := s.DB.Clock().Now()
		if now.Before(c.due) {
			return &outbox.Postponed{At: c.due}
		}
		if now.Sub(c.due) > lateness {
			err = s.miss(ctx, c)
		} else {
			_, err = s.fire(ctx, t.Bank, c.ID, by, byClock)
		}
		// A refusal is noted beside the plan, the next cue's turn comes all the same.
		if _, refused := refusalOf(err); err != nil && !refused {
			return err
		}
	}
	return nil
}

// miss leaves a cue to people that the clock came to too late. It asks nobody's
// right: it does nothing in the room.
func (s *Rundowns) miss(ctx context.Context, c Cue) error {
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		now, err := readCue(ctx, tx, c.bank, c.ID, tx.Dialect().ForUpdate())
		if err != nil || now.State != Planned {
			return err
		}
		return c.ended(ctx, tx, Missed, byClock)
	})
}
