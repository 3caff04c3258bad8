package auth

import "yinbo/internal/invariant"

// Invariants are what holds of staff and their rights.
func Invariants() []invariant.Rule {
	return []invariant.Rule{{
		Name:   "access.two",
		Means:  "a change of rights was decided by somebody who neither asked for it nor is it about",
		Of:     "staff_request",
		Broken: "SELECT bank_id, id, CONCAT_WS('', state, ' by ', decided_by) FROM staff_request WHERE decided_by = asked_by OR decided_by = staff_id OR asked_by = staff_id",
	}, {
		Name:  "access.recovery",
		Means: "who has recovery codes has a second factor",
		Of:    "staff_recovery",
		Broken: `SELECT r.bank_id, r.staff_id, 'no second factor' FROM staff_recovery r LEFT JOIN staff s ON s.id = r.staff_id AND s.bank_id = r.bank_id
			WHERE s.totp_sealed IS NULL`,
	}, {
		Name:  "access.roles",
		Means: "roles belong to members of staff of the bank",
		Of:    "staff_role",
		Broken: `SELECT r.bank_id, r.staff_id, CONCAT_WS('', 'has ', r.role) FROM staff_role r LEFT JOIN staff s ON s.id = r.staff_id AND s.bank_id = r.bank_id
			WHERE s.id IS NULL`,
	}, {
		Name:  "access.merchant",
		Means: "a merchant's own account is of a merchant of the bank, with that one role and no branch, and nobody else is a merchant's",
		Of:    "staff",
		Broken: `SELECT s.bank_id, s.id, CONCAT_WS('', 'of ', COALESCE(s.merchant_id, 'no merchant'), ', roles ', r.all_roles, ', merchant ', r.merchant)
			FROM staff s JOIN (SELECT bank_id, staff_id, COUNT(*) AS all_roles, SUM(CASE role WHEN 'merchant' THEN 1 ELSE 0 END) AS merchant
				FROM staff_role GROUP BY bank_id, staff_id) r ON r.bank_id = s.bank_id AND r.staff_id = s.id
			LEFT JOIN merchant m ON m.bank_id = s.bank_id AND m.id = s.merchant_id
			WHERE (s.merchant_id IS NOT NULL) <> (r.merchant = 1) OR s.merchant_id IS NOT NULL AND (m.id IS NULL OR r.all_roles <> 1 OR s.branch_id IS NOT NULL)`,
	}}
}
