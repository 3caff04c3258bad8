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
		invariant.Rule{
			Name:  "binding.default",
			Means: "a viewer who has bound cards has one of them as the default",
			Of:    "binding",
			Broken: `SELECT b.bank_id, b.id, CONCAT_WS('', 'no default among the cards of ', b.viewer_id) FROM binding b
				WHERE b.status = 'bound' AND NOT EXISTS (SELECT 1 FROM default_card d JOIN binding x ON x.id = d.binding_id
					WHERE d.bank_id = b.bank_id AND d.viewer_id = b.viewer_id AND x.viewer_id = b.viewer_id AND x.status = 'bound')`,
		},
		invariant.Rule{
			Name:  "default_card.bound",
			Means: "a default card is a bound card of its viewer",
			Of:    "default_card",
			Broken: `SELECT d.bank_id, d.viewer_id, d.binding_id FROM default_card d
				WHERE NOT EXISTS (SELECT 1 FROM binding x WHERE x.id = d.binding_id AND x.bank_id = d.bank_id AND x.viewer_id = d.viewer_id AND x.status = 'bound')`,
		},
		idem.Answered("binding.answered", id.Binding, "binding", "viewer_id"),
	}
}
