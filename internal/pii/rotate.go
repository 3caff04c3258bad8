package pii

import (
	"context"
	"fmt"
	"strings"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/db"
)

// Rotation brings a bank's sealed values under a new data key. All of its state
// is the database's: killed at any moment, the next one goes on.
type Rotation struct {
	Keys  *Keyring
	Batch int           // values a transaction; 200
	Grace time.Duration // how old a key must be before the one of before is retired; 10 s
	Tell  func(Progress)
	Wait  func(ctx context.Context, d time.Duration) error // how it rests
}

// Progress is how far a rotation is.
type Progress struct {
	Column      string
	Done, Total int64         // values, of all columns; Total is what was found at the start
	Took        time.Duration // in which they were re-encrypted, rests included
}

// PerSecond is the rate.
func (p Progress) PerSecond() float64 { return float64(p.Done) / max(p.Took.Seconds(), 1e-9) }

// Rotated is what a rotation did.
type Rotated struct {
	Key     string // sealed under from now on
	Resumed bool   // it had been begun before
	Retired []string
	Progress
}

const (
	defaultBatch = 200
	defaultGrace = 5 * freshFor
)

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// Run rotates a bank's data key: it makes a new one, unless a rotation was begun
// and not ended; re-encrypts; and retires the others when a query finds nothing
// under them, after every node has learnt of the new one.
func (r Rotation) Run(ctx context.Context, bank string) (out Rotated, err error) {
	r = r.withDefaults()
	active, old, resumed, err := r.Keys.begin(ctx, bank)
	if err != nil {
		return out, err
	}
	out.Key, out.Resumed = active.id, resumed
	for _, c := range Columns() {
		n, err := r.Keys.under(ctx, bank, c, active.id)
		if err != nil {
			return out, err
		}
		out.Total += n
	}
	for {
		var moved int64
		start, before := time.Now(), out.Took
		for _, c := range Columns() {
			n, err := r.column(ctx, bank, c, active, func(n int64) {
				out.Done += n
				out.Progress.Column, out.Took = c.String(), before+time.Since(start)
				out.Total = max(out.Total, out.Done)
				r.Tell(out.Progress)
			})
			if err != nil {
				return out, err
			}
			moved += n
		}
		if age := r.Keys.db.Clock().Now().Sub(active.made); moved > 0 || age < r.Grace {
			if err := r.Wait(ctx, min(max(r.Grace-age, 100*time.Millisecond), time.Second)); err != nil {
				return out, err
			}
			continue
		}
		out.Retired, err = r.Keys.retire(ctx, bank, active.id, old)
		return out, err
	}
}

func (r Rotation) withDefaults() Rotation {
	if r.Batch == 0 {
		r.Batch = defaultBatch
	}
	if r.Grace == 0 {
		r.Grace = defaultGrace
	}
	if r.Tell == nil {
		r.Tell = func(Progress) {}
	}
	if r.Wait == nil {
		r.Wait = pause
	}
	return r
}

// sealedValue is a value in its row.
type sealedValue struct{ row, field, sealed string }

// column re-encrypts what is not under the active key, in the order of the
// table's key. Between two batches it rests as long as a batch took: whoever
// serves has the database as much as it has.
func (r Rotation) column(ctx context.Context, bank string, c Column, active rotating, did func(int64)) (moved int64, err error) {
	var last sealedValue
	for {
		start := time.Now()
		batch, err := r.Keys.stale(ctx, bank, c, active.id, last, r.Batch)
		if err != nil || len(batch) == 0 {
			return moved, err
		}
		n, err := r.Keys.reseal(ctx, bank, c, active.dataKey, batch)
		if err != nil {
			return moved, err
		}
		moved += n
		did(n)
		last = batch[len(batch)-1]
		if err := r.Wait(ctx, time.Since(start)); err != nil {
			return moved, err
		}
	}
}

// keyPart is how much of a sealed value names its key: the id and the dot.
const keyPart = len("key_") + 26 + 1

// notUnder selects the sealed values of a bank that another key than the one
// named has sealed. The table is read in the order of its key.
func notUnder(c Column, d db.Dialect) string {
	return fmt.Sprintf(" FROM %s%s WHERE +bank_id = ? AND %s IS NOT NULL AND %[3]s <> '%[4]s' AND SUBSTR(%[3]s, 1, %[5]d) <> ?",
		c.Table, d.ByKey(), c.Name, Erased, keyPart)
}

// under counts the values that are not under the key.
func (k *Keyring) under(ctx context.Context, bank string, c Column, keyID string) (int64, error) {
	n, _, err := db.Value[int64](ctx, k.db, "SELECT COUNT(*)"+notUnder(c, k.db.Dialect()), bank, keyID+".")
	return n, err
}

