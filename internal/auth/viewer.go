package auth

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"regexp"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
)

var mobile = regexp.MustCompile(`^1[3-9]\d{9}$`)

// IsMobile tells whether s is a mainland mobile number (RULES §2).
func IsMobile(s string) bool { return mobile.MatchString(s) }

// Limits of one-time codes; RULES §2.
const (
	otpLife  = 5 * time.Minute
	otpTries = 5
)

var otpLimits = []struct {
	window time.Duration
	most   int64
}{{time.Minute, 1}, {time.Hour, 5}, {24 * time.Hour, 10}}

// SendOTP sends a one-time code to a phone. 422 phone.format; 429 rate_limited
// with the time to wait; 503 when the SMS could not be given to the bank.
func (s *Service) SendOTP(ctx context.Context, bank tenant.Bank, phone pii.Text) error {
	if !IsMobile(phone.Reveal()) {
		return fault.InvalidField("phone", "phone.format")
	}
	hash, err := s.keys.Hash(ctx, bank.ID, "phone", phone.Reveal())
	if err != nil {
		return err
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return fmt.Errorf("auth: code: %w", err)
	}
	code, otpID := fmt.Sprintf("%06d", n), id.New(id.OTP)
	codeHash, err := s.keys.Hash(ctx, bank.ID, "otp", otpID+code)
	if err != nil {
		return err
	}
	err = s.db.InTx(ctx, func(tx *db.Tx) error {
		if err := otpAllowed(ctx, tx, bank.ID, hash); err != nil {
			return err
		}
		return tx.Insert(ctx, "otp (id, bank_id, phone_hash, code_hash, created_at, expires_at)",
			[][]any{{otpID, bank.ID, hash, codeHash, tx.Now, tx.Now.Add(otpLife)}}, "")
	})
	if err != nil {
		return err
	}
	text := fmt.Sprintf("【%s】验证码 %s，5分钟内有效，请勿告诉他人。", bank.Name, code)
	if err := s.sms.SendSMS(ctx, phone, text, otpID); err != nil {
		return fault.New(fault.Unavailable, "unavailable").After(time.Minute).Because(err)
	}
	return nil
}

func otpAllowed(ctx context.Context, tx *db.Tx, bank, hash string) error {
	for _, l := range otpLimits {
		var sent int64
		var oldest db.Time
		_, err := scanInto(ctx, tx, "SELECT COUNT(*), MIN(created_at) FROM otp WHERE bank_id = ? AND phone_hash = ? AND created_at > ?",
			[]any{bank, hash, tx.Now.Add(-l.window)}, &sent, &oldest)
		if err != nil {
			return err
		}
		if sent >= l.most {
			return fault.New(fault.RateLimited, "rate_limited").With("phone", "otp.too_often").After(oldest.Add(l.window).Sub(tx.Now))
		}
	}
	return nil
}

// VerifyOTP signs a viewer in by the last code sent. A wrong, spent or expired
// code, or the sixth try, is 422 otp.wrong on field code.
func (s *Service) VerifyOTP(ctx context.Context, bank tenant.Bank, phone pii.Text, code, device string) (Tokens, error) {
	if !IsMobile(phone.Reveal()) {
		return Tokens{}, fault.InvalidField("phone", "phone.format")
	}
	hash, err := s.keys.Hash(ctx, bank.ID, "phone", phone.Reveal())
	if err != nil {
		return Tokens{}, err
	}
	var out Tokens
	var refused error
	err = s.db.InTx(ctx, func(tx *db.Tx) error {
		out, refused = Tokens{}, nil
		ok, err := s.spendOTP(ctx, tx, bank.ID, hash, code)
		if err != nil {
			return err
		}
		if !ok { // the count of tries must commit, so the refusal waits outside
			refused = fault.New(fault.Invalid, "otp.wrong").With("code", "otp.wrong")
			return nil
		}
		out, err = s.enter(ctx, tx, bank, phone, hash, device)
		return err
	})
	if err == nil {
		err = refused
	}
	return out, err
}

func (s *Service) spendOTP(ctx context.Context, tx *db.Tx, bank, phoneHash, code string) (bool, error) {
	var otpID, codeHash string
	found, err := scanInto(ctx, tx, `SELECT id, code_hash FROM otp WHERE bank_id = ? AND phone_hash = ? AND expires_at > ?
		ORDER BY created_at DESC LIMIT 1`, []any{bank, phoneHash, tx.Now}, &otpID, &codeHash)
	if err != nil || !found {
		return false, err
	}
	n, err := tx.Exec(ctx, "UPDATE otp SET tries = tries + 1 WHERE id = ? AND tries < ? AND used_at IS NULL", otpID, otpTries)
	if err != nil || n == 0 {
		return false, err
	}
	given, err := s.keys.Hash(ctx, bank, "otp", otpID+code)
	if err != nil || given != codeHash {
		return false, err
	}
	n, err = tx.Exec(ctx, "UPDATE otp SET used_at = ? WHERE id = ? AND used_at IS NULL", tx.Now, otpID)
	return n == 1, err
}

// enter finds or makes the viewer of a phone and starts a session.
func (s *Service) enter(ctx context.Context, tx *db.Tx, bank tenant.Bank, phone pii.Text, hash, device string) (Tokens, error) {
	p := Person{Principal: Principal{Kind: Viewer, Bank: bank, ID: id.New(id.Viewer)}}
	sealed, err := s.keys.Seal(ctx, pii.Place{Bank: bank.ID, Table: "viewer", Column: "phone", Row: p.ID}, phone)
	if err != nil {
		return Tokens{}, err
	}
	clear := phone.Reveal()
	nickname := "用户" + clear[len(clear)-4:]
	err = tx.InsertIgnore(ctx, "viewer (id, bank_id, phone_hash, phone_sealed, phone_masked, nickname, created_at)",
		[][]any{{p.ID, bank.ID, hash, sealed, pii.MaskPhone(clear), nickname, tx.Now}})
	if err != nil {
		return Tokens{}, err
	}
	_, err = scanInto(ctx, tx, "SELECT id, nickname, phone_masked FROM viewer WHERE bank_id = ? AND phone_hash = ?",
		[]any{bank.ID, hash}, &p.ID, &p.Name, &p.PhoneMasked)
	if err != nil {
		return Tokens{}, err
	}
	return s.start(ctx, tx, p, device)
}

// Phone opens a viewer's phone number; 404 not_found.
func (s *Service) Phone(ctx context.Context, bank, viewer string) (pii.Text, error) {
	var sealed string
	found, err := scanInto(ctx, s.db, "SELECT phone_sealed FROM viewer WHERE bank_id = ? AND id = ?", []any{bank, viewer}, &sealed)
	if err != nil {
		return pii.Text{}, err
	}
	if !found {
		return pii.Text{}, fault.New(fault.NotFound, "not_found")
	}
	phone, err := s.keys.Open(ctx, pii.Place{Bank: bank, Table: "viewer", Column: "phone", Row: viewer}, sealed)
	if err == nil && phone.Empty() { // erased
		err = fault.New(fault.NotFound, "not_found")
	}
	return phone, err
}

// PhoneHash is the keyed hash of a viewer's phone number (purpose "phone").
func (s *Service) PhoneHash(ctx context.Context, bank, viewer string) (string, error) {
	hash, found, err := db.Value[string](ctx, s.db, "SELECT phone_hash FROM viewer WHERE bank_id = ? AND id = ?", bank, viewer)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	return hash, err
}
