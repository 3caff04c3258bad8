package auth

import (
	"context"
	"errors"
	"slices"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/obs"
	"yinbo/internal/tenant"
)

// NewStaff is a member of staff to be.
type NewStaff struct {
	ID                               string // "" for a new one
	Username, Name, Password, Branch string
	Merchant                         string // whose own account it is; with the role Merchant, and only with it
	Roles                            []Role
	Once                             bool // the password must be changed at the first sign-in
}

// CreateStaff writes a member of staff within tx and gives the id. It is for who
// stands above the rules: a command, demo data, an approved request.
func (s *Service) CreateStaff(ctx context.Context, tx *db.Tx, bank string, n NewStaff) (string, error) {
	hash, err := s.hashPassword(n.Password)
	if err != nil {
		return "", err
	}
	if n.ID == "" {
		n.ID = id.New(id.Staff)
	}
	err = tx.Insert(ctx, "staff (id, bank_id, username, name, password_hash, password_set_at, password_once, branch_id, merchant_id, created_at)",
		[][]any{{n.ID, bank, n.Username, n.Name, hash, tx.Now, n.Once, orNull(n.Branch), orNull(n.Merchant), tx.Now}}, "")
	if db.IsDuplicate(err) {
		return "", fault.New(fault.Conflict, "conflict").With("username", "field.duplicate").Because(err)
	}
	if err != nil {
		return "", err
	}
	return n.ID, giveRoles(ctx, tx, bank, n.ID, n.Roles)
}

func giveRoles(ctx context.Context, tx *db.Tx, bank, staffID string, roles []Role) error {
	rows := make([][]any, len(roles))
	for i, r := range roles {
		rows[i] = []any{bank, staffID, string(r)}
	}
	return tx.Insert(ctx, "staff_role (bank_id, staff_id, role)", rows, "")
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

type staffRow struct {
	id, username, hash string
	totp, pending      *string
}

// staffRow reads a member of staff who is not disabled, by id or username.
func (s *Service) staffRow(ctx context.Context, bank, column, value string) (staffRow, bool, error) {
	return db.One(ctx, s.db, func(r db.Row) (v staffRow, err error) {
		return v, r.Scan(&v.id, &v.username, &v.hash, &v.totp, &v.pending)
	}, "SELECT id, username, password_hash, totp_sealed, totp_pending_sealed FROM staff WHERE bank_id = ? AND "+column+" = ? AND disabled_at IS NULL", bank, value)
}

// stands tells whether the person still has the password, and a second factor or
// none, as when row was read.
func (row staffRow) stands(ctx context.Context, tx *db.Tx, bank string) (bool, error) {
	_, ok, err := db.Value[string](ctx, tx, "SELECT id FROM staff WHERE bank_id = ? AND id = ? AND password_hash = ? AND (totp_sealed IS NOT NULL) = ?"+tx.Dialect().ForUpdate(),
		bank, row.id, row.hash, row.totp != nil)
	return ok, err
}

// unknownUser is a hash that no password fits, checked for names that do not
// exist so that both take the same time.
const unknownUser = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// Login signs staff in. 401 auth.login_failed whatever was wrong, 401
// auth.totp_required when the second factor is missing, 429 after failures in a
// row: for names that do not exist too, and whether the password is right or not,
// so that nobody learns anything by it.
func (s *Service) Login(ctx context.Context, bank tenant.Bank, username, password, code string) (Tokens, error) {
	leave, err := s.seat(ctx) // failures are counted within: few guess at once
	if err != nil {
		return Tokens{}, err
	}
	defer leave()
	failed := fault.New(fault.Unauthenticated, "auth.login_failed")
	row, found, err := s.staffRow(ctx, bank.ID, "username", username)
	if err != nil {
		return Tokens{}, err
	}
	d, err := s.door(ctx, bank.ID, username, row.id)
	if err != nil {
		return Tokens{}, err
	}
	if wait, err := s.wait(ctx, d); err != nil || wait > 0 {
		if err == nil {
			err = shut(wait)
		}
		return Tokens{}, err
	}
	if !found {
		row.hash = unknownUser
	}
	right, err := passwordIs(password, row.hash)
	if err != nil {
		return Tokens{}, err
	}
	if !found || !right {
		return Tokens{}, errors.Join(failed, s.countFailure(ctx, d, row.id))
	}
	if row.totp != nil && code == "" {
		return Tokens{}, fault.New(fault.Unauthenticated, "auth.totp_required").With("totp", "field.required")
	}
	out, ok, err := s.startStaff(ctx, bank, d, row, code)
	if err == nil && !ok {
		err = errors.Join(failed, s.countFailure(ctx, d, row.id))
	}
	return out, err
}

// countFailure counts a failure at the door of a person, "" for a name that is
// nobody's.
func (s *Service) countFailure(ctx context.Context, d door, staffID string) error {
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		locked, err := d.count(ctx, tx)
		if err != nil || staffID == "" {
			return err
		}
		if err := staffAudit(ctx, tx, d.bank, staffID, "staff.login_failed", nil); err != nil || !locked {
			return err
		}
		return staffAudit(ctx, tx, d.bank, staffID, "staff.locked", nil)
	})
}

