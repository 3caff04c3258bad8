package pii

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/id"
)

// Keyring opens the wrapped keys of the installation and its banks.
type Keyring struct {
	db   *db.DB
	keks []KEK // the first wraps, any of them unwraps

	reading sync.Mutex // one reads anew at a time

	mu     sync.RWMutex
	byID   map[string]dataKey
	active map[string]activeKey // by bank/purpose
}

// activeKey is the key in use as it was read last.
type activeKey struct {
	dataKey
	read time.Time
}

// freshFor is how long another node may go on sealing under a key after a new
// one was made.
const freshFor = 2 * time.Second

type dataKey struct {
	id      string
	purpose string
	suite   Suite
	raw     []byte
	aead    cipher.AEAD // of keys that seal
}

const (
	purposeSeal   = "seal"
	purposeLookup = "lookup"
	purposeToken  = "token"
)

// ErrOtherKEK says that the database's keys are wrapped by another
// key-encryption key than this node was given.
var ErrOtherKEK = errors.New("pii: the database is sealed under another key-encryption key: give this node the key that the first node uses (kek_file, or vault_url), or the one of before as well (kek_file_before, vault_before)")

// OpenKeyring proves that kek opens the installation's keys, and makes them on
// an empty database. before are key-encryption keys that some keys may still be
// wrapped by.
func OpenKeyring(ctx context.Context, d *db.DB, kek KEK, before ...KEK) (*Keyring, error) {
	k := &Keyring{db: d, keks: append([]KEK{kek}, before...), byID: map[string]dataKey{}, active: map[string]activeKey{}}
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

// Erased stands in a sealed column, where there must be something, instead of
// what was erased. It opens as an empty text.
const Erased = "erased"

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
	if sealed == Erased {
		return Text{}, nil
	}
	keyID, body, found := strings.Cut(sealed, ".")
	if !found {
		return Text{}, fmt.Errorf("pii: %s.%s of %s is not sealed", p.Table, p.Column, p.Row)
	}
	key, err := k.find(ctx, p.Bank, keyID)
	if err != nil {
		return Text{}, err
	}
	if key.aead == nil {
		return Text{}, fmt.Errorf("pii: %s.%s of %s names a key that does not seal", p.Table, p.Column, p.Row)
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

// NewKeys are a bank's keys that are wrapped and not yet written: a KMS is not
// asked within a transaction.
type NewKeys []newKey

type newKey struct {
	id, bank, purpose, wrapped, kek string
	suite                           Suite
}

// Make makes a bank's keys in the given suite.
func (k *Keyring) Make(ctx context.Context, bank string, suite Suite) (out NewKeys, err error) {
	for _, purpose := range []string{purposeSeal, purposeLookup} {
		n, err := k.make(ctx, bank, purpose, suite)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

// Insert writes them, with the bank whose they are.
func (n NewKeys) Insert(ctx context.Context, tx *db.Tx) error {
	for _, key := range n {
		if err := key.insert(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keyring) make(ctx context.Context, bank, purpose string, suite Suite) (n newKey, err error) {
	size := suite.keySize()
	if size == 0 {
		return n, fmt.Errorf("pii: unknown suite %q", suite)
	}
	if purpose != purposeSeal {
		size = 32
	}
	raw := make([]byte, size)
	rand.Read(raw)
	n = newKey{id: id.New(id.Key), bank: bank, purpose: purpose, suite: suite, kek: k.keks[0].ID()}
	if n.wrapped, err = k.keks[0].Wrap(ctx, raw, wrapAAD(bank, n.id)); err != nil {
		return n, fmt.Errorf("pii: wrap %s: %w", n.id, err)
	}
	return n, nil
}

func (n newKey) insert(ctx context.Context, tx *db.Tx) error {
	return tx.Insert(ctx, "wrapped_key (id, bank_id, purpose, suite, wrapped, kek_id, active_key, created_at)",
		[][]any{{n.id, n.bank, n.purpose, string(n.suite), n.wrapped, n.kek, n.bank + "/" + n.purpose, tx.Now}}, "")
}

func wrapAAD(bank, keyID string) []byte { return []byte("wrap\x00" + bank + "\x00" + keyID) }

// key finds the active key of a bank for a purpose; the installation's own is
// made when it is missing. What was read a while ago is read anew, by one caller
// while the others go on with it; so do all while the database is away.
func (k *Keyring) key(ctx context.Context, bank, purpose string) (dataKey, error) {
	name := bank + "/" + purpose
	key, known, fresh := k.known(name)
	if fresh {
		return key, nil
	}
	if known {
		if !k.reading.TryLock() {
			return key, nil
		}
		defer k.reading.Unlock()
	}
	read, err := k.readActive(ctx, bank, purpose)
	if err != nil {
		if known && !errors.Is(err, ErrOtherKEK) {
			return key, nil
		}
		return dataKey{}, err
	}
	return read, nil
}

func (k *Keyring) known(name string) (key dataKey, known, fresh bool) {
	now := k.db.Clock().Now()
	k.mu.RLock()
	a, known := k.active[name]
	k.mu.RUnlock()
	age := now.Sub(a.read)
	return a.dataKey, known, known && age >= 0 && age < freshFor
}

func (k *Keyring) readActive(ctx context.Context, bank, purpose string) (dataKey, error) {
	name, now := bank+"/"+purpose, k.db.Clock().Now()
	key, found, err := k.loadActive(ctx, name)
	if err != nil {
		return dataKey{}, err
	}
	if !found && bank == "" {
		made, err := k.make(ctx, "", purpose, AES256GCM)
		if err == nil {
			err = k.db.InTx(ctx, func(tx *db.Tx) error { return made.insert(ctx, tx) })
		}
		if err != nil && !db.IsDuplicate(err) { // duplicate: another node was first
			return dataKey{}, err
		}
		key, found, err = k.loadActive(ctx, name)
		if err != nil {
			return dataKey{}, err
		}
	}
	if !found {
		return dataKey{}, fmt.Errorf("pii: bank %s has no %s key", bank, purpose)
	}
	k.mu.Lock()
	k.active[name] = activeKey{key, now}
	k.byID[key.id] = key
	k.mu.Unlock()
	return key, nil
}

// loadActive reads which key is in use. One that is known is not unwrapped again:
// a KMS is asked once a key, and a node goes on while its keys are wrapped anew.
func (k *Keyring) loadActive(ctx context.Context, name string) (dataKey, bool, error) {
	keyID, found, err := db.Value[string](ctx, k.db, "SELECT id FROM wrapped_key WHERE active_key = ?", name)
	if err != nil || !found {
		return dataKey{}, false, err
	}
	k.mu.RLock()
	key, known := k.byID[keyID]
	k.mu.RUnlock()
	if known {
		return key, true, nil
	}
	return k.load(ctx, "id = ?", keyID)
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
	var bank, suite, wrapped, kekID string
	key, found, err := db.One(ctx, k.db, func(r db.Row) (v dataKey, err error) {
		return v, r.Scan(&v.id, &bank, &v.purpose, &suite, &wrapped, &kekID)
	}, "SELECT id, bank_id, purpose, suite, wrapped, kek_id FROM wrapped_key WHERE "+where, args...)
	if err != nil || !found {
		return key, found, err
	}
	key.suite = Suite(suite)
	if key.raw, err = k.unwrap(ctx, kekID, wrapped, wrapAAD(bank, key.id)); err != nil {
		return key, false, err
	}
	if key.purpose == purposeSeal {
		key.aead, err = key.suite.aead(key.raw)
	}
	return key, true, err
}

// unwrap tries the key-encryption key that is named, or all where none was noted.
func (k *Keyring) unwrap(ctx context.Context, kekID, wrapped string, aad []byte) ([]byte, error) {
	for _, kek := range k.keks {
		if kekID != "" && kekID != kek.ID() {
			continue
		}
		raw, err := kek.Unwrap(ctx, wrapped, aad)
		if err == nil {
			return raw, nil
		}
		if kekID != "" {
			return nil, fmt.Errorf("pii: unwrap: %w", err)
		}
	}
	return nil, ErrOtherKEK
}
