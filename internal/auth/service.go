package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"

	"github.com/alexedwards/argon2id"

	"yinbo/internal/db"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
)

// Texter sends an SMS; the same outID again does not send again.
type Texter interface {
	SendSMS(ctx context.Context, phone pii.Text, text, outID string) error
}

// Service signs people in and knows them again.
type Service struct {
	PasswordCost *argon2id.Params // of new hashes; tests have cheaper ones

	db    *db.DB
	keys  *pii.Keyring
	banks *tenant.Directory
	sms   Texter
	token []byte // signs access tokens

	passwords chan struct{} // bounds argon2id, which takes memory by design

	mu      sync.Mutex
	revoked map[string]time.Time // sessions that ended, until their tokens expire
	seen    time.Time            // up to when ended sessions were read
	looked  time.Time
	tokens  map[string]claims // that were read before, see read
}

// New makes the service.
func New(ctx context.Context, d *db.DB, keys *pii.Keyring, banks *tenant.Directory, sms Texter) (*Service, error) {
	token, err := keys.TokenKey(ctx)
	if err != nil {
		return nil, err
	}
	return &Service{PasswordCost: passwordCost, db: d, keys: keys, banks: banks, sms: sms, token: token,
		passwords: make(chan struct{}, 2), revoked: map[string]time.Time{}, tokens: map[string]claims{},
		seen: d.Clock().Now().Add(-staffAccess - viewerAccess)}, nil
}

func secret(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
