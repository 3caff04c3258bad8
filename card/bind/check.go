package bind

import (
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/invariant"
)

// Invariants are what holds of bindings.
func Invariants() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "binding.state",
		Means: "a bound card has its token and its time, one that was unbound has that time",
		Of:    "binding",
		Broken: `SELECT bank_id, id, status FROM binding
			WHERE status = 'bound' AND (card_token_sealed IS NULL OR last4 IS NULL OR bound_at IS NULL OR unbound_at IS NOT NULL)
				OR status = 'unbound' AND unbound_at IS NULL OR status IN ('started', 'otp_sent', 'failed') AND bound_at IS NOT NULL`,
	},
		idem.Answered("binding.answered", id.Binding, "binding", "viewer_id"),
	}
}
