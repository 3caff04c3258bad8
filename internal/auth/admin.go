package auth

import (
	"context"
	"strings"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// Member is a member of staff as admins see them.
type Member struct {
	ID            string       `json:"id"`
	Username      string       `json:"username"`
	Name          string       `json:"name"`
	Roles         []Role       `json:"roles" nullable:"false"`
	BranchID      *string      `json:"branch_id" doc:"With what is below it; null sees the whole bank"`
	MerchantID    *string      `json:"merchant_id" doc:"The merchant whose own account it is; null for the bank's staff"`
	Revision      int64        `json:"revision" doc:"Counts changes of roles, branch and state"`
	TOTP          bool         `json:"totp" doc:"Has a second factor"`
	PasswordOnce  bool         `json:"password_once" doc:"Has not changed the password that was given"`
	PasswordSetAt *clock.Stamp `json:"password_set_at"`
	LockedUntil   *clock.Stamp `json:"locked_until" doc:"Must wait after failed sign-ins"`
	LastSeenAt    *clock.Stamp `json:"last_seen_at"`
	DisabledAt    *clock.Stamp `json:"disabled_at"`
	CreatedAt     clock.Stamp  `json:"created_at"`
}

// MemberFilter picks members; zero fields do not filter.
type MemberFilter struct {
	Query, Role, Branch string // part of a name; a role; a branch itself
	State               string // active, disabled
	After               string
	Limit               int
}

const selectMember = `SELECT s.id, s.username, s.name, s.branch_id, s.merchant_id, s.revision, s.totp_sealed IS NOT NULL, s.password_once, s.password_set_at, s.disabled_at, s.created_at,
	(SELECT MAX(COALESCE(n.used_at, n.created_at)) FROM session n WHERE n.bank_id = s.bank_id AND n.person_id = s.id) FROM staff s WHERE s.bank_id = ?`

func scanMember(r db.Row) (m Member, err error) {
	var set, disabled, created, seen db.Time
	err = r.Scan(&m.ID, &m.Username, &m.Name, &m.BranchID, &m.MerchantID, &m.Revision, &m.TOTP, &m.PasswordOnce, &set, &disabled, &created, &seen)
	m.PasswordSetAt, m.DisabledAt, m.CreatedAt, m.LastSeenAt = clock.AtPtr(set.Time), clock.AtPtr(disabled.Time), clock.At(created.Time), clock.AtPtr(seen.Time)
	return m, err
}

// Members lists a bank's staff, the longest there first: one more than the limit
// when there are further ones.
func (s *Service) Members(ctx context.Context, bank string, f MemberFilter) ([]Member, error) {
	query, args := selectMember, []any{bank}
	add := func(cond string, v ...any) { query += " AND " + cond; args = append(args, v...) }
	if f.Query != "" {
		like := "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(f.Query) + "%"
		add("(s.username LIKE ? ESCAPE '!' OR s.name LIKE ? ESCAPE '!')", like, like)
	}
	if f.Role != "" {
		add("EXISTS (SELECT 1 FROM staff_role r WHERE r.bank_id = s.bank_id AND r.staff_id = s.id AND r.role = ?)", f.Role)
	}
	if f.Branch != "" {
		add("s.branch_id = ?", f.Branch)
	}
	switch f.State {
	case "active":
		add("s.disabled_at IS NULL")
	case "disabled":
		add("s.disabled_at IS NOT NULL")
	}
	if f.After != "" {
		add("s.id > ?", f.After)
	}
	members, err := db.All(ctx, s.db, scanMember, query+" ORDER BY s.id LIMIT ?", append(args, f.Limit+1)...)
	if err != nil {
		return nil, err
	}
	return members, s.complete(ctx, bank, members)
}

// complete adds roles and waits.
func (s *Service) complete(ctx context.Context, bank string, members []Member) error {
	if len(members) == 0 {
		return nil
	}
	locked, err := lockedUntil(ctx, s.db, bank, s.db.Clock().Now())
	if err != nil {
		return err
	}
	for i := range members {
		m := &members[i]
		if m.Roles, err = rolesOf(ctx, s.db, bank, m.ID); err != nil {
			return err
		}
		if m.Roles == nil {
			m.Roles = []Role{}
		}
		name, err := s.nameHash(ctx, bank, m.Username)
		if err != nil {
			return err
		}
		m.LockedUntil = clock.AtPtr(locked[name])
	}
	return nil
}

// Member gives one; 404 not_found.
func (s *Service) Member(ctx context.Context, bank, staffID string) (Member, error) {
	m, found, err := db.One(ctx, s.db, scanMember, selectMember+" AND s.id = ?", bank, staffID)
	if err != nil {
		return m, err
	}
	if !found {
		return m, fault.New(fault.NotFound, "not_found")
	}
	one := []Member{m}
	err = s.complete(ctx, bank, one)
	return one[0], err
}

// Own is what members of staff see of their own account.
type Own struct {
	ID            string       `json:"id"`
	Username      string       `json:"username"`
	Name          string       `json:"name"`
	Roles         []Role       `json:"roles" nullable:"false"`
	BranchID      *string      `json:"branch_id"`
	Due           string       `json:"due" enum:",password,totp" doc:"What must be seen to before anything else"`
	TOTP          bool         `json:"totp"`
	RecoveryLeft  int          `json:"recovery_left" doc:"Recovery codes that are not used"`
	PasswordSetAt *clock.Stamp `json:"password_set_at"`
	Rules         Rules        `json:"rules"`
}

// Own gives p's own account.
func (s *Service) Own(ctx context.Context, p Principal) (Own, error) {
	m, err := s.Member(ctx, p.Bank.ID, p.ID)
	if err != nil {
		return Own{}, err
	}
	left, _, err := db.Value[int](ctx, s.db, "SELECT COUNT(*) FROM staff_recovery WHERE bank_id = ? AND staff_id = ? AND used_at IS NULL", p.Bank.ID, p.ID)
	set := time.Time{}
	if m.PasswordSetAt != nil {
		set = m.PasswordSetAt.Time
	}
	return Own{ID: m.ID, Username: m.Username, Name: m.Name, Roles: m.Roles, BranchID: m.BranchID, TOTP: m.TOTP, RecoveryLeft: left, PasswordSetAt: m.PasswordSetAt,
		Due: due(p.Bank.Settings, m.Roles, m.PasswordOnce, m.TOTP, set, s.db.Clock().Now()), Rules: rulesOf(p.Bank.Settings)}, err
}

// SetDisabled keeps a member of staff out at once, or lets them in again. Errors:
// 404 not_found; 403 staff.own, auth.forbidden; 409 conflict when it is so already, and
// staff.last_admin.
func (s *Service) SetDisabled(ctx context.Context, by Principal, staffID string, disabled bool, reason string) error {
	if staffID == by.ID {
		return fault.New(fault.Forbidden, "staff.own")
	}
	action, set, was, now := "staff.enabled", "disabled_at = NULL", "disabled_at IS NOT NULL", []any{}
	if disabled {
		action, set, was = "staff.disabled", "disabled_at = ?", "disabled_at IS NULL"
	}
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		if err := hold(ctx, tx, by.Bank.ID); err != nil {
			return err
		}
		if err := exists(ctx, tx, by.Bank.ID, staffID); err != nil {
			return err
		}
		if now = nil; disabled {
			now = []any{tx.Now}
		}
		n, err := tx.Exec(ctx, "UPDATE staff SET "+set+", revision = revision + 1 WHERE bank_id = ? AND id = ? AND "+was, append(now, by.Bank.ID, staffID)...)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "conflict")
		}
		if err := hasAdmin(ctx, tx, by.Bank.ID); err != nil {
			return err
		}
		if err := by.isAdmin(ctx, tx); err != nil {
			return err
		}
		ended, err := s.endAll(ctx, tx, by.Bank.ID, staffID, "")
		if err != nil {
			return err
		}
		return by.audit(ctx, tx, action, staffID, map[string]any{"reason": reasonOf(reason), "sessions": ended})
	})
}

