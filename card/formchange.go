package card

import (
	"context"
	"fmt"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
)

// The states of a change of the form.
const (
	FormSubmitted = "submitted"
	FormApproved  = "approved"
	FormRejected  = "rejected"
	FormWithdrawn = "withdrawn"
)

// FormChange is a form that one person submits, and another decides on.
type FormChange struct {
	ID           string       `json:"id"`
	Form         FormPlan     `json:"form" doc:"Its version is the one that it was made from"`
	State        string       `json:"state" enum:"submitted,approved,rejected,withdrawn"`
	Outdated     bool         `json:"outdated" doc:"Another version is in use since it was submitted: it can only be rejected or withdrawn"`
	SubmittedBy  Named        `json:"submitted_by"`
	SubmittedAt  clock.Stamp  `json:"submitted_at"`
	DecidedBy    *Named       `json:"decided_by" doc:"Of what was withdrawn: who submitted it"`
	DecidedAt    *clock.Stamp `json:"decided_at"`
	RejectReason *string      `json:"reject_reason"`
	Became       *int         `json:"became" doc:"The version in use since it was approved"`
}

const selectFormChange = `SELECT c.id, c.base_version, c.body, c.state, c.submitted_by, COALESCE((SELECT name FROM staff s WHERE s.id = c.submitted_by), ''), c.submitted_at,
	c.decided_by, COALESCE((SELECT name FROM staff s WHERE s.id = c.decided_by), ''), c.decided_at, c.reject_reason, c.version,
	CASE WHEN c.state = 'submitted' AND c.base_version <> COALESCE((SELECT MAX(f.version) FROM application_form f WHERE f.bank_id = c.bank_id), 0) THEN 1 ELSE 0 END
	FROM application_form_change c WHERE c.bank_id = ?`

func scanFormChange(r db.Row) (c FormChange, err error) {
	var body string
	var base int
	var decider, deciderName *string
	var submitted, decided db.Time
	if err := r.Scan(&c.ID, &base, &body, &c.State, &c.SubmittedBy.ID, &c.SubmittedBy.Name, &submitted,
		&decider, &deciderName, &decided, &c.RejectReason, &c.Became, &c.Outdated); err != nil {
		return c, err
	}
	if c.Form, err = formOf(body); err != nil {
		return c, fmt.Errorf("card: form of %s: %w", c.ID, err)
	}
	c.Form.Version, c.SubmittedAt, c.DecidedAt = base, clock.At(submitted.Time), clock.AtPtr(decided.Time)
	if decider != nil {
		c.DecidedBy = &Named{ID: *decider, Name: *deciderName}
	}
	return c, nil
}

// FormChanges gives the bank's changes of the form, the newest first, after the
// one named: one more than limit when there are further ones. state "" is every one.
func (a *Applications) FormChanges(ctx context.Context, bank, state, after string, limit int) ([]FormChange, error) {
	where, args := "", []any{bank}
	if state != "" {
		where, args = where+" AND c.state = ?", append(args, state)
	}
	if after != "" {
		where, args = where+" AND c.id < ?", append(args, after)
	}
	return db.All(ctx, a.book.DB, scanFormChange, selectFormChange+where+" ORDER BY c.id DESC LIMIT ?", append(args, limit+1)...)
}

// SubmitForm hands a form to another person; its Version is the one that it was
// made from. Errors: validation; 409 form.outdated when another version came
// meanwhile, form.submitted when one's own waits already.
func (a *Applications) SubmitForm(ctx context.Context, bank string, by Actor, p FormPlan) (FormChange, error) {
	if err := p.check(); err != nil {
		return FormChange{}, err
	}
	body, err := p.body()
	if err != nil {
		return FormChange{}, err
	}
	change := id.New(id.FormChange)
	var made FormChange
	err = a.book.DB.InTx(ctx, func(tx *db.Tx) error {
		now, err := readPlan(ctx, tx, bank)
		if err != nil {
			return err
		}
		if now.Version != p.Version {
			return fault.New(fault.Conflict, "form.outdated")
		}
		err = tx.Insert(ctx, "application_form_change (id, bank_id, base_version, body, state, open_key, submitted_by, submitted_at)",
			[][]any{{change, bank, p.Version, body, FormSubmitted, by.ID, by.ID, tx.Now}}, "")
		if db.IsDuplicate(err) {
			err = fault.New(fault.Conflict, "form.submitted").Because(err)
		}
		if err != nil {
			return err
		}
		if err := by.auditForm(ctx, tx, bank, "submitted", change, map[string]any{"from": p.Version, "asked": p.names(false), "required": p.names(true)}); err != nil {
			return err
		}
		made, err = readFormChange(ctx, tx, bank, change)
		return err
	})
	return made, err
}

