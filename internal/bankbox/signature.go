package bankbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"
)

// SignatureHeader bears the signature of each callback.
const SignatureHeader = "X-Bank-Signature"

// Sign gives the value of SignatureHeader for a raw body sent at t:
// `t=<unix seconds>,v1=<hex HMAC-SHA256 over t + "." + body>`.
func Sign(key string, t time.Time, body []byte) string {
	seconds := strconv.FormatInt(t.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(seconds))
	mac.Write([]byte("."))
	mac.Write(body)
	return "t=" + seconds + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}
