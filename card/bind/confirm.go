package bind

import (
	"context"
	"errors"
	"slices"

	"yinbo/card"
	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/gateway"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
)

// begunRow is a binding on its way.
type begunRow struct {
	status, ref string
}

// Confirm ends a binding with the bank's code; again, it gives the same card.
// Errors: not_found; otp.wrong (422) on field code; otp.expired (410) when the
// binding must be begun anew; conflict (409) for one that failed or was unbound;
// binding.unknown (503): the same code may be tried again.
func (b *Bindings) Confirm(ctx context.Context, bank tenant.Bank, viewer, binding string, code pii.Text, by card.Actor) (Card, error) {
	row, found, err := db.One(ctx, b.book.DB, func(r db.Row) (v begunRow, err error) { return v, r.Scan(&v.status, &v.ref) },
		"SELECT status, COALESCE(verification_ref, '') FROM binding WHERE bank_id = ? AND viewer_id = ? AND id = ?", bank.ID, viewer, binding)
	switch {
	case err != nil:
		return Card{}, err
	case !found:
		return Card{}, fault.New(fault.NotFound, "not_found")
	case row.status == "bound":
		return b.card(ctx, b.book.DB, bank.ID, viewer, binding)
	case row.status != "otp_sent":
		return Card{}, fault.New(fault.Conflict, "conflict")
	}
	got, err := b.bank.Confirm(ctx, row.ref, code.Reveal())
	ctx = context.WithoutCancel(ctx)
	if gone(err) {
		if err := b.fail(ctx, bank.ID, binding); err != nil {
			return Card{}, err
		}
		return Card{}, fault.New(fault.Gone, "otp.expired").Because(err)
	}
	if err != nil {
		return Card{}, explain(err)
	}
	sealed, err := b.book.Keys.Seal(ctx, tokenPlace(bank.ID, binding), got.Token)
	if err != nil {
		return Card{}, err
	}
	var out Card
	err = b.book.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := b.bind(ctx, tx, bank, viewer, binding, got, sealed, by); err != nil {
			return err
		}
		out, err = b.card(ctx, tx, bank.ID, viewer, binding)
		return err
	})
	return out, err
}

// gone tells that the bank's check is over: its code ran out or was tried too
// often, or the bank knows it no more.
func gone(err error) bool {
	var no *gateway.Refusal
	return errors.As(err, &no) && (no.Code == "otp.expired" || no.Status == 404)
}

func (b *Bindings) fail(ctx context.Context, bank, binding string) error {
	return b.book.DB.InTx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE binding SET status = 'failed' WHERE bank_id = ? AND id = ? AND status = 'otp_sent'", bank, binding)
		return err
	})
}

func (b *Bindings) card(ctx context.Context, q db.Querier, bank, viewer, binding string) (Card, error) {
	c, found, err := db.One(ctx, q, scanCard, selectCard+" AND b.id = ?", bank, viewer, binding)
	if err == nil && !found {
		err = fault.New(fault.Conflict, "conflict") // unbound by another request
	}
	return c, err
}

// bind makes the binding true, once: of two confirmations one finds it done.
func (b *Bindings) bind(ctx context.Context, tx *db.Tx, bank tenant.Bank, viewer, binding string, got gateway.Card, sealed string, by card.Actor) error {
	own := ownCard(bank, got)
	n, err := tx.Exec(ctx, `UPDATE binding SET status = 'bound', card_token_sealed = ?, bin = ?, last4 = ?, bank_name = ?, kind = ?, own_bank = ?, bound_at = ?
		WHERE bank_id = ? AND id = ? AND status = 'otp_sent'`, sealed, got.BIN, got.Last4, got.BankName, got.Kind, own, tx.Now, bank.ID, binding)
	if err != nil || n == 0 {
		return err
	}
	if err := firstDefault(ctx, tx, bank.ID, viewer, binding); err != nil {
		return err
	}
	if err := b.book.Box.Add(ctx, tx, outbox.Task{Bank: bank.ID, Kind: card.TaskBound, Ref: binding,
		Payload: card.Milestone{ViewerID: viewer, BIN: got.BIN}}); err != nil {
		return err
	}
	if own && got.Kind == "credit" {
		if err := b.credit(ctx, tx, bank.ID, viewer, binding, got.Last4, by); err != nil {
			return err
		}
	}
	return audit.Write(ctx, tx, audit.Entry{Bank: bank.ID, ActorKind: "viewer", Actor: viewer, Action: "card.bound", Object: binding,
		Detail: map[string]any{"kind": got.Kind, "own_bank": own}, RequestID: by.RequestID})
}

// ownCard tells whether the card is the bank's: by its BINs, or by its name
// where the bank has named none.
func ownCard(bank tenant.Bank, c gateway.Card) bool {
	if len(bank.Settings.OwnBINs) == 0 {
		return c.BankName == bank.Name
	}
	return slices.Contains(bank.Settings.OwnBINs, c.BIN)
}

// credit ends the application that the card came from, and with it what asks
// for the binding.
func (b *Bindings) credit(ctx context.Context, tx *db.Tx, bank, viewer, binding, last4 string, by card.Actor) error {
	application, found, err := card.AwaitingBinding(ctx, tx, bank, viewer, last4)
	if err != nil || !found {
		return err
	}
	_, err = b.book.Move(ctx, tx, card.Move{Event: card.Event{Bank: bank, Application: application, Kind: "bound", By: by,
		Detail: map[string]any{"binding": binding}}, To: card.Bound, Set: "bound_at = ?", Args: []any{tx.Now}})
	return err
}
