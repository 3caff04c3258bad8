package pii

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"yinbo/internal/db"
	"yinbo/internal/id"
)

// Keyring opens the wrapped keys of the installation and its banks.
type Keyring struct {
	db  *db.DB
	kek cipher.AEAD

	mu     sync.RWMutex
	byID   map[string]dataKey
	active map[string]dataKey // by bank/purpose
}

type dataKey struct {
	id    string
	suite Suite
	raw   []byte
	aead  cipher.AEAD // of keys that seal
}

const (
	purposeSeal   = "seal"
	purposeLookup = "lookup"
	purposeToken  = "token"
)

// LoadKEK reads the key-encryption key of 32 bytes, in hex or base64, from file,
// and makes the file when it does not exist.
func LoadKEK(file string) ([]byte, error) {
	raw, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		key := make([]byte, 32)
		rand.Read(key)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return nil, fmt.Errorf("pii: folder for %s: %w", file, err)
		}
		f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, os.ErrExist) {
			return LoadKEK(file) // another process was first
		}
		if err != nil {
			return nil, fmt.Errorf("pii: make %s: %w", file, err)
		}
		_, err = f.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
		return key, errors.Join(err, f.Sync(), f.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("pii: %w", err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("pii: %s does not hold 32 bytes in base64", file)
	}
	return key, nil
}

// ErrOtherKEK says that the database's keys are wrapped by another
// key-encryption key than this node was given.
var ErrOtherKEK = errors.New("pii: the database is sealed under another key-encryption key: give this node the file that the first node uses (kek_file)")

// OpenKeyring proves that kek opens the installation's keys, and makes them on
// an empty database.
func OpenKeyring(ctx context.Context, d *db.DB, kek []byte) (*Keyring, error) {
	a, err := AES256GCM.aead(kek)
	if err != nil {
		return nil, err
	}
	k := &Keyring{db: d, kek: a, byID: map[string]dataKey{}, active: map[string]dataKey{}}
	if _, err := k.key(ctx, "", purposeToken); err != nil {
		return nil, err
	}
	return k, nil
}

// TokenKey is the installation's key for access tokens.
func (k *Keyring) TokenKey(ctx context.Context) ([]byte, error) {
	key, err := k.key(ctx, "", purposeToken)
	return key.raw, err
}

// Place is where a sealed value lives.
type Place struct{ Bank, Table, Column, Row string }

func (p Place) aad() []byte {
	return fmt.Appendf(nil, "%s\x00%s\x00%s\x00%s", p.Bank, p.Table, p.Column, p.Row)
}

// Seal encrypts t for its place.
func (k *Keyring) Seal(ctx context.Context, p Place, t Text) (string, error) {
	key, err := k.key(ctx, p.Bank, purposeSeal)
	if err != nil {
		return "", err
	}
	return key.id + "." + seal(key.aead, []byte(t.clear), p.aad()), nil
}

// Open decrypts a value sealed for its place.
func (k *Keyring) Open(ctx context.Context, p Place, sealed string) (Text, error) {
	keyID, body, found := strings.Cut(sealed, ".")
	if !found {
		return Text{}, fmt.Errorf("pii: %s.%s of %s is not sealed", p.Table, p.Column, p.Row)
	}
	key, err := k.find(ctx, p.Bank, keyID)
	if err != nil {
		return Text{}, err
	}
	clear, err := open(key.aead, body, p.aad())
	if err != nil {
		return Text{}, fmt.Errorf("pii: %s.%s of %s does not open: %w", p.Table, p.Column, p.Row, err)
	}
	return Text{string(clear)}, nil
}

// Hash is the keyed hash by which a value is found again; purpose keeps hashes
// of different kinds of value apart.
func (k *Keyring) Hash(ctx context.Context, bank, purpose, value string) (string, error) {
	key, err := k.key(ctx, bank, purposeLookup)
	if err != nil {
		return "", err
	}
	return mac(key.suite, key.raw, purpose, value), nil
}

// Create makes a bank's keys in the given suite, within tx.
func (k *Keyring) Create(ctx context.Context, tx *db.Tx, bank string, suite Suite) error {
	for _, purpose := range []string{purposeSeal, purposeLookup} {
		if err := k.insert(ctx, tx, bank, purpose, suite); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keyring) insert(ctx context.Context, tx *db.Tx, bank, purpose string, suite Suite) error {
	size := suite.keySize()
	if size == 0 {
		return fmt.Errorf("pii: unknown suite %q", suite)
	}
	if purpose != purposeSeal {
		size = 32
	}
	raw := make([]byte, size)
	rand.Read(raw)
	keyID := id.New(id.Key)
	wrapped := seal(k.kek, raw, wrapAAD(bank, keyID))
	return tx.Insert(ctx, "wrapped_key (id, bank_id, purpose, suite, wrapped, active_key, created_at)",
		[][]any{{keyID, bank, purpose, string(suite), wrapped, bank + "/" + purpose, tx.Now}}, "")
}

func wrapAAD(bank, keyID string) []byte { return []byte("wrap\x00" + bank + "\x00" + keyID) }

// key finds the active key of a bank for a purpose; the installation's own is
// made when it is missing.
func (k *Keyring) key(ctx context.Context, bank, purpose string) (dataKey, error) {
	name := bank + "/" + purpose
	k.mu.RLock()
	key, ok := k.active[name]
	k.mu.RUnlock()
	if ok {
		return key, nil
	}
	key, found, err := k.load(ctx, "active_key = ?", name)
	if err != nil {
		return dataKey{}, err
	}
	if !found && bank == "" {
		err := k.db.InTx(ctx, func(tx *db.Tx) error { return k.insert(ctx, tx, "", purpose, AES256GCM) })
		if err != nil && !db.IsDuplicate(err) { // duplicate: another node was first
			return dataKey{}, err
		}
		key, found, err = k.load(ctx, "active_key = ?", name)
		if err != nil {
			return dataKey{}, err
		}
	}
	if !found {
		return dataKey{}, fmt.Errorf("pii: bank %s has no %s key", bank, purpose)
	}
	k.mu.Lock()
	k.active[name] = key
	k.byID[key.id] = key
	k.mu.Unlock()
	return key, nil
}

func (k *Keyring) find(ctx context.Context, bank, keyID string) (dataKey, error) {
	k.mu.RLock()
	key, ok := k.byID[keyID]
	k.mu.RUnlock()
	if ok {
		return key, nil
	}
	key, found, err := k.load(ctx, "id = ? AND bank_id = ?", keyID, bank)
	if err != nil {
		return dataKey{}, err
	}
	if !found {
		return dataKey{}, fmt.Errorf("pii: no key %s at bank %s", keyID, bank)
	}
	k.mu.Lock()
	k.byID[key.id] = key
	k.mu.Unlock()
	return key, nil
}

func (k *Keyring) load(ctx context.Context, where string, args ...any) (dataKey, bool, error) {
	var bank, suite, wrapped string
	key, found, err := db.One(ctx, k.db, func(r db.Row) (v dataKey, err error) {
		return v, r.Scan(&v.id, &bank, &suite, &wrapped)
	}, "SELECT id, bank_id, suite, wrapped FROM wrapped_key WHERE "+where, args...)
	if err != nil || !found {
		return key, found, err
	}
	key.suite = Suite(suite)
	if key.raw, err = open(k.kek, wrapped, wrapAAD(bank, key.id)); err != nil {
		return key, false, ErrOtherKEK
	}
	if len(key.raw) == key.suite.keySize() {
		key.aead, err = key.suite.aead(key.raw)
	}
	return key, true, err
}
