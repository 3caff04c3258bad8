package follow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"yinbo/card"
	"yinbo/internal/db"
	"yinbo/internal/gateway"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
)

// SMS sends a text; the same outID again does not send again.
type SMS interface {
	SendSMS(ctx context.Context, phone pii.Text, text, outID string) error
}

// Banks finds banks.
type Banks interface {
	ByID(ctx context.Context, bankID string) (tenant.Bank, bool, error)
}

// Bindings tells whether a viewer has bound a card that was issued at a time.
type Bindings interface {
	HasBound(ctx context.Context, q db.Querier, bank, viewer, last4 string, since time.Time) (bool, error)
}

// Spending tells whether a viewer has paid with a bound card since a time.
type Spending interface {
	HasSpent(ctx context.Context, q db.Querier, bank, viewer string, since time.Time) (bool, error)
}

// Sender sends follow-ups that are due.
type Sender struct {
	book     *card.Book
	banks    Banks
	bindings Bindings
	spending Spending
	sms      SMS
}

// NewSender makes the handler of TaskSend.
func NewSender(book *card.Book, banks Banks, bindings Bindings, spending Spending, sms SMS) *Sender {
	return &Sender{book: book, banks: banks, bindings: bindings, spending: spending, sms: sms}
}

// followUp is a row with what it is judged by.
type followUp struct {
	id, application, viewer, status, text, journey string
	step                                           int
	rule

	last4, product, productName string
	standing                    card.Status
	issued                      time.Time
}

// Send handles TaskSend. It gives *outbox.Postponed outside of the hours for
// promotions and beyond the person's caps, and an error when the bank did not
// answer: the task comes back and sends under the same number. What has ended is
// outbox.ErrEnded, its task with it.
func (s *Sender) Send(ctx context.Context, t outbox.Task) error {
	bank, ok, err := s.banks.ByID(ctx, t.Bank)
	if err != nil {
		return err
	}
	if !ok {
		return &outbox.Dropped{Cause: fmt.Errorf("follow: task %s is of no bank", t.ID)}
	}
	row, v, err := s.claim(ctx, bank, t)
	switch {
	case errors.Is(err, errOvertaken):
		return outbox.ErrEnded
	case err != nil:
		return err
	case v.status == "waiting":
		return &outbox.Postponed{At: v.at}
	case v.status != "sending":
		return outbox.ErrEnded
	}
	phone, err := s.book.Phone(ctx, s.book.DB, bank.ID, row.application)
	if err != nil {
		return err
	}
	if phone.Empty() {
		return s.finish(ctx, t, row, "skipped", "no_phone")
	}
	var no *gateway.Refusal
	switch err := s.sms.SendSMS(ctx, phone, "【"+bank.Name+"】"+row.words(bank), row.id); {
	case errors.As(err, &no):
		return s.finish(ctx, t, row, "failed", "refused")
	case err != nil:
		return err
	}
	return s.finish(ctx, t, row, "sent", "")
}

// words is the text as it reaches the person.
func (f followUp) words(bank tenant.Bank) string {
	return fill(f.text, map[string]string{"bank": bank.Name, "product": f.productName, "last4": f.last4})
}

// finish ends a row that was being sent, with its task. Another worker may have
// been first, when this one was stopped for longer than its lease: then it is over.
func (s *Sender) finish(ctx context.Context, t outbox.Task, row followUp, status, reason string) error {
	err := s.book.DB.InTx(ctx, func(tx *db.Tx) error {
		if _, err := end(ctx, tx, t.Bank, row.id, "sending", status, reason); err != nil {
			return err
		}
		_, err := s.book.Box.Finish(ctx, tx, t)
		return err
	})
	if err != nil {
		return err
	}
	return outbox.ErrEnded
}

// claim judges everything at this moment and takes the row for its one sending.
// A row that was claimed before, by a worker that died, is judged again: the
// binding may have come meanwhile. A message within the app is written right here.
func (s *Sender) claim(ctx context.Context, bank tenant.Bank, t outbox.Task) (row followUp, v verdict, err error) {
	err = s.book.DB.InTx(ctx, func(tx *db.Tx) error {
		var found bool
		// The row is held first: of two workers the second sees what the first did.
		if _, _, err = db.Value[string](ctx, tx, "SELECT id FROM follow_up WHERE bank_id = ? AND id = ?"+tx.Dialect().ForUpdate(), bank.ID, t.Ref); err != nil {
			return err
		}
		if row, found, err = readFollowUp(ctx, tx, bank.ID, t.Ref); err != nil {
			return err
		}
		if !found || row.status != "waiting" && row.status != "sending" {
			v = verdict{status: "over"}
			_, err = s.book.Box.Finish(ctx, tx, t)
			return err
		}
		if v, err = s.judge(ctx, tx, bank, row); err != nil {
			return err
		}
		if v.status == "sending" && row.Channel == inApp {
			v.status = "sent"
			if err := tell(ctx, tx, s.book.Push, bank.ID, row.viewer, row.id, row.words(bank), nil); err != nil {
				return err
			}
		}
		return s.note(ctx, tx, t, row, v)
	})
	return row, v, err
}

// errOvertaken says that a row was changed while it was judged, by its
// cancelling or by a worker that took the task when this one's lease was over.
// Whoever was first sees to the task.
var errOvertaken = errors.New("follow: overtaken")

// note writes a verdict into the row; one that was overtaken is undone.
func (s *Sender) note(ctx context.Context, tx *db.Tx, t outbox.Task, row followUp, v verdict) error {
	var n int64
	var err error
	const at = " WHERE bank_id = ? AND id = ? AND status = ?"
	switch v.status {
	case "waiting":
		n, err = tx.Exec(ctx, "UPDATE follow_up SET next_at = ?, reason = ?"+at, v.at, v.reason, t.Bank, row.id, row.status)
	case "sending":
		n, err = tx.Exec(ctx, "UPDATE follow_up SET status = 'sending', reason = '', next_at = NULL, claimed_at = COALESCE(claimed_at, ?)"+at,
			tx.Now, t.Bank, row.id, row.status)
	default:
		var ended bool
		if ended, err = end(ctx, tx, t.Bank, row.id, row.status, v.status, v.reason); ended {
			_, err = s.book.Box.Finish(ctx, tx, t)
			n = 1
		}
	}
	if err == nil && n == 0 {
		err = errOvertaken
	}
	return err
}

func readFollowUp(ctx context.Context, tx *db.Tx, bank, id string) (followUp, bool, error) {
	return db.One(ctx, tx, func(r db.Row) (v followUp, err error) {
		var issued db.Time
		var raw *string
		err = r.Scan(&v.id, &v.application, &v.viewer, &v.status, &v.text, &v.journey, &v.step, &raw,
			&v.standing, &v.last4, &issued, &v.product, &v.productName)
		if err != nil {
			return v, err
		}
		v.issued = issued.Time
		v.rule, err = readRule(raw, v.issued)
		return v, err
	}, `SELECT f.id, f.application_id, f.viewer_id, f.status, f.text, f.journey, f.step, f.rule,
			a.status, COALESCE(a.card_last4, ''), a.issued_at, a.card_product_id, COALESCE(p.name, '')
		FROM follow_up f JOIN application a ON a.id = f.application_id LEFT JOIN card_product p ON p.id = a.card_product_id
		WHERE f.bank_id = ? AND f.id = ?`, bank, id)
}
