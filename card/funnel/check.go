package funnel

import "yinbo/internal/invariant"

// Invariants are what holds of the funnel's tables.
func Invariants() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "funnel.cost",
		Means: "a cost is of a day or more, of something, and is withdrawn by somebody or not at all",
		Of:    "funnel_cost",
		Broken: `SELECT bank_id, id, CONCAT_WS('', amount_fen, ' from ', from_day, ' to ', to_day) FROM funnel_cost
			WHERE amount_fen <= 0 OR from_day > to_day OR (withdrawn_at IS NULL) <> (withdrawn_by IS NULL)`,
	}, {
		Name:  "funnel.erased",
		Means: "of an erased person no touch is left from before",
		Of:    "funnel_touch",
		Broken: `SELECT t.bank_id, t.viewer_id, CONCAT_WS('', 'a touch of ', t.day) FROM funnel_touch t JOIN viewer v ON v.id = t.viewer_id
			WHERE v.erased_at IS NOT NULL`,
	}, {
		Name:   "funnel.guest",
		Means:  "guests opened a form as often as a whole number",
		Of:     "funnel_guest",
		Broken: `SELECT bank_id, card_product_id, CONCAT_WS('', opened) FROM funnel_guest WHERE opened <= 0`,
	}}
}
