package auth

import (
	"context"
	"time"

	"yinbo/internal/db"
)

// keepCodes is how long codes are kept: the longest limit counts a day.
const keepCodes = 2 * 24 * time.Hour

// Purge forgets codes, hand-offs and refresh tokens past their
// time, and old failures.
func (s *Service) Purge(ctx context.Context) error {
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM otp WHERE created_at < ?", tx.Now.Add(-keepCodes)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM handoff WHERE expires_at < ?", tx.Now); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM login_failure WHERE last_at < ?", tx.Now.Add(-keepFailures)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "DELETE FROM refresh_token WHERE expires_at < ?", tx.Now)
		return err
	})
}
