package audit

import (
	"context"
	"errors"
	"fmt"

	"yinbo/internal/db"
	"yinbo/internal/invariant"
)

// Invariants are what holds of the log.
func Invariants() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "audit.chain",
		Means: "each bank's audit entries are chained without a gap up to the head",
		Look:  verifyAll,
	}}
}

func verifyAll(ctx context.Context, q db.Querier) (looked int64, broken []invariant.Row, err error) {
	banks, err := db.All(ctx, q, func(r db.Row) (v string, err error) { return v, r.Scan(&v) },
		"SELECT bank_id FROM audit_head UNION SELECT bank_id FROM audit")
	for _, bank := range banks {
		n, err := Verify(ctx, q, bank)
		looked += n
		var b *Break
		switch {
		case errors.As(err, &b):
			broken = append(broken, invariant.Row{Bank: bank, Object: fmt.Sprint("entry ", b.Seq), Found: b.Found})
		case err != nil:
			return looked, broken, err
		}
	}
	return looked, broken, err
}
