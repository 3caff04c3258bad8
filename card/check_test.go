package card_test

import (
	"slices"
	"testing"

	"yinbo/card"
	"yinbo/card/bind"
	"yinbo/card/cardtest"
	"yinbo/card/follow"
	"yinbo/internal/pii"
	"yinbo/internal/testkit"
)

// Of a department in which all has happened nothing is broken, and each
// invariant sees what breaks it and nothing else.
func TestInvariantsOfTheCardDepartmentHoldAndCanFail(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		now := d.Clock.Now()
		d.Apply(t, 1) // waits
		held, _ := d.Apply(t, 2)
		if err := d.Leads.Claim(testkit.Context(t), d.Bank, d.Reviewer(false), held); err != nil {
			t.Fatal(err)
		}
		declined, _ := d.Apply(t, 3)
		d.Approve(t, declined)
		d.Outcome(t, declined, "declined", "", now)
		issued, _ := d.Apply(t, 4)
		d.Approve(t, issued)
		d.Outcome(t, issued, "issued", "1234", now) // its follow-ups wait
		bound, viewer := d.Apply(t, 5)
		d.Approve(t, bound)
		d.Outcome(t, bound, "issued", "4242", now)
		bindCard(t, d, viewer, 5)
		unbound := d.Viewer(cardtest.Phone(6))
		c := bindCard(t, d, unbound, 6)
		if err := d.Bindings.Unbind(testkit.Context(t), d.Bank.ID, unbound, c.ID, card.Actor{Kind: "viewer", ID: unbound}); err != nil {
			t.Fatal(err)
		}
		set(t, d, card.FullForm())
		drafts := d.Viewer(cardtest.Phone(7))
		d.SignedIn(t, drafts, cardtest.Phone(7))
		if _, err := d.Applications.SaveDraft(testkit.Context(t), d.Bank, drafts, draft(d, 0, "x")); err != nil {
			t.Fatal(err)
		}
		rules := slices.Concat(card.Invariants(), bind.Invariants(), follow.Invariants())
		testkit.Breaks(t, d.DB, rules, cardBreaks())
	})
}

func bindCard(t *testing.T, d *cardtest.Department, viewer string, n int) bind.Card {
	t.Helper()
	ctx := testkit.Context(t)
	s, _, err := d.Bindings.Start(ctx, d.Bank, viewer, bind.Factors{PAN: pii.Clear("6225990000000008"), Name: pii.Clear("欧阳小明"),
		IDNo: pii.Clear(cardtest.IDNo(n)), Phone: pii.Clear(cardtest.Phone(n))}, d.Request(viewer))
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.Bindings.Confirm(ctx, d.Bank, viewer, s.ID, pii.Clear("123456"), card.Actor{Kind: "viewer", ID: viewer})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func cardBreaks() []testkit.Break {
	return []testkit.Break{
		testkit.Wrong("issued and still open", "application.open", "UPDATE application SET open_key = id WHERE status = 'issued'"),
		testkit.Wrong("held without an end", "application.claim", "UPDATE application SET claimed_until = NULL WHERE status = 'in_review'"),
		testkit.Wrong("held after the decision", "application.claim", "UPDATE application SET claimed_by = 'stf_x', claimed_until = created_at WHERE status = 'issued'"),
		testkit.Wrong("approved by nobody", "application.decided", "UPDATE application SET decided_by = NULL WHERE status = 'issued'"),
		testkit.Wrong("without consent", "application.consent", "DELETE FROM consent"),
		testkit.Wrong("never screened", "application.screened", "DELETE FROM screening_decision"),
		testkit.Wrong("without a history", "application.screened", "DELETE FROM lead_event"),
		testkit.Wrong("another bank's manager", "application.attribution", "UPDATE application SET manager_id = 'stf_x' WHERE status = 'issued'"),
		testkit.Wrong("collected at nothing", "application.delivery", "UPDATE application SET delivery_outlet_id = 'brn_x' WHERE status = 'issued'"),
		testkit.Wrong("a form that never was", "application.form", "UPDATE application SET form_version = 9 WHERE status = 'issued'"),
		testkit.Wrong("a form of one person alone", "application_form.two", "UPDATE application_form SET approved_by = made_by"),
		testkit.Wrong("a form without a change", "application_form.two", "DELETE FROM application_form_change"),
		testkit.Wrong("a change that became nothing", "application_form.two", "UPDATE application_form SET approved_by = NULL"),
		testkit.Wrong("a draft of nobody", "application.draft", "UPDATE application_draft SET viewer_id = 'usr_x'"),
		testkit.Wrong("a draft of an erased person", "application.draft", "UPDATE viewer SET erased_at = created_at"),
		testkit.Wrong("told and not there", "application.answered", "UPDATE idempotency SET response = REPLACE(response, '\"app_', '\"app_x')"),
		testkit.Wrong("bound without a token", "binding.state", "UPDATE binding SET card_token_sealed = NULL WHERE status = 'bound'"),
		testkit.Wrong("unbound at no time", "binding.state", "UPDATE binding SET unbound_at = NULL WHERE status = 'unbound'"),
		testkit.Wrong("cards and no default", "binding.default", "DELETE FROM default_card"),
		testkit.Wrong("a default that is not there", "default_card.bound", "INSERT INTO default_card (bank_id, viewer_id, binding_id) VALUES ('b', 'v', 'x')"),
		testkit.Wrong("a binding told and not there", "binding.answered", "UPDATE idempotency SET response = REPLACE(response, '\"bnd_', '\"bnd_x')"),
		testkit.Wrong("ended and waiting", "follow_up.ended", "UPDATE follow_up SET ended_at = created_at WHERE status = 'waiting'"),
		testkit.Wrong("lost by its queue", "follow_up.awaited", "DELETE FROM outbox WHERE kind = 'followup.send' AND state = 'pending'"),
	}
}
