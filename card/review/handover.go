package review

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"yinbo/card"
	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/tenant"
)

// MaxAssign is how many leads one request may give away.
const MaxAssign = 500

// AssignResult is what became of one of many.
type AssignResult struct {
	LeadID string `json:"lead_id"`
	Result string `json:"result" enum:"assigned,refused"`
	Code   string `json:"code,omitempty" doc:"not_found, lead.taken; staff.other_branch when the reviewer does not see it"`
}

// AssignMany gives leads to a reviewer as Assign does, each as far as it can be.
// Errors: validation.
func (l *Leads) AssignMany(ctx context.Context, bank tenant.Bank, p Person, leads []string, staffID string) ([]AssignResult, error) {
	if len(leads) == 0 || len(leads) > MaxAssign {
		return nil, fault.InvalidField("lead_ids", map[bool]string{true: "field.required", false: "field.too_long"}[len(leads) == 0])
	}
	if ok, err := l.mayReview(ctx, bank.ID, staffID); err != nil || !ok {
		return nil, orElse(err, fault.InvalidField("staff_id", "staff.not_reviewer"))
	}
	theirs, err := l.eyesOf(ctx, bank.ID, staffID)
	if err != nil {
		return nil, err
	}
	var report []AssignResult
	err = l.book.DB.InTx(ctx, func(tx *db.Tx) error {
		report = make([]AssignResult, 0, len(leads))
		until := tx.Now.Add(time.Duration(bank.Settings.AssignmentLease))
		for _, lead := range slices.Compact(slices.Sorted(slices.Values(leads))) { // one order for all: nobody waits crosswise
			r := AssignResult{LeadID: lead, Result: "assigned"}
			if code, err := unseen(ctx, tx, bank.ID, lead, p, theirs); code != "" || err != nil {
				if err != nil {
					return err
				}
				r.Result, r.Code = "refused", code
				report = append(report, r)
				continue
			}
			e := p.act(bank.ID, lead, "assigned", map[string]any{"staff_id": staffID, "until": until})
			taken, err := l.take(ctx, tx, e, staffID, until, "")
			if err == nil && !taken {
				r.Result, r.Code = "refused", "lead.taken"
				if _, err = readStanding(ctx, tx, bank.ID, lead); fault.Code(err) == "not_found" {
					r.Code, err = "not_found", nil
				}
			}
			if err != nil {
				return err
			}
			report = append(report, r)
		}
		return nil
	})
	return report, err
}

// unseen is why a lead can't go from p to a colleague: not_found when p does not
// see it, staff.other_branch when the colleague does not.
func unseen(ctx context.Context, q db.Querier, bank, lead string, p, to Person) (code string, err error) {
	for _, c := range []struct {
		who  Person
		code string
	}{{p, "not_found"}, {to, "staff.other_branch"}} {
		if err := c.who.sees(ctx, q, bank, lead); fault.Code(err) == "not_found" {
			return c.code, nil
		} else if err != nil {
			return "", err
		}
	}
	return "", nil
}

// Handover is a wish to give a person's leads to others.
type Handover struct {
	ID        string       `json:"id"`
	From      card.Named   `json:"from"`
	To        []card.Named `json:"to" doc:"Empty: back to the queues, which spread them"`
	LeadIDs   []string     `json:"lead_ids" doc:"Empty: all that the person holds"`
	Reason    string       `json:"reason"`
	State     string       `json:"state" enum:"asked,approved,rejected"`
	AskedBy   card.Named   `json:"asked_by"`
	AskedAt   clock.Stamp  `json:"asked_at"`
	DecidedAt *clock.Stamp `json:"decided_at"`

	fromID, toJSON, askedBy string
}

// HandoverForm is what somebody asks for.
type HandoverForm struct {
	From   string
	To     []string
	Leads  []string
	Reason string
}

