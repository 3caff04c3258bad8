package terms

import "yinbo/internal/invariant"

// Invariants are what holds of contracts.
func Invariants() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "merchant.decided",
		Means: "what holds of a merchant was proposed by one person and agreed to by another; a change that was agreed to was applied once, and no other was",
		Of:    "merchant_change",
		Broken: `SELECT c.bank_id, c.id, CONCAT_WS('', c.kind, ' ', c.status, ' by ', c.proposed_by, ' and ', COALESCE(c.decided_by, 'nobody'), ', terms ', t.id, ', account ', a.status)
			FROM merchant_change c LEFT JOIN merchant_terms t ON t.bank_id = c.bank_id AND t.change_id = c.id AND t.merchant_id = c.merchant_id
			LEFT JOIN merchant_account a ON a.bank_id = c.bank_id AND a.id = c.account_id AND a.merchant_id = c.merchant_id LEFT JOIN merchant m ON m.bank_id = c.bank_id AND m.id = c.merchant_id
			WHERE (c.status IN ('proposed', 'withdrawn')) <> (c.decided_by IS NULL) OR c.decided_by = c.proposed_by
				OR (t.id IS NOT NULL) <> (c.status = 'approved' AND c.kind <> 'account')
				OR c.kind <> 'terms' AND (a.id IS NULL OR a.status NOT IN ('current', 'former', 'refused', 'proposed') OR (a.status IN ('current', 'former')) <> (c.status = 'approved') OR (a.status = 'refused') <> (c.status IN ('rejected', 'withdrawn')))
				OR m.id IS NULL AND (c.kind <> 'open' OR c.status = 'approved')`,
	}, {
		Name:  "merchant.terms",
		Means: "a merchant's terms are counted without a gap, are of changes that were agreed to, and none is valid from before that",
		Of:    "merchant_terms",
		Broken: `SELECT m.bank_id, m.id, CONCAT_WS('', m.terms_version, ' versions, ', COUNT(t.id), ' terms up to ', MAX(t.version)) FROM merchant m LEFT JOIN merchant_terms t ON t.bank_id = m.bank_id AND t.merchant_id = m.id
				GROUP BY m.bank_id, m.id, m.terms_version HAVING m.terms_version <> COUNT(t.id) OR m.terms_version <> COALESCE(MAX(t.version), 0)
			UNION ALL SELECT t.bank_id, t.id, CONCAT_WS('', 'valid from ', t.valid_from, ', agreed on ', t.agreed_on, ', by ', c.id) FROM merchant_terms t
				LEFT JOIN merchant_change c ON c.bank_id = t.bank_id AND c.id = t.change_id AND c.status = 'approved' WHERE c.id IS NULL OR t.valid_from < t.agreed_on`,
	}, {
		Name:  "merchant.account",
		Means: "a merchant whose account was agreed to is paid to one account, and each account that was used is of one change",
		Of:    "merchant_account",
		Broken: `SELECT m.bank_id, m.id, CONCAT_WS('', m.account_version, ' versions, ', COUNT(a.id), ' accounts were used, ', COUNT(a.current_key), ' is') FROM merchant m
				LEFT JOIN merchant_account a ON a.bank_id = m.bank_id AND a.merchant_id = m.id AND a.status IN ('current', 'former')
				GROUP BY m.bank_id, m.id, m.account_version HAVING m.account_version <> COUNT(a.id) OR COUNT(a.current_key) <> CASE WHEN m.account_version = 0 THEN 0 ELSE 1 END
			UNION ALL SELECT a.bank_id, a.id, 'of no change' FROM merchant_account a WHERE NOT EXISTS (SELECT 1 FROM merchant_change c WHERE c.bank_id = a.bank_id AND c.account_id = a.id)
			UNION ALL SELECT a.bank_id, a.id, 'refused, and its number is there' FROM merchant_account a WHERE a.status = 'refused' AND a.number_sealed <> 'erased'`,
	}}
}
