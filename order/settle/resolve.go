package settle

import (
	"context"
	"slices"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
)

// Resolve ends an exception, once: 409 conflict when it is resolved already, or
// proposed; 409 exception.refunding while a rule gives its money back. Above the
// bank's limit it only proposes, and another person confirms.
// The comment stays with the exception, without long numbers; the audit log names
// the resolution only.
func (k *Desk) Resolve(ctx context.Context, bank tenant.Bank, exceptionID, resolution, comment string, actor Actor) (Exception, error) {
	if !slices.Contains(Resolutions, resolution) {
		return Exception{}, fault.InvalidField("resolution", "field.not_allowed")
	}
	comment = audit.Reason(comment)
	return k.change(ctx, bank, exceptionID, actor, func(tx *db.Tx, e Exception) (action string, detail map[string]any, err error) {
		detail = map[string]any{"resolution": resolution}
		now, err := tenant.ReadSettings(ctx, tx, bank.ID) // as they stand, not as this node last read them
		switch {
		case err != nil:
			return "", nil, err
		case e.Status == "resolved" || e.Status == "proposed":
			return "", nil, conflict()
		case e.refunding():
			return "", nil, fault.New(fault.Conflict, "exception.refunding")
		case needsSecond(now, e):
			_, err = tx.Exec(ctx, `UPDATE money_exception SET proposed_as = ?, comment = ?, proposed_by = ?, proposed_at = ?, declined_for = NULL WHERE id = ?`,
				resolution, comment, actor.ID, tx.Now, e.ID)
			return "exception.proposed", detail, err
		}
		if _, err := tx.Exec(ctx, "UPDATE money_exception SET comment = ? WHERE id = ?", comment, e.ID); err != nil {
			return "", nil, err
		}
		return "exception.resolved", detail, k.end(ctx, tx, bank, e, resolution, actor.ID, "")
	})
}

// needsSecond tells whether what differs is above what one person may resolve.
func needsSecond(s tenant.Settings, e Exception) bool {
	return abs(e.Theirs-e.Ours) > money.Fen(s.Reconciliation.SecondAboveFen)
}

// refunding tells whether a rule has asked the gateway to give the money back, and
// not heard the end of it.
func (e Exception) refunding() bool {
	return e.Rule != nil && *e.Rule == ruleRefund && e.Note == nil && !e.ended()
}

// Confirm ends what another person proposed: 409 conflict where nothing is
// proposed, 403 exception.same_person for who proposed it.
func (k *Desk) Confirm(ctx context.Context, bank tenant.Bank, exceptionID string, actor Actor) (Exception, error) {
	return k.change(ctx, bank, exceptionID, actor, func(tx *db.Tx, e Exception) (string, map[string]any, error) {
		if err := second(e, actor); err != nil {
			return "", nil, err
		}
		err := k.end(ctx, tx, bank, e, *e.ProposedAs, *e.ProposedBy, actor.ID)
		return "exception.confirmed", map[string]any{"resolution": *e.ProposedAs, "proposed_by": *e.ProposedBy}, err
	})
}

// Decline gives a proposal back with a reason; refusals as of Confirm.
func (k *Desk) Decline(ctx context.Context, bank tenant.Bank, exceptionID, reason string, actor Actor) (Exception, error) {
	return k.change(ctx, bank, exceptionID, actor, func(tx *db.Tx, e Exception) (string, map[string]any, error) {
		if err := second(e, actor); err != nil {
			return "", nil, err
		}
		_, err := tx.Exec(ctx, `UPDATE money_exception SET proposed_as = NULL, proposed_by = NULL, proposed_at = NULL, declined_for = ? WHERE id = ?`, audit.Reason(reason), e.ID)
		return "exception.declined", map[string]any{"resolution": *e.ProposedAs, "proposed_by": *e.ProposedBy}, err
	})
}

// TakeBack withdraws what one proposed oneself: 403 proposal.not_yours for anybody
// else, 409 conflict where nothing is proposed.
func (k *Desk) TakeBack(ctx context.Context, bank tenant.Bank, exceptionID string, actor Actor) (Exception, error) {
	return k.change(ctx, bank, exceptionID, actor, func(tx *db.Tx, e Exception) (string, map[string]any, error) {
		switch {
		case e.Status != "proposed":
			return "", nil, conflict()
		case *e.ProposedBy != actor.ID:
			return "", nil, fault.New(fault.Forbidden, "proposal.not_yours")
		}
		_, err := tx.Exec(ctx, "UPDATE money_exception SET comment = NULL, proposed_as = NULL, proposed_by = NULL, proposed_at = NULL WHERE id = ?", e.ID)
		return "exception.withdrawn", map[string]any{"resolution": *e.ProposedAs}, err
	})
}

