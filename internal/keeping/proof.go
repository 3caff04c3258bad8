package keeping

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
)

// Item is what went from a table, or what had to stay there.
type Item struct {
	Table  string `json:"table"`
	Column string `json:"column"` // "*" for whole rows
	Count  int64  `json:"count"`
	From   string `json:"from,omitempty"` // the first and the last id of what was gone through
	To     string `json:"to,omitempty"`
	Kept   string `json:"kept,omitempty"` // why it stays
}

// Proof is that something went: when, by whom, and the audit entry that chains
// it.
type Proof struct {
	ID        string    `json:"id"`
	Bank      string    `json:"-"`
	Kind      string    `json:"kind" enum:"erasure,keeping"`
	Subject   string    `json:"subject" doc:"The viewer, or the class of data"`
	Reason    string    `json:"reason"`
	Items     []Item    `json:"items"`
	Digest    string    `json:"digest" doc:"SHA-256 of what went, which the audit entry bears as well"`
	ActorKind string    `json:"actor_kind"`
	Actor     string    `json:"actor"`
	At        time.Time `json:"at"`
}

// The kinds of proofs, and the actions of their audit entries.
const (
	Erasure = "erasure"
	Keeping = "keeping"
)

var actions = map[string]string{Erasure: "person.erased", Keeping: "data.deleted"}

func (p Proof) digest() string {
	h := sha256.New()
	// A JSON list keeps the fields apart.
	_ = json.NewEncoder(h).Encode([]any{p.ID, p.Bank, p.Kind, p.Subject, p.Reason, p.Items})
	return hex.EncodeToString(h.Sum(nil))
}

// prove writes what went, and chains it.
func prove(ctx context.Context, tx *db.Tx, p Proof, by Actor) (Proof, error) {
	p.ID, p.ActorKind, p.Actor, p.At = id.New(id.Proof), by.Kind, by.ID, tx.Now
	p.Digest = p.digest()
	items, err := json.Marshal(p.Items)
	if err != nil {
		return p, fmt.Errorf("keeping: items: %w", err)
	}
	err = tx.Insert(ctx, "proof (id, bank_id, kind, subject, reason, items, digest, actor_kind, actor_id, at)",
		[][]any{{p.ID, p.Bank, p.Kind, p.Subject, p.Reason, string(items), p.Digest, p.ActorKind, p.Actor, p.At}}, "")
	if err != nil {
		return p, err
	}
	return p, write(ctx, tx, p.Bank, actions[p.Kind], p.ID, by, map[string]any{"subject": p.Subject, "digest": p.Digest, "items": p.Items})
}

// Proofs lists a bank's proofs of a kind ("" for all), the newest first, before
// an id ("" for none), one more than limit when there are further ones.
func (k *Keeper) Proofs(ctx context.Context, bank, kind, before string, limit int) ([]Proof, error) {
	where, args := "bank_id = ?", []any{bank}
	if kind != "" {
		where, args = where+" AND kind = ?", append(args, kind)
	}
	if before != "" {
		where, args = where+" AND id < ?", append(args, before)
	}
	return readProofs(ctx, k.DB, where+" ORDER BY id DESC LIMIT ?", append(args, limit+1)...)
}

// Chained is a proof with the entry that bears its digest.
type Chained struct {
	Proof Proof
	Entry audit.Entry
}

// ProofByID gives a proof of any bank and finds its audit entry. It gives an
// error when they do not fit: one of them was changed by hand.
func (k *Keeper) ProofByID(ctx context.Context, proof string) (c Chained, err error) {
	all, err := readProofs(ctx, k.DB, "id = ?", proof)
	if err != nil {
		return c, err
	}
	if len(all) == 0 {
		return c, fault.New(fault.NotFound, "not_found")
	}
	c.Proof = all[0]
	entry, found, err := chained(ctx, k.DB, c.Proof)
	if err != nil {
		return c, err
	}
	if !found {
		return c, fmt.Errorf("keeping: %s has no audit entry", proof)
	}
	if c.Entry = entry; !c.Proof.borneBy(entry) {
		return c, fmt.Errorf("keeping: %s does not fit its audit entry %d", proof, c.Entry.Seq)
	}
	return c, nil
}

// chained finds the audit entry of a proof.
func chained(ctx context.Context, q db.Querier, p Proof) (e audit.Entry, found bool, err error) {
	entries, err := audit.List(ctx, q, p.Bank, audit.Filter{Object: p.ID, Action: actions[p.Kind], Limit: 1})
	if err != nil || len(entries) == 0 {
		return e, false, err
	}
	return entries[0], true, nil
}

// borneBy tells whether what went fits the digest, and an entry bears it.
func (p Proof) borneBy(e audit.Entry) bool {
	d := p.digest()
	return d == p.Digest && e.Detail["digest"] == d
}

func readProofs(ctx context.Context, q db.Querier, where string, args ...any) ([]Proof, error) {
	return db.All(ctx, q, func(r db.Row) (p Proof, err error) {
		var items string
		var at db.Time
		if err := r.Scan(&p.ID, &p.Bank, &p.Kind, &p.Subject, &p.Reason, &items, &p.Digest, &p.ActorKind, &p.Actor, &at); err != nil {
			return p, err
		}
		p.At = at.Time
		return p, json.Unmarshal([]byte(items), &p.Items)
	}, "SELECT id, bank_id, kind, subject, reason, items, digest, actor_kind, actor_id, at FROM proof WHERE "+where, args...)
}
