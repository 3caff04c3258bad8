package keeping

import (
	"context"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/tenant"
)

// Kept is a class with a bank's timer.
type Kept struct {
	Name    string       `json:"name"`
	Means   string       `json:"means"`
	Days    int          `json:"days" doc:"How long it is kept"`
	Default int          `json:"default_days"`
	Least   int          `json:"least_days" doc:"What the law asks for, whatever is set; 0 for nothing"`
	LastAt  *clock.Stamp `json:"last_deleted_at" doc:"null for never"`
}

// Kept lists the classes as the bank's row says.
func (k *Keeper) Kept(ctx context.Context, bank string) ([]Kept, error) {
	settings, err := tenant.ReadSettings(ctx, k.DB, bank)
	if err != nil {
		return nil, err
	}
	out := make([]Kept, len(k.Classes))
	for i, c := range k.Classes {
		out[i] = Kept{Name: c.Name, Means: c.Means, Days: c.DaysAt(tenant.Bank{Settings: settings}), Default: c.Days, Least: c.Least}
		last, _, err := db.Value[db.Time](ctx, k.DB, "SELECT MAX(at) FROM proof WHERE bank_id = ? AND subject = ?", bank, c.Name)
		if err != nil {
			return nil, err
		}
		out[i].LastAt = clock.AtPtr(last.Time)
	}
	return out, nil
}

// Verified is a proof, and whether the audit chain bears it.
type Verified struct {
	Proof Proof
	Seq   int64 // of the entry; 0 where there is none
	Fits  bool  // what went fits the digest, and the entry bears it
}

// Verify looks a proof of the bank's up; 404 not_found.
func (k *Keeper) Verify(ctx context.Context, bank, proof string) (v Verified, err error) {
	all, err := readProofs(ctx, k.DB, "bank_id = ? AND id = ?", bank, proof)
	if err != nil {
		return v, err
	}
	if len(all) == 0 {
		return v, fault.New(fault.NotFound, "not_found")
	}
	v.Proof = all[0]
	entry, found, err := chained(ctx, k.DB, v.Proof)
	v.Seq, v.Fits = entry.Seq, found && v.Proof.borneBy(entry)
	return v, err
}