func second(e Exception, actor Actor) error {
	switch {
	case e.Status != "proposed":
		return conflict()
	case *e.ProposedBy == actor.ID:
		return fault.New(fault.Forbidden, "exception.same_person")
	case !actor.Checker:
		return fault.New(fault.Forbidden, "auth.forbidden")
	}
	return nil
}

// Take makes who acts the owner of an exception that is not resolved, also where
// another was; 409 conflict for one that is.
func (k *Desk) Take(ctx context.Context, bank tenant.Bank, exceptionID string, actor Actor) (Exception, error) {
	return k.change(ctx, bank, exceptionID, actor, func(tx *db.Tx, e Exception) (string, map[string]any, error) {
		if e.ended() {
			return "", nil, conflict()
		}
		_, err := tx.Exec(ctx, "UPDATE money_exception SET owner = ?, owned_at = ? WHERE id = ?", actor.ID, tx.Now, e.ID)
		return "exception.taken", nil, err
	})
}

// Release makes it nobody's.
func (k *Desk) Release(ctx context.Context, bank tenant.Bank, exceptionID string, actor Actor) (Exception, error) {
	return k.change(ctx, bank, exceptionID, actor, func(tx *db.Tx, e Exception) (string, map[string]any, error) {
		if e.ended() {
			return "", nil, conflict()
		}
		_, err := tx.Exec(ctx, "UPDATE money_exception SET owner = NULL, owned_at = NULL WHERE id = ?", e.ID)
		return "exception.released", nil, err
	})
}

// change makes one change of an exception with its audit entry.
func (k *Desk) change(ctx context.Context, bank tenant.Bank, exceptionID string, actor Actor,
	act func(tx *db.Tx, e Exception) (action string, detail map[string]any, err error),
) (e Exception, err error) {
	const one = exceptionColumns + " WHERE bank_id = ? AND id = ?"
	err = k.db.InTx(ctx, func(tx *db.Tx) error {
		// The reconciliation's row first, as a run locks them.
		recID, found, err := db.Value[*string](ctx, tx, "SELECT reconciliation_id FROM money_exception WHERE bank_id = ? AND id = ?", bank.ID, exceptionID)
		if err != nil {
			return err
		}
		if !found {
			return notFound()
		}
		if recID != nil {
			if _, _, err := db.Value[string](ctx, tx, "SELECT id FROM reconciliation WHERE id = ?"+tx.Dialect().ForUpdate(), *recID); err != nil {
				return err
			}
		}
		before, _, err := db.One(ctx, tx, scanException, one+tx.Dialect().ForUpdate(), bank.ID, exceptionID)
		if err != nil {
			return err
		}
		action, detail, err := act(tx, before)
		if err != nil {
			return err
		}
		if recID != nil {
			if err := setStatus(ctx, tx, bank.ID, *recID); err != nil {
				return err
			}
		}
		if err := audit.Write(ctx, tx, actor.entry(bank.ID, action, exceptionID, detail)); err != nil {
			return err
		}
		e, _, err = db.One(ctx, tx, scanException, one, bank.ID, exceptionID)
		return err
	})
	return e, err
}

// end resolves an exception and posts that.
func (k *Desk) end(ctx context.Context, tx *db.Tx, bank tenant.Bank, e Exception, resolution, by, confirmedBy string) error {
	var confirmed *string
	if confirmedBy != "" {
		confirmed = &confirmedBy
	}
	n, err := tx.Exec(ctx, `UPDATE money_exception SET status = 'resolved', resolution = ?, resolved_by = ?, confirmed_by = ?, resolved_at = ?,
		proposed_as = NULL, proposed_by = NULL, proposed_at = NULL WHERE bank_id = ? AND id = ? AND status <> 'resolved'`,
		resolution, by, confirmed, tx.Now, bank.ID, e.ID)
	if err != nil {
		return err
	}
	if n == 0 {
		return conflict()
	}
	e.Resolution = &resolution
	return k.post(ctx, tx, bank, e, resolution)
}
