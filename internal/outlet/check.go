package outlet

import "yinbo/internal/invariant"

// Invariants are what holds of outlets.
func Invariants() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "outlet.branch",
		Means: "an outlet is a branch of its bank",
		Of:    "outlet",
		Broken: `SELECT o.bank_id, o.branch_id, CONCAT_WS('', 'number ', o.number, ' is no branch of the bank') FROM outlet o
			WHERE NOT EXISTS (SELECT 1 FROM branch b WHERE b.bank_id = o.bank_id AND b.id = o.branch_id)`,
	}}
}
