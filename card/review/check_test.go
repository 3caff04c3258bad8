package review_test

import (
	"testing"

	"yinbo/card/cardtest"
	"yinbo/card/review"
	"yinbo/internal/pii"
	"yinbo/internal/testkit"
)

func TestInvariantsOfTheReviewHoldAndCanFail(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx := testkit.Context(t)
		d.Apply(t, 9) // waits
		twoEyes(t, d)
		confirmed, _ := d.Apply(t, 2)
		propose(t, d, confirmed, yes)
		d.Clock.Advance(1e9)
		if err := d.Leads.Second(ctx, d.Bank, d.Reviewer(true), confirmed, true, pii.Text{}); err != nil {
			t.Fatal(err)
		}
		testkit.Breaks(t, d.DB, review.Invariants(), []testkit.Break{
			testkit.Wrong("proposed on a held lead", "opinion.waits", "UPDATE application SET claimed_by = 'stf_x' WHERE proposal_id IS NOT NULL"),
			testkit.Wrong("proposed and decided", "opinion.waits", "UPDATE application SET status = 'approved' WHERE proposal_id IS NOT NULL"),
			testkit.Wrong("no such opinion", "opinion.waits", "UPDATE application SET proposal_id = 'opn_x' WHERE proposal_id IS NOT NULL"),
			testkit.Wrong("their own second", "opinion.second", "UPDATE second_opinion SET decided_by = proposed_by WHERE outcome = 'confirmed'"),
			testkit.Wrong("against screening, by one", "opinion.override", "UPDATE application SET screening = 'decline' WHERE status = 'approved'", "UPDATE second_opinion SET decision = 'reject' WHERE outcome = 'confirmed'"),
			testkit.Wrong("reopened by one", "opinion.reopened", "UPDATE application SET reopened = 1 WHERE status = 'approved'"),
			testkit.Wrong("nobody places", "lead.placed", "UPDATE application SET updated_at = '2001-01-01 00:00:00.000000' WHERE status = 'queued'"),
		})
	})
}
