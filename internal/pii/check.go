package pii

import (
	"context"
	"fmt"

	"yinbo/internal/db"
	"yinbo/internal/invariant"
)

// Invariants are what holds of sealed values and their keys.
func Invariants() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "keys.active",
		Means: "each bank has one key that seals and one that looks up, and what is retired is in use no more",
		Of:    "wrapped_key",
		Broken: `SELECT b.id, b.slug, CONCAT_WS('', COALESCE(k.n, 0), ' keys in use') FROM bank b
				LEFT JOIN (SELECT bank_id, COUNT(*) AS n FROM wrapped_key WHERE active_key IN (CONCAT_WS('/', bank_id, 'seal'), CONCAT_WS('/', bank_id, 'lookup'))
					GROUP BY bank_id) k ON k.bank_id = b.id WHERE COALESCE(k.n, 0) <> 2
			UNION ALL SELECT bank_id, id, 'retired and in use' FROM wrapped_key WHERE retired_at IS NOT NULL AND active_key IS NOT NULL`,
	}, {
		Name:  "keys.retired",
		Means: "every sealed value names a key of its bank that seals and is not retired",
		Look:  sealedUnderLivingKeys,
	}}
}

func sealedUnderLivingKeys(ctx context.Context, q db.Querier) (looked int64, broken []invariant.Row, err error) {
	for _, c := range Columns() {
		n, _, err := db.Value[int64](ctx, q, fmt.Sprintf("SELECT COUNT(*) FROM %s WHERE %s IS NOT NULL", c.Table, c.Name))
		if err != nil {
			return looked, broken, err
		}
		looked += n
		rows, err := db.All(ctx, q, func(r db.Row) (v invariant.Row, err error) {
			v.Found = c.String() + " is not under a key in use"
			return v, r.Scan(&v.Bank, &v.Object)
		}, fmt.Sprintf(`SELECT t.bank_id, t.%[2]s FROM %[1]s t WHERE t.%[3]s IS NOT NULL AND t.%[3]s <> '%[4]s' AND NOT EXISTS (SELECT 1 FROM wrapped_key k
			WHERE k.id = SUBSTR(t.%[3]s, 1, %[5]d) AND k.bank_id = t.bank_id AND k.purpose = '%[6]s' AND k.retired_at IS NULL) ORDER BY t.%[2]s`,
			c.Table, c.Row, c.Name, Erased, keyPart-1, purposeSeal))
		if err != nil {
			return looked, broken, err
		}
		broken = append(broken, rows...)
	}
	return looked, broken, nil
}
