package voucher

import (
	"crypto/rand"
	"math/big"
	"strings"

	"yinbo/internal/fault"
)

// The alphabet leaves out what people mistake for something else: 0 O, 1 I L.
// Its size is a prime, which the check symbol needs.
const (
	alphabet = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
	symbols  = 16 // 15 at random, about 74 bits, and a check symbol
	group    = 4
)

// newCode draws a code: XXXX-XXXX-XXXX-XXXX.
func newCode() (string, error) {
	most := big.NewInt(int64(len(alphabet)))
	code, sum := make([]byte, symbols), 0
	for i := range symbols - 1 {
		n, err := rand.Int(rand.Reader, most)
		if err != nil {
			return "", err
		}
		code[i] = alphabet[n.Int64()]
		sum += (i + 1) * int(n.Int64())
	}
	code[symbols-1] = alphabet[checkSymbol(sum)]
	return string(code), nil
}

// checkSymbol makes the sum of all symbols, each times its place, a multiple of
// the alphabet's size. As that is a prime above every place, one wrong symbol
// and any two that changed places show.
func checkSymbol(sum int) int {
	for v := range len(alphabet) {
		if (sum+symbols*v)%len(alphabet) == 0 {
			return v
		}
	}
	panic("voucher: the alphabet's size is not a prime") // no other size lacks a solution
}

// parse reads what a person typed or a terminal scanned: case, spaces and
// hyphens do not matter. 422 voucher.code names the field when it can't be a code.
func parse(typed string) (string, error) {
	code := strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, strings.ToUpper(typed))
	sum := 0
	for i := range len(code) {
		v := strings.IndexByte(alphabet, code[i])
		if v < 0 {
			return "", wrong()
		}
		sum += (i + 1) * v
	}
	if len(code) != symbols || sum%len(alphabet) != 0 {
		return "", wrong()
	}
	return code, nil
}

func wrong() error { return fault.InvalidField("code", "voucher.code") }

// shown is a code as people read it, in groups.
func shown(code string) string {
	var b strings.Builder
	for i := 0; i < len(code); i += group {
		if i > 0 {
			b.WriteByte('-')
		}
		b.WriteString(code[i:min(i+group, len(code))])
	}
	return b.String()
}
