package bankbox

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	otpLife     = 5 * time.Minute
	maxOTPTries = 5
)

// binder checks the four factors of a card, asks for an OTP, and gives a token
// that stands for the card.
type binder struct {
	store  *store
	faults *faultBoard
	now    func() time.Time
	key    string
	hang   time.Duration
}

type verificationRequest struct {
	Name  string `json:"name"`
	IDNo  string `json:"id_no"`
	Phone string `json:"phone"`
	PAN   string `json:"pan"`
}

func (r verificationRequest) validate() error {
	switch {
	case strings.TrimSpace(r.Name) == "":
		return invalid("name: must not be empty")
	case strings.TrimSpace(r.IDNo) == "":
		return invalid("id_no: must not be empty")
	case !mobile.MatchString(r.Phone):
		return invalid("phone: a mobile number of 11 digits is needed")
	}
	return firstError(checkText("name", r.Name, 64), checkText("id_no", r.IDNo, 32), checkPAN(r.PAN))
}

// postVerification begins a binding: 201 with the OTP on its way, 422
// pan.invalid, bin.unsupported, factor.mismatch, 423 card.locked, or, under the
// name 测试超时, nothing until the caller leaves or a 504.
func (b *binder) postVerification(c *gin.Context) (int, any, error) {
	var req verificationRequest
	if err := readJSON(c, maxBody, false, &req); err != nil {
		return 0, nil, err
	}
	if err := req.validate(); err != nil {
		return 0, nil, err
	}
	slow := strings.Contains(req.Name, nameTimeout)
	id := "ver_" + randomHex(16)
	var refusal *Problem
	err := b.store.inTx(c.Request.Context(), func(ctx context.Context, tx *sql.Tx) (err error) {
		now := b.now()
		if refusal, err = countCheck(ctx, tx, now, b.panDigest(req.PAN), req.Name); err != nil {
			return err
		}
		if refusal != nil || slow {
			return nil // a refusal counts, so this commits
		}
		return beginVerification(ctx, tx, now, id, req)
	})
	switch {
	case err != nil:
		return 0, nil, err
	case refusal != nil:
		return 0, nil, refusal
	case slow:
		b.faults.wait(c, b.hang)
		return 0, nil, problem(http.StatusGatewayTimeout, "timeout", "the card's bank did not answer")
	}
	return http.StatusCreated, gin.H{"id": id, "status": "otp_sent"}, nil
}

// beginVerification notes who has to be confirmed and sends the OTP.
func beginVerification(ctx context.Context, tx *sql.Tx, now time.Time, id string, req verificationRequest) error {
	code := randomDigits(6)
	_, err := tx.ExecContext(ctx, `INSERT INTO verifications (id, bin, last4, broke, code_digest, expires_at)
		VALUES (?, ?, ?, ?, ?, ?)`, id, req.PAN[:6], req.PAN[len(req.PAN)-4:],
		strings.Contains(req.Name, nameBroke), codeDigest(id, code), now.Add(otpLife).UnixMilli())
	if err != nil {
		return fmt.Errorf("insert verification: %w", err)
	}
	return sendSMS(ctx, tx, now, req.Phone,
		"【演示银行】绑卡验证码 "+code+"，5分钟内有效，请勿告诉他人。", "")
}

func codeDigest(id, code string) string {
	sum := sha256.Sum256([]byte(id + ":" + code))
	return hex.EncodeToString(sum[:])
}

type confirmAnswer struct {
	CardToken string `json:"card_token"`
	BIN       string `json:"bin"`
	Last4     string `json:"last4"`
	BankName  string `json:"bank_name"`
	Kind      string `json:"kind"`
}

// postConfirm ends a binding: the token, again the same for the same right code;
// 422 otp.wrong, 410 otp.expired after 5 minutes or 5 wrong codes.
func (b *binder) postConfirm(c *gin.Context) (int, any, error) {
	var req struct {
		Code string `json:"code"`
	}
	if err := readJSON(c, maxBody, false, &req); err != nil {
		return 0, nil, err
	}
	if req.Code == "" || len(req.Code) > 16 {
		return 0, nil, invalid("code: six digits are needed")
	}
	var done confirmAnswer
	var refusal error
	err := b.store.inTx(c.Request.Context(), func(ctx context.Context, tx *sql.Tx) error {
		var err error
		done, err = confirm(ctx, tx, b.now(), c.Param("id"), req.Code)
		if isProblem(err) {
			refusal = err // a wrong try counts, so this commits
			return nil
		}
		return err
	})
	switch {
	case err != nil: // a try that could not be counted was not made
		return 0, nil, err
	case refusal != nil:
		return 0, nil, refusal
	}
	return http.StatusOK, done, nil
}

// confirm checks a code and makes the token, or finds the one made before.
func confirm(ctx context.Context, tx *sql.Tx, now time.Time, id, code string) (confirmAnswer, error) {
	var a confirmAnswer
	var digest string
	var token sql.NullString
	var tries int
	var expiresAt int64
	err := tx.QueryRowContext(ctx, `SELECT v.bin, v.last4, v.code_digest, v.tries, v.expires_at, t.card_token
		FROM verifications v LEFT JOIN card_tokens t ON t.verification_id = v.id WHERE v.id = ?`, id).
		Scan(&a.BIN, &a.Last4, &digest, &tries, &expiresAt, &token)
	if errors.Is(err, sql.ErrNoRows) {
		return a, notFound("verification")
	}
	if err != nil {
		return a, fmt.Errorf("read verification: %w", err)
	}
	card, _ := cardRangeOf(a.BIN)
	a.BankName, a.Kind, a.CardToken = card.bankName, card.kind, token.String
	right := subtle.ConstantTimeCompare([]byte(digest), []byte(codeDigest(id, code))) == 1
	expired := !token.Valid && now.UnixMilli() >= expiresAt // a repeat may come late
	switch {
	case tries >= maxOTPTries || expired:
		return a, problem(http.StatusGone, "otp.expired", "this code can't be used any more: begin again")
	case !right:
		return a, countWrongCode(ctx, tx, id)
	case token.Valid:
		return a, nil
	}
	a.CardToken = "tok_" + randomHex(16)
	_, err = tx.ExecContext(ctx, `INSERT INTO card_tokens (card_token, verification_id, created_at)
		VALUES (?, ?, ?)`, a.CardToken, id, now.UnixMilli())
	if err != nil {
		return a, fmt.Errorf("insert card token: %w", err)
	}
	return a, nil
}

// countWrongCode answers a wrong code, which costs one of the tries, before and
// after the token was made: the token is worth guessing for.
func countWrongCode(ctx context.Context, tx *sql.Tx, id string) error {
	if _, err := tx.ExecContext(ctx, `UPDATE verifications SET tries = tries + 1 WHERE id = ?`, id); err != nil {
		return fmt.Errorf("count wrong code: %w", err)
	}
	return problem(http.StatusUnprocessableEntity, "otp.wrong", "the code is wrong")
}

// deleteToken unbinds a card; again is no change. Unknown: 404 not_found.
func (b *binder) deleteToken(c *gin.Context) (int, any, error) {
	err := b.store.inTx(c.Request.Context(), func(ctx context.Context, tx *sql.Tx) error {
		token := c.Param("card_token")
		if _, err := cardByToken(ctx, tx, token); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE card_tokens SET unbound_at = ?
			WHERE card_token = ? AND unbound_at IS NULL`, b.now().UnixMilli(), token)
		return err
	})
	return http.StatusNoContent, nil, err
}