// AskHandover asks for a person's leads to go to others; a supervisor decides.
// Errors: validation.
func (l *Leads) AskHandover(ctx context.Context, bank tenant.Bank, p Person, f HandoverForm) (string, error) {
	if _, found, err := l.staff.Name(ctx, bank.ID, f.From); err != nil || !found {
		return "", orElse(err, fault.InvalidField("from", "staff.not_reviewer"))
	}
	if err := l.knows(ctx, bank.ID, p, f.From); err != nil {
		return "", err
	}
	for i, to := range f.To {
		ok, err := l.mayReview(ctx, bank.ID, to)
		if err != nil {
			return "", err
		}
		if !ok || to == f.From {
			return "", fault.InvalidField("to["+strconv.Itoa(i)+"]", "staff.not_reviewer")
		}
	}
	if len(f.Leads) > MaxAssign {
		return "", fault.InvalidField("lead_ids", "field.too_long")
	}
	to, err := json.Marshal(slices.Compact(slices.Sorted(slices.Values(f.To))))
	if err != nil {
		return "", fmt.Errorf("review: handover: %w", err)
	}
	handover := id.New(id.Handover)
	return handover, l.book.DB.InTx(ctx, func(tx *db.Tx) error {
		for i, lead := range f.Leads {
			s, err := readStanding(ctx, tx, bank.ID, lead)
			if err == nil {
				err = p.sees(ctx, tx, bank.ID, lead)
			}
			if fault.Code(err) == "not_found" || err == nil && s.claimedBy != f.From {
				return fault.InvalidField("lead_ids["+strconv.Itoa(i)+"]", "lead.not_held")
			}
			if err != nil {
				return err
			}
		}
		reason := audit.Reason(f.Reason)
		err := tx.Insert(ctx, "lead_handover (id, bank_id, from_staff, to_staff, reason, state, asked_by, asked_at)",
			[][]any{{handover, bank.ID, f.From, string(to), reason, "asked", p.ID, tx.Now}}, "")
		if err != nil {
			return err
		}
		rows := make([][]any, len(f.Leads))
		for i, lead := range f.Leads {
			rows[i] = []any{handover, lead, bank.ID}
		}
		if err := tx.InsertIgnore(ctx, "lead_handover_item (handover_id, application_id, bank_id)", rows); err != nil {
			return err
		}
		return auditHandover(ctx, tx, bank.ID, p, "handover_asked", handover, map[string]any{"from": f.From, "to": f.To, "leads": len(f.Leads), "reason": reason})
	})
}

func auditHandover(ctx context.Context, tx *db.Tx, bank string, p Person, kind, handover string, detail map[string]any) error {
	return audit.Write(ctx, tx, audit.Entry{Bank: bank, ActorKind: "staff", Actor: p.ID, Action: "lead." + kind, Object: handover,
		Detail: detail, RequestID: p.RequestID})
}

const selectHandover = "SELECT id, from_staff, to_staff, reason, state, asked_by, asked_at, decided_at FROM lead_handover WHERE bank_id = ? AND "

func scanHandover(r db.Row) (h Handover, err error) {
	var asked, decided db.Time
	err = r.Scan(&h.ID, &h.fromID, &h.toJSON, &h.Reason, &h.State, &h.askedBy, &asked, &decided)
	h.AskedAt, h.DecidedAt = clock.At(asked.Time), clock.AtPtr(decided.Time)
	return h, err
}

// knows is not_found for a colleague of a branch that p does not see, but for p
// themself.
func (l *Leads) knows(ctx context.Context, bank string, p Person, staffID string) error {
	if !p.Scope.Bounded() || staffID == p.ID {
		return nil
	}
	branch, found, err := db.Value[string](ctx, l.book.DB, "SELECT COALESCE(branch_id, '') FROM staff WHERE bank_id = ? AND id = ?", bank, staffID)
	if err == nil && (!found || !p.Scope.Has(branch)) {
		err = fault.New(fault.NotFound, "not_found")
	}
	return err
}

// Handovers lists a bank's, in a state, the newest first: those of people whom p
// sees.
func (l *Leads) Handovers(ctx context.Context, bank string, p Person, state, after string, limit int) ([]Handover, error) {
	where, args := "state = ?", []any{bank, state}
	if cond, branches := p.Scope.SQL("s.branch_id"); cond != "" {
		where, args = where+" AND from_staff IN (SELECT s.id FROM staff s WHERE s.bank_id = ? AND "+cond+")", append(append(args, bank), branches...)
	}
	if after != "" {
		where, args = where+" AND id < ?", append(args, after)
	}
	list, err := db.All(ctx, l.book.DB, scanHandover, selectHandover+where+" ORDER BY id DESC LIMIT ?", append(args, limit+1)...)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for i := range list {
		if err := l.describe(ctx, bank, &list[i], names); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// describe puts names and leads in.
func (l *Leads) describe(ctx context.Context, bank string, h *Handover, names map[string]string) error {
	var to []string
	if err := json.Unmarshal([]byte(h.toJSON), &to); err != nil {
		return fmt.Errorf("review: %s: %w", h.ID, err)
	}
	h.To = []card.Named{}
	for _, staffID := range append([]string{h.fromID, h.askedBy}, to...) {
		if _, err := l.nameOf(ctx, bank, staffID, names); err != nil {
			return err
		}
	}
	for _, staffID := range to {
		h.To = append(h.To, card.Named{ID: staffID, Name: names[staffID]})
	}
	h.From, h.AskedBy = card.Named{ID: h.fromID, Name: names[h.fromID]}, card.Named{ID: h.askedBy, Name: names[h.askedBy]}
	var err error
	h.LeadIDs, err = db.All(ctx, l.book.DB, scanText, "SELECT application_id FROM lead_handover_item WHERE handover_id = ? AND bank_id = ? ORDER BY application_id", h.ID, bank)
	return err
}

// DecideHandover approves a handover, which moves all of it at once, or rejects
// it. Errors: not_found; lead.same_person (403) for the one who asked; conflict
// when it is decided; validation when somebody named may not review any more.
func (l *Leads) DecideHandover(ctx context.Context, bank tenant.Bank, p Person, handover string, approve bool) (moved int, err error) {
	h, found, err := db.One(ctx, l.book.DB, scanHandover, selectHandover+"id = ?", bank.ID, handover)
	if err != nil || !found {
		return 0, orElse(err, fault.New(fault.NotFound, "not_found"))
	}
	if err := l.describe(ctx, bank.ID, &h, map[string]string{}); err != nil {
		return 0, err
	}
	if err := l.knows(ctx, bank.ID, p, h.fromID); err != nil {
		return 0, err
	}
	if h.askedBy == p.ID {
		return 0, fault.New(fault.Forbidden, "lead.same_person")
	}
	heirs := make([]Person, len(h.To))
	for i, to := range h.To {
		if ok, err := l.mayReview(ctx, bank.ID, to.ID); err != nil || approve && !ok {
			return 0, orElse(err, fault.InvalidField("to", "staff.not_reviewer"))
		}
		if heirs[i], err = l.eyesOf(ctx, bank.ID, to.ID); err != nil {
			return 0, err
		}
	}
	state := map[bool]string{true: "approved", false: "rejected"}[approve]
	err = l.book.DB.InTx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE lead_handover SET state = ?, decided_by = ?, decided_at = ? WHERE bank_id = ? AND id = ? AND state = 'asked' AND asked_by <> ?",
			state, p.ID, tx.Now, bank.ID, handover, p.ID)
		if err != nil || n == 0 {
			return orElse(err, fault.New(fault.Conflict, "conflict"))
		}
		moved = 0
		if approve {
			if moved, err = l.moveAll(ctx, tx, bank, p, h, heirs); err != nil {
				return err
			}
		}
		return auditHandover(ctx, tx, bank.ID, p, "handover_"+state, handover, map[string]any{"from": h.fromID, "leads": moved})
	})
	return moved, err
}

