package follow

import (
	"yinbo/internal/invariant"
	"yinbo/internal/outbox"
)

// Invariants are what holds of follow-ups: every one of them ends.
func Invariants() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "follow_up.ended",
		Means: "a follow-up has its end exactly when it is sent, cancelled, skipped or failed",
		Of:    "follow_up",
		Broken: `SELECT bank_id, id, CONCAT_WS('', status, ', ended ', COALESCE(ended_at, 'never')) FROM follow_up
			WHERE (status IN ('waiting', 'sending')) = (ended_at IS NOT NULL)`,
	},
		outbox.Awaited("follow_up.awaited", "a follow-up that waits has a task that sends it or finds that it need not", TaskSend, "follow_up",
			"t.status IN ('waiting', 'sending')", nil),
	}
}
