// Package idem makes a POST happen once per Idempotency-Key, as the contract's
// section 1 says: the answer is kept in the same transaction as the effect.
//
// Invariants: one row per bank, person, route and key; only successes are kept,
// so a refusal is decided anew; the row and the effect commit together, so a
// crash leaves both or neither. A second request while the first is under way
// on this node is told so; on another node it meets the unique key.
//
// It imports internal/db and internal/fault.
package idem

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// Keep is how long an answer is kept.
const Keep = 48 * time.Hour

// Request names one attempt. BodyHash is a keyed hash of the body: bodies hold
// personal data.
type Request struct {
	Bank, Person, Route, Key, BodyHash string
}

// KeyHash is what is stored of the key.
func (r Request) KeyHash() string {
	sum := sha256.Sum256([]byte(r.Key))
	return hex.EncodeToString(sum[:])
}

// SameBody is 422 idempotency.mismatch when the key came with another body before.
func (r Request) SameBody(before string) error {
	if before != r.BodyHash {
		return fault.New(fault.Invalid, "idempotency.mismatch").With("Idempotency-Key", "idempotency.mismatch")
	}
	return nil
}

// Keeper knows what is under way on this node.
type Keeper struct {
	db *db.DB
	mu sync.Mutex
	in map[Request]struct{}
}

// NewKeeper makes a keeper on d.
func NewKeeper(d *db.DB) *Keeper { return &Keeper{db: d, in: map[Request]struct{}{}} }

// Enter marks r as under way until leave is called. Another with the same key
// gets conflict idempotency.in_flight.
func (k *Keeper) Enter(r Request) (leave func(), err error) {
	r.BodyHash = ""
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, busy := k.in[r]; busy {
		return nil, fault.New(fault.Conflict, "idempotency.in_flight").After(time.Second)
	}
	k.in[r] = struct{}{}
	return func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		delete(k.in, r)
	}, nil
}

// Lookup finds the answer that was given to r. The same key with another body
// is 422 idempotency.mismatch.
func Lookup[T any](ctx context.Context, q db.Querier, r Request) (answer T, found bool, err error) {
	type row struct{ body, response string }
	kept, found, err := db.One(ctx, q, func(s db.Row) (row, error) {
		var v row
		return v, s.Scan(&v.body, &v.response)
	}, `SELECT body_hash, response FROM idempotency WHERE bank_id = ? AND person_id = ? AND route = ? AND key_hash = ?`,
		r.Bank, r.Person, r.Route, r.KeyHash())
	if err != nil || !found {
		return answer, false, err
	}
	if err := r.SameBody(kept.body); err != nil {
		return answer, false, err
	}
	if err := json.Unmarshal([]byte(kept.response), &answer); err != nil {
		return answer, false, fmt.Errorf("idem: kept answer of %s: %w", r.Route, err)
	}
	return answer, true, nil
}

// Save keeps answer for r within tx. When another node was first, the unique
// key refuses it with conflict idempotency.in_flight.
func Save(ctx context.Context, tx *db.Tx, r Request, answer any) error {
	raw, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("idem: answer of %s: %w", r.Route, err)
	}
	err = tx.Insert(ctx, "idempotency (bank_id, person_id, route, key_hash, body_hash, response, expires_at)",
		[][]any{{r.Bank, r.Person, r.Route, r.KeyHash(), r.BodyHash, string(raw), tx.Now.Add(Keep)}}, "")
	if db.IsDuplicate(err) {
		return fault.New(fault.Conflict, "idempotency.in_flight").After(time.Second).Because(err)
	}
	return err
}

// tries is how often Do looks again after its connection was lost.
const tries = 4

// Do runs fn once for r, in one transaction with the record of its answer.
// replayed tells that the answer is the first one's. When the connection is lost
// it runs again, which finds the record if the commit happened after all; when
// that cannot be found out, 503 unavailable says nothing that may be untrue.
func Do[T any](ctx context.Context, k *Keeper, r Request, fn func(tx *db.Tx) (T, error)) (answer T, replayed bool, err error) {
	leave, err := k.Enter(r)
	if err != nil {
		return answer, false, err
	}
	defer leave()
	for n := 1; ; n++ {
		err = k.db.InTx(ctx, func(tx *db.Tx) error {
			answer, replayed, err = Lookup[T](ctx, tx, r)
			if err != nil || replayed {
				return err
			}
			if answer, err = fn(tx); err != nil {
				return err
			}
			return Save(ctx, tx, r, answer)
		})
		switch {
		case !db.IsLost(err):
			return answer, replayed && n == 1, err // a later look finds what this call did
		case n == tries:
			return answer, false, fault.New(fault.Unavailable, "unavailable").After(time.Second).Because(err)
		}
	}
}

// Purge forgets answers past their time, at most limit at once.
func Purge(ctx context.Context, d *db.DB, limit int) (int64, error) {
	var n int64
	err := d.InTx(ctx, func(tx *db.Tx) error {
		type key struct{ bank, person, route, hash string }
		old, err := db.All(ctx, tx, func(r db.Row) (v key, err error) {
			return v, r.Scan(&v.bank, &v.person, &v.route, &v.hash)
		}, "SELECT bank_id, person_id, route, key_hash FROM idempotency WHERE expires_at < ? ORDER BY expires_at LIMIT ?", tx.Now, limit)
		if err != nil {
			return err
		}
		for _, o := range old {
			m, err := tx.Exec(ctx, "DELETE FROM idempotency WHERE bank_id = ? AND person_id = ? AND route = ? AND key_hash = ?", o.bank, o.person, o.route, o.hash)
			if err != nil {
				return err
			}
			n += m
		}
		return nil
	})
	return n, err
}
