package auth

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"image/png"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/pii"
)

// A second factor is a TOTP by RFC 6238: SHA-1, six digits, 30 s, as every
// authenticator reads it. One step of drift either way is taken.
const (
	totpStep  = 30 * time.Second
	totpDrift = 1

	recoveryCodes = 10
	recoveryLen   = 10
)

// Factor is a second factor to be confirmed.
type Factor struct {
	Secret pii.Text // base32
	URI    pii.Text // otpauth://
	QR     pii.Text // the URI as a picture: data:image/png;base64,…
}

func totpPlace(bank, staffID string) pii.Place {
	return pii.Place{Bank: bank, Table: "staff", Column: "totp", Row: staffID}
}

// EnrolTOTP makes a secret for p, shown once; it counts when a code of it was
// confirmed. The password is asked for, and a code of the factor in use, if there
// is one: 422 on "password" or "code", 429 while waiting.
func (s *Service) EnrolTOTP(ctx context.Context, p Principal, password, code string) (Factor, error) {
	leave, err := s.seat(ctx)
	if err != nil {
		return Factor{}, err
	}
	defer leave()
	row, err := s.proven(ctx, p, "password", password)
	if err != nil {
		return Factor{}, err
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: p.Bank.Name, AccountName: row.username})
	if err != nil {
		return Factor{}, fmt.Errorf("auth: second factor: %w", err)
	}
	qr, err := picture(key)
	if err != nil {
		return Factor{}, err
	}
	sealed, err := s.keys.Seal(ctx, totpPlace(p.Bank.ID, p.ID), pii.Clear(key.Secret()))
	if err != nil {
		return Factor{}, err
	}
	err = s.withSecond(ctx, p, row, code, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE staff SET totp_pending_sealed = ? WHERE bank_id = ? AND id = ?", sealed, p.Bank.ID, p.ID)
		if err != nil {
			return err
		}
		return p.audit(ctx, tx, "staff.totp_begun", p.ID, nil)
	})
	return Factor{Secret: pii.Clear(key.Secret()), URI: pii.Clear(key.URL()), QR: pii.Clear(qr)}, err
}

