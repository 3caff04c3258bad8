package rundown

import (
	"context"
	"errors"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/live"
)

// byClock stands in fired_by and ended_by for the clock.
const byClock = "clock"

// Fire fires a cue by hand, whether it is due or not. What refuses it is its
// refusal, and noted beside the plan. 404 not_found, 409 conflict when it has
// been fired or skipped.
func (s *Rundowns) Fire(ctx context.Context, bank, cue string, by live.Staff) (Cue, error) {
	return s.fire(ctx, bank, cue, by, by.ID)
}

func (s *Rundowns) fire(ctx context.Context, bank, cue string, by live.Staff, as string) (c Cue, err error) {
	err = s.hold(ctx, bank, cue, by, func(tx *db.Tx, c Cue, v live.View) error {
		if !c.open() || as == byClock && (c.State != Planned || v.Status != live.Live) {
			return fault.New(fault.Conflict, "conflict")
		}
		r, err := s.do(ctx, tx, c, by)
		if err != nil {
			return failed{err}
		}
		if err := c.fired(ctx, tx, Fired, as, &r, nil); err != nil {
			return err
		}
		return audit.Write(ctx, tx, entry(by, bank, "rundown.fire", cue, map[string]any{"kind": c.Kind, "by": as}))
	})
	if err != nil {
		return c, errors.Join(err, s.note(ctx, bank, cue, as, err))
	}
	return s.cue(ctx, bank, cue)
}

// failed is what refused a cue's act, apart from what refused to fire it.
type failed struct{ error }

// Unwrap gives the refusal.
func (f failed) Unwrap() error { return f.error }

// note writes a refusal's code beside the plan, unless the cue has been fired
// meanwhile. It does not where it may succeed in a moment, nor where a person may
// not fire it; that the clock may not, since who set it lost the room, is told.
func (s *Rundowns) note(ctx context.Context, bank, cue, as string, err error) error {
	refusal, refused := refusalOf(err)
	if f := (failed{}); !refused || !errors.As(err, &f) && !(as == byClock && refusal.Kind == fault.NotFound) {
		return nil
	}
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		c, err := readCue(ctx, tx, bank, cue, tx.Dialect().ForUpdate())
		if fault.Code(err) == "not_found" || err == nil && !c.open() {
			return nil
		}
		if err != nil {
			return err
		}
		v, err := s.Rooms.ViewIn(ctx, tx, bank, c.room)
		if err != nil {
			return err
		}
		c.when(startOf(v))
		return c.fired(ctx, tx, Failed, as, nil, &refusal.Code)
	})
}

// refusalOf is the refusal that an error is; what is our own failure, or may
// succeed in a moment, is none.
func refusalOf(err error) (refusal *fault.Error, ok bool) {
	ok = errors.As(err, &refusal) && refusal.Kind != fault.Internal && refusal.Kind != fault.Unavailable
	return refusal, ok
}

// Skip passes over a cue. 404 not_found, 409 conflict when it has been fired or
// skipped.
func (s *Rundowns) Skip(ctx context.Context, bank, cue string, by live.Staff) (Cue, error) {
	err := s.hold(ctx, bank, cue, by, func(tx *db.Tx, c Cue, _ live.View) error {
		if !c.open() {
			return fault.New(fault.Conflict, "conflict")
		}
		if err := c.ended(ctx, tx, Skipped, by.ID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, entry(by, bank, "rundown.skip", cue, nil))
	})
	if err != nil {
		return Cue{}, err
	}
	return s.cue(ctx, bank, cue)
}

// Undo takes back what a fired cue did. 404 not_found, 409 conflict when it is
// not fired or what it did is over, 409 cue.final when it cannot be taken back.
func (s *Rundowns) Undo(ctx context.Context, bank, cue string, by live.Staff) (Cue, error) {
	err := s.hold(ctx, bank, cue, by, func(tx *db.Tx, c Cue, _ live.View) error {
		if c.State != Fired {
			return fault.New(fault.Conflict, "conflict")
		}
		if err := s.undo(ctx, tx, c, by); err != nil {
			return err
		}
		if err := c.ended(ctx, tx, Undone, by.ID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, entry(by, bank, "rundown.undo", cue, map[string]any{"kind": c.Kind}))
	})
	if err != nil {
		return Cue{}, err
	}
	return s.cue(ctx, bank, cue)
}

// hold holds a cue's room and then the cue, for who may run the room.
func (s *Rundowns) hold(ctx context.Context, bank, cue string, by live.Staff, do func(tx *db.Tx, c Cue, v live.View) error) error {
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		known, err := readCue(ctx, tx, bank, cue, "")
		if err != nil {
			return err
		}
		v, err := s.Rooms.Hold(ctx, tx, bank, known.room, by)
		if err != nil {
			return err
		}
		c, err := readCue(ctx, tx, bank, cue, tx.Dialect().ForUpdate())
		if err != nil {
			return err
		}
		c.when(startOf(v))
		return do(tx, c, v)
	})
}

func (s *Rundowns) cue(ctx context.Context, bank, cue string) (Cue, error) {
	c, err := readCue(ctx, s.DB, bank, cue, "")
	if err != nil {
		return c, err
	}
	v, err := s.Rooms.ViewIn(ctx, s.DB, bank, c.room)
	c.when(startOf(v))
	return c, err
}
