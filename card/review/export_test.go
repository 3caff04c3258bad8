package review

import (
	"context"

	"yinbo/card"
)

// Statements are those of a handover, of who had part in a lead, and of what
// waits for anybody, with the index that each is to walk.
func (l *Leads) Statements(ctx context.Context, bank string) (map[string]string, error) {
	d := l.book.DB.Dialect()
	c, err := l.condition(ctx, bank, Person{}, Filter{Assignee: "none", Status: card.Queued})
	if err != nil {
		return nil, err
	}
	return map[string]string{parts(d): "lead_event_application", holdings(d): "application_claimed",
		c.selectLead(d) + " ORDER BY a.created_at DESC, a.id DESC LIMIT ?": "application_status_made"}, nil
}