// stale gives the next values that are not under the key, after the last one.
func (k *Keyring) stale(ctx context.Context, bank string, c Column, keyID string, last sealedValue, limit int) ([]sealedValue, error) {
	field, after, args := "''", c.Row+" > ?", []any{bank, keyID + ".", last.row}
	order := c.Row
	if c.AsField != "" {
		field, order = c.AsField, c.Row+", "+c.AsField
		after = fmt.Sprintf("%[1]s >= ? AND (%[1]s > ? OR %[2]s > ?)", c.Row, c.AsField)
		args = append(args, last.row, last.field)
	}
	query := fmt.Sprintf("SELECT %s, %s, %s%s AND %s ORDER BY %s LIMIT ?", c.Row, field, c.Name, notUnder(c, k.db.Dialect()), after, order)
	return db.All(ctx, k.db, func(r db.Row) (v sealedValue, err error) {
		return v, r.Scan(&v.row, &v.field, &v.sealed)
	}, query, append(args, limit)...)
}

// reseal writes values anew, in one statement. Each is written only where the old
// one still stands: a newer value is never overwritten, and the nonce in it makes
// a sealed value one of its kind.
func (k *Keyring) reseal(ctx context.Context, bank string, c Column, key dataKey, batch []sealedValue) (int64, error) {
	cases, rows, olds := make([]any, 0, 2*len(batch)), make([]any, len(batch)), make([]any, len(batch))
	for i, v := range batch {
		place := c.place(bank, v.row, v.field)
		text, err := k.Open(ctx, place, v.sealed)
		if err != nil {
			return 0, err
		}
		cases = append(cases, v.sealed, key.id+"."+seal(key.aead, []byte(text.clear), place.aad()))
		rows[i], olds[i] = v.row, v.sealed
	}
	marks := db.Marks(len(batch))
	statement := fmt.Sprintf("UPDATE %[1]s SET %[2]s = CASE %[2]s%[3]s ELSE %[2]s END WHERE bank_id = ? AND %[4]s IN %[5]s AND %[2]s IN %[5]s",
		c.Table, c.Name, strings.Repeat(" WHEN ? THEN ?", len(batch)), c.Row, marks)
	args := append(append(append(cases, bank), rows...), olds...)
	var n int64
	err := k.db.InTx(ctx, func(tx *db.Tx) (err error) {
		n, err = tx.Exec(ctx, statement, args...)
		return err
	})
	return n, err
}

// rotating is the key that a rotation seals under.
type rotating struct {
	dataKey
	made time.Time
}

// begin makes a bank's new data key, or finds the one of a rotation that did not
// end; old are the keys that are not retired yet.
func (k *Keyring) begin(ctx context.Context, bank string) (active rotating, old []string, resumed bool, err error) {
	name := bank + "/" + purposeSeal
	next, err := k.next(ctx, bank, name)
	if err != nil {
		return active, nil, false, err
	}
	err = k.db.InTx(ctx, func(tx *db.Tx) error {
		was, suite, found, err := activeForUpdate(ctx, tx, name)
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("pii: bank %s has no %s key", bank, purposeSeal)
		}
		if old, err = unretired(ctx, tx, bank, was); err != nil {
			return err
		}
		if resumed = len(old) > 0; resumed {
			return nil
		}
		if _, err := tx.Exec(ctx, "UPDATE wrapped_key SET active_key = NULL WHERE id = ?", was); err != nil {
			return err
		}
		if err := next.insert(ctx, tx); err != nil {
			return err
		}
		old = []string{was}
		return write(ctx, tx, bank, "key.rotated", next.id, map[string]any{"before": was, "suite": suite})
	})
	if err != nil {
		return active, nil, false, err
	}
	if active.dataKey, err = k.readActive(ctx, bank, purposeSeal); err != nil {
		return active, nil, false, err
	}
	made, _, err := db.Value[db.Time](ctx, k.db, "SELECT created_at FROM wrapped_key WHERE id = ?", active.id)
	active.made = made.Time
	return active, old, resumed, err
}

// next is a key of the suite in use; it is thrown away when a rotation goes on
// that was begun before.
func (k *Keyring) next(ctx context.Context, bank, name string) (newKey, error) {
	suite, found, err := db.Value[string](ctx, k.db, "SELECT suite FROM wrapped_key WHERE active_key = ?", name)
	if err != nil {
		return newKey{}, err
	}
	if !found {
		return newKey{}, fmt.Errorf("pii: bank %s has no %s key", bank, purposeSeal)
	}
	return k.make(ctx, bank, purposeSeal, Suite(suite))
}

func activeForUpdate(ctx context.Context, tx *db.Tx, name string) (keyID string, suite Suite, found bool, err error) {
	_, found, err = db.One(ctx, tx, func(r db.Row) (struct{}, error) { return struct{}{}, r.Scan(&keyID, &suite) },
		"SELECT id, suite FROM wrapped_key WHERE active_key = ?"+tx.Dialect().ForUpdate(), name)
	return keyID, suite, found, err
}

