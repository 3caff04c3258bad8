package review

import (
	"context"
	"slices"
	"strings"
	"time"

	"yinbo/card"
	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
)

// RevealsPerHour is how often one person may look at personal data.
const RevealsPerHour = 60

// formFields are those that every application may have; others come from
// supplements.
var formFields = card.FormFields()

// Reveal opens fields of a lead for the one who holds it or a supervisor, and
// leaves the reason in the audit chain. Fields that the applicant did not give
// are left out. Errors: not_found; auth.forbidden (403); validation on fields;
// rate_limited (429) beyond RevealsPerHour; left is how many looks remain.
func (l *Leads) Reveal(ctx context.Context, bank tenant.Bank, p Person, lead string, fields []string, reason string) (opened map[string]pii.Text, left int, err error) {
	if err := checkFields(fields); err != nil {
		return nil, 0, err
	}
	if strings.TrimSpace(reason) == "" {
		return nil, 0, fault.InvalidField("reason", "field.required")
	}
	err = l.book.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := p.sees(ctx, tx, bank.ID, lead); err != nil {
			return err
		}
		s, err := readStanding(ctx, tx, bank.ID, lead)
		if err != nil {
			return err
		}
		if !p.Supervisor && s.heldBy(tx.Now) != p.ID {
			return fault.New(fault.Forbidden, "auth.forbidden")
		}
		e := p.act(bank.ID, lead, "revealed", map[string]any{"fields": fields, "reason": audit.Reason(reason)})
		// The chain's head is held until the commit: two looks at once are counted
		// one after the other.
		if err := card.Audit(ctx, tx, e); err != nil {
			return err
		}
		n, _, err := db.Value[int](ctx, tx, "SELECT COUNT(*) FROM lead_event WHERE bank_id = ? AND actor_id = ? AND kind = ? AND at > ?",
			bank.ID, p.ID, e.Kind, tx.Now.Add(-time.Hour))
		if err != nil {
			return err
		}
		if n >= RevealsPerHour {
			return fault.New(fault.RateLimited, "rate_limited").After(10 * time.Minute)
		}
		left = RevealsPerHour - n - 1
		if opened, err = l.book.Open(ctx, tx, bank.ID, lead, fields...); err != nil {
			return err
		}
		for _, f := range fields {
			if _, given := opened[f]; !given && !slices.Contains(formFields, f) {
				return fault.InvalidField("fields", "field.not_allowed")
			}
		}
		return l.book.Record(ctx, tx, e)
	})
	if err != nil {
		return nil, 0, err
	}
	return opened, left, nil
}
