package bankbox

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

var (
	// reference is what callers may use as their own number: it appears in URLs
	// and CSV files, so it stays plain.
	reference = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$`)
	mobile    = regexp.MustCompile(`^1[3-9][0-9]{9}$`)
	digits    = regexp.MustCompile(`^[0-9]+$`)
)

// maxAmountFen is the most one payment may be: a hundred million yuan.
const maxAmountFen = 100_000_000_00

func checkReference(field, value string) error {
	if !reference.MatchString(value) {
		return invalid("%s: 1 to 64 letters, digits or _ . - are needed", field)
	}
	return nil
}

func checkAmount(fen int64) error {
	if fen <= 0 || fen > maxAmountFen {
		return invalid("amount_fen: must be 1 to %d", int64(maxAmountFen))
	}
	return nil
}

func checkText(field, value string, maxRunes int) error {
	if utf8.RuneCountInString(value) > maxRunes {
		return invalid("%s: at most %d characters", field, maxRunes)
	}
	return nil
}

func checkURL(field, value string, required bool) error {
	if value == "" && !required {
		return nil
	}
	if len(value) > 2048 || !isHTTPURL(value) {
		return invalid("%s: an absolute http(s) address is needed", field)
	}
	return nil
}

// firstError is nil when every check passed.
func firstError(checks ...error) error {
	for _, err := range checks {
		if err != nil {
			return err
		}
	}
	return nil
}

// serial is a bank's number: prefix, the time in the bank's zone, and enough
// random digits that numbers can't be guessed from each other.
func serial(prefix string, now time.Time) string {
	return prefix + now.In(shanghai).Format("20060102150405") + randomDigits(12)
}

func randomDigits(n int) string {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
	v, err := rand.Int(rand.Reader, limit)
	if err != nil {
		panic(fmt.Sprintf("bankbox: the system gives no random numbers: %v", err))
	}
	return fmt.Sprintf("%0*d", n, v)
}

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b) // never fails: the runtime ends the process instead
	return hex.EncodeToString(b)
}

// luhnValid is the check digit rule of card numbers (ISO/IEC 7812-1).
func luhnValid(pan string) bool {
	sum := 0
	for i := range len(pan) {
		d := int(pan[len(pan)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// yuan shows fen with two decimals, by integers alone.
func yuan(fen int64) string {
	sign := ""
	if fen < 0 {
		sign, fen = "-", -fen
	}
	return fmt.Sprintf("%s%d.%02d", sign, fen/100, fen%100)
}

// yuanGrouped is yuan with thousands separators, for people.
func yuanGrouped(fen int64) string {
	whole, cents, _ := strings.Cut(yuan(fen), ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return whole + "." + cents
}
