package bind

import (
	"context"

	"yinbo/card"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/keeping"
)

// UnbindAll gives all tokens of a person back to the bank. Errors as of Unbind.
func (b *Bindings) UnbindAll(ctx context.Context, bank, viewer string) error {
	cards, err := b.Cards(ctx, bank, viewer)
	if err != nil {
		return err
	}
	for _, c := range cards {
		err := b.Unbind(ctx, bank, viewer, c.ID, card.Actor{})
		if err != nil && fault.Code(err) != "not_found" { // the person unbound it just now
			return err
		}
	}
	return nil
}

// Erase is what bindings hold of a person, after UnbindAll. Which bank's card
// paid an order stays: discounts were given for it.
func (b *Bindings) Erase(ctx context.Context, tx *db.Tx, e *keeping.Removal) error {
	return e.Run(ctx, tx, "binding", "last4, card_token_sealed", `UPDATE binding SET last4 = NULL, card_token_sealed = NULL, verification_ref = NULL,
		unbound_at = CASE WHEN status = 'bound' THEN ? ELSE unbound_at END,
		status = CASE WHEN status IN ('started', 'otp_sent') THEN 'failed' WHEN status = 'bound' THEN 'unbound' ELSE status END
		WHERE bank_id = ? AND viewer_id = ?`, tx.Now, e.Bank, e.Viewer)
}
