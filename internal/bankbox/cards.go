package bankbox

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// cardRange is what the bank knows of a BIN.
type cardRange struct {
	bankName string
	kind     string
}

// cardRangeOf finds a BIN (the first six digits) among those of the demo.
func cardRangeOf(bin string) (cardRange, bool) {
	switch bin {
	case "621799":
		return cardRange{bankName: "演示银行", kind: "debit"}, true
	case "622599":
		return cardRange{bankName: "演示银行", kind: "credit"}, true
	case "621700":
		return cardRange{bankName: "其他银行", kind: "debit"}, true
	}
	return cardRange{}, false
}

// Names that are answered in a special way; see the package's comment.
const (
	nameMismatch = "测试不符"
	nameLocked   = "测试锁定"
	nameTimeout  = "测试超时"
	nameBroke    = "测试余额不足"
	nameDeclined = "测试拒绝"
)

// What a gateway allows for one card (RULES §2).
const (
	maxCallsPerDay      = 10
	maxMismatchesInARow = 3
)

// checkPAN: 422 pan.invalid (13 to 19 digits, Luhn), bin.unsupported.
func checkPAN(pan string) error {
	if len(pan) < 13 || len(pan) > 19 || !digits.MatchString(pan) || !luhnValid(pan) {
		return problem(422, "pan.invalid", "pan: this is not a card number")
	}
	if _, known := cardRangeOf(pan[:6]); !known {
		return problem(422, "bin.unsupported", "pan: cards of this bank are not supported")
	}
	return nil
}

// panDigest stands for a card number in the book, which never holds the number.
func (b *binder) panDigest(pan string) string {
	mac := hmac.New(sha256.New, []byte(b.key))
	mac.Write([]byte("pan:" + pan))
	return hex.EncodeToString(mac.Sum(nil))
}

// countCheck counts one factor check of a card and says what the name makes of
// it: nil, or 422 factor.mismatch, or 423 card.locked. The counts of a card
// begin anew each business day.
func countCheck(ctx context.Context, tx *sql.Tx, now time.Time, digest, name string) (refusal *Problem, err error) {
	today := now.In(shanghai).Format(time.DateOnly)
	var day string
	var calls, mismatches int
	err = tx.QueryRowContext(ctx, `SELECT day, calls, mismatches FROM card_checks WHERE pan_digest = ?`, digest).
		Scan(&day, &calls, &mismatches)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("read card checks: %w", err)
	}
	if day != today {
		calls, mismatches = 0, 0
	}
	locked := problem(423, "card.locked", "this card can't be checked any more today")
	if calls >= maxCallsPerDay || mismatches >= maxMismatchesInARow {
		return locked, nil
	}
	calls++
	switch {
	case strings.Contains(name, nameLocked):
		refusal = locked
	case strings.Contains(name, nameMismatch):
		mismatches++
		refusal = problem(422, "factor.mismatch", "name, id number, phone and card don't belong together")
	case !strings.Contains(name, nameTimeout):
		mismatches = 0
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO card_checks (pan_digest, day, calls, mismatches) VALUES (?, ?, ?, ?)
		ON CONFLICT (pan_digest) DO UPDATE SET day = excluded.day, calls = excluded.calls,
		mismatches = excluded.mismatches`, digest, today, calls, mismatches)
	if err != nil {
		return nil, fmt.Errorf("count card check: %w", err)
	}
	return refusal, nil
}

// tokenCard is the card behind a token.
type tokenCard struct {
	broke   bool
	unbound bool
	bin     string
}

// cardByToken reads the card of a token. Unknown: 404 not_found.
func cardByToken(ctx context.Context, q querier, token string) (tokenCard, error) {
	var card tokenCard
	err := q.QueryRowContext(ctx, `SELECT v.broke, t.unbound_at IS NOT NULL, v.bin
		FROM card_tokens t JOIN verifications v ON v.id = t.verification_id WHERE t.card_token = ?`, token).
		Scan(&card.broke, &card.unbound, &card.bin)
	if errors.Is(err, sql.ErrNoRows) {
		return card, notFound("card token")
	}
	if err != nil {
		return card, fmt.Errorf("read card token: %w", err)
	}
	return card, nil
}