// startStaff opens a session, unless the code is not good.
func (s *Service) startStaff(ctx context.Context, bank tenant.Bank, d door, row staffRow, code string) (out Tokens, ok bool, err error) {
	err = s.db.InTx(ctx, func(tx *db.Tx) error {
		out, ok = Tokens{}, false
		p, err := s.person(ctx, tx, bank.ID, Staff, row.id)
		if err != nil {
			return err
		}
		// The row is held now: what was proven before may have been changed since.
		if ok, err = row.stands(ctx, tx, bank.ID); err != nil || !ok {
			return err
		}
		if row.totp != nil {
			if ok, err = s.spendSecond(ctx, tx, bank.ID, row, code); err != nil || !ok {
				return err
			}
		}
		if err := d.forget(ctx, tx); err != nil {
			return err
		}
		if out, err = s.start(ctx, tx, p, ""); err != nil {
			return err
		}
		return staffAudit(ctx, tx, bank.ID, row.id, "staff.login", nil)
	})
	return out, ok, err
}

// staffAudit writes an entry about what a member of staff did to their own
// account.
func staffAudit(ctx context.Context, tx *db.Tx, bank, staffID, action string, detail map[string]any) error {
	return audit.Write(ctx, tx, audit.Entry{Bank: bank, ActorKind: "staff", Actor: staffID, Action: action, Object: staffID,
		Detail: detail, RequestID: requestOf(ctx)})
}

func requestOf(ctx context.Context) string { return obs.RequestOf(ctx).ID }

// staffPerson reads a member of staff and holds the row: a change of roles waits,
// and then ends the session that begins here.
func (s *Service) staffPerson(ctx context.Context, tx *db.Tx, p Person) (Person, error) {
	var once, second bool
	var set db.Time
	found, err := scanInto(ctx, tx, `SELECT name, COALESCE(branch_id, ''), COALESCE(merchant_id, ''), password_once, password_set_at, totp_sealed IS NOT NULL FROM staff
		WHERE bank_id = ? AND id = ? AND disabled_at IS NULL`+tx.Dialect().ForUpdate(), []any{p.Bank.ID, p.ID}, &p.Name, &p.Branch, &p.Of, &once, &set, &second)
	if err != nil {
		return p, err
	}
	if !found {
		return p, fault.New(fault.Unauthenticated, "auth.required")
	}
	if p.Roles, err = rolesOf(ctx, tx, p.Bank.ID, p.ID); err != nil {
		return p, err
	}
	if p.Due = due(p.Bank.Settings, p.Roles, once, second, set.Time, tx.Now); p.Due != "" {
		p.Roles = nil
	}
	return p, nil
}

// due is what a person must see to first.
func due(s tenant.Settings, roles []Role, once, second bool, set, now time.Time) string {
	tooOld := s.PasswordDays > 0 && now.Sub(set) > time.Duration(s.PasswordDays)*24*time.Hour
	switch {
	case once || tooOld:
		return DuePassword
	case !second && slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(s.TOTPRoles, string(r)) }):
		return DueTOTP
	}
	return ""
}

func rolesOf(ctx context.Context, q db.Querier, bank, staffID string) ([]Role, error) {
	return db.All(ctx, q, func(r db.Row) (v Role, err error) { return v, r.Scan(&v) },
		"SELECT role FROM staff_role WHERE bank_id = ? AND staff_id = ? ORDER BY role", bank, staffID)
}

// Name is the name of a member of staff.
func (s *Service) Name(ctx context.Context, bank, staffID string) (string, bool, error) {
	return db.Value[string](ctx, s.db, "SELECT name FROM staff WHERE bank_id = ? AND id = ?", bank, staffID)
}

// Names are the names of members of staff, disabled ones too, by id.
func (s *Service) Names(ctx context.Context, bank string, ids []string) (map[string]string, error) {
	if len(ids) == 0 {
		return map[string]string{}, nil
	}
	list, err := db.All(ctx, s.db, func(r db.Row) (p [2]string, err error) { return p, r.Scan(&p[0], &p[1]) },
		"SELECT id, name FROM staff WHERE bank_id = ? AND id IN "+db.Marks(len(ids)), append([]any{bank}, db.Args(ids)...)...)
	names := make(map[string]string, len(list))
	for _, p := range list {
		names[p[0]] = p[1]
	}
	return names, err
}

// HasRole tells whether a member of staff, not disabled, has a role.
func (s *Service) HasRole(ctx context.Context, bank, staffID, role string) (bool, error) {
	_, found, err := db.Value[string](ctx, s.db, `SELECT r.role FROM staff_role r JOIN staff s ON s.id = r.staff_id
		WHERE r.bank_id = ? AND r.staff_id = ? AND r.role = ? AND s.disabled_at IS NULL`, bank, staffID, role)
	return found, err
}

// Scope is which branches a member of staff sees.
func (s *Service) Scope(ctx context.Context, bank, staffID string) (tenant.Scope, error) {
	branch, _, err := db.Value[string](ctx, s.db, "SELECT COALESCE(branch_id, '') FROM staff WHERE bank_id = ? AND id = ?", bank, staffID)
	if err != nil {
		return tenant.Scope{}, err
	}
	return s.banks.ScopeOf(ctx, bank, branch)
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
