package pii

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"
)

// Suite is a set of algorithms.
type Suite string

// The two suites.
const (
	AES256GCM Suite = "aes-256-gcm"
	SM4GCM    Suite = "sm4-gcm"
)

// keySize is the data key's length in bytes, 0 for an unknown suite.
func (s Suite) keySize() int {
	switch s {
	case AES256GCM:
		return 32
	case SM4GCM:
		return 16
	}
	return 0
}

func (s Suite) aead(key []byte) (cipher.AEAD, error) {
	var block cipher.Block
	var err error
	switch s {
	case AES256GCM:
		block, err = aes.NewCipher(key)
	case SM4GCM:
		block, err = sm4.NewCipher(key)
	default:
		return nil, fmt.Errorf("pii: unknown suite %q", s)
	}
	if err != nil {
		return nil, fmt.Errorf("pii: %w", err)
	}
	return cipher.NewGCM(block)
}

func (s Suite) newHash() func() hash.Hash {
	if s == SM4GCM {
		return sm3.New
	}
	return sha256.New
}

func seal(a cipher.AEAD, clear, aad []byte) string {
	nonce := make([]byte, a.NonceSize())
	rand.Read(nonce) // never fails since Go 1.24
	return base64.RawStdEncoding.EncodeToString(a.Seal(nonce, nonce, clear, aad))
}

func open(a cipher.AEAD, sealed string, aad []byte) ([]byte, error) {
	raw, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil || len(raw) < a.NonceSize() {
		return nil, fmt.Errorf("pii: not a sealed value")
	}
	return a.Open(nil, raw[:a.NonceSize()], raw[a.NonceSize():], aad)
}

func mac(s Suite, key []byte, purpose, value string) string {
	h := hmac.New(s.newHash(), key)
	fmt.Fprintf(h, "%d:%s|%s", len(purpose), purpose, value)
	return hex.EncodeToString(h.Sum(nil))
}
