package auth

import (
	"context"
	"encoding/base64"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
)

// Tokens are what a sign-in gives.
type Tokens struct {
	Access    string
	Refresh   string
	ExpiresIn int // seconds, of the access token
	Person    Person
}

// Person is who signed in.
type Person struct {
	Principal
	PhoneMasked string // of a viewer
}

// start opens a session for p within tx.
func (s *Service) start(ctx context.Context, tx *db.Tx, p Person, device string) (Tokens, error) {
	p.Session = id.New(id.Session)
	life := viewerSession
	if p.Kind == Staff {
		life = staffSession
	}
	agent, address, err := s.usedFrom(ctx, p.Principal)
	if err != nil {
		return Tokens{}, err
	}
	err = tx.Insert(ctx, "session (id, bank_id, kind, person_id, device_id, created_at, expires_at, agent, address_hash, used_at)",
		[][]any{{p.Session, p.Bank.ID, string(p.Kind), p.ID, device, tx.Now, tx.Now.Add(life), agent, address, tx.Now}}, "")
	if err != nil {
		return Tokens{}, err
	}
	return s.issue(ctx, tx, p, tx.Now.Add(life))
}

func (s *Service) issue(ctx context.Context, tx *db.Tx, p Person, until time.Time) (Tokens, error) {
	refresh := base64.RawURLEncoding.EncodeToString(secret(32))
	err := tx.Insert(ctx, "refresh_token (token_hash, bank_id, session_id, expires_at)",
		[][]any{{digest(refresh), p.Bank.ID, p.Session, until}}, "")
	if err != nil {
		return Tokens{}, err
	}
	access, life, err := s.access(p.Principal, tx.Now)
	return Tokens{Access: access, Refresh: refresh, ExpiresIn: int(life.Seconds()), Person: p}, err
}

// Refresh spends a refresh token for new tokens. A spent one ends the session:
// 401 auth.refresh_reused; an unknown or expired one is 401 auth.required.
func (s *Service) Refresh(ctx context.Context, refresh string) (Tokens, error) {
	var out Tokens
	var refused error
	err := s.db.InTx(ctx, func(tx *db.Tx) error {
		out, refused = Tokens{}, nil
		type row struct {
			session, bank, kind, person string
			until, revoked              db.Time
		}
		r, found, err := db.One(ctx, tx, func(r db.Row) (v row, err error) {
			return v, r.Scan(&v.session, &v.bank, &v.kind, &v.person, &v.until, &v.revoked)
		}, `SELECT s.id, s.bank_id, s.kind, s.person_id, s.expires_at, s.revoked_at
			FROM refresh_token t JOIN session s ON s.id = t.session_id WHERE t.token_hash = ?`, digest(refresh))
		if err != nil {
			return err
		}
		if !found || !r.revoked.IsZero() || !r.until.After(tx.Now) {
			return fault.New(fault.Unauthenticated, "auth.required")
		}
		n, err := tx.Exec(ctx, "UPDATE refresh_token SET spent_at = ? WHERE token_hash = ? AND spent_at IS NULL", tx.Now, digest(refresh))
		if err != nil {
			return err
		}
		if n == 0 { // the revocation must commit, so the refusal waits outside
			refused = fault.New(fault.Unauthenticated, "auth.refresh_reused")
			return s.end(ctx, tx, r.session)
		}
		p, err := s.person(ctx, tx, r.bank, Kind(r.kind), r.person)
		if err != nil {
			return err
		}
		p.Session = r.session
		if err := s.touch(ctx, tx, p.Principal); err != nil {
			return err
		}
		out, err = s.issue(ctx, tx, p, r.until.Time)
		return err
	})
	if err == nil {
		err = refused
	}
	return out, err
}

// Logout ends the session of p.
func (s *Service) Logout(ctx context.Context, p Principal) error {
	return s.db.InTx(ctx, func(tx *db.Tx) error { return s.end(ctx, tx, p.Session) })
}

func (s *Service) end(ctx context.Context, tx *db.Tx, session string) error {
	_, err := tx.Exec(ctx, "UPDATE session SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", tx.Now, session)
	tx.AfterCommit(func() {
		s.mu.Lock()
		s.revoked[session] = tx.Now
		s.mu.Unlock()
	})
	return err
}

// person reads a signed-in person anew, so that changed roles and names count.
func (s *Service) person(ctx context.Context, tx *db.Tx, bankID string, kind Kind, personID string) (Person, error) {
	gone := fault.New(fault.Unauthenticated, "auth.required")
	bank, found, err := s.banks.ByID(ctx, bankID)
	if err != nil {
		return Person{}, err
	}
	if !found {
		return Person{}, gone
	}
	p := Person{Principal: Principal{Kind: kind, Bank: bank, ID: personID}}
	if kind == Viewer {
		found, err := scanInto(ctx, tx, "SELECT nickname, phone_masked FROM viewer WHERE bank_id = ? AND id = ? AND erased_at IS NULL", []any{bankID, personID}, &p.Name, &p.PhoneMasked)
		if err == nil && !found {
			err = gone
		}
		return p, err
	}
	return s.staffPerson(ctx, tx, p)
}

func scanInto(ctx context.Context, q db.Querier, query string, args []any, into ...any) (bool, error) {
	_, found, err := db.One(ctx, q, func(r db.Row) (struct{}, error) { return struct{}{}, r.Scan(into...) }, query, args...)
	return found, err
}

// SignedInAt is when a session began; 404 not_found.
func (s *Service) SignedInAt(ctx context.Context, session string) (time.Time, error) {
	at, found, err := db.Value[db.Time](ctx, s.db, "SELECT created_at FROM session WHERE id = ?", session)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	return at.Time, err
}
