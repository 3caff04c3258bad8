package live

import (
	"context"
	"errors"
	"fmt"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/gateway"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
	"yinbo/internal/reach"
	"yinbo/internal/tenant"
)

// Tasks of reminders: a room has started; one viewer is to be told.
const (
	TaskStarted = "room.started"
	TaskRemind  = "room.remind"
)

// SMS sends a text; the same outID again does not send again.
type SMS interface {
	SendSMS(ctx context.Context, phone pii.Text, text, outID string) error
}

// Banks finds a bank.
type Banks interface {
	ByID(ctx context.Context, bankID string) (tenant.Bank, bool, error)
}

// Phones opens a viewer's phone number.
type Phones interface {
	Phone(ctx context.Context, bank, viewer string) (pii.Text, error)
}

// Reminders tell viewers that a room they reserved has started, each once. A
// reminder counts as a promotion (RULES §6): outside of the bank's hours and
// beyond a person's caps it waits, and is left out when the room ends before.
type Reminders struct {
	DB     *db.DB
	Box    *outbox.Box
	Banks  Banks
	Phones Phones
	SMS    SMS
}

// spread is how many reservations are turned into tasks at once.
const spread = 500

// Spread handles TaskStarted: each reservation becomes a task of its own.
func (r *Reminders) Spread(ctx context.Context, t outbox.Task) error {
	for n := spread; n == spread; {
		err := r.DB.InTx(ctx, func(tx *db.Tx) error {
			waiting, err := db.All(ctx, tx, func(row db.Row) (v string, err error) { return v, row.Scan(&v) },
				"SELECT id FROM room_reservation WHERE bank_id = ? AND room_id = ? AND status = 'waiting' ORDER BY id LIMIT ?"+tx.Dialect().ForUpdate(),
				t.Bank, t.Ref, spread)
			if n = len(waiting); err != nil || n == 0 {
				return err
			}
			tasks := make([]outbox.Task, n)
			for i, reservation := range waiting {
				tasks[i] = outbox.Task{Bank: t.Bank, Kind: TaskRemind, Ref: reservation, Payload: struct{}{}}
			}
			_, err = tx.Exec(ctx, "UPDATE room_reservation SET status = 'due' WHERE bank_id = ? AND id IN "+db.Marks(n),
				append([]any{t.Bank}, db.Args(waiting)...)...)
			if err != nil {
				return err
			}
			return r.Box.Add(ctx, tx, tasks...)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Remind handles TaskRemind. It gives *outbox.Postponed while the person may not
// be reached, and an error when the bank did not answer: the task comes back and
// sends under the same number.
func (r *Reminders) Remind(ctx context.Context, t outbox.Task) error {
	bank, ok, err := r.Banks.ByID(ctx, t.Bank)
	if err != nil {
		return err
	}
	if !ok {
		return &outbox.Dropped{Cause: fmt.Errorf("live: task %s is of no bank", t.ID)}
	}
	viewer, title, err := r.claim(ctx, bank, t.Ref)
	if err != nil || viewer == "" {
		return err
	}
	phone, err := r.Phones.Phone(ctx, bank.ID, viewer)
	if fault.Code(err) == "not_found" {
		return r.end(ctx, bank.ID, t.Ref, "skipped", "no phone")
	}
	if err != nil {
		return err
	}
	var no *gateway.Refusal
	text := "【" + bank.Name + "】您预约的直播“" + title + "”开始了。拒收请回复T"
	switch err := r.SMS.SendSMS(ctx, phone, text, t.Ref); {
	case errors.As(err, &no):
		return r.end(ctx, bank.ID, t.Ref, "failed", "refused by the bank")
	case err != nil:
		return err
	}
	return r.end(ctx, bank.ID, t.Ref, "sent", "")
}

// claim takes a reservation for its one sending; viewer is "" when there is
// nothing to send any more. One that a worker which died had claimed is judged
// again: the room may be over.
func (r *Reminders) claim(ctx context.Context, bank tenant.Bank, reservation string) (viewer, title string, err error) {
	var later error // kept apart: what was noted is to be committed
	err = r.DB.InTx(ctx, func(tx *db.Tx) error {
		viewer, title, later = "", "", nil
		type due struct{ room, viewer, status string }
		d, _, err := db.One(ctx, tx, func(row db.Row) (d due, err error) { return d, row.Scan(&d.room, &d.viewer, &d.status) },
			"SELECT room_id, viewer_id, status FROM room_reservation WHERE bank_id = ? AND id = ?"+tx.Dialect().ForUpdate(), bank.ID, reservation)
		if err != nil || d.status != "due" && d.status != "sending" {
			return err
		}
		type stage struct{ title, status string }
		room, _, err := db.One(ctx, tx, func(row db.Row) (s stage, err error) { return s, row.Scan(&s.title, &s.status) },
			"SELECT title, status FROM room WHERE bank_id = ? AND id = ?", bank.ID, d.room)
		if err != nil {
			return err
		}
		if room.status != string(Live) {
			return endReservation(ctx, tx, bank.ID, reservation, "skipped", "room over")
		}
		at, err := reach.Take(ctx, tx, bank, d.viewer, reservation)
		if errors.Is(err, reach.ErrOptedOut) {
			return endReservation(ctx, tx, bank.ID, reservation, "skipped", "opted out")
		}
		if err != nil {
			return err
		}
		if at.After(tx.Now) {
			later = &outbox.Postponed{At: at}
			return nil
		}
		viewer, title = d.viewer, room.title
		_, err = tx.Exec(ctx, "UPDATE room_reservation SET status = 'sending' WHERE bank_id = ? AND id = ?", bank.ID, reservation)
		return err
	})
	if err == nil {
		err = later
	}
	return viewer, title, err
}

func (r *Reminders) end(ctx context.Context, bank, reservation, status, reason string) error {
	return r.DB.InTx(ctx, func(tx *db.Tx) error { return endReservation(ctx, tx, bank, reservation, status, reason) })
}

func endReservation(ctx context.Context, tx *db.Tx, bank, reservation, status, reason string) error {
	_, err := tx.Exec(ctx, `UPDATE room_reservation SET status = ?, reason = ?, ended_at = ?
		WHERE bank_id = ? AND id = ? AND status IN ('due', 'sending')`, status, reason, tx.Now, bank, reservation)
	return err
}