func unretired(ctx context.Context, q db.Querier, bank, but string) ([]string, error) {
	return db.All(ctx, q, func(r db.Row) (v string, err error) { return v, r.Scan(&v) },
		"SELECT id FROM wrapped_key WHERE bank_id = ? AND purpose = ? AND retired_at IS NULL AND id <> ? ORDER BY id", bank, purposeSeal, but)
}

// retire marks the old keys as used up, once a query has found nothing under
// them. The keys stay: what was sealed under one by a node that hung opens.
func (k *Keyring) retire(ctx context.Context, bank, active string, old []string) ([]string, error) {
	err := k.db.InTx(ctx, func(tx *db.Tx) error {
		for _, c := range Columns() {
			n, _, err := db.Value[int64](ctx, tx, "SELECT COUNT(*)"+notUnder(c, tx.Dialect()), bank, active+".")
			if err != nil {
				return err
			}
			if n > 0 {
				return fmt.Errorf("pii: %d values of %s are under an old key still: run it again", n, c)
			}
		}
		for _, keyID := range old {
			n, err := tx.Exec(ctx, "UPDATE wrapped_key SET retired_at = ? WHERE id = ? AND active_key IS NULL AND retired_at IS NULL", tx.Now, keyID)
			if err != nil {
				return err
			}
			if n == 0 { // another rotation of the same bank was first
				continue
			}
			if err := write(ctx, tx, bank, "key.retired", keyID, map[string]any{"under": active}); err != nil {
				return err
			}
		}
		return nil
	})
	return old, err
}

func write(ctx context.Context, tx *db.Tx, bank, action, object string, detail map[string]any) error {
	return audit.Write(ctx, tx, audit.Entry{Bank: bank, ActorKind: "system", Actor: "yinbo keys", Action: action, Object: object, Detail: detail})
}

// Key is a wrapped key, without what it wraps.
type Key struct {
	ID, Bank, Purpose, KEK string
	Suite                  Suite
	Active                 bool
	CreatedAt, RetiredAt   db.Time
}

// List gives all keys of the installation, or those of one bank.
func (k *Keyring) List(ctx context.Context, bank string) ([]Key, error) {
	where, args := "", []any{}
	if bank != "" {
		where, args = " WHERE bank_id = ?", []any{bank}
	}
	return db.All(ctx, k.db, func(r db.Row) (v Key, err error) {
		return v, r.Scan(&v.ID, &v.Bank, &v.Purpose, &v.Suite, &v.KEK, &v.Active, &v.CreatedAt, &v.RetiredAt)
	}, "SELECT id, bank_id, purpose, suite, kek_id, active_key IS NOT NULL, created_at, retired_at FROM wrapped_key"+where+" ORDER BY bank_id, id", args...)
}

// Rewrap wraps every key that another key-encryption key wraps, or an earlier
// version of this node's own, by the newest of that, and tells how many. The keys
// themselves, and what they seal, stay.
func (k *Keyring) Rewrap(ctx context.Context) (int, error) {
	newest := ""
	if v, ok := k.keks[0].(Versioned); ok {
		var err error
		if newest, err = v.Newest(ctx); err != nil {
			return 0, err
		}
	}
	type wrapped struct{ id, bank, wrapped, kek string }
	all, err := db.All(ctx, k.db, func(r db.Row) (v wrapped, err error) {
		return v, r.Scan(&v.id, &v.bank, &v.wrapped, &v.kek)
	}, "SELECT id, bank_id, wrapped, kek_id FROM wrapped_key ORDER BY id")
	if err != nil {
		return 0, err
	}
	var n int
	for _, w := range all {
		if w.kek == k.keks[0].ID() && strings.HasPrefix(w.wrapped, newest) {
			continue
		}
		raw, err := k.unwrap(ctx, w.kek, w.wrapped, wrapAAD(w.bank, w.id))
		if err != nil {
			return n, err
		}
		again, err := k.keks[0].Wrap(ctx, raw, wrapAAD(w.bank, w.id))
		if err != nil {
			return n, fmt.Errorf("pii: wrap %s: %w", w.id, err)
		}
		err = k.db.InTx(ctx, func(tx *db.Tx) error {
			did, err := tx.Exec(ctx, "UPDATE wrapped_key SET wrapped = ?, kek_id = ? WHERE id = ? AND wrapped = ?", again, k.keks[0].ID(), w.id, w.wrapped)
			if err != nil || did == 0 { // another was first
				return err
			}
			return write(ctx, tx, w.bank, "key.rewrapped", w.id, map[string]any{"kek": k.keks[0].ID(), "before": w.kek})
		})
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
