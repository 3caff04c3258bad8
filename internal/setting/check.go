package setting

import "yinbo/internal/invariant"

// Invariants are what holds of changes of settings.
func Invariants() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "setting.two",
		Means: "a change of settings that takes two was confirmed by another than who asked for it",
		Of:    "setting_change",
		Broken: `SELECT bank_id, id, CONCAT_WS('', state, ' by ', decided_by) FROM setting_change
			WHERE decided_by = asked_by OR by_two AND state = 'applied' AND decided_by IS NULL`,
	}, {
		Name:  "setting.staff",
		Means: "settings were changed by members of the bank's staff",
		Of:    "setting_change",
		Broken: `SELECT c.bank_id, c.id, 'asked by nobody' FROM setting_change c LEFT JOIN staff s ON s.id = c.asked_by AND s.bank_id = c.bank_id
			WHERE s.id IS NULL`,
	}}
}
