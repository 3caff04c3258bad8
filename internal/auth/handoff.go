package auth

import (
	"context"
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
)

// handoffLife bounds how long a bank app's token may be good for; CONTRACT §2.
const handoffLife = 5 * time.Minute

type handoffClaims struct {
	jwt.RegisteredClaims
	Phone  pii.Text `json:"phone"`
	Branch string   `json:"branch"` // the customer's branch, brn_…; may be left out
}

// Handoff signs in a customer whom the bank's own app vouches for: a JWT under
// the bank's key, aud "yinbo", at most 5 minutes good, used once (jti). Anything
// else is 401 auth.handoff_invalid. A branch that the bank does not have is
// passed over: it must not keep customers out.
func (s *Service) Handoff(ctx context.Context, bank tenant.Bank, token string) (Tokens, error) {
	refuse := func(err error) error {
		return fault.New(fault.Unauthenticated, "auth.handoff_invalid").Because(err)
	}
	if bank.Settings.HandoffKey == "" {
		return Tokens{}, refuse(errors.New("the bank has no handoff key"))
	}
	now := s.db.Clock().Now()
	var c handoffClaims
	_, err := jwt.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return []byte(bank.Settings.HandoffKey), nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithAudience(issuer), jwt.WithExpirationRequired(),
		jwt.WithTimeFunc(func() time.Time { return now }))
	if err != nil {
		return Tokens{}, refuse(err)
	}
	if c.ID == "" || c.ExpiresAt.Sub(now) > handoffLife || !IsMobile(c.Phone.Reveal()) {
		return Tokens{}, refuse(errors.New("jti, exp or phone not acceptable"))
	}
	hash, err := s.keys.Hash(ctx, bank.ID, "phone", c.Phone.Reveal())
	if err != nil {
		return Tokens{}, err
	}
	var out Tokens
	err = s.db.InTx(ctx, func(tx *db.Tx) error {
		err := tx.Insert(ctx, "handoff (bank_id, jti_hash, expires_at)", [][]any{{bank.ID, digest(c.ID), c.ExpiresAt.Time}}, "")
		if db.IsDuplicate(err) {
			return refuse(errors.New("used before"))
		}
		if err != nil {
			return err
		}
		if out, err = s.enter(ctx, tx, bank, c.Phone, hash, ""); err != nil || c.Branch == "" {
			return err
		}
		_, err = tx.Exec(ctx, setBranch, c.Branch, bank.ID, out.Person.ID, bank.ID, c.Branch)
		return err
	})
	return out, err
}
