package follow

import (
	"context"
	"errors"
	"slices"
	"time"

	"yinbo/card"
	"yinbo/internal/db"
	"yinbo/internal/reach"
	"yinbo/internal/tenant"
)

// verdict is what becomes of a follow-up now: it waits until at, is sent, or
// ends with a reason.
type verdict struct {
	status string // waiting, sending, cancelled, skipped
	reason string
	at     time.Time
}

// state is what a person has done with their card until now; what nothing asks
// for is not looked up.
type state struct {
	s    *Sender
	tx   *db.Tx
	bank string
	row  followUp

	bound, spent *bool
}

func (st *state) happened(ctx context.Context, event string) (bool, error) {
	var err error
	switch event {
	case string(card.Issued):
		return st.row.standing == card.Issued || st.row.standing == card.Activated || st.row.standing == card.Bound, nil
	case string(card.Activated): // a bound card works
		if st.row.standing == card.Activated || st.row.standing == card.Bound {
			return true, nil
		}
		return st.happened(ctx, string(card.Bound))
	case string(card.Bound):
		if st.bound == nil {
			var bound bool
			if !st.row.issued.IsZero() {
				bound, err = st.s.bindings.HasBound(ctx, st.tx, st.bank, st.row.viewer, st.row.last4, st.row.issued)
			}
			st.bound = &bound
		}
		return *st.bound, err
	case spent:
		if st.spent == nil {
			var done bool
			done, err = st.s.spending.HasSpent(ctx, st.tx, st.bank, st.row.viewer, st.row.Trigger)
			st.spent = &done
		}
		return *st.spent, err
	}
	return false, nil
}

// judge decides, in the order in which the answers are final: what has stopped
// the journey, the step before, the condition, consent, and then what may only
// have to wait.
func (s *Sender) judge(ctx context.Context, tx *db.Tx, bank tenant.Bank, row followUp) (verdict, error) {
	st := &state{s: s, tx: tx, bank: bank.ID, row: row}
	if row.standing == card.Rejected || row.standing == card.Withdrawn {
		return verdict{status: "cancelled", reason: string(row.standing)}, nil
	}
	for _, event := range row.Stop {
		if event == string(row.standing) { // also a card that was unbound again
			return verdict{status: "cancelled", reason: event}, nil
		}
		if stopped, err := st.happened(ctx, event); err != nil || stopped {
			return verdict{status: "cancelled", reason: event}, err
		}
	}
	if row.After == afterStep {
		if at, err := s.afterBefore(ctx, tx, bank.ID, row); err != nil || at.After(tx.Now) {
			return verdict{status: "waiting", reason: "step_before", at: at}, err
		}
	}
	if reason, err := st.unmet(ctx, row.When); err != nil || reason != "" {
		return verdict{status: "skipped", reason: reason}, err
	}
	if !row.Promotion {
		return verdict{status: "sending"}, nil
	}
	if gone, err := withdrawn(ctx, tx, bank.ID, row.application); err != nil || gone {
		return verdict{status: "skipped", reason: "consent_withdrawn"}, err
	}
	at, err := reach.Take(ctx, tx, bank, row.viewer, row.id)
	switch {
	case errors.Is(err, reach.ErrOptedOut):
		return verdict{status: "skipped", reason: "opted_out"}, nil
	case err == nil && at.After(tx.Now):
		return verdict{status: "waiting", reason: "hours_or_caps", at: at}, nil
	}
	return verdict{status: "sending"}, err
}

// unmet names what of a condition is not so, "" when all of it is.
func (st *state) unmet(ctx context.Context, c Condition) (string, error) {
	for _, w := range []struct {
		event string
		want  *bool
	}{{string(card.Activated), c.Activated}, {string(card.Bound), c.Bound}, {spent, c.Spent}} {
		if w.want == nil {
			continue
		}
		is, err := st.happened(ctx, w.event)
		if err != nil {
			return "", err
		}
		if is && !*w.want {
			return w.event, nil
		}
		if !is && *w.want {
			return "not_" + w.event, nil
		}
	}
	if len(c.Products) > 0 && !slices.Contains(c.Products, st.row.product) {
		return "other_product", nil
	}
	return "", nil
}

// afterBefore is when a step may be sent that waits for the one before it.
func (s *Sender) afterBefore(ctx context.Context, tx *db.Tx, bank string, row followUp) (time.Time, error) {
	type before struct{ due, next, ended db.Time }
	b, found, err := db.One(ctx, tx, func(r db.Row) (b before, err error) { return b, r.Scan(&b.due, &b.next, &b.ended) },
		"SELECT due_at, next_at, ended_at FROM follow_up WHERE bank_id = ? AND application_id = ? AND journey = ? AND step = ?",
		bank, row.application, row.journey, row.step-1)
	if err != nil || !found {
		return time.Time{}, err
	}
	wait := time.Duration(row.Wait) * time.Second
	if !b.ended.IsZero() {
		return b.ended.Add(wait), nil
	}
	soon := tx.Now.Add(time.Minute) // it is on its way
	for _, t := range []time.Time{b.due.Time, b.next.Time} {
		if t.Add(wait).After(soon) {
			soon = t.Add(wait)
		}
	}
	return soon, nil
}

// withdrawn tells whether a consent that the application rests on was taken back.
func withdrawn(ctx context.Context, tx *db.Tx, bank, application string) (bool, error) {
	n, _, err := db.Value[int](ctx, tx, "SELECT COUNT(*) FROM consent WHERE bank_id = ? AND application_id = ? AND withdrawn_at IS NOT NULL",
		bank, application)
	return n > 0, err
}
