package reach

import (
	"context"
	"strings"
	"time"

	"golang.org/x/text/width"

	"yinbo/internal/db"
)

// stopWords are the answers that end promotions. R is what messages of earlier
// makes asked for.
var stopWords = map[string]bool{"T": true, "TD": true, "R": true, "拒收": true, "退订": true}

// IsStop tells whether an answer asks for no more promotions: one of the stop
// words, in full or half width, in either case, whatever spaces and marks stand
// about it.
func IsStop(answer string) bool {
	answer = strings.ToUpper(width.Fold.String(answer))
	return stopWords[strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n\u00a0\u3000.,!~。、，！｡､“”\"'", r) {
			return -1
		}
		return r
	}, answer)]
}

// OptOut notes that whoever has a phone wants no promotions, and tells whether
// that is news. channel is how they said so: sms, app.
func OptOut(ctx context.Context, tx *db.Tx, bank, phoneHash, channel string) (bool, error) {
	if err := hold(ctx, tx, bank, phoneHash); err != nil {
		return false, err
	}
	out, err := isOut(ctx, tx, bank, phoneHash)
	if err != nil || out {
		return false, err
	}
	return true, tx.Insert(ctx, "opt_out (bank_id, phone_hash, channel, at)", [][]any{{bank, phoneHash, channel, tx.Now}},
		tx.Dialect().OnDuplicate("bank_id, phone_hash", "channel = NEW(channel)", "at = NEW(at)", "back_at = NULL"))
}

// OptIn notes that they want them again, and tells whether that is news.
func OptIn(ctx context.Context, tx *db.Tx, bank, phoneHash string) (bool, error) {
	if err := hold(ctx, tx, bank, phoneHash); err != nil {
		return false, err
	}
	n, err := tx.Exec(ctx, "UPDATE opt_out SET back_at = ? WHERE bank_id = ? AND phone_hash = ? AND back_at IS NULL", tx.Now, bank, phoneHash)
	return n == 1, err
}

// WantedAfter tells whether whoever has a phone has wanted promotions again after a
// time.
func WantedAfter(ctx context.Context, tx *db.Tx, bank, phoneHash string, at time.Time) (bool, error) {
	if err := hold(ctx, tx, bank, phoneHash); err != nil {
		return false, err
	}
	back, found, err := db.Value[db.Time](ctx, tx, "SELECT back_at FROM opt_out WHERE bank_id = ? AND phone_hash = ? AND back_at IS NOT NULL", bank, phoneHash)
	return found && back.After(at), err
}

// Choice is whether whoever has a phone takes promotions, and since when not.
func Choice(ctx context.Context, q db.Querier, bank, phoneHash string) (out bool, since db.Time, err error) {
	since, out, err = db.Value[db.Time](ctx, q, "SELECT at FROM opt_out WHERE bank_id = ? AND phone_hash = ? AND back_at IS NULL", bank, phoneHash)
	return out, since, err
}

// hold keeps a person's messages from being judged meanwhile.
func hold(ctx context.Context, tx *db.Tx, bank, phoneHash string) error {
	_, _, err := db.Value[string](ctx, tx, "SELECT id FROM viewer WHERE bank_id = ? AND phone_hash = ?"+tx.Dialect().ForUpdate(), bank, phoneHash)
	return err
}

func isOut(ctx context.Context, q db.Querier, bank, phoneHash string) (bool, error) {
	out, _, err := Choice(ctx, q, bank, phoneHash)
	return out, err
}
