package review

import (
	"context"
	"slices"
	"strings"

	"yinbo/card"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
)

// Reopen is a decision as well: a rejected lead is looked at again.
const Reopen = "reopen"

// Why a decision needs a second person (RULES §4: nobody decides alone on an
// override).
const (
	WhyLimit     = "limit"     // the credit limit is above the bank's
	WhyProduct   = "product"   // the bank wants two for this card product
	WhyScreening = "screening" // approved although screening said decline
	WhyOpinion   = "opinion"   // another's opinion was turned down before
	WhyReopened  = "reopened"  // it was rejected once
	whyReopen    = "reopen"    // what it asks for is an override in itself
)

// Proposal is a decision that waits for a second person.
type Proposal struct {
	ID         string      `json:"id"`
	Decision   string      `json:"decision" enum:"approve,reject,reopen"`
	ReasonCode string      `json:"reason_code"`
	Why        []string    `json:"why" doc:"limit, product, screening, opinion, reopened, reopen"`
	By         card.Named  `json:"by"`
	At         clock.Stamp `json:"at"`
	MayConfirm bool        `json:"may_confirm" doc:"The caller had no part in this lead yet"`
}

// reasonsFor tells why a decision needs a second person; none is that it does not.
func reasonsFor(ctx context.Context, tx *db.Tx, bank tenant.Bank, lead string, d Decision) ([]string, error) {
	type facts struct {
		screening  card.Verdict
		product    string
		limit      int64
		reopened   int
		turnedDown int
	}
	f, found, err := db.One(ctx, tx, func(r db.Row) (f facts, err error) {
		return f, r.Scan(&f.screening, &f.product, &f.limit, &f.reopened, &f.turnedDown)
	}, `SELECT a.screening, a.card_product_id, COALESCE(a.limit_wished_fen, p.limit_fen, 0), a.reopened,
		(SELECT COUNT(*) FROM second_opinion o WHERE o.bank_id = a.bank_id AND o.application_id = a.id AND o.outcome = 'turned_down')
		FROM application a JOIN card_product p ON p.id = a.card_product_id WHERE a.bank_id = ? AND a.id = ?`, bank.ID, lead)
	if err != nil || !found {
		return nil, err
	}
	approve, above := d.Decision == Approve, bank.Settings.SecondOpinionAboveFen
	var why []string
	for _, c := range []struct {
		holds bool
		why   string
	}{
		{approve && above > 0 && f.limit > above, WhyLimit},
		{approve && slices.Contains(bank.Settings.SecondOpinionProducts, f.product), WhyProduct},
		{approve && f.screening == card.Decline, WhyScreening},
		{f.turnedDown > 0, WhyOpinion},
		{f.reopened > 0, WhyReopened},
	} {
		if c.holds {
			why = append(why, c.why)
		}
	}
	return why, nil
}

