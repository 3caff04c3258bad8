package card

import (
	"context"
	"fmt"
	"slices"

	"yinbo/internal/db"
	"yinbo/internal/outbox"
)

// MoveAll makes one move of many applications with one statement, and tells how
// many stood where it begins; m.Application is not looked at. Only those that the
// caller holds by a lock may be named: each gets its line and is told.
func (b *Book) MoveAll(ctx context.Context, tx *db.Tx, m Move, applications []string) (int64, error) {
	for _, from := range m.From {
		if !slices.Contains(sources(m.To), from) {
			return 0, fmt.Errorf("card: no way from %s to %s", from, m.To)
		}
	}
	if !m.To.open() || !slices.Contains(Reviewable(), m.To) {
		return 0, fmt.Errorf("card: many may not become %s at once", m.To)
	}
	set, args := "status = ?, updated_at = ?", []any{m.To, tx.Now}
	if m.Set != "" {
		set, args = set+", "+m.Set, append(args, m.Args...)
	}
	args = append(append(args, m.Bank), db.Args(m.From)...)
	n, err := tx.Exec(ctx, "UPDATE application SET "+set+" WHERE bank_id = ? AND status IN "+db.Marks(len(m.From))+
		" AND id IN "+db.Marks(len(applications)), append(args, db.Args(applications)...)...)
	if err != nil || n == 0 {
		return n, err
	}
	events, detail := make([]Event, len(applications)), withStatus(m.Detail, m.To)
	for i, a := range applications {
		events[i] = m.Event
		events[i].Application, events[i].Detail = a, detail
	}
	if err := b.Record(ctx, tx, events...); err != nil {
		return 0, err
	}
	return n, b.tellAll(ctx, tx, m.Bank, applications, m.To)
}

func (b *Book) tellAll(ctx context.Context, tx *db.Tx, bank string, applications []string, to Status) error {
	viewers, err := db.All(ctx, tx, func(r db.Row) (v [2]string, err error) { return v, r.Scan(&v[0], &v[1]) },
		"SELECT id, viewer_id FROM application WHERE bank_id = ? AND id IN "+db.Marks(len(applications)), append([]any{bank}, db.Args(applications)...)...)
	if err != nil {
		return err
	}
	tx.AfterCommit(func() {
		for _, v := range viewers {
			b.Push.Private(bank, v[1], "application.updated", map[string]any{"application_id": v[0], "status": to})
		}
	})
	if _, worthASMS := notices[to]; !worthASMS {
		return nil
	}
	tasks := make([]outbox.Task, len(applications))
	for i, a := range applications {
		tasks[i] = outbox.Task{Bank: bank, Kind: TaskNotice, Ref: a, Payload: notice{Application: a, Status: to}}
	}
	return b.Box.Add(ctx, tx, tasks...)
}
