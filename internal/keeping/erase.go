package keeping

import (
	"context"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// Part is what a domain holds of a person.
type Part struct {
	Name string
	// Before does what must happen outside of the database first; nil for nothing.
	// Done again it changes nothing.
	Before func(ctx context.Context, bank, viewer string) error
	// Erase takes the person out of the domain's tables and notes it.
	Erase func(ctx context.Context, tx *db.Tx, e *Removal) error
}

// Removal is the erasure of a person while it goes on.
type Removal struct {
	Bank, Viewer string
	By           Actor
	items        []Item
}

// Erased notes that count values of a column went; "*" stands for whole rows.
func (e *Removal) Erased(table, column string, count int64) {
	if count > 0 {
		e.items = append(e.items, Item{Table: table, Column: column, Count: count})
	}
}

// Kept notes that count values of a column stay, and why.
func (e *Removal) Kept(table, column string, count int64, why string) {
	if count > 0 {
		e.items = append(e.items, Item{Table: table, Column: column, Count: count, Kept: why})
	}
}

// Run executes a statement that takes something out of a column, and notes it.
func (e *Removal) Run(ctx context.Context, tx *db.Tx, table, column, statement string, args ...any) error {
	n, err := tx.Exec(ctx, statement, args...)
	if err == nil {
		e.Erased(table, column, n)
	}
	return err
}

// Erase erases a person: what they gave us goes, what the law keeps stays without
// them. Errors: 404 not_found; 409 person.erased, person.held with the hold's
// reason, or what a domain has against it.
func (k *Keeper) Erase(ctx context.Context, bank, viewer, reason string, by Actor) (Proof, error) {
	if err := mayErase(ctx, k.DB, "", bank, viewer); err != nil {
		return Proof{}, err
	}
	for _, p := range k.Parts {
		if p.Before == nil {
			continue
		}
		if err := p.Before(ctx, bank, viewer); err != nil {
			return Proof{}, err
		}
	}
	var proof Proof
	err := k.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := gate(ctx, tx, bank); err != nil {
			return err
		}
		if err := mayErase(ctx, tx, tx.Dialect().ForUpdate(), bank, viewer); err != nil {
			return err
		}
		e := &Removal{Bank: bank, Viewer: viewer, By: by}
		for _, p := range k.Parts {
			if err := p.Erase(ctx, tx, e); err != nil {
				return err
			}
		}
		var err error
		proof, err = prove(ctx, tx, Proof{Bank: bank, Kind: Erasure, Subject: viewer, Reason: audit.Reason(reason), Items: e.items}, by)
		return err
	})
	return proof, err
}

func mayErase(ctx context.Context, q db.Querier, lock, bank, viewer string) error {
	erased, found, err := db.Value[db.Time](ctx, q, "SELECT erased_at FROM viewer WHERE bank_id = ? AND id = ?"+lock, bank, viewer)
	if err != nil {
		return err
	}
	if !found {
		return fault.New(fault.NotFound, "not_found")
	}
	if !erased.IsZero() {
		return fault.New(fault.Conflict, "person.erased")
	}
	reason, held, err := heldFor(ctx, q, bank, viewer)
	if err == nil && held {
		err = fault.New(fault.Conflict, "person.held", reason)
	}
	return err
}