// holdings names its index: by the order an engine may walk, and lock, all leads.
func holdings(d db.Dialect) string {
	return "SELECT id FROM application" + d.By("application_claimed") + " WHERE bank_id = ? AND claimed_by = ? ORDER BY created_at, id"
}

// heir is who gets a lead: each in turn, of those who see it; "" for nobody.
func heir(ctx context.Context, q db.Querier, bank, lead string, heirs []Person, turn int) (string, error) {
	for i := range heirs {
		to := heirs[(turn+i)%len(heirs)]
		if err := to.sees(ctx, q, bank, lead); err == nil {
			return to.ID, nil
		} else if fault.Code(err) != "not_found" {
			return "", err
		}
	}
	return "", nil
}

// moveAll gives what the person holds to those named, in turn, or back to the
// queues. Whoever hands over everything gets no more.
func (l *Leads) moveAll(ctx context.Context, tx *db.Tx, bank tenant.Bank, p Person, h Handover, heirs []Person) (int, error) {
	leads, err := db.All(ctx, tx, scanText, holdings(tx.Dialect())+tx.Dialect().ForUpdate(), bank.ID, h.fromID)
	if err != nil {
		return 0, err
	}
	if len(h.LeadIDs) > 0 {
		leads = slices.DeleteFunc(leads, func(lead string) bool { return !slices.Contains(h.LeadIDs, lead) })
	} else if _, err := tx.Exec(ctx, "UPDATE reviewer SET on_duty = ? WHERE bank_id = ? AND staff_id = ?", false, bank.ID, h.fromID); err != nil {
		return 0, err
	}
	until := tx.Now.Add(time.Duration(bank.Settings.AssignmentLease))
	for i, lead := range leads {
		to, err := heir(ctx, tx, bank.ID, lead, heirs, i)
		if err != nil {
			return 0, err
		}
		e := p.act(bank.ID, lead, "handed_over", map[string]any{"from": h.fromID, "handover_id": h.ID})
		if to != "" {
			e.Detail["staff_id"], e.Detail["until"] = to, until
			if _, err := tx.Exec(ctx, "UPDATE application SET claimed_by = ?, claimed_until = ?, updated_at = ? WHERE bank_id = ? AND id = ?", to, until, tx.Now, bank.ID, lead); err != nil {
				return 0, err
			}
			if err := l.note(ctx, tx, e); err != nil {
				return 0, err
			}
			continue
		}
		released, err := l.book.Move(ctx, tx, card.Move{Event: e, From: []card.Status{card.InReview}, To: card.Queued, Set: "claimed_by = NULL, claimed_until = NULL"})
		if err != nil {
			return 0, err
		}
		if !released { // it waits for its applicant
			if _, err := tx.Exec(ctx, "UPDATE application SET claimed_by = NULL, claimed_until = NULL WHERE bank_id = ? AND id = ?", bank.ID, lead); err != nil {
				return 0, err
			}
			if err := l.book.Record(ctx, tx, e); err != nil {
				return 0, err
			}
		}
		if err := card.Audit(ctx, tx, e); err != nil {
			return 0, err
		}
	}
	return len(leads), nil
}
