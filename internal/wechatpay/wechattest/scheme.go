package wechattest

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

// sign is SHA256 with RSA (PKCS #1 v1.5) in base64.
func sign(key *rsa.PrivateKey, message string) string {
	sum := sha256.Sum256([]byte(message))
	raw, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err) // a key of 2048 bits signs
	}
	return base64.StdEncoding.EncodeToString(raw)
}

func nonce() string {
	b := make([]byte, 16)
	rand.Read(b)
	return hex.EncodeToString(b)
}

var authorization = regexp.MustCompile(`^WECHATPAY2-SHA256-RSA2048 mchid="([^"]*)",nonce_str="([^"]*)",timestamp="(\d+)",serial_no="([^"]*)",signature="([^"]*)"$`)

// prove checks a request's Authorization: it is the merchant's, of now, for just
// this method, address and body, and its nonce was never seen.
func (s *Server) prove(r *http.Request, body []byte) error {
	m := authorization.FindStringSubmatch(r.Header.Get("Authorization"))
	if m == nil {
		return fmt.Errorf("no authorization: %q", r.Header.Get("Authorization"))
	}
	mchID, once, stamp, serial := m[1], m[2], m[3], m[4]
	if mchID != MchID || serial != serialNo || r.Header.Get("Wechatpay-Serial") != publicKeyID && r.URL.Path != "/v3/billdownload/file" {
		return fmt.Errorf("of merchant %s, certificate %s, for key %s", mchID, serial, r.Header.Get("Wechatpay-Serial"))
	}
	sec, _ := strconv.ParseInt(stamp, 10, 64)
	if age := time.Since(time.Unix(sec, 0)); age > 5*time.Minute || age < -5*time.Minute {
		return fmt.Errorf("of %s ago", age)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.nonces[once] {
		return fmt.Errorf("nonce %s again", once)
	}
	s.nonces[once] = true
	raw, err := base64.StdEncoding.DecodeString(m[5])
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(r.Method + "\n" + r.URL.RequestURI() + "\n" + stamp + "\n" + once + "\n" + string(body) + "\n"))
	return rsa.VerifyPKCS1v15(&s.merchant.PublicKey, crypto.SHA256, sum[:], raw)
}

// Signed are the headers under which WeChat Pay sends body at a time; another
// key than its own makes a forgery.
func (s *Server) Signed(body []byte, at time.Time, key *rsa.PrivateKey) http.Header {
	if key == nil {
		key = s.platform
	}
	h, stamp, once := http.Header{}, strconv.FormatInt(at.Unix(), 10), nonce()
	h.Set("Wechatpay-Timestamp", stamp)
	h.Set("Wechatpay-Nonce", once)
	h.Set("Wechatpay-Serial", publicKeyID)
	h.Set("Wechatpay-Signature", sign(key, stamp+"\n"+once+"\n"+string(body)+"\n"))
	return h
}

// answer signs and sends v; with Tamper on, the body is changed after that.
func (s *Server) answer(w http.ResponseWriter, status int, v any) {
	body := []byte{}
	if v != nil {
		body, _ = json.Marshal(v)
	}
	for name, values := range s.Signed(body, time.Now(), nil) {
		w.Header()[name] = values
	}
	if s.Tamper.Load() && len(body) > 0 {
		body = append([]byte(" "), body...)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // whom it does not reach is the test's matter
}

// Sealed is a notice of an event, its content under the APIv3 key.
func (s *Server) Sealed(event string, content any) []byte {
	return s.SealedUnder(apiV3Key, event, content)
}

// SealedUnder is Sealed under any key of 32 bytes.
func (s *Server) SealedUnder(key, event string, content any) []byte {
	block, err := aes.NewCipher([]byte(key))
	if err != nil {
		s.t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		s.t.Fatal(err)
	}
	plain, err := json.Marshal(content)
	if err != nil {
		s.t.Fatal(err)
	}
	const with = "transaction"
	once := nonce()[:gcm.NonceSize()]
	body, err := json.Marshal(map[string]any{"id": nonce(), "create_time": time.Now().Format(time.RFC3339), "event_type": event,
		"resource_type": "encrypt-resource", "summary": "通知", "resource": map[string]any{"algorithm": "AEAD_AES_256_GCM",
			"original_type": "transaction", "associated_data": with, "nonce": once,
			"ciphertext": base64.StdEncoding.EncodeToString(gcm.Seal(nil, []byte(once), plain, []byte(with)))}})
	if err != nil {
		s.t.Fatal(err)
	}
	return body
}

// proven lets only requests through that prove themselves.
func (s *Server) proven(next func(w http.ResponseWriter, r *http.Request, body []byte)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = s.prove(r, body)
		}
		switch {
		case err != nil:
			s.t.Logf("refused: %s %s: %v", r.Method, r.URL, err)
			s.Refused.Add(1)
			s.refuse(w, http.StatusUnauthorized, "SIGN_ERROR")
		case s.Down.Load():
			s.refuse(w, http.StatusInternalServerError, "SYSTEM_ERROR")
		default:
			next(w, r, body)
		}
	}
}

func (s *Server) refuse(w http.ResponseWriter, status int, code string) {
	s.answer(w, status, map[string]string{"code": code, "message": "…"})
}
