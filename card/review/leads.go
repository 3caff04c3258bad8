package review

import (
	"context"
	"slices"
	"time"

	"yinbo/card"
	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// Staff knows the bank's people.
type Staff interface {
	Name(ctx context.Context, bank, staff string) (string, bool, error)
	HasRole(ctx context.Context, bank, staff, role string) (bool, error)
	// People are those who have one of the roles and are not disabled: names by id.
	People(ctx context.Context, bank string, roles ...string) (map[string]string, error)
}

// Leads is the card department's desk.
type Leads struct {
	book  *card.Book
	staff Staff
	banks Banks
}

// New makes the desk.
func New(book *card.Book, staff Staff, banks Banks) *Leads {
	return &Leads{book: book, staff: staff, banks: banks}
}

// Person is a member of staff at the desk.
type Person struct {
	ID         string
	Supervisor bool
	RequestID  string
}

func (p Person) actor() card.Actor {
	return card.Actor{Kind: "staff", ID: p.ID, RequestID: p.RequestID}
}

// act is an act of p on a lead, for timeline and audit alike.
func (p Person) act(bank, lead, kind string, detail map[string]any) card.Event {
	return card.Event{Bank: bank, Application: lead, Kind: kind, By: p.actor(), Detail: detail}
}

// standing is what decides whether a person may act on a lead.
type standing struct {
	status    card.Status
	claimedBy string
	until     time.Time
	proposed  bool // a decision waits for a second person
}

func (s standing) heldBy(now time.Time) string {
	if !s.until.After(now) {
		return ""
	}
	return s.claimedBy
}

func (s standing) reviewable() bool { return slices.Contains(card.Reviewable(), s.status) }

func readStanding(ctx context.Context, q db.Querier, bank, lead string) (standing, error) {
	s, found, err := db.One(ctx, q, func(r db.Row) (s standing, err error) {
		var until db.Time
		err = r.Scan(&s.status, &s.claimedBy, &until, &s.proposed)
		s.until = until.Time
		return s, err
	}, "SELECT status, COALESCE(claimed_by, ''), claimed_until, proposal_id IS NOT NULL FROM application WHERE bank_id = ? AND id = ?", bank, lead)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	return s, err
}

// refusal says why an act of p on a lead was not possible: not_found, lead.taken
// when it is decided, also when a second person is still to say so, closed or
// another's, lead.not_claimed when it is nobody's,
// else conflict.
func refusal(ctx context.Context, tx *db.Tx, bank, lead string, p Person) error {
	s, err := readStanding(ctx, tx, bank, lead)
	if err != nil {
		return err
	}
	switch holder := s.heldBy(tx.Now); {
	case !s.reviewable() || s.proposed || holder != "" && holder != p.ID:
		return fault.New(fault.Conflict, "lead.taken")
	case holder == "":
		return fault.New(fault.Conflict, "lead.not_claimed")
	}
	return fault.New(fault.Conflict, "conflict")
}