func picture(key *otp.Key) (string, error) {
	img, err := key.Image(240, 240)
	if err != nil {
		return "", fmt.Errorf("auth: QR code: %w", err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return "", fmt.Errorf("auth: QR code: %w", err)
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// ConfirmTOTP puts the secret that was shown last into use, by a code of it, ends
// p's other sessions, and gives recovery codes, shown once. 409 totp.not_begun;
// 422 totp.wrong on "code", counted as a failed sign-in.
func (s *Service) ConfirmTOTP(ctx context.Context, p Principal, code string) ([]string, error) {
	row, found, err := s.staffRow(ctx, p.Bank.ID, "id", p.ID)
	if err != nil {
		return nil, err
	}
	if !found || row.pending == nil {
		return nil, fault.New(fault.Conflict, "totp.not_begun")
	}
	var codes []string
	err = s.attempt(ctx, p, row, func(tx *db.Tx) (bool, error) {
		step, err := s.stepOf(ctx, p.Bank.ID, p.ID, *row.pending, code, tx.Now)
		if err != nil || step == 0 {
			return false, err
		}
		// One shown anew meanwhile is not the one that was confirmed.
		n, err := tx.Exec(ctx, `UPDATE staff SET totp_sealed = totp_pending_sealed, totp_pending_sealed = NULL, totp_step = ?
			WHERE bank_id = ? AND id = ? AND totp_pending_sealed = ?`, step, p.Bank.ID, p.ID, *row.pending)
		if err != nil || n == 0 {
			return false, err
		}
		if codes, err = s.newRecoveryCodes(ctx, tx, p); err != nil {
			return false, err
		}
		if _, err := s.endAll(ctx, tx, p.Bank.ID, p.ID, p.Session); err != nil {
			return false, err
		}
		return true, p.audit(ctx, tx, "staff.totp_enrolled", p.ID, nil)
	})
	return codes, err
}

// RenewRecoveryCodes gives new recovery codes in place of the old, for a code of
// the second factor: 422 totp.wrong on "code"; 409 totp.none.
func (s *Service) RenewRecoveryCodes(ctx context.Context, p Principal, code string) ([]string, error) {
	row, found, err := s.staffRow(ctx, p.Bank.ID, "id", p.ID)
	if err != nil {
		return nil, err
	}
	if !found || row.totp == nil {
		return nil, fault.New(fault.Conflict, "totp.none")
	}
	var codes []string
	err = s.withSecond(ctx, p, row, code, func(tx *db.Tx) error {
		if codes, err = s.newRecoveryCodes(ctx, tx, p); err != nil {
			return err
		}
		return p.audit(ctx, tx, "staff.recovery_renewed", p.ID, nil)
	})
	return codes, err
}

// withSecond runs act when code is good, or when p has no second factor. 409
// conflict when either, or the password, was changed at the same moment.
func (s *Service) withSecond(ctx context.Context, p Principal, row staffRow, code string, act func(tx *db.Tx) error) error {
	return s.attempt(ctx, p, row, func(tx *db.Tx) (bool, error) {
		if ok, err := row.stands(ctx, tx, p.Bank.ID); err != nil || !ok {
			if err == nil {
				err = fault.New(fault.Conflict, "conflict")
			}
			return false, err
		}
		if row.totp != nil {
			ok, err := s.spendSecond(ctx, tx, p.Bank.ID, row, code)
			if err != nil || !ok {
				return false, err
			}
		}
		return true, act(tx)
	})
}

// attempt is an act of p's that needs a right code: a wrong one counts as a
// failed sign-in and is 422 totp.wrong on "code".
func (s *Service) attempt(ctx context.Context, p Principal, row staffRow, act func(tx *db.Tx) (bool, error)) error {
	d, err := s.door(ctx, p.Bank.ID, row.username, row.id)
	if err != nil {
		return err
	}
	if wait, err := s.wait(ctx, d); err != nil || wait > 0 {
		if err == nil {
			err = shut(wait)
		}
		return err
	}
	wrong := false
	err = s.db.InTx(ctx, func(tx *db.Tx) error {
		ok, err := act(tx)
		wrong = err == nil && !ok
		return err
	})
	if err == nil && wrong {
		if err = s.countFailure(ctx, d, row.id); err == nil {
			err = fault.New(fault.Invalid, "validation").With("code", "totp.wrong")
		}
	}
	return err
}

// stepOf is the time step whose code it is; 0 for none.
func (s *Service) stepOf(ctx context.Context, bank, staffID, sealed, code string, now time.Time) (int64, error) {
	secret, err := s.keys.Open(ctx, totpPlace(bank, staffID), sealed)
	if err != nil {
		return 0, err
	}
	for drift := -totpDrift; drift <= totpDrift; drift++ {
		at := now.Add(time.Duration(drift) * totpStep)
		want, err := totp.GenerateCode(secret.Reveal(), at)
		if err != nil {
			return 0, fmt.Errorf("auth: second factor: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			return at.Unix() / int64(totpStep.Seconds()), nil
		}
	}
	return 0, nil
}

// spendSecond takes a code of the second factor, or a recovery code: each once.
func (s *Service) spendSecond(ctx context.Context, tx *db.Tx, bank string, row staffRow, code string) (bool, error) {
	code = strings.ToLower(strings.NewReplacer(" ", "", "-", "").Replace(code))
	if len(code) == recoveryLen {
		hash, err := s.recoveryHash(ctx, bank, row.id, code)
		if err != nil {
			return false, err
		}
		n, err := tx.Exec(ctx, "UPDATE staff_recovery SET used_at = ? WHERE bank_id = ? AND staff_id = ? AND code_hash = ? AND used_at IS NULL", tx.Now, bank, row.id, hash)
		if err != nil || n == 0 {
			return false, err
		}
		return true, staffAudit(ctx, tx, bank, row.id, "staff.recovery_used", nil)
	}
	step, err := s.stepOf(ctx, bank, row.id, *row.totp, code, tx.Now)
	if err != nil || step == 0 {
		return false, err
	}
	// Codes go forward only: one that was taken, and all before it, are over.
	n, err := tx.Exec(ctx, "UPDATE staff SET totp_step = ? WHERE bank_id = ? AND id = ? AND totp_step < ? AND totp_sealed = ?", step, bank, row.id, step, *row.totp)
	return n == 1, err
}

func (s *Service) recoveryHash(ctx context.Context, bank, staffID, code string) (string, error) {
	return s.keys.Hash(ctx, bank, "recovery", staffID+"/"+code)
}

// newRecoveryCodes replaces p's recovery codes.
func (s *Service) newRecoveryCodes(ctx context.Context, tx *db.Tx, p Principal) ([]string, error) {
	if _, err := tx.Exec(ctx, "DELETE FROM staff_recovery WHERE bank_id = ? AND staff_id = ?", p.Bank.ID, p.ID); err != nil {
		return nil, err
	}
	codes, rows := make([]string, recoveryCodes), make([][]any, recoveryCodes)
	for i := range codes {
		codes[i] = once()[:recoveryLen]
		hash, err := s.recoveryHash(ctx, p.Bank.ID, p.ID, codes[i])
		if err != nil {
			return nil, err
		}
		rows[i] = []any{p.Bank.ID, p.ID, hash, tx.Now}
	}
	return codes, tx.Insert(ctx, "staff_recovery (bank_id, staff_id, code_hash, created_at)", rows, "")
}
