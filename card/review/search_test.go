package review_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"yinbo/card"
	"yinbo/card/cardtest"
	"yinbo/card/review"
	"yinbo/internal/audit"
	"yinbo/internal/fault"
	"yinbo/internal/pii"
	"yinbo/internal/testkit"
)

func TestWholeValuesAreSearchedAuditedAndBounded(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, p := testkit.Context(t), d.Reviewer(false)
		lead, _ := d.Apply(t, 1)
		d.Apply(t, 2)
		search := func(field, value string) ([]review.Lead, int, error) {
			return d.Leads.Search(ctx, d.Bank, p, field, pii.Clear(value), "来电核实 "+cardtest.Phone(1))
		}
		for field, value := range map[string]string{"phone": cardtest.Phone(1), "id_no": strings.ToLower(cardtest.IDNo(1))} {
			found, _, err := search(field, value)
			if err != nil || len(found) != 1 || found[0].ID != lead {
				t.Errorf("%s: %+v %v", field, found, err)
			}
		}
		for field, value := range map[string]string{"phone": "138", "id_no": "110105194912310021", "name": "张三"} {
			if _, _, err := search(field, value); fault.From(err).Kind != fault.Invalid {
				t.Errorf("%s %s: %v", field, value, err)
			}
		}
		entries, err := audit.List(ctx, d.DB, d.Bank.ID, audit.Filter{Action: "lead.searched", Limit: 10})
		if err != nil || len(entries) != 2 {
			t.Fatalf("%d entries: %v", len(entries), err)
		}
		for _, cell := range d.Dump(t) {
			if strings.Contains(cell, cardtest.Phone(1)) || strings.Contains(cell, cardtest.IDNo(1)) {
				t.Errorf("in clear: %s", cell)
			}
		}
		for left := review.SearchesPerHour - 3; left >= 0; left-- {
			if _, got, err := search("phone", cardtest.Phone(9)); err != nil || got != left {
				t.Fatalf("%d left, want %d: %v", got, left, err)
			}
		}
		if _, _, err := search("phone", cardtest.Phone(1)); fault.From(err).Kind != fault.RateLimited {
			t.Errorf("one too many: %v", err)
		}
		d.Clock.Advance(time.Hour)
		if _, _, err := search("phone", cardtest.Phone(1)); err != nil {
			t.Error(err)
		}
	})
}

// The list's own search text is no way around the search's audit and limit, nor
// are many at once or a page after another.
func TestWholeValuesInTheListCountAsSearches(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, p := testkit.Context(t), d.Reviewer(false)
		lead, _ := d.Apply(t, 1)
		look := func(q, after string) error {
			_, err := d.Leads.List(ctx, d.Bank.ID, p, review.Filter{Query: q}, after, 10)
			return err
		}
		for range review.SearchesPerHour - 10 {
			if _, _, err := d.Leads.Search(ctx, d.Bank, p, "phone", pii.Clear(cardtest.Phone(1)), ""); err != nil {
				t.Fatal(err)
			}
		}
		errs := make([]error, 20)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { errs[i] = look([]string{cardtest.Phone(1), cardtest.IDNo(1)}[i%2], []string{"", lead}[i/10]) })
		}
		wg.Wait()
		passed := 0
		for _, err := range errs {
			if err == nil {
				passed++
			} else if fault.From(err).Kind != fault.RateLimited {
				t.Error(err)
			}
		}
		if passed != 10 {
			t.Errorf("%d passed, 10 were left", passed)
		}
		if err := look("0001", ""); err != nil {
			t.Errorf("a tail is no whole value: %v", err)
		}
		if _, err := d.Leads.Export(ctx, d.Bank, p, review.Filter{Query: cardtest.Phone(1)}); fault.From(err).Kind != fault.RateLimited {
			t.Errorf("exported: %v", err)
		}
		if entries, err := audit.List(ctx, d.DB, d.Bank.ID, audit.Filter{Action: "lead.searched", Limit: 200}); err != nil || len(entries) != review.SearchesPerHour {
			t.Errorf("%d entries: %v", len(entries), err)
		}
	})
}

func TestLeadsAreFilteredByWhatPeopleAskFor(t *testing.T) {
	cardtest.Each(t, func(t *testing.T, d *cardtest.Department) {
		ctx, p := testkit.Context(t), d.Reviewer(false)
		one, _ := d.Apply(t, 1)
		d.Clock.Advance(time.Minute)
		two, _ := d.Apply(t, 2)
		queueFor(t, d, 0)
		spread(t, d)
		queues, err := d.Leads.Queues(ctx, d.Bank.ID, review.Person{})
		if err != nil {
			t.Fatal(err)
		}
		for what, c := range map[string]struct {
			f    review.Filter
			want int
		}{
			"queue": {review.Filter{Queue: queues[0].ID}, 2}, "queue and status": {review.Filter{Queue: queues[0].ID, Status: card.Approved}, 0},
			"product": {review.Filter{Product: d.Products[0]}, 2}, "another product": {review.Filter{Product: d.Products[1]}, 0},
			"verdict": {review.Filter{Screening: card.Pass}, 2}, "another verdict": {review.Filter{Screening: card.Refer}, 0},
			"city": {review.Filter{City: "310100"}, 2}, "band": {review.Filter{IncomeBand: "10k-20k"}, 2}, "another band": {review.Filter{IncomeBand: "x"}, 0},
			"room": {review.Filter{Room: cardtest.Room}, 0}, "status": {review.Filter{Status: card.Queued}, 2},
			"city and band": {review.Filter{City: "310100", IncomeBand: "10k-20k"}, 2}, "city and another band": {review.Filter{City: "310100", IncomeBand: "x"}, 0},
			"status and city": {review.Filter{Status: card.Issued, City: "310100"}, 0},
			"all of them":     {review.Filter{Queue: queues[0].ID, Product: d.Products[0], Screening: card.Pass, City: "310100", IncomeBand: "10k-20k", Status: card.Queued, Assignee: "none"}, 2},
			"time":            {review.Filter{From: cardtest.Monday.Add(30 * time.Second), City: "310100"}, 1},
			"escalated":       {review.Filter{Escalated: true}, 0}, "proposed": {review.Filter{Proposed: true}, 0},
			"tail": {review.Filter{Query: "0002"}, 1}, "mask": {review.Filter{Query: "138****0001"}, 1}, "another mask": {review.Filter{Query: "139****0001"}, 0},
			"name": {review.Filter{Query: "欧阳*"}, 2}, "another name": {review.Filter{Query: "张*"}, 0},
		} {
			got, err := d.Leads.List(ctx, d.Bank.ID, p, c.f, "", 10)
			if err != nil || len(got) != c.want {
				t.Errorf("%s: %d: %v", what, len(got), err)
			}
		}
		var walked []string
		for after := ""; ; {
			page, err := d.Leads.List(ctx, d.Bank.ID, p, review.Filter{Oldest: true, City: "310100", IncomeBand: "10k-20k"}, after, 1)
			if err != nil || len(page) == 0 {
				t.Fatalf("%v after %s: %v", page, after, err)
			}
			walked, after = append(walked, page[0].ID), page[0].ID
			if len(page) == 1 {
				break
			}
		}
		if len(walked) != 2 || walked[0] != one || walked[1] != two {
			t.Errorf("%v", walked)
		}
	})
}
