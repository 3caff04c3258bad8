package follow

import (
	"context"

	"yinbo/card"
	"yinbo/internal/clock"
	"yinbo/internal/db"
)

// Message is one within the app.
type Message struct {
	ID     string       `json:"id"`
	Text   string       `json:"text"`
	At     clock.Stamp  `json:"at"`
	ReadAt *clock.Stamp `json:"read_at"`
	RoomID *string      `json:"room_id" doc:"The room that it is about; null for none"`
}

// Tell writes a viewer a message about a room.
func (f *FollowUps) Tell(ctx context.Context, tx *db.Tx, bank, viewer, about, room, text string) error {
	return tell(ctx, tx, f.book.Push, bank, viewer, about, text, &room)
}

// tell writes a viewer a message within the app, once for what it is about, and
// pushes it.
func tell(ctx context.Context, tx *db.Tx, push card.Pusher, bank, viewer, about, text string, room *string) error {
	err := tx.InsertIgnore(ctx, "app_message (id, bank_id, viewer_id, text, at, room_id)", [][]any{{about, bank, viewer, text, tx.Now, room}})
	if err != nil {
		return err
	}
	tx.AfterCommit(func() { push.Private(bank, viewer, "message", map[string]any{"id": about, "text": text}) })
	return nil
}

// Messages lists a viewer's messages, the newest first, after the id given.
func (f *FollowUps) Messages(ctx context.Context, bank, viewer, after string, limit int) ([]Message, error) {
	where, args := " WHERE bank_id = ? AND viewer_id = ?", []any{bank, viewer}
	if after != "" {
		where, args = where+" AND (at, id) < (SELECT at, id FROM app_message WHERE id = ?)", append(args, after)
	}
	return db.All(ctx, f.book.DB, func(r db.Row) (m Message, err error) {
		var at, read db.Time
		err = r.Scan(&m.ID, &m.Text, &at, &read, &m.RoomID)
		m.At, m.ReadAt = clock.At(at.Time), clock.AtPtr(read.Time)
		return m, err
	}, "SELECT id, text, at, read_at, room_id FROM app_message"+where+" ORDER BY at DESC, id DESC LIMIT ?", append(args, limit)...)
}

// MarkRead notes that a viewer has seen their messages.
func (f *FollowUps) MarkRead(ctx context.Context, bank, viewer string) error {
	return f.book.DB.InTx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE app_message SET read_at = ? WHERE bank_id = ? AND viewer_id = ? AND read_at IS NULL", tx.Now, bank, viewer)
		return err
	})
}
