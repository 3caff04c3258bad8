package keeping

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/tenant"
)

// Actor is who acts.
type Actor struct {
	Kind      string // staff, viewer, system
	ID        string
	RequestID string
}

// Banks lists the banks.
type Banks interface {
	All(ctx context.Context) ([]tenant.Bank, error)
}

// Deps is what a Keeper stands on.
type Deps struct {
	DB      *db.DB
	Banks   Banks
	Classes []Class
	Parts   []Part
}

// Keeper erases people, deletes what is over its time, and knows the holds.
type Keeper struct{ Deps }

// New makes a keeper.
func New(d Deps) *Keeper { return &Keeper{d} }

// gate lets one at a time decide about a bank's data: what is held, and what
// goes.
func gate(ctx context.Context, tx *db.Tx, bank string) error {
	_, found, err := db.Value[string](ctx, tx, "SELECT id FROM bank WHERE id = ?"+tx.Dialect().ForUpdate(), bank)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "bank.unknown")
	}
	return err
}
