package card_test

import (
	"testing"

	"yinbo/card/cardtest"
	"yinbo/card/review"
	"yinbo/internal/testkit"
)

func reject(t *testing.T, d *cardtest.Department, lead string) {
	t.Helper()
	ctx, p := testkit.Context(t), d.Reviewer(false)
	if err := d.Leads.Claim(ctx, d.Bank, p, lead); err != nil {
		t.Fatal(err)
	}
	if err := d.Leads.Decide(ctx, d.Bank, p, lead, review.Decision{Decision: review.Reject, ReasonCode: "risk"}); err != nil {
		t.Fatal(err)
	}
}
