package card

import (
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/invariant"
)

// Invariants are what holds of applications.
func Invariants() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "application.open",
		Means: "an application counts as its person's open one until it is issued or over",
		Of:    "application",
		Broken: `SELECT bank_id, id, CONCAT_WS('', status, CASE WHEN open_key IS NULL THEN ', not open' ELSE ', open' END) FROM application
			WHERE (status IN ('screening', 'queued', 'in_review', 'info_requested', 'approved', 'handed_off')) <> (open_key IS NOT NULL)`,
	}, {
		Name:  "application.claim",
		Means: "a lead is held only while it waits for the card department, and until a time",
		Of:    "application",
		Broken: `SELECT bank_id, id, CONCAT_WS('', status, ', held by ', COALESCE(claimed_by, 'nobody'), ' until ', COALESCE(claimed_until, 'no time')) FROM application
			WHERE (claimed_by IS NULL) <> (claimed_until IS NULL)
				OR claimed_by IS NOT NULL AND status NOT IN ('queued', 'in_review', 'info_requested')`,
	}, {
		Name:  "application.decided",
		Means: "what is approved was approved by somebody, for a reason",
		Of:    "application",
		Broken: `SELECT bank_id, id, CONCAT_WS('', status, ', decision ', COALESCE(decision, 'none'), ' by ', COALESCE(decided_by, 'nobody')) FROM application
			WHERE status IN ('approved', 'handed_off', 'issued', 'activated', 'bound')
				AND (decision IS NULL OR decision <> 'approve' OR decided_by IS NULL OR decided_at IS NULL OR reason_code IS NULL)`,
	}, {
		Name:  "application.consent",
		Means: "an application whose card product has documents has consents",
		Of:    "application",
		Broken: `SELECT a.bank_id, a.id, 'no consent' FROM application a
			WHERE EXISTS (SELECT 1 FROM card_product_document d WHERE d.card_product_id = a.card_product_id)
				AND NOT EXISTS (SELECT 1 FROM consent c WHERE c.bank_id = a.bank_id AND c.application_id = a.id)`,
	}, {
		Name:  "application.screened",
		Means: "an application that left screening was screened, and its history begins",
		Of:    "application",
		Broken: `SELECT a.bank_id, a.id, CONCAT_WS('', a.status, ', without screening or history') FROM application a
			WHERE a.status NOT IN ('screening', 'withdrawn') AND NOT EXISTS (SELECT 1 FROM screening s WHERE s.application_id = a.id)
					AND NOT EXISTS (SELECT 1 FROM screening_decision s WHERE s.bank_id = a.bank_id AND s.application_id = a.id)
				OR NOT EXISTS (SELECT 1 FROM lead_event e WHERE e.bank_id = a.bank_id AND e.application_id = a.id)`,
	}, {
		Name:  "application.attribution",
		Means: "the manager and outlet that an application is attributed to are the bank's",
		Of:    "application",
		Broken: `SELECT a.bank_id, a.id, CONCAT_WS('', 'manager ', COALESCE(a.manager_id, 'none'), ', outlet ', COALESCE(a.outlet_id, 'none')) FROM application a
			WHERE a.manager_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM staff s WHERE s.bank_id = a.bank_id AND s.id = a.manager_id)
				OR a.outlet_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM branch b WHERE b.bank_id = a.bank_id AND b.id = a.outlet_id)`,
	}, {
		Name:  "application.delivery",
		Means: "where a card is collected is an outlet of the bank",
		Of:    "application",
		Broken: `SELECT a.bank_id, a.id, CONCAT_WS('', 'outlet ', a.delivery_outlet_id) FROM application a
			WHERE a.delivery_outlet_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM outlet o WHERE o.bank_id = a.bank_id AND o.branch_id = a.delivery_outlet_id)`,
	}, {
		Name:  "application.form",
		Means: "a bank's forms are numbered without gaps, and an application names one that was there",
		Of:    "application_form",
		Broken: `SELECT f.bank_id, CONCAT_WS('', 'version ', MAX(f.version)), CONCAT_WS('', COUNT(*), ' versions') FROM application_form f GROUP BY f.bank_id HAVING COUNT(*) <> MAX(f.version)
			UNION ALL SELECT a.bank_id, a.id, CONCAT_WS('', 'form ', a.form_version) FROM application a
			WHERE a.form_version <> 0 AND NOT EXISTS (SELECT 1 FROM application_form f WHERE f.bank_id = a.bank_id AND f.version = a.form_version)`,
	}, {
		Name:  "application_form.two",
		Means: "a form that was approved is what another submitted, and is in use as it was approved",
		Of:    "application_form_change",
		Broken: `SELECT f.bank_id, CONCAT_WS('', 'version ', f.version), 'approved, without a change of two persons' FROM application_form f
			WHERE f.approved_by IS NOT NULL AND NOT EXISTS (SELECT 1 FROM application_form_change c WHERE c.bank_id = f.bank_id AND c.version = f.version
				AND c.state = 'approved' AND c.submitted_by = f.made_by AND c.decided_by = f.approved_by AND c.submitted_by <> c.decided_by)
			UNION ALL SELECT c.bank_id, c.id, CONCAT_WS('', 'became no version ', c.version) FROM application_form_change c
			WHERE c.state = 'approved' AND NOT EXISTS (SELECT 1 FROM application_form f WHERE f.bank_id = c.bank_id AND f.version = c.version AND f.approved_by = c.decided_by)`,
	}, {
		Name:  "application.draft",
		Means: "who keeps a draft is somebody, and is not erased",
		Of:    "application_draft",
		Broken: `SELECT d.bank_id, d.id, 'its writer is nobody, or erased' FROM application_draft d
			WHERE NOT EXISTS (SELECT 1 FROM viewer v WHERE v.bank_id = d.bank_id AND v.id = d.viewer_id AND v.erased_at IS NULL)`,
	},
		idem.Answered("application.answered", id.Application, "application", "viewer_id"),
	}
}
