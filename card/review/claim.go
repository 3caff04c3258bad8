package review

import (
	"context"
	"time"

	"yinbo/card"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/tenant"
)

// Claim gives a lead to p for the bank's lease. One's own claim is renewed; one
// past its lease may be taken over. Errors: not_found; lead.taken (409), also
// while a decision waits for a second person.
func (l *Leads) Claim(ctx context.Context, bank tenant.Bank, p Person, lead string) error {
	return l.book.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := p.sees(ctx, tx, bank.ID, lead); err != nil {
			return err
		}
		if renewed, err := renew(ctx, tx, bank, p, lead); err != nil || renewed {
			return err
		}
		until := tx.Now.Add(time.Duration(bank.Settings.ClaimLease))
		e := p.act(bank.ID, lead, "claimed", map[string]any{"until": until})
		taken, err := l.take(ctx, tx, e, p.ID, until, "claimed_by IS NULL OR claimed_until <= ?", tx.Now)
		if err != nil {
			return err
		}
		if !taken {
			if _, err := readStanding(ctx, tx, bank.ID, lead); err != nil {
				return err
			}
			return fault.New(fault.Conflict, "lead.taken")
		}
		return looked(ctx, tx, bank.ID, lead)
	})
}

// Renew keeps a lead that p holds for another lease, from now. Errors: not_found;
// lead.taken, lead.not_claimed (409) when p holds it no longer.
func (l *Leads) Renew(ctx context.Context, bank tenant.Bank, p Person, lead string) error {
	return l.book.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := p.sees(ctx, tx, bank.ID, lead); err != nil {
			return err
		}
		renewed, err := renew(ctx, tx, bank, p, lead)
		if err == nil && !renewed {
			err = refusal(ctx, tx, bank.ID, lead, p)
		}
		return err
	})
}

// renew never shortens: what was assigned has a longer lease than what is claimed.
func renew(ctx context.Context, tx *db.Tx, bank tenant.Bank, p Person, lead string) (bool, error) {
	until := tx.Now.Add(time.Duration(bank.Settings.ClaimLease))
	n, err := tx.Exec(ctx, `UPDATE application SET claimed_until = CASE WHEN claimed_until > ? THEN claimed_until ELSE ? END
		WHERE bank_id = ? AND id = ? AND claimed_by = ? AND claimed_until > ? AND status IN ('in_review','info_requested')`,
		until, until, bank.ID, lead, p.ID, tx.Now)
	if err != nil || n == 0 {
		return false, err
	}
	return true, looked(ctx, tx, bank.ID, lead)
}

// looked notes when a person first had a lead before them, since it was sent in or
// reopened; figures are of the first time.
func looked(ctx context.Context, tx *db.Tx, bank, lead string) error {
	created, err := createdAt(ctx, tx, bank, lead)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE application SET first_look_at = ?, look_ms = COALESCE(look_ms, ?) WHERE bank_id = ? AND id = ? AND first_look_at IS NULL",
		tx.Now, tx.Now.Sub(created).Milliseconds(), bank, lead)
	return err
}

// Assign gives a lead to another reviewer or supervisor of the bank, whoever
// holds it now. Errors: not_found; validation on staff_id, also when they do not
// see its branch; lead.taken (409) when
// it is decided or closed.
func (l *Leads) Assign(ctx context.Context, bank tenant.Bank, p Person, lead, staffID string) error {
	ok, err := l.mayReview(ctx, bank.ID, staffID)
	if err != nil {
		return err
	}
	theirs, err := l.eyesOf(ctx, bank.ID, staffID)
	if err != nil {
		return err
	}
	return l.book.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := p.sees(ctx, tx, bank.ID, lead); err != nil {
			return err
		}
		if _, err := readStanding(ctx, tx, bank.ID, lead); err != nil {
			return err
		}
		if !ok {
			return fault.InvalidField("staff_id", "staff.not_reviewer")
		}
		if err := theirs.sees(ctx, tx, bank.ID, lead); err != nil {
			return fault.InvalidField("staff_id", "staff.other_branch").Because(err)
		}
		until := tx.Now.Add(time.Duration(bank.Settings.AssignmentLease))
		e := p.act(bank.ID, lead, "assigned", map[string]any{"staff_id": staffID, "until": until})
		taken, err := l.take(ctx, tx, e, staffID, until, "")
		if err == nil && !taken {
			err = fault.New(fault.Conflict, "lead.taken")
		}
		return err
	})
}

// eyesOf is a colleague, for what they see.
func (l *Leads) eyesOf(ctx context.Context, bank, staffID string) (Person, error) {
	scope, err := l.staff.Scope(ctx, bank, staffID)
	return Person{ID: staffID, Scope: scope}, err
}

func (l *Leads) mayReview(ctx context.Context, bank, staffID string) (bool, error) {
	for _, role := range []string{"reviewer", "supervisor"} {
		if has, err := l.staff.HasRole(ctx, bank, staffID, role); has || err != nil {
			return has, err
		}
	}
	return false, nil
}

// take writes the claim where the condition holds: a queued lead goes into
// review with it, one in review keeps its status.
func (l *Leads) take(ctx context.Context, tx *db.Tx, e card.Event, staffID string, until time.Time, where string, with ...any) (bool, error) {
	taken, err := l.book.Move(ctx, tx, card.Move{Event: e, From: []card.Status{card.Queued}, To: card.InReview,
		Set: "claimed_by = ?, claimed_until = ?", Args: []any{staffID, until}, Where: where, With: with})
	if err != nil {
		return false, err
	}
	if !taken {
		query := `UPDATE application SET claimed_by = ?, claimed_until = ?, updated_at = ?
			WHERE bank_id = ? AND id = ? AND status IN ('in_review','info_requested') AND proposal_id IS NULL`
		if where != "" {
			query += " AND (" + where + ")"
		}
		n, err := tx.Exec(ctx, query, append([]any{staffID, until, tx.Now, e.Bank, e.Application}, with...)...)
		if err != nil || n == 0 {
			return false, err
		}
		if err := l.book.Record(ctx, tx, e); err != nil {
			return false, err
		}
	}
	return true, card.Audit(ctx, tx, e)
}

// Release gives a claim back to the queue; a supervisor may release another's.
// Errors: not_found; lead.taken, lead.not_claimed (409).
func (l *Leads) Release(ctx context.Context, bank tenant.Bank, p Person, lead string) error {
	return l.book.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := p.sees(ctx, tx, bank.ID, lead); err != nil {
			return err
		}
		where, with := "claimed_by = ?", []any{p.ID}
		if p.Supervisor {
			where, with = "claimed_by IS NOT NULL", nil
		}
		e := p.act(bank.ID, lead, "released", nil)
		released, err := l.book.Move(ctx, tx, card.Move{Event: e, From: []card.Status{card.InReview}, To: card.Queued,
			Set: "claimed_by = NULL, claimed_until = NULL", Where: where, With: with})
		if err != nil {
			return err
		}
		if !released {
			n, err := tx.Exec(ctx, "UPDATE application SET claimed_by = NULL, claimed_until = NULL WHERE bank_id = ? AND id = ? AND status = ? AND "+where,
				append([]any{bank.ID, lead, card.InfoRequested}, with...)...)
			if err != nil {
				return err
			}
			if n == 0 {
				return refusal(ctx, tx, bank.ID, lead, p)
			}
			if err := l.book.Record(ctx, tx, e); err != nil {
				return err
			}
		}
		return card.Audit(ctx, tx, e)
	})
}
