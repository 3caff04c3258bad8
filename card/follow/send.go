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
	"yinbo/internal/reach"
	"yinbo/internal/tenant"
)

// SMS sends a text; the same outID again does not send again.
type SMS interface {
	SendSMS(ctx context.Context, phone pii.Text, text, outID string) error
}

// Banks finds a bank.
type Banks interface {
	ByID(ctx context.Context, bankID string) (tenant.Bank, bool, error)
}

// Bindings tells whether a viewer has bound a card that was issued at a time.
type Bindings interface {
	HasBound(ctx context.Context, q db.Querier, bank, viewer, last4 string, since time.Time) (bool, error)
}

// Sender sends follow-ups that are due.
type Sender struct {
	book     *card.Book
	banks    Banks
	bindings Bindings
	sms      SMS
}

// NewSender makes the handler of TaskSend.
func NewSender(book *card.Book, banks Banks, bindings Bindings, sms SMS) *Sender {
	return &Sender{book: book, banks: banks, bindings: bindings, sms: sms}
}

// followUp is a row with what it is judged by.
type followUp struct {
	id, application, viewer, status, text string

	application4 string // the card's last four digits
	standing     card.Status
	issued       time.Time
}

// errOver says that the row has ended; the task is done.
var errOver = errors.New("follow: over")

// Send handles TaskSend. It gives *outbox.Postponed outside of the hours for
// promotions and beyond the person's caps, and an error when the bank did not
// answer: the task comes back and sends under the same number.
func (s *Sender) Send(ctx context.Context, t outbox.Task) error {
	bank, ok, err := s.banks.ByID(ctx, t.Bank)
	if err != nil {
		return err
	}
	if !ok {
		return &outbox.Dropped{Cause: fmt.Errorf("follow: task %s is of no bank", t.ID)}
	}
	row, err := s.claim(ctx, bank, t.Ref)
	if errors.Is(err, errOver) {
		return nil
	}
	if err != nil {
		return err
	}
	phone, err := s.book.Phone(ctx, s.book.DB, bank.ID, row.application)
	if err != nil {
		return err
	}
	if phone.Empty() {
		return s.finish(ctx, bank.ID, row.id, "skipped", "no phone")
	}
	var no *gateway.Refusal
	switch err := s.sms.SendSMS(ctx, phone, "【"+bank.Name+"】"+row.text, row.id); {
	case errors.As(err, &no):
		return s.finish(ctx, bank.ID, row.id, "failed", "refused by the bank")
	case err != nil:
		return err
	}
	return s.finish(ctx, bank.ID, row.id, "sent", "")
}

func (s *Sender) finish(ctx context.Context, bank, followUp, status, reason string) error {
	return s.book.DB.InTx(ctx, func(tx *db.Tx) error {
		_, err := end(ctx, tx, bank, followUp, "sending", status, reason)
		return err
	})
}

// claim judges everything at this moment and takes the row for its one sending.
// A row that was claimed before, by a worker that died, is judged again: the
// binding may have come meanwhile.
func (s *Sender) claim(ctx context.Context, bank tenant.Bank, id string) (followUp, error) {
	var row followUp
	var verdict error // kept apart: to end the row is to commit
	err := s.book.DB.InTx(ctx, func(tx *db.Tx) error {
		var found bool
		var err error
		row, found, err = readFollowUp(ctx, tx, bank.ID, id)
		if err != nil {
			return err
		}
		if found {
			row.status, _, err = db.Value[string](ctx, tx, "SELECT status FROM follow_up WHERE bank_id = ? AND id = ?"+tx.Dialect().ForUpdate(), bank.ID, id)
			if err != nil {
				return err
			}
		}
		if verdict = errOver; row.status != "waiting" && row.status != "sending" {
			return nil
		}
		reason, err := s.pointless(ctx, tx, bank.ID, row)
		if err != nil {
			return err
		}
		if reason != "" {
			_, err := end(ctx, tx, bank.ID, id, row.status, "cancelled", reason)
			return err
		}
		at, err := reach.Take(ctx, tx, bank, row.viewer, id)
		if err != nil {
			return err
		}
		if at.After(tx.Now) {
			verdict = &outbox.Postponed{At: at}
			return nil
		}
		if verdict = nil; row.status == "sending" {
			return nil
		}
		_, err = tx.Exec(ctx, "UPDATE follow_up SET status = 'sending', claimed_at = ? WHERE bank_id = ? AND id = ? AND status = 'waiting'", tx.Now, bank.ID, id)
		return err
	})
	if err != nil {
		return row, err
	}
	return row, verdict
}

func readFollowUp(ctx context.Context, tx *db.Tx, bank, id string) (followUp, bool, error) {
	return db.One(ctx, tx, func(r db.Row) (v followUp, err error) {
		var issued db.Time
		err = r.Scan(&v.id, &v.application, &v.viewer, &v.status, &v.text, &v.standing, &v.application4, &issued)
		v.issued = issued.Time
		return v, err
	}, `SELECT f.id, f.application_id, f.viewer_id, f.status, f.text, a.status, COALESCE(a.card_last4, ''), a.issued_at
		FROM follow_up f JOIN application a ON a.id = f.application_id WHERE f.bank_id = ? AND f.id = ?`, bank, id)
}

// pointless gives the reason why nothing is to be said any more, or "".
func (s *Sender) pointless(ctx context.Context, tx *db.Tx, bank string, row followUp) (string, error) {
	if row.standing != card.Issued && row.standing != card.Activated {
		return string(row.standing), nil
	}
	bound, err := s.bindings.HasBound(ctx, tx, bank, row.viewer, row.application4, row.issued)
	if bound {
		return string(card.Bound), err
	}
	return "", err
}
