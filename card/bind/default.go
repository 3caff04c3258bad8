package bind

import (
	"context"

	"yinbo/card"
	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// SetDefault makes a viewer's card the one that is taken when no other is named.
// Errors: not_found.
func (b *Bindings) SetDefault(ctx context.Context, bank, viewer, cardID string, by card.Actor) (c Card, err error) {
	err = b.book.DB.InTx(ctx, func(tx *db.Tx) error {
		if _, err := holdDefault(ctx, tx, bank, viewer); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE default_card SET binding_id = ? WHERE bank_id = ? AND viewer_id = ? AND EXISTS (
			SELECT 1 FROM binding b WHERE b.bank_id = ? AND b.viewer_id = ? AND b.id = ? AND b.status = 'bound')`,
			cardID, bank, viewer, bank, viewer, cardID)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, "not_found")
		}
		if c, err = b.card(ctx, tx, bank, viewer, cardID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Bank: bank, ActorKind: "viewer", Actor: viewer, Action: "card.default", Object: cardID, RequestID: by.RequestID})
	})
	return c, err
}

// holdDefault gives a viewer's default card, "" for none. Until the commit nobody
// else changes it: who binds, unbinds and chooses goes through here first.
func holdDefault(ctx context.Context, tx *db.Tx, bank, viewer string) (string, error) {
	binding, _, err := db.Value[string](ctx, tx, "SELECT binding_id FROM default_card WHERE bank_id = ? AND viewer_id = ?"+tx.Dialect().ForUpdate(), bank, viewer)
	return binding, err
}

// firstDefault makes a card the default of a viewer who has none.
func firstDefault(ctx context.Context, tx *db.Tx, bank, viewer, binding string) error {
	return tx.InsertIgnore(ctx, "default_card (bank_id, viewer_id, binding_id)", [][]any{{bank, viewer, binding}})
}

// nextDefault passes the place of a card that was unbound on to the newest of
// the others. held is what holdDefault gave.
func nextDefault(ctx context.Context, tx *db.Tx, bank, viewer, unbound, held string) error {
	if held != unbound {
		return nil
	}
	next, found, err := db.Value[string](ctx, tx, "SELECT id FROM binding WHERE bank_id = ? AND viewer_id = ? AND status = 'bound' ORDER BY id DESC LIMIT 1", bank, viewer)
	if err != nil {
		return err
	}
	if !found {
		_, err = tx.Exec(ctx, "DELETE FROM default_card WHERE bank_id = ? AND viewer_id = ?", bank, viewer)
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE default_card SET binding_id = ? WHERE bank_id = ? AND viewer_id = ?", next, bank, viewer)
	return err
}
