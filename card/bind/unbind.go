package bind

import (
	"context"
	"errors"

	"yinbo/card"
	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/gateway"
)

// Unbind gives the token back to the bank and forgets it. Errors: not_found,
// also for one that is unbound already; binding.unknown (503): try again.
func (b *Bindings) Unbind(ctx context.Context, bank, viewer, cardID string, by card.Actor) error {
	token, err := b.Token(ctx, bank, viewer, cardID)
	if err != nil {
		return err
	}
	err = b.bank.Unbind(ctx, token)
	var no *gateway.Refusal
	if errors.As(err, &no) && no.Status == 404 {
		err = nil // the bank forgot it before us: a try of ours that was cut short
	}
	if err != nil {
		return explain(err)
	}
	ctx = context.WithoutCancel(ctx)
	return b.book.DB.InTx(ctx, func(tx *db.Tx) error {
		held, err := holdDefault(ctx, tx, bank, viewer)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE binding SET status = 'unbound', unbound_at = ?, card_token_sealed = NULL, verification_ref = NULL
			WHERE bank_id = ? AND viewer_id = ? AND id = ? AND status = 'bound'`, tx.Now, bank, viewer, cardID)
		if err != nil {
			return err
		}
		if n == 0 { // another request of the same person was first
			return fault.New(fault.NotFound, "not_found")
		}
		if err := nextDefault(ctx, tx, bank, viewer, cardID, held); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Bank: bank, ActorKind: "viewer", Actor: viewer, Action: "card.unbound", Object: cardID, RequestID: by.RequestID})
	})
}
