package review

import (
	"time"

	"yinbo/internal/invariant"
)

// unplacedFor is after how long a lead that no queue was looked through for
// deserves a look.
const unplacedFor = 10 * time.Minute

// Invariants are what holds of the review.
func Invariants() []invariant.Rule {
	return []invariant.Rule{{
		Name:  "opinion.waits",
		Means: "a proposed decision waits on a lead that nobody holds: one in review, or a rejected one that may be reopened",
		Of:    "application",
		Broken: `SELECT a.bank_id, a.id, CONCAT_WS('', a.status, ', held by ', COALESCE(a.claimed_by, 'nobody'), ', ', COALESCE(o.decision, 'nothing'), ' proposed')
			FROM application a LEFT JOIN second_opinion o ON o.id = a.proposal_id AND o.application_id = a.id AND o.outcome IS NULL
			WHERE a.proposal_id > '' AND (o.id IS NULL OR a.claimed_by IS NOT NULL
				OR a.status <> CASE WHEN o.decision = 'reopen' THEN 'rejected' ELSE 'in_review' END)`,
	}, {
		Name:  "opinion.second",
		Means: "who gave the second word had no part in the lead before",
		Of:    "second_opinion",
		Broken: `SELECT o.bank_id, o.application_id, CONCAT_WS('', o.outcome, ' by ', o.decided_by, ', who had ', e.kind, ' it') FROM second_opinion o
			JOIN lead_event e ON e.bank_id = o.bank_id AND e.application_id = o.application_id AND e.at < o.decided_at
				AND (e.actor_id = o.decided_by AND ` + partByAct + ` OR ` + partByGrant + ` AND e.detail LIKE CONCAT_WS('', '%"staff_id":"', o.decided_by, '"%'))
			WHERE o.outcome IS NOT NULL`,
	}, {
		Name:  "opinion.override",
		Means: "what was approved although screening declined it was so by two people",
		Of:    "application",
		Broken: `SELECT a.bank_id, a.id, CONCAT_WS('', a.status, ', approved by ', a.decided_by, ' alone') FROM application a
			WHERE a.screening = 'decline' AND a.decision = 'approve' AND NOT EXISTS (SELECT 1 FROM second_opinion o
				WHERE o.bank_id = a.bank_id AND o.application_id = a.id AND o.decision = 'approve' AND o.outcome = 'confirmed')`,
	}, {
		Name:  "opinion.reopened",
		Means: "what was reopened was so by two people, each time",
		Of:    "application",
		Broken: `SELECT a.bank_id, a.id, CONCAT_WS('', 'reopened ', a.reopened, ' times') FROM application a
			WHERE a.reopened <> 0 AND a.reopened <> (SELECT COUNT(*) FROM second_opinion o
				WHERE o.bank_id = a.bank_id AND o.application_id = a.id AND o.decision = 'reopen' AND o.outcome = 'confirmed')`,
	}, {
		Name:   "lead.placed",
		Means:  "no lead waits for ten minutes to be looked for a queue: some worker runs",
		Of:     "application",
		Broken: "SELECT bank_id, id, CONCAT_WS('', 'since ', updated_at) FROM application WHERE status = 'queued' AND placed <> 1 AND updated_at < ?",
		Args:   func(now time.Time) []any { return []any{now.Add(-unplacedFor)} },
		Warns:  true,
	}}
}
