package keeping

import (
	"context"
	"fmt"

	"yinbo/internal/db"
	"yinbo/internal/invariant"
)

// Invariants are what holds of proofs and of erased people.
func Invariants() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "proof.chained",
		Means: "every proof fits its digest, and an audit entry bears it",
		Look:  fits,
	}, {
		Name:  "person.erased",
		Means: "an erased person has a proof, and neither a phone nor a session",
		Of:    "viewer",
		Broken: `SELECT v.bank_id, v.id, 'something of the person is left, or the proof is missing' FROM viewer v WHERE v.erased_at IS NOT NULL AND (
			v.phone_sealed <> 'erased' OR v.phone_masked <> '' OR v.phone_hash <> CONCAT_WS('', 'erased/', v.id)
			OR NOT EXISTS (SELECT 1 FROM proof p WHERE p.bank_id = v.bank_id AND p.subject = v.id AND p.kind = 'erasure')
			OR EXISTS (SELECT 1 FROM session s WHERE s.bank_id = v.bank_id AND s.person_id = v.id AND s.revoked_at IS NULL AND s.created_at < v.erased_at))`,
	}}
}

func fits(ctx context.Context, q db.Querier) (looked int64, broken []invariant.Row, err error) {
	for after := ""; ; {
		proofs, err := readProofs(ctx, q, "id > ? ORDER BY id LIMIT 500", after)
		if err != nil || len(proofs) == 0 {
			return looked, broken, err
		}
		for _, p := range proofs {
			n, _, err := db.Value[int64](ctx, q, "SELECT COUNT(*) FROM audit WHERE bank_id = ? AND object_id = ? AND action = ? AND detail LIKE ?",
				p.Bank, p.ID, actions[p.Kind], `%"digest":"`+p.Digest+`"%`)
			if err != nil {
				return looked, broken, err
			}
			if n != 1 || p.digest() != p.Digest {
				broken = append(broken, invariant.Row{Bank: p.Bank, Object: p.ID, Found: fmt.Sprintf("%d audit entries bear its digest", n)})
			}
			looked++
			after = p.ID
		}
	}
}
