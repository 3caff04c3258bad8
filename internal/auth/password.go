package auth

import (
	"context"
	"crypto/rand"
	_ "embed"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/tenant"
)

// passwordCost is OWASP's smaller profile of argon2id: 19 MiB, so that a burst of
// sign-ins does not take the node's memory.
var passwordCost = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// formerPasswords is how many of a person's last passwords, the present one
// among them, may not be taken again [own].
const formerPasswords = 5

//go:embed common.txt
var commonText string

// tooCommon tells whether everybody would guess the password: it is on the list,
// or it has fewer than four different characters.
func tooCommon(password string) bool {
	low := strings.ToLower(password)
	different := map[rune]bool{}
	for _, r := range low {
		different[r] = true
	}
	return len(different) < 4 || slices.Contains(strings.Fields(commonText), low)
}

// PasswordFits holds a new password against the bank's rules: 422 on field, with
// password.too_short, password.has_name or password.common.
func PasswordFits(field, password string, s tenant.Settings, names ...string) error {
	if utf8.RuneCountInString(password) < s.WithDefaults().PasswordLength {
		return fault.InvalidField(field, "password.too_short", s.WithDefaults().PasswordLength)
	}
	for _, name := range names {
		if utf8.RuneCountInString(name) > 1 && strings.Contains(strings.ToLower(password), strings.ToLower(name)) {
			return fault.InvalidField(field, "password.has_name")
		}
	}
	if tooCommon(password) {
		return fault.InvalidField(field, "password.common")
	}
	return nil
}

// seat bounds how many passwords are hashed at once; leave gives it back.
func (s *Service) seat(ctx context.Context) (leave func(), err error) {
	select {
	case s.passwords <- struct{}{}:
		return func() { <-s.passwords }, nil
	case <-ctx.Done():
		return nil, fault.New(fault.Unavailable, "unavailable").After(time.Second).Because(ctx.Err())
	}
}

func passwordIs(password, hash string) (bool, error) {
	ok, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("auth: password: %w", err)
	}
	return ok, nil
}

func (s *Service) hashPassword(password string) (string, error) {
	hash, err := argon2id.CreateHash(password, s.PasswordCost)
	if err != nil {
		return "", fmt.Errorf("auth: password: %w", err)
	}
	return hash, nil
}

// ChangePassword changes p's own password and ends their other sessions. The old
// one is asked for, and a wrong one counts as a failed sign-in: 422 on "old", 429
// while waiting. Errors of the new one are 422 on "new": see PasswordFits, and
// password.used_before.
func (s *Service) ChangePassword(ctx context.Context, p Principal, old, password string) error {
	leave, err := s.seat(ctx)
	if err != nil {
		return err
	}
	defer leave()
	row, err := s.proven(ctx, p, "old", old)
	if err != nil {
		return err
	}
	if err := PasswordFits("new", password, p.Bank.Settings, row.username, p.Name); err != nil {
		return err
	}
	if err := s.notUsedBefore(ctx, p, row.hash, password); err != nil {
		return err
	}
	hash, err := s.hashPassword(password)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		// Two changes at once: the later finds another old password.
		n, err := tx.Exec(ctx, `UPDATE staff SET password_hash = ?, password_set_at = ?, password_once = FALSE
			WHERE bank_id = ? AND id = ? AND password_hash = ?`, hash, tx.Now, p.Bank.ID, p.ID, row.hash)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "conflict")
		}
		if err := remember(ctx, tx, p.Bank.ID, p.ID, row.hash); err != nil {
			return err
		}
		if _, err := s.endAll(ctx, tx, p.Bank.ID, p.ID, p.Session); err != nil {
			return err
		}
		return p.audit(ctx, tx, "staff.password_changed", p.ID, nil)
	})
}

// remember keeps a password that is no longer in use, and forgets the oldest.
func remember(ctx context.Context, tx *db.Tx, bank, staffID, hash string) error {
	err := tx.Insert(ctx, "staff_password (bank_id, staff_id, until_at, password_hash)", [][]any{{bank, staffID, tx.Now, hash}}, "")
	if err != nil {
		return err
	}
	oldest, found, err := db.Value[db.Time](ctx, tx, "SELECT until_at FROM staff_password WHERE bank_id = ? AND staff_id = ? ORDER BY until_at DESC LIMIT 1 OFFSET ?",
		bank, staffID, formerPasswords-1)
	if err != nil || !found {
		return err
	}
	_, err = tx.Exec(ctx, "DELETE FROM staff_password WHERE bank_id = ? AND staff_id = ? AND until_at <= ?", bank, staffID, oldest.Time)
	return err
}

func (s *Service) notUsedBefore(ctx context.Context, p Principal, present, password string) error {
	former, err := db.All(ctx, s.db, func(r db.Row) (v string, err error) { return v, r.Scan(&v) },
		"SELECT password_hash FROM staff_password WHERE bank_id = ? AND staff_id = ? ORDER BY until_at DESC LIMIT ?", p.Bank.ID, p.ID, formerPasswords-1)
	if err != nil {
		return err
	}
	for _, hash := range append(former, present) {
		same, err := passwordIs(password, hash)
		if err != nil {
			return err
		}
		if same {
			return fault.InvalidField("new", "password.used_before", formerPasswords)
		}
	}
	return nil
}

// proven is p's own row when the password is theirs. A wrong one is 422 on field
// and counts as a failed sign-in. The caller has a seat.
func (s *Service) proven(ctx context.Context, p Principal, field, password string) (staffRow, error) {
	row, found, err := s.staffRow(ctx, p.Bank.ID, "id", p.ID)
	if err != nil {
		return row, err
	}
	if !found {
		return row, fault.New(fault.Unauthenticated, "auth.required")
	}
	d, err := s.door(ctx, p.Bank.ID, row.username, row.id)
	if err != nil {
		return row, err
	}
	if wait, err := s.wait(ctx, d); err != nil || wait > 0 {
		if err == nil {
			err = shut(wait)
		}
		return row, err
	}
	right, err := passwordIs(password, row.hash)
	if err == nil && !right {
		err = s.countFailure(ctx, d, row.id)
		if err == nil {
			err = fault.InvalidField(field, "password.wrong")
		}
	}
	return row, err
}

// onceLetters are read without mistake.
const onceLetters = "abcdefghjkmnpqrstuvwxyz23456789"

// once makes a password that is good until the first sign-in.
func once() string {
	b := make([]byte, 16)
	for i := range b {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(onceLetters))))
		if err != nil {
			panic(err) // the system has no random numbers
		}
		b[i] = onceLetters[n.Int64()]
	}
	return string(b)
}

// Note writes down an act of p's that has no transaction of its own.
func (s *Service) Note(ctx context.Context, p Principal, action, object string, detail map[string]any) error {
	return s.db.InTx(ctx, func(tx *db.Tx) error { return p.audit(ctx, tx, action, object, detail) })
}

// audit writes an entry about an act of p's.
func (p Principal) audit(ctx context.Context, tx *db.Tx, action, object string, detail map[string]any) error {
	return audit.Write(ctx, tx, audit.Entry{Bank: p.Bank.ID, ActorKind: string(p.Kind), Actor: p.ID, Action: action, Object: object,
		Detail: detail, RequestID: requestOf(ctx)})
}
