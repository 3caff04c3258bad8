package outbox

import (
	"fmt"
	"time"

	"yinbo/internal/invariant"
)

// overdue is after how long a task that is still not ended deserves a look.
const overdue = 10 * time.Minute

// Invariants are what holds of the box.
func Invariants() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "outbox.ended",
		Means: "a task that is over has the time at which it ended, one that waits has none",
		Of:    "outbox",
		Broken: `SELECT bank_id, id, CONCAT_WS('', kind, ' of ', ref, ' is ', state) FROM outbox
			WHERE state IN ('done', 'cancelled') AND ended_at IS NULL OR state = 'pending' AND ended_at IS NOT NULL`,
	}, {
		Name:   "outbox.dead",
		Means:  "no task has been given up and waits for a person",
		Of:     "outbox",
		Broken: "SELECT bank_id, id, CONCAT_WS('', kind, ' of ', ref, ' after ', attempts, ' attempts') FROM outbox WHERE state = 'dead'",
		Warns:  true,
	}, {
		Name:  "outbox.overdue",
		Means: "no task waits for ten minutes longer than its next try: some worker runs",
		Of:    "outbox",
		Broken: `SELECT bank_id, id, CONCAT_WS('', kind, ' of ', ref, ' since ', next_at) FROM outbox
			WHERE state = 'pending' AND next_at < ?`,
		Args:  func(now time.Time) []any { return []any{now.Add(-overdue)} },
		Warns: true,
	}}
}

// Awaited says that each object which where selects of table has a task of a
// kind that will see to it: one that is pending, or dead and told of by
// outbox.dead. args are those of where.
func Awaited(name, means, kind, table, where string, args func(now time.Time) []any) invariant.Rule {
	return invariant.Rule{
		Name:  name,
		Means: means,
		Of:    table,
		Broken: fmt.Sprintf(`SELECT t.bank_id, t.id, 'no %[1]s waits for it' FROM %[2]s t
			WHERE %[3]s AND NOT EXISTS (SELECT 1 FROM outbox b
				WHERE b.bank_id = t.bank_id AND b.ref = t.id AND b.kind = '%[1]s' AND b.state IN ('pending', 'dead'))`, kind, table, where),
		Args: args,
	}
}