// ApproveForm has a submitted form be the one in use. Errors: 404 not_found; 403
// form.same_person; 409 conflict when it is not submitted, form.outdated when
// another version came since.
func (a *Applications) ApproveForm(ctx context.Context, bank string, by Actor, change string) (FormChange, error) {
	return a.moveForm(ctx, bank, change, func(tx *db.Tx, c FormChange) error {
		if err := c.awaits(by); err != nil {
			return err
		}
		outdated := fault.New(fault.Conflict, "form.outdated")
		now, err := readPlan(ctx, tx, bank)
		if err != nil {
			return err
		}
		if now.Version != c.Form.Version {
			return outdated
		}
		err = writeForm(ctx, tx, bank, c.SubmittedBy.ID, by.ID, c.Form)
		if db.IsDuplicate(err) {
			err = outdated.Because(err)
		}
		if err != nil {
			return err
		}
		to := c.Form.Version + 1
		if err := endForm(ctx, tx, bank, c, FormApproved, by, nil, &to); err != nil {
			return err
		}
		return by.auditForm(ctx, tx, bank, "approved", c.ID, map[string]any{"from": c.Form.Version, "to": to, "submitted_by": c.SubmittedBy.ID,
			"asked": c.Form.names(false), "required": c.Form.names(true)})
	})
}

// RejectForm sends a submitted form back, with a reason. Errors as of ApproveForm,
// but what is outdated may be rejected.
func (a *Applications) RejectForm(ctx context.Context, bank string, by Actor, change, reason string) (FormChange, error) {
	return a.moveForm(ctx, bank, change, func(tx *db.Tx, c FormChange) error {
		if err := c.awaits(by); err != nil {
			return err
		}
		reason := audit.Reason(reason)
		if err := endForm(ctx, tx, bank, c, FormRejected, by, &reason, nil); err != nil {
			return err
		}
		return by.auditForm(ctx, tx, bank, "rejected", c.ID, map[string]any{"from": c.Form.Version, "submitted_by": c.SubmittedBy.ID, "reason": reason})
	})
}

// WithdrawForm takes a submitted form back; only who submitted it may. Errors: 404
// not_found; 403 form.not_submitter; 409 conflict.
func (a *Applications) WithdrawForm(ctx context.Context, bank string, by Actor, change string) (FormChange, error) {
	return a.moveForm(ctx, bank, change, func(tx *db.Tx, c FormChange) error {
		if c.State != FormSubmitted {
			return fault.New(fault.Conflict, "conflict")
		}
		if c.SubmittedBy.ID != by.ID {
			return fault.New(fault.Forbidden, "form.not_submitter")
		}
		if err := endForm(ctx, tx, bank, c, FormWithdrawn, by, nil, nil); err != nil {
			return err
		}
		return by.auditForm(ctx, tx, bank, "withdrawn", c.ID, map[string]any{"from": c.Form.Version})
	})
}

// awaits refuses who may not decide on a change: who submitted it.
func (c FormChange) awaits(by Actor) error {
	switch {
	case c.State != FormSubmitted:
		return fault.New(fault.Conflict, "conflict")
	case c.SubmittedBy.ID == by.ID:
		return fault.New(fault.Forbidden, "form.same_person")
	}
	return nil
}

// moveForm holds a change's row while act runs, and shows it as it then is.
func (a *Applications) moveForm(ctx context.Context, bank, change string, act func(tx *db.Tx, c FormChange) error) (FormChange, error) {
	var after FormChange
	err := a.book.DB.InTx(ctx, func(tx *db.Tx) error {
		c, err := readFormChange(ctx, tx, bank, change)
		if err != nil {
			return err
		}
		if err := act(tx, c); err != nil {
			return err
		}
		after, err = readFormChange(ctx, tx, bank, change)
		return err
	})
	return after, err
}

func readFormChange(ctx context.Context, tx *db.Tx, bank, change string) (FormChange, error) {
	c, found, err := db.One(ctx, tx, scanFormChange, selectFormChange+" AND c.id = ?"+tx.Dialect().ForUpdate(), bank, change)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	return c, err
}

// endForm decides on a submitted change, once.
func endForm(ctx context.Context, tx *db.Tx, bank string, c FormChange, to string, by Actor, reason *string, became *int) error {
	n, err := tx.Exec(ctx, `UPDATE application_form_change SET state = ?, open_key = NULL, decided_by = ?, decided_at = ?, reject_reason = ?, version = ?
		WHERE bank_id = ? AND id = ? AND state = 'submitted'`, to, by.ID, tx.Now, reason, became, bank, c.ID)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "conflict")
	}
	return err
}

func (by Actor) auditForm(ctx context.Context, tx *db.Tx, bank, action, change string, detail map[string]any) error {
	return audit.Write(ctx, tx, audit.Entry{Bank: bank, ActorKind: by.Kind, Actor: by.ID, Action: "application_form." + action, Object: change,
		Detail: detail, RequestID: by.RequestID})
}
