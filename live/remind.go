package live

import (
	"context"
	"errors"
	"fmt"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/gateway"
	"yinbo/internal/id"
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

// Inbox keeps a viewer's messages within the app; the same about again adds none.
type Inbox interface {
	Tell(ctx context.Context, tx *db.Tx, bank, viewer, about, room, text string) error
}

// Reminders tell viewers that a room has started which they reserved or whose
// host they follow, each once, by SMS and within the app. A reminder counts as one
// promotion (RULES §6): outside of the bank's hours and beyond a person's caps it
// waits, and is left out when the room ends before, or the host is followed no
// more.
type Reminders struct {
	DB     *db.DB
	Box    *outbox.Box
	Banks  Banks
	Phones Phones
	SMS    SMS
	Inbox  Inbox
}

// spread is how many reservations are turned into tasks at once.
const spread = 500

// Spread handles TaskStarted: each reservation becomes a task of its own, and then
// each follower of the host who said nothing about this room has one.
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
	for after, more := "", true; more; {
		last, err := r.toFollowers(ctx, t, after)
		if err != nil {
			return err
		}
		after, more = last, last != ""
	}
	return nil
}

// toFollowers makes reservations that are due of the first followings after one,
// and gives the last of them; "" when there is none, or the room is over. Holding
// the room keeps two workers from telling one person.
func (r *Reminders) toFollowers(ctx context.Context, t outbox.Task, after string) (last string, err error) {
	type fan struct{ id, viewer string }
	err = r.DB.InTx(ctx, func(tx *db.Tx) error {
		last = ""
		host, on, err := db.Value[string](ctx, tx, "SELECT host_id FROM room WHERE bank_id = ? AND id = ? AND status = 'live'"+tx.Dialect().ForUpdate(), t.Bank, t.Ref)
		if err != nil || !on {
			return err
		}
		fans, err := db.All(ctx, tx, func(row db.Row) (f fan, err error) { return f, row.Scan(&f.id, &f.viewer) },
			`SELECT f.id, f.viewer_id FROM host_follow f WHERE f.bank_id = ? AND f.host_id = ? AND f.id > ? AND NOT EXISTS (SELECT 1 FROM room_reservation v
				WHERE v.bank_id = f.bank_id AND v.room_id = ? AND v.viewer_id = f.viewer_id) ORDER BY f.id LIMIT ?`, t.Bank, host, after, t.Ref, spread)
		if err != nil || len(fans) == 0 {
			return err
		}
		rows, tasks := make([][]any, len(fans)), make([]outbox.Task, len(fans))
		for i, f := range fans {
			reservation := id.New(id.Reservation)
			rows[i] = []any{reservation, t.Bank, t.Ref, f.viewer, "due", "", true, tx.Now}
			tasks[i] = outbox.Task{Bank: t.Bank, Kind: TaskRemind, Ref: reservation, Payload: struct{}{}}
		}
		last = fans[len(fans)-1].id
		if err := tx.Insert(ctx, "room_reservation (id, bank_id, room_id, viewer_id, status, reason, by_follow, reserved_at)", rows, ""); err != nil {
			return err
		}
		return r.Box.Add(ctx, tx, tasks...)
	})
	return last, err
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
	viewer, text, err := r.claim(ctx, bank, t.Ref)
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
	switch err := r.SMS.SendSMS(ctx, phone, "【"+bank.Name+"】"+text+"。拒收请回复T", t.Ref); {
	case errors.As(err, &no):
		return r.end(ctx, bank.ID, t.Ref, "failed", "refused by the bank")
	case err != nil:
		return err
	}
	return r.end(ctx, bank.ID, t.Ref, "sent", "")
}

// claim takes a reservation for its one sending, and tells of it within the app;
// viewer is "" when there is nothing to send any more. One that a worker which died had claimed is judged
// again: the room may be over.
func (r *Reminders) claim(ctx context.Context, bank tenant.Bank, reservation string) (viewer, text string, err error) {
	var later error // kept apart: what was noted is to be committed
	err = r.DB.InTx(ctx, func(tx *db.Tx) error {
		viewer, text, later = "", "", nil
		type due struct {
			room, viewer, status string
			byFollow             bool
		}
		d, _, err := db.One(ctx, tx, func(row db.Row) (d due, err error) { return d, row.Scan(&d.room, &d.viewer, &d.status, &d.byFollow) },
			"SELECT room_id, viewer_id, status, by_follow FROM room_reservation WHERE bank_id = ? AND id = ?"+tx.Dialect().ForUpdate(), bank.ID, reservation)
		if err != nil || d.status != "due" && d.status != "sending" {
			return err
		}
		type stage struct{ title, status, host, name string }
		room, _, err := db.One(ctx, tx, func(row db.Row) (s stage, err error) { return s, row.Scan(&s.title, &s.status, &s.host, &s.name) },
			"SELECT title, status, host_id, host_name FROM room WHERE bank_id = ? AND id = ?", bank.ID, d.room)
		if err != nil {
			return err
		}
		if room.status != string(Live) {
			return endReservation(ctx, tx, bank.ID, reservation, "skipped", "room over")
		}
		text = "您预约的直播“" + room.title + "”开始了"
		if d.byFollow {
			text = "您关注的" + room.name + "开播了：“" + room.title + "”"
			if still, err := follows(ctx, tx, bank.ID, room.host, d.viewer); err != nil || !still {
				if err != nil {
					return err
				}
				return endReservation(ctx, tx, bank.ID, reservation, "skipped", "unfollowed")
			}
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
		viewer = d.viewer
		if err := r.Inbox.Tell(ctx, tx, bank.ID, viewer, reservation, d.room, text); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE room_reservation SET status = 'sending' WHERE bank_id = ? AND id = ?", bank.ID, reservation)
		return err
	})
	if err == nil {
		err = later
	}
	return viewer, text, err
}

func (r *Reminders) end(ctx context.Context, bank, reservation, status, reason string) error {
	return r.DB.InTx(ctx, func(tx *db.Tx) error { return endReservation(ctx, tx, bank, reservation, status, reason) })
}

func endReservation(ctx context.Context, tx *db.Tx, bank, reservation, status, reason string) error {
	_, err := tx.Exec(ctx, `UPDATE room_reservation SET status = ?, reason = ?, ended_at = ?
		WHERE bank_id = ? AND id = ? AND status IN ('due', 'sending')`, status, reason, tx.Now, bank, reservation)
	return err
}
