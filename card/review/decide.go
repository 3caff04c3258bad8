package review

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"time"

	"yinbo/card"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
)

// The decisions.
const (
	Approve = "approve"
	Reject  = "reject"
)

// Decision is a reviewer's opinion and sign-off.
type Decision struct {
	Decision   string   // approve, reject
	ReasonCode string   // CONTRACT §5
	Comment    pii.Text // optional; stored sealed
}

// reasons are the contract's reason codes.
var reasons = []string{"meets_policy", "income_unverified", "identity_doubt", "duplicate", "policy_excluded", "risk", "other"}

func (d Decision) check() error {
	switch {
	case d.Decision != Approve && d.Decision != Reject:
		return fault.InvalidField("decision", "field.not_allowed")
	case !slices.Contains(reasons, d.ReasonCode):
		return fault.InvalidField("reason_code", "field.not_allowed")
	case d.Decision == Approve && d.ReasonCode != "meets_policy" && d.ReasonCode != "other",
		d.Decision == Reject && d.ReasonCode == "meets_policy":
		return fault.InvalidField("reason_code", "decision.reason")
	}
	return nil
}

// holding is the condition under which p may work on a lead.
const holding = "claimed_by = ? AND claimed_until > ?"

// Decide approves or rejects a lead that p has claimed. Where the bank wants a
// second person, the decision is only proposed and the lead stays in review. An
// approval is handed to the card core by a task of the same transaction. Errors:
// not_found; lead.taken, lead.not_claimed (409); validation.
func (l *Leads) Decide(ctx context.Context, bank tenant.Bank, p Person, lead string, d Decision) error {
	if err := d.check(); err != nil {
		return err
	}
	return l.book.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := p.sees(ctx, tx, bank.ID, lead); err != nil {
			return err
		}
		// Held: what a supplement makes of the lead meanwhile is looked at, or comes
		// after the decision and is refused.
		if err := hold(ctx, tx, bank.ID, lead); err != nil {
			return err
		}
		why, err := reasonsFor(ctx, tx, bank, lead, d)
		if err != nil {
			return err
		}
		if err := looked(ctx, tx, bank.ID, lead); err != nil {
			return err
		}
		if len(why) > 0 {
			return l.propose(ctx, tx, bank, p, lead, d, why)
		}
		return l.decide(ctx, tx, bank, p, lead, d)
	})
}

// hold keeps a lead from changing until the commit.
func hold(ctx context.Context, tx *db.Tx, bank, lead string) error {
	_, _, err := db.Value[string](ctx, tx, "SELECT id FROM application WHERE bank_id = ? AND id = ?"+tx.Dialect().ForUpdate(), bank, lead)
	return err
}

func (l *Leads) decide(ctx context.Context, tx *db.Tx, bank tenant.Bank, p Person, lead string, d Decision) error {
	to := card.Rejected
	if d.Decision == Approve {
		to = card.Approved
	}
	created, err := createdAt(ctx, tx, bank.ID, lead)
	if err != nil {
		return err
	}
	e := p.act(bank.ID, lead, "decided", map[string]any{"decision": d.Decision, "reason_code": d.ReasonCode})
	e.Text = d.Comment
	decided, err := l.book.Move(ctx, tx, card.Move{Event: e, From: []card.Status{card.InReview, card.InfoRequested}, To: to,
		Set:  "decision = ?, reason_code = ?, decided_by = ?, decided_at = ?, decide_ms = ?, info_fields = NULL, info_message_sealed = NULL",
		Args: []any{d.Decision, d.ReasonCode, p.ID, tx.Now, tx.Now.Sub(created).Milliseconds()}, Where: holding, With: []any{p.ID, tx.Now}})
	if err != nil {
		return err
	}
	if !decided {
		return refusal(ctx, tx, bank.ID, lead, p)
	}
	if to == card.Approved {
		if err := l.approved(ctx, tx, bank.ID, lead); err != nil {
			return err
		}
	}
	return card.Audit(ctx, tx, e)
}

// createdAt is when a lead was sent in; not_found when the bank has none such.
func createdAt(ctx context.Context, q db.Querier, bank, lead string) (time.Time, error) {
	at, found, err := db.Value[db.Time](ctx, q, "SELECT created_at FROM application WHERE bank_id = ? AND id = ?", bank, lead)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	return at.Time, err
}

