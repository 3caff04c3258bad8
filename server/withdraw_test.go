package server_test

import (
	"sync"
	"testing"

	"yinbo/internal/audit"
	"yinbo/internal/db"
	"yinbo/internal/testkit"
	"yinbo/order/ledger"
	"yinbo/order/settle"
)

// What one proposed one takes back, until another has decided on it; nobody else
// does, and where both act at once, one of them has acted.
func TestWhoProposedTakesItBack(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, d *db.DB) {
		b := newBack(t, d)
		b.sell()
		propose := func(key string) (one string) {
			t.Helper()
			var p ledger.Proposal
			status, raw, _ := b.call("finance", "POST", "/ledger/adjustments", handEntry, "Idempotency-Key", key)
			if status != 201 {
				t.Fatalf("%d %s", status, raw)
			}
			decode(t, raw, &p)
			return "/ledger/proposals/" + p.ID
		}
		one := propose("one")
		if code := b.want(403, nil, "both", "POST", one+"/withdraw", ""); code != "proposal.not_yours" {
			t.Errorf("another: %s", code)
		}
		b.want(403, nil, "checker", "POST", one+"/withdraw", "")
		var p ledger.Proposal
		b.want(200, &p, "finance", "POST", one+"/withdraw", "")
		if p.Status != "withdrawn" || p.WithdrawnAt == nil || p.DecidedBy != nil {
			t.Errorf("%+v", p)
		}
		b.want(409, nil, "finance", "POST", one+"/withdraw", "")
		b.want(409, nil, "checker", "POST", one+"/approve", "")
		b.want(404, nil, "finance", "POST", "/ledger/proposals/ppl_x/withdraw", "")
		acts, err := audit.List(b.ctx, b.db, b.bank.ID, audit.Filter{Object: p.ID, Limit: 5})
		if err != nil || len(acts) != 2 || acts[0].Action != "ledger.withdrawn" {
			t.Errorf("%+v, %v", acts, err)
		}
		b.race(propose("two")+"/withdraw", "/approve")
		b.withdrawsStatement()
		testkit.Holds(t, d, ledger.Invariants()...)
		testkit.Holds(t, d, settle.Invariants()...)
	})
}

// race has two people act at once: one of them has acted, the other is told.
func (b *back) race(withdraw, other string) {
	b.t.Helper()
	approve := withdraw[:len(withdraw)-len("/withdraw")] + other
	var wg sync.WaitGroup
	var got [2]int
	for i, act := range []struct{ who, path string }{{"finance", withdraw}, {"checker", approve}} {
		wg.Go(func() { got[i], _, _ = b.call(act.who, "POST", act.path, "") })
	}
	wg.Wait()
	if got != [2]int{200, 409} && got != [2]int{409, 200} {
		b.t.Errorf("%s and %s at once: %v", withdraw, approve, got)
	}
}

func (b *back) withdrawsStatement() {
	b.t.Helper()
	today := b.bank.BusinessDate(b.db.Clock().Now())
	b.want(200, nil, "finance", "POST", "/settlements/run", `{"date":"`+today+`"}`)
	var list struct{ Items []settle.Settlement }
	b.want(200, &list, "finance", "GET", "/settlements", "")
	one := "/settlements/" + list.Items[0].ID
	b.want(409, nil, "finance", "POST", one+"/withdraw", "")
	b.want(200, nil, "finance", "POST", one+"/submit", "")
	if code := b.want(403, nil, "both", "POST", one+"/withdraw", ""); code != "proposal.not_yours" {
		b.t.Errorf("another: %s", code)
	}
	var s settle.Settlement
	b.want(200, &s, "finance", "POST", one+"/withdraw", "")
	if s.Status != "draft" || s.SubmittedBy != nil || s.SubmittedAt != nil {
		b.t.Errorf("%+v", s)
	}
	b.want(409, nil, "checker", "POST", one+"/approve", "")
	b.want(200, nil, "finance", "POST", one+"/submit", "")
	b.race(one+"/withdraw", "/approve")
}
