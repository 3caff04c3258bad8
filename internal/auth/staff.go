package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/pquerna/otp/totp"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
)

// Passwords are hashed by argon2id with OWASP's smaller profile: 19 MiB, so that
// a burst of sign-ins does not take the node's memory.
var passwordCost = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// A name is locked for a while after failures in a row [own].
const (
	lockAfter = 5
	lockFor   = 15 * time.Minute
)

// NewStaff is a member of staff to be.
type NewStaff struct {
	Username, Name, Password, Branch string
	Roles                            []Role
}

// CreateStaff writes a member of staff within tx and gives the id.
func (s *Service) CreateStaff(ctx context.Context, tx *db.Tx, bank string, n NewStaff) (string, error) {
	hash, err := argon2id.CreateHash(n.Password, passwordCost)
	if err != nil {
		return "", fmt.Errorf("auth: password: %w", err)
	}
	staffID := id.New(id.Staff)
	var branch any
	if n.Branch != "" {
		branch = n.Branch
	}
	err = tx.Insert(ctx, "staff (id, bank_id, username, name, password_hash, branch_id, created_at)",
		[][]any{{staffID, bank, n.Username, n.Name, hash, branch, tx.Now}}, "")
	if db.IsDuplicate(err) {
		return "", fault.New(fault.Conflict, "conflict").With("username", "field.duplicate").Because(err)
	}
	if err != nil {
		return "", err
	}
	rows := make([][]any, len(n.Roles))
	for i, r := range n.Roles {
		rows[i] = []any{bank, staffID, string(r)}
	}
	return staffID, tx.Insert(ctx, "staff_role (bank_id, staff_id, role)", rows, "")
}

type staffRow struct {
	id, hash string
	totp     *string
	failed   int
	locked   db.Time
}

// Login signs staff in. 401 auth.login_failed whatever was wrong, 401
// auth.totp_required when the second factor is missing, 429 while locked.
func (s *Service) Login(ctx context.Context, bank tenant.Bank, username, password, code string) (Tokens, error) {
	failed := fault.New(fault.Unauthenticated, "auth.login_failed")
	row, found, err := db.One(ctx, s.db, func(r db.Row) (v staffRow, err error) {
		return v, r.Scan(&v.id, &v.hash, &v.totp, &v.failed, &v.locked)
	}, `SELECT id, password_hash, totp_sealed, failed_logins, locked_until FROM staff
		WHERE bank_id = ? AND username = ? AND disabled_at IS NULL`, bank.ID, username)
	if err != nil {
		return Tokens{}, err
	}
	now := s.db.Clock().Now()
	if row.locked.After(now) {
		return Tokens{}, fault.New(fault.RateLimited, "rate_limited").After(row.locked.Sub(now))
	}
	if !found {
		row.hash = unknownUser
	}
	right, err := s.checkPassword(ctx, password, row.hash)
	if err != nil {
		return Tokens{}, err
	}
	if !found {
		return Tokens{}, failed.Because(errors.New("no such name"))
	}
	if right && row.totp != nil {
		if code == "" {
			return Tokens{}, fault.New(fault.Unauthenticated, "auth.totp_required").With("totp", "field.required")
		}
		seed, err := s.keys.Open(ctx, pii.Place{Bank: bank.ID, Table: "staff", Column: "totp", Row: row.id}, *row.totp)
		if err != nil {
			return Tokens{}, err
		}
		right = totp.Validate(code, seed.Reveal())
	}
	if !right {
		return Tokens{}, errors.Join(failed, s.countFailure(ctx, bank.ID, row))
	}
	return s.startStaff(ctx, bank, row.id)
}

// unknownUser is a hash that no password fits, checked for names that do not
// exist so that both take the same time.
const unknownUser = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func (s *Service) checkPassword(ctx context.Context, password, hash string) (bool, error) {
	select {
	case s.passwords <- struct{}{}:
		defer func() { <-s.passwords }()
	case <-ctx.Done():
		return false, fault.New(fault.Unavailable, "unavailable").After(time.Second).Because(ctx.Err())
	}
	ok, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("auth: password: %w", err)
	}
	return ok, nil
}

func (s *Service) countFailure(ctx context.Context, bank string, row staffRow) error {
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE staff SET failed_logins = failed_logins + 1,
			locked_until = CASE WHEN failed_logins + 1 >= ? THEN ? ELSE locked_until END WHERE bank_id = ? AND id = ?`,
			lockAfter, tx.Now.Add(lockFor), bank, row.id)
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Bank: bank, ActorKind: "staff", Actor: row.id, Action: "staff.login_failed", Object: row.id})
	})
}

func (s *Service) startStaff(ctx context.Context, bank tenant.Bank, staffID string) (Tokens, error) {
	var out Tokens
	err := s.db.InTx(ctx, func(tx *db.Tx) error {
		p, err := s.person(ctx, tx, bank.ID, Staff, staffID)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE staff SET failed_logins = 0, locked_until = NULL WHERE bank_id = ? AND id = ?", bank.ID, staffID); err != nil {
			return err
		}
		if out, err = s.start(ctx, tx, p, ""); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Bank: bank.ID, ActorKind: "staff", Actor: staffID, Action: "staff.login", Object: staffID})
	})
	return out, err
}

func rolesOf(ctx context.Context, q db.Querier, bank, staffID string) ([]Role, error) {
	return db.All(ctx, q, func(r db.Row) (v Role, err error) { return v, r.Scan(&v) },
		"SELECT role FROM staff_role WHERE bank_id = ? AND staff_id = ? ORDER BY role", bank, staffID)
}

// Name is the name of a member of staff.
func (s *Service) Name(ctx context.Context, bank, staffID string) (string, bool, error) {
	return db.Value[string](ctx, s.db, "SELECT name FROM staff WHERE bank_id = ? AND id = ?", bank, staffID)
}

// HasRole tells whether a member of staff, not disabled, has a role.
func (s *Service) HasRole(ctx context.Context, bank, staffID, role string) (bool, error) {
	_, found, err := db.Value[string](ctx, s.db, `SELECT r.role FROM staff_role r JOIN staff s ON s.id = r.staff_id
		WHERE r.bank_id = ? AND r.staff_id = ? AND r.role = ? AND s.disabled_at IS NULL`, bank, staffID, role)
	return found, err
}

// People are the members of staff, not disabled, who have one of the roles: names
// by id.
func (s *Service) People(ctx context.Context, bank string, roles ...string) (map[string]string, error) {
	list, err := db.All(ctx, s.db, func(r db.Row) (p [2]string, err error) { return p, r.Scan(&p[0], &p[1]) },
		`SELECT s.id, s.name FROM staff s JOIN staff_role r ON r.bank_id = s.bank_id AND r.staff_id = s.id
			WHERE s.bank_id = ? AND s.disabled_at IS NULL AND r.role IN `+db.Marks(len(roles)), append([]any{bank}, db.Args(roles)...)...)
	people := make(map[string]string, len(list))
	for _, p := range list {
		people[p[0]] = p[1]
	}
	return people, err
}
