package review

import (
	"context"

	"yinbo/card"
	"yinbo/internal/tenant"
)

// Statements are those of a handover, of who had part in a lead, of what waits
// for anybody, and of a branch's lists, with the index that each is to walk.
func (l *Leads) Statements(ctx context.Context, bank string) (map[string]string, error) {
	d := l.book.DB.Dialect()
	out := map[string]string{parts(d): "lead_event_application", holdings(d): "application_claimed"}
	ofBranch := Person{Scope: tenant.Within("brn_1")}
	for _, s := range []struct {
		who   Person
		what  Filter
		index string
	}{
		{Person{}, Filter{Assignee: "none", Status: card.InReview, claim: neverHeld}, "application_unheld"},
		{Person{}, Filter{Assignee: "none", claim: lapsed}, "application_unheld"},
		{ofBranch, Filter{}, "application_branch_made"},
		{ofBranch, Filter{Status: card.Queued}, "application_branch_status"},
		{Person{}, Filter{Branch: tenant.Within("brn_2"), Oldest: true}, "application_branch_made"},
		{Person{}, Filter{Branch: tenant.Within("brn_2"), Status: card.Issued}, "application_branch_status"},
		{Person{}, Filter{City: "310115"}, cityFilters},
		{Person{}, Filter{City: "310115", Status: card.Rejected}, cityFilters},
		{Person{}, Filter{City: "310115", Status: card.Queued}, statusMade},
		{Person{}, Filter{City: "310115", IncomeBand: "lt_50k"}, cityFilters},
	} {
		c, err := l.condition(ctx, bank, s.who, s.what)
		if err != nil {
			return nil, err
		}
		// The narrowest index that is named, not merely one that is there.
		out[c.selectLead(d, newest)] = s.index
	}
	return out, nil
}
