package flash

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/id"
)

// rebuild makes admission's picture of a sale anew from the database, under a
// new epoch, unless somebody did so since the epoch that the caller saw. Holds
// that wait in queues are not in it: the row decides them, and what the picture
// has too much is taken out by the next rounds.
func (s *Sales) rebuild(ctx context.Context, sl *sale, epoch string) error {
	sl.rebuilding.Lock()
	defer sl.rebuilding.Unlock()
	r := sl.current()
	if r.Epoch != epoch {
		return nil
	}
	var claims map[string]int64
	mine := false
	err := s.DB.InTx(ctx, func(tx *db.Tx) (err error) {
		if r, err = lockSale(ctx, tx, r.Bank, r.ID); err != nil || r.Epoch != epoch {
			mine = false
			return err // another node was first: its picture is good, or on its way
		}
		mine, r.Epoch = true, id.New(id.Event)
		if err := setEpoch(ctx, tx, r); err != nil {
			return err
		}
		claims, err = allClaims(ctx, tx, r.ID)
		return err
	})
	if err != nil {
		return err
	}
	sl.learn(r)
	if !mine {
		return nil
	}
	return s.Admission.Set(ctx, r.ref(), Picture{Left: r.left(), Claims: claims})
}

// repair looks whether admission's picture is the row's, and rebuilds it when it
// is not: at once when it is missing, of another epoch, an older copy of its own
// (fewer changes than were seen), or has more than the row. When it has less,
// that may be holds on their way to the database: only once nothing has moved
// for a whole round.
func (s *Sales) repair(ctx context.Context, sl *sale, r row) {
	var level Level
	var known bool
	if !s.admit(func() (err error) { level, known, err = s.Admission.Look(ctx, r.ID); return err }) {
		return
	}
	sl.mu.Lock()
	before, beforeLeft, idle := sl.seen, sl.seenLeft, sl.running == 0
	sl.seen, sl.seenLeft = level, r.left()
	sl.mu.Unlock()
	stale := !known || level.Epoch != r.Epoch || level.Epoch == before.Epoch && level.Changes < before.Changes
	lost := level.Left < r.left() && level == before && beforeLeft == r.left() && idle
	if stale || level.Left > r.left() || lost {
		s.admit(func() error { return s.rebuild(ctx, sl, r.Epoch) })
	}
}