// approved asks for what an approval brings about.
func (l *Leads) approved(ctx context.Context, tx *db.Tx, bank, lead string) error {
	viewer, _, err := db.Value[string](ctx, tx, "SELECT viewer_id FROM application WHERE bank_id = ? AND id = ?", bank, lead)
	if err != nil {
		return err
	}
	return l.book.Box.Add(ctx, tx, outbox.Task{Bank: bank, Kind: TaskHandoff, Ref: lead, Payload: handoff{}},
		outbox.Task{Bank: bank, Kind: card.TaskApproved, Ref: lead, Payload: card.Milestone{ViewerID: viewer}})
}

var (
	fieldName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	// secret is what may never be stored (RULES §3, class C3), so nobody is asked
	// for it.
	secret = regexp.MustCompile(`(^|_)(pan|cvv2?|cvc2?|card_?(no|number|expiry)|expiry_date|otp|pin|pwd|password|passcode)(_|$)`)
)

// maxFields is how many fields one act may name: a whole form.
const maxFields = 30

// checkFields wants up to maxFields well-formed names, each once. fixed names are
// refused: they identify the person.
func checkFields(fields []string, fixed ...string) error {
	if len(fields) == 0 {
		return fault.InvalidField("fields", "field.required")
	}
	if len(fields) > maxFields {
		return fault.InvalidField("fields", "field.too_long")
	}
	for i, f := range fields {
		name := fmt.Sprintf("fields[%d]", i)
		switch {
		case !fieldName.MatchString(f):
			return fault.InvalidField(name, "field.format")
		case slices.Contains(fields[:i], f):
			return fault.InvalidField(name, "field.duplicate")
		case slices.Contains(fixed, f):
			return fault.InvalidField(name, "supplement.fixed")
		}
	}
	return nil
}

// RequestInfo asks the applicant for fields, new or better ones, with a message.
// The claim stays while its lease runs. Errors: not_found; lead.taken,
// lead.not_claimed (409); validation.
func (l *Leads) RequestInfo(ctx context.Context, bank tenant.Bank, p Person, lead string, fields []string, message pii.Text) error {
	if err := checkFields(fields, "id_no", "phone"); err != nil {
		return err
	}
	for i, f := range fields {
		if secret.MatchString(f) || f == "delivery_outlet_id" { // an outlet comes along with delivery_to
			return fault.InvalidField(fmt.Sprintf("fields[%d]", i), "field.not_allowed")
		}
	}
	names, err := json.Marshal(fields)
	if err != nil {
		return fmt.Errorf("review: fields: %w", err)
	}
	sealed, err := l.book.SealMessage(ctx, bank.ID, lead, message)
	if err != nil {
		return err
	}
	return l.book.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := p.sees(ctx, tx, bank.ID, lead); err != nil {
			return err
		}
		e := p.act(bank.ID, lead, "info_requested", map[string]any{"fields": fields})
		e.Text = message
		asked, err := l.book.Move(ctx, tx, card.Move{Event: e, From: []card.Status{card.InReview}, To: card.InfoRequested,
			Set: "info_fields = ?, info_message_sealed = ?, info_asked_at = ?", Args: []any{string(names), sealed, tx.Now}, Where: holding, With: []any{p.ID, tx.Now}})
		if err != nil {
			return err
		}
		if !asked {
			return refusal(ctx, tx, bank.ID, lead, p)
		}
		if err := l.promise(ctx, tx, bank, lead, stageSupplement, tx.Now); err != nil {
			return err
		}
		return card.Audit(ctx, tx, e)
	})
}

// Note puts a reviewer's words on the timeline, sealed. Errors: not_found; conflict
// once the applicant's data is gone: words about them would stay for ever.
func (l *Leads) Note(ctx context.Context, bank tenant.Bank, p Person, lead string, text pii.Text) error {
	return l.book.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := p.sees(ctx, tx, bank.ID, lead); err != nil {
			return err
		}
		if _, err := readStanding(ctx, tx, bank.ID, lead); err != nil {
			return err
		}
		// Held: an erasure comes before or after, and then takes the note along.
		_, found, err := db.Value[string](ctx, tx, "SELECT id FROM application WHERE bank_id = ? AND id = ? AND "+card.Unerased+tx.Dialect().ForUpdate(), bank.ID, lead)
		if err != nil || !found {
			return orElse(err, fault.New(fault.Conflict, "conflict"))
		}
		e := p.act(bank.ID, lead, "noted", nil)
		e.Text = text
		if err := l.book.Record(ctx, tx, e); err != nil {
			return err
		}
		return card.Audit(ctx, tx, e)
	})
}