// hold lets one change of a bank's staff happen at a time.
func hold(ctx context.Context, tx *db.Tx, bank string) error {
	_, _, err := db.Value[string](ctx, tx, "SELECT id FROM bank WHERE id = ?"+tx.Dialect().ForUpdate(), bank)
	return err
}

// selectAdmins finds who may look after a bank's staff: admins of the head office
// who are not disabled.
const selectAdmins = `SELECT s.id FROM staff s JOIN staff_role r ON r.bank_id = s.bank_id AND r.staff_id = s.id AND r.role = 'admin'
	WHERE s.bank_id = ? AND s.disabled_at IS NULL AND s.branch_id IS NULL`

// hasAdmin is 409 staff.last_admin when the bank would have no such admin.
func hasAdmin(ctx context.Context, tx *db.Tx, bank string) error {
	_, found, err := db.Value[string](ctx, tx, selectAdmins+" LIMIT 1", bank)
	if err == nil && !found {
		err = fault.New(fault.Conflict, "staff.last_admin")
	}
	return err
}

// AdminNow tells whether somebody looks after the bank at this moment, whatever a
// token says.
func AdminNow(ctx context.Context, tx *db.Tx, bank, staffID string) (bool, error) {
	_, found, err := db.Value[string](ctx, tx, selectAdmins+" AND s.id = ?", bank, staffID)
	return found, err
}

// isAdmin is 403 auth.forbidden when p's token says admin and the bank does so no
// more: another node learns of that within two seconds, and rights are not given
// within them.
func (p Principal) isAdmin(ctx context.Context, tx *db.Tx) error {
	ok, err := AdminNow(ctx, tx, p.Bank.ID, p.ID)
	if err == nil && !ok {
		err = fault.New(fault.Forbidden, "auth.forbidden")
	}
	return err
}
