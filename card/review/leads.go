package review

import (
	"context"
	"slices"
	"time"

	"yinbo/card"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/tenant"
)

// Staff knows the bank's people.
type Staff interface {
	Name(ctx context.Context, bank, staff string) (string, bool, error)
	HasRole(ctx context.Context, bank, staff, role string) (bool, error)
	// People are those who have one of the roles and are not disabled: names by id.
	People(ctx context.Context, bank string, roles ...string) (map[string]string, error)
	// Scope is which branches a person sees.
	Scope(ctx context.Context, bank, staff string) (tenant.Scope, error)
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
	Scope      tenant.Scope // whose leads they see: others' are not_found
	RequestID  string
}

// sees is not_found for a lead of a branch that p does not see. A lead's branch
// never changes, so it may be asked before the act. One that is nobody's is left
// to the act.
func (p Person) sees(ctx context.Context, q db.Querier, bank, lead string) error {
	if !p.Scope.Bounded() {
		return nil
	}
	branch, found, err := db.Value[string](ctx, q, "SELECT COALESCE(branch_id, '') FROM application WHERE bank_id = ? AND id = ?", bank, lead)
	if err == nil && (!found || !p.Scope.Has(branch)) {
		err = fault.New(fault.NotFound, "not_found")
	}
	return err
}

// Sees is not_found for a lead that p does not see, by its branch.
func (l *Leads) Sees(ctx context.Context, bank string, p Person, lead string) error {
	return p.sees(ctx, l.book.DB, bank, lead)
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
