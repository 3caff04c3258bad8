package rundown

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/live"
)

// settings is how a room is run.
type settings struct {
	mode Mode
	by   live.Staff // for whom the clock acts
}

func readRundown(ctx context.Context, q db.Querier, bank, room string) (settings, bool, error) {
	return db.One(ctx, q, func(r db.Row) (s settings, err error) {
		return s, r.Scan(&s.mode, &s.by.ID, &s.by.Name, &s.by.Operator)
	}, "SELECT mode, acts_for, acts_name, operator FROM rundown WHERE bank_id = ? AND room_id = ?", bank, room)
}

const (
	cueInto    = "rundown_cue (id, bank_id, room_id, kind, note, after_ms, at, position, plan, state)"
	cueColumns = `SELECT id, bank_id, room_id, kind, note, after_ms, at, plan, state, planned_at, fired_at, fired_by, ended_at, ended_by, result, error
		FROM rundown_cue WHERE `
)

func (d Draft) row(bank, room string, position int) ([]any, error) {
	plan, err := encode(d.Plan)
	if err != nil {
		return nil, err
	}
	var after *int64
	if d.After != nil {
		ms := d.After.Milliseconds()
		after = &ms
	}
	return []any{d.ID, bank, room, d.kinds()[0], audit.Reason(d.Note), after, d.At, position, plan, string(Planned)}, nil
}

func scanCue(r db.Row) (c Cue, err error) {
	var afterMS *int64
	var at, planned, fired, ended db.Time
	var plan string
	var result *string
	err = r.Scan(&c.ID, &c.bank, &c.room, &c.Kind, &c.Note, &afterMS, &at, &plan, &c.State, &planned, &fired, &c.FiredBy, &ended, &c.EndedBy, &result, &c.Error)
	if err != nil {
		return c, err
	}
	if afterMS != nil {
		after, seconds := time.Duration(*afterMS)*time.Millisecond, *afterMS/1000
		c.after, c.After = &after, &seconds
	}
	c.At, c.PlannedAt, c.FiredAt, c.EndedAt = clock.AtPtr(at.Time), clock.AtPtr(planned.Time), clock.AtPtr(fired.Time), clock.AtPtr(ended.Time)
	if err := json.Unmarshal([]byte(plan), &c.Plan); err != nil {
		return c, fmt.Errorf("rundown: plan of %s: %w", c.ID, err)
	}
	if result != nil {
		if err := json.Unmarshal([]byte(*result), &c.Result); err != nil {
			return c, fmt.Errorf("rundown: result of %s: %w", c.ID, err)
		}
	}
	return c, nil
}

// readCues gives a room's cues by when they are due; those that nobody knows yet
// as if the room started at the beginning of time.
func readCues(ctx context.Context, q db.Querier, bank, room string, started time.Time) ([]Cue, error) {
	cues, err := db.All(ctx, q, scanCue, cueColumns+"bank_id = ? AND room_id = ? ORDER BY position, id", bank, room)
	for i := range cues {
		cues[i].when(started)
	}
	slices.SortStableFunc(cues, func(a, b Cue) int { return a.order().Compare(b.order()) })
	return cues, err
}

func (c Cue) order() time.Time {
	if c.due.IsZero() && c.after != nil {
		return time.Time{}.Add(*c.after)
	}
	return c.due
}

// readCue reads a cue with a lock: ForUpdate, or none; 404 not_found.
func readCue(ctx context.Context, q db.Querier, bank, cue, lock string) (Cue, error) {
	c, found, err := db.One(ctx, q, scanCue, cueColumns+"bank_id = ? AND id = ?"+lock, bank, cue)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	return c, err
}

// fired writes down that a cue was fired, and how that went.
func (c Cue) fired(ctx context.Context, tx *db.Tx, state State, by string, result *Result, code *string) error {
	var made *string
	if result != nil {
		raw, err := encode(result)
		if err != nil {
			return err
		}
		made = &raw
	}
	_, err := tx.Exec(ctx, `UPDATE rundown_cue SET state = ?, planned_at = ?, fired_at = ?, fired_by = ?, ended_at = NULL, ended_by = NULL, result = ?, error = ?
		WHERE bank_id = ? AND id = ? AND state IN ('planned', 'failed', 'missed')`,
		string(state), db.At(c.due), tx.Now, by, made, code, c.bank, c.ID)
	return err
}

// ended writes down that a cue was skipped, missed or undone. A failed one that
// is skipped forgets its failure.
func (c Cue) ended(ctx context.Context, tx *db.Tx, state State, by string) error {
	set := "UPDATE rundown_cue SET state = ?, planned_at = ?, ended_at = ?, ended_by = ?"
	if state != Undone {
		set += ", fired_at = NULL, fired_by = NULL, error = NULL"
	}
	_, err := tx.Exec(ctx, set+" WHERE bank_id = ? AND id = ?", string(state), db.At(c.due), tx.Now, by, c.bank, c.ID)
	return err
}
