package screen

import (
	"context"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// Submit hands a draft, or a retired version that is to come back, to another
// person. Errors: 404 not_found; 409 screening.outdated, conflict; 422
// screening.cases_fail with the cases named.
func (s *Screens) Submit(ctx context.Context, bank string, by Person, version string, revision int64) (Version, error) {
	return s.move(ctx, bank, version, revision, func(tx *db.Tx, v Version) error {
		p, err := s.compiled(v)
		if err != nil {
			return err
		}
		if err := p.proved(v.Cases); err != nil {
			return err
		}
		base, _, err := db.Value[string](ctx, tx, "SELECT id FROM screening_set WHERE active_key = ?", bank)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE screening_set SET state = ?, base_id = ?, submitted_by = ?, submitted_at = ?, approved_by = NULL, approved_at = NULL
			WHERE id = ? AND state IN ('draft', 'retired')`, string(Submitted), base, by.ID, tx.Now, v.ID)
		if err := one(n, err); err != nil {
			return err
		}
		return by.audit(ctx, tx, bank, "submitted", v.ID, map[string]any{"no": v.No, "revision": v.Revision})
	})
}

// Approve makes a submitted version the active one. Errors: 404 not_found; 403
// screening.same_person; 409 conflict when it is not submitted,
// screening.outdated, screening.active_changed when another version became
// active since it was submitted.
func (s *Screens) Approve(ctx context.Context, bank string, by Person, version string, revision int64) (Version, error) {
	return s.move(ctx, bank, version, revision, func(tx *db.Tx, v Version) error {
		if err := v.awaits(ctx, tx, bank, by); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, "UPDATE screening_set SET state = ?, active_key = NULL, retired_at = ? WHERE id = ? AND active_key = ?",
			string(Retired), tx.Now, *v.BaseID, bank)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "screening.active_changed")
		}
		n, err = tx.Exec(ctx, `UPDATE screening_set SET state = ?, active_key = ?, approved_by = ?, approved_at = ?,
			activated_at = COALESCE(activated_at, ?), retired_at = NULL WHERE id = ? AND state = ? AND submitted_by <> ?`,
			string(Active), bank, by.ID, tx.Now, tx.Now, v.ID, string(Submitted), by.ID)
		if err := one(n, err); err != nil {
			return err
		}
		return by.audit(ctx, tx, bank, "approved", v.ID, map[string]any{"no": v.No, "revision": v.Revision, "submitted_by": *v.SubmittedBy, "before": *v.BaseID})
	})
}

// Reject sends a submitted version back, with a reason. Errors as of Approve.
func (s *Screens) Reject(ctx context.Context, bank string, by Person, version string, revision int64, reason string) (Version, error) {
	return s.move(ctx, bank, version, revision, func(tx *db.Tx, v Version) error {
		if err := v.awaits(ctx, tx, bank, by); err != nil {
			return err
		}
		reason := audit.Reason(reason)
		if err := sendBack(ctx, tx, v, reason); err != nil {
			return err
		}
		return by.audit(ctx, tx, bank, "rejected", v.ID, map[string]any{"no": v.No, "reason": reason})
	})
}

// Withdraw takes a submitted version back; only who submitted it may. Errors: 404
// not_found; 403 screening.not_submitter; 409 conflict, screening.outdated.
func (s *Screens) Withdraw(ctx context.Context, bank string, by Person, version string, revision int64) (Version, error) {
	return s.move(ctx, bank, version, revision, func(tx *db.Tx, v Version) error {
		if v.State != Submitted {
			return fault.New(fault.Conflict, "conflict")
		}
		if *v.SubmittedBy != by.ID {
			return fault.New(fault.Forbidden, "screening.not_submitter")
		}
		if err := sendBack(ctx, tx, v, ""); err != nil {
			return err
		}
		return by.audit(ctx, tx, bank, "withdrawn", v.ID, map[string]any{"no": v.No})
	})
}

// sendBack makes a submitted version what it was: a draft, or retired when it was
// ever active, so that its rules never change.
func sendBack(ctx context.Context, tx *db.Tx, v Version, reason string) error {
	to := Draft
	if v.ActivatedAt != nil {
		to = Retired
	}
	return one(tx.Exec(ctx, "UPDATE screening_set SET state = ?, reject_reason = ? WHERE id = ? AND state = ?", string(to), reason, v.ID, string(Submitted)))
}

// awaits refuses who may not decide on a version: who submitted it, and who wrote
// any of it. What two people made active before is nobody's own work any more.
func (v Version) awaits(ctx context.Context, tx *db.Tx, bank string, by Person) error {
	if v.State != Submitted {
		return fault.New(fault.Conflict, "conflict")
	}
	own := *v.SubmittedBy == by.ID
	if !own && v.ActivatedAt == nil {
		var err error
		// The chain is the one record of every writer.
		if _, own, err = db.Value[string](ctx, tx, "SELECT id FROM audit WHERE bank_id = ? AND object_id = ? AND actor_id = ? AND action = 'screening.saved' LIMIT 1",
			bank, v.ID, by.ID); err != nil {
			return err
		}
	}
	if own {
		return fault.New(fault.Forbidden, "screening.same_person")
	}
	return nil
}

// one is 409 conflict when a conditional update found nothing.
func one(n int64, err error) error {
	if err == nil && n == 0 {
		return fault.New(fault.Conflict, "conflict")
	}
	return err
}
