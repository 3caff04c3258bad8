package gateway

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"yinbo/internal/fault"
)

// SignatureAge is how old a callback may be.
const SignatureAge = 5 * time.Minute

// SignatureMark names a signed message, however its header is written: the same
// message sent on has the same one.
func SignatureMark(header string) string {
	stamp, given := signatureParts(header)
	return stamp + "." + strings.ToLower(given)
}

func signatureParts(header string) (stamp, given string) {
	for part := range strings.SplitSeq(header, ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch k {
		case "t":
			stamp = v
		case "v1":
			given = v
		}
	}
	return stamp, given
}

// CheckSignature proves that body comes from the bank: header is
// "t=<unix seconds>,v1=<hex HMAC-SHA256 of t + "." + body>". Anything else is
// 401 callback.signature.
func CheckSignature(key, header string, body []byte, now time.Time) error {
	refused := fault.New(fault.Unauthenticated, "callback.signature")
	stamp, given := signatureParts(header)
	sec, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return refused
	}
	if age := now.Sub(time.Unix(sec, 0)); age > SignatureAge || age < -SignatureAge {
		return refused
	}
	sum, err := hex.DecodeString(given)
	if err != nil {
		return refused
	}
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	if key == "" || !hmac.Equal(sum, mac.Sum(nil)) {
		return refused
	}
	return nil
}
