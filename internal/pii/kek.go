package pii

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// KEK is a key-encryption key: a file's, or one that never leaves a KMS. aad
// binds what is wrapped to its bank and its id; what was wrapped with another
// does not unwrap.
type KEK interface {
	ID() string // names the key, the same on every node; at most 40 characters
	Wrap(ctx context.Context, key, aad []byte) (wrapped string, err error)
	Unwrap(ctx context.Context, wrapped string, aad []byte) (key []byte, err error)
}

// Versioned is a key-encryption key that is renewed where it lies: what an earlier
// version wrapped still unwraps, and Rewrap brings it to the newest.
type Versioned interface {
	// Newest is how everything begins that the newest version wraps.
	Newest(ctx context.Context) (prefix string, err error)
}

var _ KEK = (*localKEK)(nil)

// localKEK is a key in this process's memory, used as AES-256-GCM.
type localKEK struct {
	id   string
	aead cipher.AEAD
}

// NewKEK is the key-encryption key of 32 bytes.
func NewKEK(raw []byte) (KEK, error) {
	if len(raw) != AES256GCM.keySize() {
		return nil, fmt.Errorf("pii: a key-encryption key has %d bytes, not %d", AES256GCM.keySize(), len(raw))
	}
	a, err := AES256GCM.aead(raw)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append([]byte("yinbo kek\x00"), raw...))
	return &localKEK{id: "kek_" + hex.EncodeToString(sum[:8]), aead: a}, nil
}

func (k *localKEK) ID() string { return k.id }

func (k *localKEK) Wrap(_ context.Context, key, aad []byte) (string, error) {
	return seal(k.aead, key, aad), nil
}

func (k *localKEK) Unwrap(_ context.Context, wrapped string, aad []byte) ([]byte, error) {
	return open(k.aead, wrapped, aad)
}

// LoadKEK is ReadKEK of a file that is made when it does not exist.
func LoadKEK(file string) (KEK, error) {
	kek, err := ReadKEK(file)
	if errors.Is(err, os.ErrNotExist) {
		return makeKEK(file)
	}
	return kek, err
}

// ReadKEK reads the key-encryption key of 32 bytes, in base64, from file.
func ReadKEK(file string) (KEK, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("pii: %w", err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil || len(key) != AES256GCM.keySize() {
		return nil, fmt.Errorf("pii: %s does not hold 32 bytes in base64", file)
	}
	return NewKEK(key)
}

func makeKEK(file string) (KEK, error) {
	key := make([]byte, AES256GCM.keySize())
	rand.Read(key)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("pii: folder for %s: %w", file, err)
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return ReadKEK(file) // another process was first
	}
	if err != nil {
		return nil, fmt.Errorf("pii: make %s: %w", file, err)
	}
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("pii: write %s: %w", file, err)
	}
	return NewKEK(key)
}