// propose lets a decision stand until another person has seen it. The claim ends
// with it, and nobody may take the lead meanwhile.
func (l *Leads) propose(ctx context.Context, tx *db.Tx, bank tenant.Bank, p Person, lead string, d Decision, why []string) error {
	opinion := id.New(id.Opinion)
	e := p.act(bank.ID, lead, "proposed", map[string]any{"decision": d.Decision, "reason_code": d.ReasonCode, "why": why})
	e.Text = d.Comment
	const set, free = "proposal_id = ?, claimed_by = NULL, claimed_until = NULL", holding + " AND proposal_id IS NULL"
	moved, err := l.book.Move(ctx, tx, card.Move{Event: e, From: []card.Status{card.InfoRequested}, To: card.InReview,
		Set: set + ", info_fields = NULL, info_message_sealed = NULL", Args: []any{opinion}, Where: free, With: []any{p.ID, tx.Now}})
	if err != nil {
		return err
	}
	if !moved {
		n, err := tx.Exec(ctx, "UPDATE application SET "+set+", updated_at = ? WHERE bank_id = ? AND id = ? AND status = ? AND "+free,
			opinion, tx.Now, bank.ID, lead, card.InReview, p.ID, tx.Now)
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
	return l.file(ctx, tx, opinion, e, d, why)
}

func (l *Leads) file(ctx context.Context, tx *db.Tx, opinion string, e card.Event, d Decision, why []string) error {
	err := tx.Insert(ctx, "second_opinion (id, bank_id, application_id, decision, reason_code, why, proposed_by, proposed_at)",
		[][]any{{opinion, e.Bank, e.Application, d.Decision, d.ReasonCode, strings.Join(why, ","), e.By.ID, tx.Now}}, "")
	if err != nil {
		return err
	}
	return card.Audit(ctx, tx, e)
}

// ProposeReopening asks a second person to let a lead that was rejected here be
// looked at again. Errors: not_found; conflict when it is not so, or when the
// applicant's data is gone; validation.
func (l *Leads) ProposeReopening(ctx context.Context, bank tenant.Bank, p Person, lead string, comment pii.Text) error {
	if comment.Empty() {
		return fault.InvalidField("comment", "field.required")
	}
	return l.book.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := p.sees(ctx, tx, bank.ID, lead); err != nil {
			return err
		}
		if _, err := readStanding(ctx, tx, bank.ID, lead); err != nil {
			return err
		}
		opinion := id.New(id.Opinion)
		n, err := tx.Exec(ctx, `UPDATE application SET proposal_id = ?, updated_at = ?
			WHERE bank_id = ? AND id = ? AND status = ? AND decision = 'reject' AND proposal_id IS NULL AND `+card.Unerased, opinion, tx.Now, bank.ID, lead, card.Rejected)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "conflict")
		}
		e := p.act(bank.ID, lead, "proposed", map[string]any{"decision": Reopen, "why": []string{whyReopen}})
		e.Text = comment
		if err := l.book.Record(ctx, tx, e); err != nil {
			return err
		}
		return l.file(ctx, tx, opinion, e, Decision{Decision: Reopen, ReasonCode: "other"}, []string{whyReopen})
	})
}

// opinion is one that waits for its second.
type opinion struct {
	id, decision, reason, why, by string
	at                            db.Time
}

func readOpinion(ctx context.Context, q db.Querier, bank, lead string) (opinion, bool, error) {
	return db.One(ctx, q, func(r db.Row) (o opinion, err error) {
		return o, r.Scan(&o.id, &o.decision, &o.reason, &o.why, &o.by, &o.at)
	}, `SELECT o.id, o.decision, o.reason_code, o.why, o.proposed_by, o.proposed_at FROM application a
		JOIN second_opinion o ON o.id = a.proposal_id WHERE a.bank_id = ? AND a.id = ? AND o.outcome IS NULL`, bank, lead)
}

// part is what makes a person no second of a lead e any more: acts of theirs, or
// that it was given to them, as a pattern of its detail.
const (
	partByAct   = "e.kind IN ('submitted','screened','claimed','info_requested','decided','proposed')"
	partByGrant = "e.kind IN ('assigned','handed_over')"
)

// hadPart tells whether a person sent in, screened, held, asked about, decided or
// proposed a lead: such a person may not be its second. A lead is held by whoever
// claimed it, and by whoever it was given to by a queue, a supervisor or a
// hand-over.
func hadPart(ctx context.Context, q db.Querier, bank, lead, staffID string) (bool, error) {
	_, found, err := db.Value[string](ctx, q, parts(q.Dialect()), bank, lead, staffID, `%"staff_id":"`+staffID+`"%`)
	return found, err
}

// parts names its index: by the person an engine may walk all that they ever did.
func parts(d db.Dialect) string {
	return "SELECT e.id FROM lead_event e" + d.By("lead_event_application") + ` WHERE e.bank_id = ? AND e.application_id = ?
		AND (e.actor_id = ? AND ` + partByAct + ` OR ` + partByGrant + ` AND e.detail LIKE ?) LIMIT 1`
}

