package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// How long access tokens live (CONTRACT §1) and sessions (own).
const (
	viewerAccess  = 2 * time.Hour
	staffAccess   = 30 * time.Minute
	viewerSession = 30 * 24 * time.Hour
	staffSession  = 12 * time.Hour
)

type claims struct {
	jwt.RegisteredClaims
	Bank    string `json:"bank"`
	Kind    Kind   `json:"kind"`
	Name    string `json:"name"`
	Roles   []Role `json:"roles,omitempty"`
	Branch  string `json:"branch,omitempty"`
	Of      string `json:"of,omitempty"`
	Due     string `json:"due,omitempty"`
	Session string `json:"sid"`
}

const issuer = "yinbo"

func (s *Service) access(p Principal, now time.Time) (token string, life time.Duration, err error) {
	life = viewerAccess
	if p.Kind == Staff {
		life = staffAccess
	}
	c := claims{Bank: p.Bank.ID, Kind: p.Kind, Name: p.Name, Roles: p.Roles, Branch: p.Branch, Of: p.Of, Due: p.Due, Session: p.Session,
		RegisteredClaims: jwt.RegisteredClaims{Issuer: issuer, Subject: p.ID,
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(life))}}
	token, err = jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(s.token)
	return token, life, err
}

// maxRead bounds the memory of tokens that were read before.
const maxRead = 100_000

// read checks a token's signature and times. Signatures that were found good are
// remembered: a viewer's token comes with every press.
func (s *Service) read(token string) (claims, error) {
	now := s.db.Clock().Now()
	s.mu.Lock()
	c, known := s.tokens[token]
	s.mu.Unlock()
	if known && now.Before(c.ExpiresAt.Time) {
		return c, nil
	}
	_, err := jwt.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return s.token, nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithIssuer(issuer), jwt.WithExpirationRequired(),
		jwt.WithTimeFunc(func() time.Time { return now }))
	if err != nil {
		return c, fault.New(fault.Unauthenticated, "auth.required").Because(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.tokens) >= maxRead {
		clear(s.tokens)
	}
	s.tokens[token] = c
	return c, nil
}

// Authenticate reads an access token. One that is wrong, expired, or of a
// session that was ended, is 401 auth.required.
func (s *Service) Authenticate(ctx context.Context, token string) (Principal, error) {
	c, err := s.read(token)
	if err != nil {
		return Principal{}, err
	}
	ended, err := s.isEnded(ctx, c.Session)
	if err != nil {
		return Principal{}, err
	}
	bank, found, err := s.banks.ByID(ctx, c.Bank)
	if err != nil {
		return Principal{}, err
	}
	if ended || !found {
		return Principal{}, fault.New(fault.Unauthenticated, "auth.required").Because(errors.New("session ended"))
	}
	scope, err := s.banks.ScopeOf(ctx, bank.ID, c.Branch)
	if err != nil {
		return Principal{}, err
	}
	return Principal{Scope: scope, Kind: c.Kind, Bank: bank, ID: c.Subject, Name: c.Name, Roles: c.Roles, Branch: c.Branch, Of: c.Of, Due: c.Due, Session: c.Session, Until: c.ExpiresAt.Time}, nil
}

// lookEvery is how often a node reads which sessions ended elsewhere.
const lookEvery = 2 * time.Second

func (s *Service) isEnded(ctx context.Context, session string) (bool, error) {
	now := s.db.Clock().Now()
	s.mu.Lock()
	_, ended := s.revoked[session]
	look := now.Sub(s.looked) >= lookEvery
	since := s.seen
	if look {
		s.looked = now
	}
	s.mu.Unlock()
	if ended || !look {
		return ended, nil
	}
	// A transaction that was begun before since may commit after it: look back.
	type row struct {
		id string
		at db.Time
	}
	rows, err := db.All(ctx, s.db, func(r db.Row) (v row, err error) { return v, r.Scan(&v.id, &v.at) },
		"SELECT id, revoked_at FROM session WHERE revoked_at >= ?", since.Add(-10*time.Second))
	if err != nil {
		return false, fmt.Errorf("auth: ended sessions: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = now
	for _, r := range rows {
		s.revoked[r.id] = r.at.Time
	}
	for k, at := range s.revoked {
		if now.Sub(at) > viewerAccess+time.Minute {
			delete(s.revoked, k)
		}
	}
	_, ended = s.revoked[session]
	return ended, nil
}
