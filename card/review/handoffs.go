package review

import (
	"context"

	"yinbo/card"
	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/tenant"
)

// HandoffItem is a hand-over to the card core that is under way, or was given up
// and waits for a person.
type HandoffItem struct {
	ID            string      `json:"id"`
	ApplicationID string      `json:"application_id"`
	Attempts      int         `json:"attempts"`
	LastError     string      `json:"last_error"`
	CreatedAt     clock.Stamp `json:"created_at"`
	NextAt        clock.Stamp `json:"next_at" doc:"When it is tried again, while pending"`
}

// Handoffs lists hand-overs in a state, pending or dead.
func (l *Leads) Handoffs(ctx context.Context, bank, state, after string, limit int) ([]HandoffItem, error) {
	tasks, err := l.book.Box.List(ctx, bank, TaskHandoff, state, after, limit)
	items := make([]HandoffItem, len(tasks))
	for i, t := range tasks {
		items[i] = HandoffItem{ID: t.ID, ApplicationID: t.Ref, Attempts: t.Attempts, LastError: t.LastError,
			CreatedAt: clock.At(t.Created.Time), NextAt: clock.At(t.Next.Time)}
	}
	return items, err
}

// RetryHandoff has a hand-over that was given up tried again. Errors: not_found.
func (l *Leads) RetryHandoff(ctx context.Context, bank tenant.Bank, p Person, task string) error {
	return l.book.DB.InTx(ctx, func(tx *db.Tx) error {
		lead, ok, err := l.book.Box.Revive(ctx, tx, bank.ID, TaskHandoff, task)
		if err != nil || !ok {
			return orElse(err, fault.New(fault.NotFound, "not_found"))
		}
		return l.note(ctx, tx, p.act(bank.ID, lead, "handoff_retried", nil))
	})
}

// ResolveHandoff ends a hand-over that was given up and was seen to by other
// means. Errors: not_found.
func (l *Leads) ResolveHandoff(ctx context.Context, bank tenant.Bank, p Person, task, reason string) error {
	return l.book.DB.InTx(ctx, func(tx *db.Tx) error {
		lead, ok, err := l.book.Box.Bury(ctx, tx, bank.ID, TaskHandoff, task)
		if err != nil || !ok {
			return orElse(err, fault.New(fault.NotFound, "not_found"))
		}
		return l.note(ctx, tx, p.act(bank.ID, lead, "handoff_resolved", map[string]any{"reason": audit.Reason(reason)}))
	})
}

// note puts an act on the timeline and into the audit chain.
func (l *Leads) note(ctx context.Context, tx *db.Tx, e card.Event) error {
	if err := l.book.Record(ctx, tx, e); err != nil {
		return err
	}
	return card.Audit(ctx, tx, e)
}