// Second confirms or turns down a proposed decision. Errors: not_found;
// lead.not_proposed (409); lead.same_person (403) for whoever had part in the
// lead; lead.taken (409) when another was first.
func (l *Leads) Second(ctx context.Context, bank tenant.Bank, p Person, lead string, confirm bool, comment pii.Text) error {
	if !confirm && comment.Empty() {
		return fault.InvalidField("comment", "field.required")
	}
	return l.book.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := p.sees(ctx, tx, bank.ID, lead); err != nil {
			return err
		}
		if _, err := readStanding(ctx, tx, bank.ID, lead); err != nil {
			return err
		}
		o, found, err := readOpinion(ctx, tx, bank.ID, lead)
		if err != nil {
			return err
		}
		if !found {
			return fault.New(fault.Conflict, "lead.not_proposed")
		}
		if part, err := hadPart(ctx, tx, bank.ID, lead, p.ID); err != nil || part {
			return orElse(err, fault.New(fault.Forbidden, "lead.same_person"))
		}
		kind, outcome := "confirmed", "confirmed"
		if !confirm {
			kind, outcome = "turned_down", "turned_down"
		}
		// The schema holds it too: nobody is their own second.
		n, err := tx.Exec(ctx, `UPDATE second_opinion SET outcome = ?, decided_by = ?, decided_at = ?
			WHERE bank_id = ? AND id = ? AND outcome IS NULL AND proposed_by <> ?`, outcome, p.ID, tx.Now, bank.ID, o.id, p.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "lead.taken")
		}
		e := p.act(bank.ID, lead, kind, map[string]any{"decision": o.decision, "reason_code": o.reason, "proposed_by": o.by})
		e.Text = comment
		if err := l.settle(ctx, tx, e, o, confirm); err != nil {
			return err
		}
		return card.Audit(ctx, tx, e)
	})
}

// settle makes the second's word true.
func (l *Leads) settle(ctx context.Context, tx *db.Tx, e card.Event, o opinion, confirm bool) error {
	m := card.Move{Event: e, From: []card.Status{card.InReview}, To: card.Queued, Set: "proposal_id = NULL", Where: "proposal_id = ?", With: []any{o.id}}
	switch {
	case !confirm && o.decision == Reopen:
		if _, err := tx.Exec(ctx, "UPDATE application SET proposal_id = NULL WHERE bank_id = ? AND id = ? AND proposal_id = ?", e.Bank, e.Application, o.id); err != nil {
			return err
		}
		return l.book.Record(ctx, tx, e)
	case confirm && o.decision == Reopen:
		// Its promises are made anew when it is placed.
		if _, err := l.book.Box.Cancel(ctx, tx, e.Bank, TaskPromise, e.Application); err != nil {
			return err
		}
		m.From, m.Where = []card.Status{card.Rejected}, m.Where+" AND "+card.Unerased // it may have gone meanwhile
		m.Set = `proposal_id = NULL, reopened = reopened + 1, open_key = CONCAT_WS('/', card_product_id, id_no_hash), placed = 0, first_look_at = NULL,
			decision = NULL, reason_code = NULL, decided_by = NULL, decided_at = NULL, decide_ms = NULL`
	case confirm:
		created, err := createdAt(ctx, tx, e.Bank, e.Application)
		if err != nil {
			return err
		}
		m.To = map[string]card.Status{Approve: card.Approved, Reject: card.Rejected}[o.decision]
		m.Set = "decision = ?, reason_code = ?, decided_by = ?, decided_at = ?, decide_ms = ?"
		m.Args = []any{o.decision, o.reason, o.by, tx.Now, tx.Now.Sub(created).Milliseconds()}
	}
	moved, err := l.book.Move(ctx, tx, m)
	switch {
	case db.IsDuplicate(err): // the person has another one open by now
		return fault.New(fault.Conflict, "application.duplicate").Because(err)
	case err != nil:
		return err
	case !moved:
		return fault.New(fault.Conflict, "lead.taken")
	case m.To == card.Approved:
		return l.approved(ctx, tx, e.Bank, e.Application)
	}
	return nil
}

// proposal shows the decision of a lead that waits for a second person.
func (l *Leads) proposal(ctx context.Context, bank string, p Person, lead string, names map[string]string) (*Proposal, error) {
	o, found, err := readOpinion(ctx, l.book.DB, bank, lead)
	if err != nil || !found {
		return nil, err
	}
	name, err := l.nameOf(ctx, bank, o.by, names)
	if err != nil {
		return nil, err
	}
	part, err := hadPart(ctx, l.book.DB, bank, lead, p.ID)
	return &Proposal{ID: o.id, Decision: o.decision, ReasonCode: o.reason, Why: strings.Split(o.why, ","),
		By: card.Named{ID: o.by, Name: name}, At: clock.At(o.at.Time), MayConfirm: !part}, err
}

func orElse(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}
