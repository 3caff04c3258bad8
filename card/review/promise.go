package review

import (
	"context"
	"time"

	"yinbo/card"
	"yinbo/internal/db"
	"yinbo/internal/outbox"
	"yinbo/internal/tenant"
)

// The stages that a bank promises a time for.
const (
	stageLook       = "look"       // a person has it before them
	stageDecision   = "decision"   // the applicant has an answer
	stageSupplement = "supplement" // what was asked for has come
)

// promised is the payload of TaskPromise.
type promised struct {
	Stage string    `json:"stage"`
	Since time.Time `json:"since"`
}

func within(s tenant.Settings, stage string) time.Duration {
	switch stage {
	case stageLook:
		return time.Duration(s.FirstLookWithin)
	case stageDecision:
		return time.Duration(s.DecisionWithin)
	}
	return time.Duration(s.SupplementWithin)
}

// promise writes the timer of a stage that began at since.
func (l *Leads) promise(ctx context.Context, tx *db.Tx, bank tenant.Bank, lead, stage string, since time.Time) error {
	return l.book.Box.Add(ctx, tx, timer(bank, lead, stage, since))
}

func timer(bank tenant.Bank, lead, stage string, since time.Time) outbox.Task {
	return outbox.Task{Bank: bank.ID, Kind: TaskPromise, Ref: lead, Payload: promised{stage, since}, Due: due(bank, stage, since)}
}

// due is when a stage's promise is over. The department's count the hours that it
// works; the applicant's time runs always.
func due(bank tenant.Bank, stage string, since time.Time) time.Time {
	if stage == stageSupplement {
		return since.Add(within(bank.Settings, stage))
	}
	return bank.After(since, within(bank.Settings, stage))
}

// pause is how much later a decision is asked for that waits for the applicant.
const pause = time.Hour

// HandlePromise handles TaskPromise: what was not kept is escalated, once for each
// stage and beginning, and the applicant is told that the answer takes longer or
// that theirs is waited for.
func (l *Leads) HandlePromise(ctx context.Context, t outbox.Task) error {
	var p promised
	if err := t.Decode(&p); err != nil {
		return err
	}
	var later error
	err := l.book.DB.InTx(ctx, func(tx *db.Tx) error {
		later = nil
		broken, waits, err := unkept(ctx, tx, t.Bank, t.Ref, p)
		if waits {
			later = &outbox.Postponed{At: tx.Now.Add(pause)}
		}
		if err != nil || !broken {
			return err
		}
		return l.escalate(ctx, tx, t.Bank, t.Ref, p)
	})
	if err != nil {
		return err
	}
	return later
}

// unkept tells whether a promise is broken, or waits for the applicant.
func unkept(ctx context.Context, tx *db.Tx, bank, lead string, p promised) (broken, waits bool, err error) {
	type row struct {
		status        card.Status
		looked, asked db.Time
	}
	a, found, err := db.One(ctx, tx, func(r db.Row) (a row, err error) { return a, r.Scan(&a.status, &a.looked, &a.asked) },
		"SELECT status, first_look_at, info_asked_at FROM application WHERE bank_id = ? AND id = ?"+tx.Dialect().ForUpdate(), bank, lead)
	if err != nil || !found || !(standing{status: a.status}).reviewable() {
		return false, false, err
	}
	switch p.Stage {
	case stageLook:
		return a.looked.IsZero(), false, nil
	case stageSupplement:
		return a.status == card.InfoRequested && a.asked.Equal(p.Since), false, nil
	}
	return a.status != card.InfoRequested, a.status == card.InfoRequested, nil
}

func (l *Leads) escalate(ctx context.Context, tx *db.Tx, bank, lead string, p promised) error {
	err := tx.Insert(ctx, "sla_breach (application_id, stage, since, bank_id, at)", [][]any{{lead, p.Stage, p.Since, bank, tx.Now}}, "")
	if db.IsDuplicate(err) { // a second worker, whose lease the first has lost
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "UPDATE application SET escalated_at = COALESCE(escalated_at, ?), escalated_for = ? WHERE bank_id = ? AND id = ?",
		tx.Now, p.Stage, bank, lead); err != nil {
		return err
	}
	e := card.Event{Bank: bank, Application: lead, Kind: "escalated", Detail: map[string]any{"stage": p.Stage}}
	if err := l.book.Record(ctx, tx, e); err != nil {
		return err
	}
	switch p.Stage {
	case stageDecision:
		return l.book.TellLate(ctx, tx, bank, lead, card.Late)
	case stageSupplement:
		return l.book.TellLate(ctx, tx, bank, lead, card.InfoLate)
	}
	return nil // the first look is promised to the bank, not to the applicant
}
