package video

import (
	"context"
	"fmt"
	"slices"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
)

// Cut is a slice as somebody cuts it by hand.
type Cut struct {
	SKUID  string      `json:"sku_id" minLength:"1" maxLength:"60" doc:"Of the room's shelf, or one that was explained in it"`
	FromAt clock.Stamp `json:"from_at" format:"date-time"`
	ToAt   clock.Stamp `json:"to_at" format:"date-time"`
}

// shortest is how long a slice is at least.
const shortest = time.Second

// Recut puts slices that are cut by hand in place of those that there are; they are
// within the recording, in order and apart. version is the one that was edited. Errors:
// 404 not_found, 409 recording.none, recording.on (the room has not ended),
// recording.recut (somebody was faster), 422 validation naming the slice.
func (v *Video) Recut(ctx context.Context, bank, room string, by Staff, version int64, cuts []Cut) (Replay, error) {
	return v.recut(ctx, bank, room, by, version, cuts, false)
}

// Uncut cuts a recording by the room's pins again; errors as Recut's.
func (v *Video) Uncut(ctx context.Context, bank, room string, by Staff, version int64) (Replay, error) {
	return v.recut(ctx, bank, room, by, version, nil, true)
}

func (v *Video) recut(ctx context.Context, bank, room string, by Staff, version int64, cuts []Cut, byPins bool) (Replay, error) {
	if err := v.Rooms.HostMay(ctx, bank, room, by.ID, by.Operator); err != nil {
		return Replay{}, err
	}
	list, err := v.recordings.entries(room)
	if err != nil {
		return Replay{}, err
	}
	if len(list) == 0 {
		return Replay{}, fault.New(fault.Conflict, "recording.none")
	}
	err = v.DB.InTx(ctx, func(tx *db.Tx) error {
		r, err := readIngest(ctx, tx, bank, room)
		if err != nil {
			return err
		}
		if r.status != ended {
			return fault.New(fault.Conflict, "recording.on")
		}
		if err := checkCuts(ctx, tx, bank, room, list, cuts); err != nil {
			return err
		}
		cutter, action := any(by.ID), "recording.recut"
		if byPins {
			cutter, action = nil, "recording.uncut"
		}
		n, err := tx.Exec(ctx, "UPDATE room_ingest SET slices_by = ?, slices_version = slices_version + 1 WHERE bank_id = ? AND room_id = ? AND slices_version = ?",
			cutter, bank, room, version)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "recording.recut")
		}
		if _, err := tx.Exec(ctx, "DELETE FROM recording_slice WHERE bank_id = ? AND room_id = ?", bank, room); err != nil {
			return err
		}
		rows, told := make([][]any, len(cuts)), make([]string, len(cuts))
		for i, c := range cuts {
			rows[i] = []any{id.New(id.Slice), bank, room, c.SKUID, c.FromAt.Time, c.ToAt.Time}
			told[i] = fmt.Sprintf("%s %s-%s", c.SKUID, c.FromAt.UTC().Format(time.TimeOnly), c.ToAt.UTC().Format(time.TimeOnly))
		}
		if err := tx.Insert(ctx, "recording_slice (id, bank_id, room_id, sku_id, from_at, to_at)", rows, ""); err != nil {
			return err
		}
		return v.audit(ctx, tx, bank, room, action, by, map[string]any{"version": version + 1, "slices": told})
	})
	if err != nil {
		return Replay{}, err
	}
	return v.Replay(ctx, bank, room, "")
}

// ended is the status of rooms that are over.
const ended = "ended"

// checkCuts names what of the cuts cannot be.
func checkCuts(ctx context.Context, tx *db.Tx, bank, room string, list []entry, cuts []Cut) error {
	goods, err := explained(ctx, tx, bank, room)
	if err != nil {
		return err
	}
	first, last := list[0].At.Truncate(time.Millisecond), list[len(list)-1].end()
	e := fault.New(fault.Invalid, "validation")
	for i, c := range cuts {
		at := func(field string) string { return fmt.Sprintf("items[%d].%s", i, field) }
		if !slices.Contains(goods, c.SKUID) {
			e = e.With(at("sku_id"), "field.invalid")
		}
		switch {
		case c.FromAt.Before(first):
			e = e.With(at("from_at"), "recording.outside")
		case i > 0 && c.FromAt.Before(cuts[i-1].ToAt.Time):
			e = e.With(at("from_at"), "recording.overlap")
		}
		switch {
		case c.ToAt.Sub(c.FromAt.Time) < shortest:
			e = e.With(at("to_at"), "recording.short")
		case c.ToAt.After(last.Add(time.Millisecond)): // as Replay says it
			e = e.With(at("to_at"), "recording.outside")
		case len(between(list, c.FromAt.Time, c.ToAt.Time)) == 0:
			e = e.With(at("from_at"), "recording.dark")
		}
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// explained are the SKUs that a room's slices may be about.
func explained(ctx context.Context, tx *db.Tx, bank, room string) ([]string, error) {
	goods, err := db.All(ctx, tx, func(r db.Row) (sku string, err error) { return sku, r.Scan(&sku) },
		"SELECT sku_id FROM shelf_item WHERE bank_id = ? AND room_id = ?", bank, room)
	if err != nil {
		return nil, err
	}
	byPins, err := pins(ctx, tx, bank, room, tx.Now)
	for _, s := range byPins {
		goods = append(goods, s.SKUID)
	}
	return goods, err
}

// byHand reads the slices that somebody cut; cut is false where nobody did.
func byHand(ctx context.Context, q db.Querier, bank, room string) (all []Slice, version int64, cut bool, err error) {
	head, _, err := db.One(ctx, q, func(r db.Row) (h struct {
		version int64
		cut     bool
	}, err error) {
		return h, r.Scan(&h.version, &h.cut)
	}, "SELECT slices_version, CASE WHEN slices_by IS NULL THEN 0 ELSE 1 END FROM room_ingest WHERE bank_id = ? AND room_id = ?", bank, room)
	if err != nil || !head.cut {
		return nil, head.version, false, err
	}
	all, err = db.All(ctx, q, func(r db.Row) (s Slice, err error) {
		var from, to db.Time
		err = r.Scan(&s.SKUID, &from, &to)
		s.FromAt, s.ToAt = clock.At(from.Time), clock.At(to.Time)
		return s, err
	}, "SELECT sku_id, from_at, to_at FROM recording_slice WHERE bank_id = ? AND room_id = ? ORDER BY from_at", bank, room)
	return all, head.version, true, err
}
