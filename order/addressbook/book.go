package addressbook

import (
	"context"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/pii"
	"yinbo/order"
)

// Most is how many addresses a viewer may keep.
const Most = 20

// Book is the viewers' addresses.
type Book struct {
	db   *db.DB
	keys *pii.Keyring
}

// New makes a book on d.
func New(d *db.DB, keys *pii.Keyring) *Book { return &Book{db: d, keys: keys} }

// Entry is an address with its place in the book.
type Entry struct {
	ID        string
	Address   order.Address
	Default   bool
	CreatedAt clock.Stamp
}

// List gives a viewer's addresses, the default first, then the newest.
func (b *Book) List(ctx context.Context, bank, viewer string) ([]Entry, error) {
	return b.read(ctx, b.db, "bank_id = ? AND viewer_id = ? ORDER BY default_of DESC, id DESC", bank, viewer)
}

// Get gives one of the viewer's addresses; 404 not_found.
func (b *Book) Get(ctx context.Context, bank, viewer, addressID string) (Entry, error) {
	return b.one(ctx, b.db, bank, viewer, addressID)
}

// Add keeps an address; 409 address.full beyond Most, 422 validation names the
// field. The first one is the default whatever is asked.
func (b *Book) Add(ctx context.Context, bank, viewer string, a order.Address, asDefault bool) (e Entry, err error) {
	if err := Check(a); err != nil {
		return e, err
	}
	addressID := id.New(id.Address)
	sealed, err := order.SealAddressAt(ctx, b.keys, place(bank, addressID), a)
	if err != nil {
		return e, err
	}
	err = b.change(ctx, bank, viewer, func(tx *db.Tx) error {
		n, _, err := db.Value[int](ctx, tx, "SELECT COUNT(*) FROM address WHERE bank_id = ? AND viewer_id = ?", bank, viewer)
		if err != nil {
			return err
		}
		if n >= Most {
			return fault.New(fault.Conflict, "address.full")
		}
		err = tx.Insert(ctx, "address (id, bank_id, viewer_id, sealed, created_at, updated_at)",
			[][]any{{addressID, bank, viewer, sealed, tx.Now, tx.Now}}, "")
		if err != nil {
			return err
		}
		if asDefault || n == 0 {
			if err := makeDefault(ctx, tx, bank, viewer, addressID); err != nil {
				return err
			}
		}
		e, err = b.one(ctx, tx, bank, viewer, addressID)
		return err
	})
	return e, err
}

// Change writes an address anew. The default stays it until another one is made
// it. 404 not_found, 422 validation names the field.
func (b *Book) Change(ctx context.Context, bank, viewer, addressID string, a order.Address, asDefault bool) (e Entry, err error) {
	if err := Check(a); err != nil {
		return e, err
	}
	sealed, err := order.SealAddressAt(ctx, b.keys, place(bank, addressID), a)
	if err != nil {
		return e, err
	}
	err = b.change(ctx, bank, viewer, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE address SET sealed = ?, updated_at = ? WHERE bank_id = ? AND viewer_id = ? AND id = ?",
			sealed, tx.Now, bank, viewer, addressID)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, "not_found")
		}
		if asDefault {
			if err := makeDefault(ctx, tx, bank, viewer, addressID); err != nil {
				return err
			}
		}
		e, err = b.one(ctx, tx, bank, viewer, addressID)
		return err
	})
	return e, err
}

// Remove forgets an address; the newest of the others follows a default. 404
// not_found.
func (b *Book) Remove(ctx context.Context, bank, viewer, addressID string) error {
	return b.change(ctx, bank, viewer, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, "DELETE FROM address WHERE bank_id = ? AND viewer_id = ? AND id = ?", bank, viewer, addressID)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, "not_found")
		}
		_, has, err := db.Value[string](ctx, tx, "SELECT id FROM address WHERE bank_id = ? AND default_of = ?", bank, viewer)
		if err != nil || has {
			return err
		}
		next, some, err := db.Value[string](ctx, tx, "SELECT id FROM address WHERE bank_id = ? AND viewer_id = ? ORDER BY id DESC LIMIT 1", bank, viewer)
		if err != nil || !some {
			return err
		}
		return makeDefault(ctx, tx, bank, viewer, next)
	})
}

// change runs fn while it holds the viewer's row: changes of one book come one
// after another.
func (b *Book) change(ctx context.Context, bank, viewer string, fn func(tx *db.Tx) error) error {
	return b.db.InTx(ctx, func(tx *db.Tx) error {
		_, known, err := db.Value[string](ctx, tx, "SELECT id FROM viewer WHERE bank_id = ? AND id = ? AND erased_at IS NULL"+tx.Dialect().ForUpdate(), bank, viewer)
		if err != nil {
			return err
		}
		if !known {
			return fault.New(fault.NotFound, "not_found")
		}
		return fn(tx)
	})
}

func makeDefault(ctx context.Context, tx *db.Tx, bank, viewer, addressID string) error {
	if _, err := tx.Exec(ctx, "UPDATE address SET default_of = NULL WHERE bank_id = ? AND default_of = ?", bank, viewer); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "UPDATE address SET default_of = viewer_id WHERE bank_id = ? AND viewer_id = ? AND id = ?", bank, viewer, addressID)
	return err
}

func place(bank, addressID string) pii.Place {
	return pii.Place{Bank: bank, Table: "address", Column: "sealed", Row: addressID}
}

func (b *Book) one(ctx context.Context, q db.Querier, bank, viewer, addressID string) (Entry, error) {
	all, err := b.read(ctx, q, "bank_id = ? AND viewer_id = ? AND id = ?", bank, viewer, addressID)
	if err != nil {
		return Entry{}, err
	}
	if len(all) == 0 {
		return Entry{}, fault.New(fault.NotFound, "not_found")
	}
	return all[0], nil
}

func (b *Book) read(ctx context.Context, q db.Querier, where string, args ...any) ([]Entry, error) {
	type row struct {
		Entry
		bank, sealed string
	}
	rows, err := db.All(ctx, q, func(r db.Row) (v row, err error) {
		var created db.Time
		err = r.Scan(&v.ID, &v.bank, &v.sealed, &v.Default, &created)
		v.CreatedAt = clock.At(created.Time)
		return v, err
	}, "SELECT id, bank_id, sealed, default_of IS NOT NULL, created_at FROM address WHERE "+where, args...)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, len(rows))
	for i, r := range rows {
		if r.Address, err = order.OpenAddressAt(ctx, b.keys, place(r.bank, r.ID), r.sealed); err != nil {
			return nil, err
		}
		entries[i] = r.Entry
	}
	return entries, nil
}
