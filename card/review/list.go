package review

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"yinbo/card"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/tenant"
)

// Lead is an application as the card department sees it in a list: personal data
// masked.
type Lead struct {
	ID           string       `json:"id" doc:"The application's id"`
	Status       card.Status  `json:"status"`
	CardProduct  card.Named   `json:"card_product"`
	Applicant    Masked       `json:"applicant"`
	ReceiptNo    string       `json:"receipt_no"`
	RoomID       *string      `json:"room_id"`
	CreatedAt    clock.Stamp  `json:"created_at"`
	UpdatedAt    clock.Stamp  `json:"updated_at"`
	ClaimedBy    *card.Named  `json:"claimed_by" doc:"Who holds it; null when nobody does or the lease ran out"`
	ClaimedUntil *clock.Stamp `json:"claimed_until"`
	Screening    card.Verdict `json:"screening" doc:"The worst verdict: pass, refer, decline"`
	DecidedAt    *clock.Stamp `json:"decided_at"`
	CardLast4    *string      `json:"card_last4"`
	ShareCode    *string      `json:"share_code"`
	Campaign     *string      `json:"campaign"`
	QueueID      *string      `json:"queue_id"`
	Proposed     bool         `json:"proposed" doc:"A decision waits for a second person"`
	EscalatedAt  *clock.Stamp `json:"escalated_at" doc:"When a promise was not kept, while in review"`
	EscalatedFor *string      `json:"escalated_for" doc:"look, decision, supplement"`

	claimer string
}

// Masked is an applicant as screens show them.
type Masked struct {
	Name       string            `json:"name"`
	Phone      string            `json:"phone"`
	IDNo       string            `json:"id_no"`
	CityCode   string            `json:"city_code"`
	IncomeBand *string           `json:"income_band"`
	Fields     map[string]string `json:"fields,omitempty" doc:"Every field that can be revealed, masked; for a single lead only"`
}

// Filter picks leads; zero fields do not filter.
type Filter struct {
	Status     card.Status
	Assignee   string // me, none, or a staff id
	Query      string // see lookup
	From, To   time.Time
	Branch     tenant.Scope // of these branches
	Queue      string
	Room       string
	Product    string
	Screening  card.Verdict
	City       string // six digits
	IncomeBand string
	Escalated  bool
	Proposed   bool // a decision waits for a second person
	Oldest     bool // the oldest first, else the newest

	claim claim
}

// claim narrows Assignee none to a part that has an index in the list's order.
type claim int

const (
	anyUnheld claim = iota
	neverHeld
	lapsed // its lease is over, which a task will soon have seen to
)

// List gives leads by the time they were sent in, one more than limit where there
// are more; after is the last id of the page before. Each filter has an index in
// the list's order, so that a page reads little more than it shows. A whole id or
// phone number in the query is a search as any other: audited, and rate_limited
// (429) beyond SearchesPerHour.
func (l *Leads) List(ctx context.Context, bank string, p Person, f Filter, after string, limit int) ([]Lead, error) {
	if f.Assignee == "none" && f.claim == anyUnheld && f.Query == "" {
		return l.unheld(ctx, bank, p, f, after, limit)
	}
	c, err := l.condition(ctx, bank, p, f)
	if err != nil {
		return nil, err
	}
	order, than := newest, "<"
	if f.Oldest {
		order, than = " ORDER BY a.created_at, a.id", ">"
	}
	if after != "" {
		at, err := createdAt(ctx, l.book.DB, bank, after)
		if err != nil {
			return nil, err
		}
		// A range of the index first, then the rest of the equal ones.
		c.add("a.created_at "+than+"= ? AND (a.created_at "+than+" ? OR a.id "+than+" ?)", at, at, after)
	}
	leads, err := db.All(ctx, l.book.DB, scanLead, c.selectLead(l.book.DB.Dialect(), order), append(c.args, limit+1)...)
	if err != nil {
		return nil, err
	}
	if c.whole != "" {
		if _, err := l.searched(ctx, bank, p, c.whole, "", min(len(leads), limit)); err != nil {
			return nil, err
		}
	}
	return leads, l.name(ctx, bank, leads)
}

// unheld is List of the leads that nobody holds: a page of each status that is
// open, since only within one is there an index in the list's order, and one of
// those whose lease is over.
func (l *Leads) unheld(ctx context.Context, bank string, p Person, f Filter, after string, limit int) (leads []Lead, err error) {
	parts := []Filter{f}
	parts[0].claim = lapsed
	for _, status := range card.Reviewable() {
		if f.Status == "" || f.Status == status {
			part := f
			part.Status, part.claim = status, neverHeld
			parts = append(parts, part)
		}
	}
	for _, part := range parts {
		page, err := l.List(ctx, bank, p, part, after, limit)
		if err != nil {
			return nil, err
		}
		leads = append(leads, page...)
	}
	slices.SortFunc(leads, func(a, b Lead) int {
		if f.Oldest {
			a, b = b, a
		}
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt.Time), strings.Compare(b.ID, a.ID))
	})
	return leads[:min(len(leads), limit+1)], nil
}

// The product's name is read by itself: a join may lose the index's order.
const leadColumns = `SELECT a.id, a.status, a.card_product_id, (SELECT p.name FROM card_product p WHERE p.id = a.card_product_id), a.name_masked, a.phone_masked, a.id_no_masked, a.city_code, a.income_band,
	a.receipt_no, a.room_id, a.created_at, a.updated_at, COALESCE(a.claimed_by, ''), a.claimed_until, a.screening, a.decided_at, a.card_last4,
	a.share_code, a.campaign, a.queue_id, a.proposal_id IS NOT NULL, a.escalated_at, a.escalated_for FROM application a`

func scanLead(r db.Row) (v Lead, err error) {
	var created, updated, until, decided, escalated db.Time
	err = r.Scan(&v.ID, &v.Status, &v.CardProduct.ID, &v.CardProduct.Name, &v.Applicant.Name, &v.Applicant.Phone, &v.Applicant.IDNo,
		&v.Applicant.CityCode, &v.Applicant.IncomeBand, &v.ReceiptNo, &v.RoomID, &created, &updated, &v.claimer, &until, &v.Screening, &decided, &v.CardLast4,
		&v.ShareCode, &v.Campaign, &v.QueueID, &v.Proposed, &escalated, &v.EscalatedFor)
	v.CreatedAt, v.UpdatedAt = clock.At(created.Time), clock.At(updated.Time)
	v.ClaimedUntil, v.DecidedAt, v.EscalatedAt = clock.AtPtr(until.Time), clock.AtPtr(decided.Time), clock.AtPtr(escalated.Time)
	return v, err
}

// condition is a filter in SQL, with the index to read by; "" leaves the choice
// to the engine.
type condition struct {
	where string
	args  []any
	index string
	tells bool   // the index tells what is filtered out, so that only what is shown is looked up
	whole string // the field that is looked up by its whole value: id_no, phone
}

func (c *condition) add(cond string, v ...any) {
	c.where, c.args = c.where+" AND "+cond, append(c.args, v...)
}

// within adds that the lead is of a branch in the scope.
func (c *condition) within(s tenant.Scope) {
	if cond, args := s.SQL("a.branch_id"); cond != "" {
		c.add(cond, args...)
	}
}

// by names an index unless a narrower one was named before.
func (c *condition) by(index string) {
	if c.index == "" {
		c.index = index
	}
}

// newest is the list's order.
const newest = " ORDER BY a.created_at DESC, a.id DESC"

// cityFilters is the index of a city's leads that also tells what they are mostly
// filtered by, statusMade that of a status's, which tells the city.
const (
	cityFilters = "application_city_filters"
	statusMade  = "application_status_made"
)

// selectLead selects so many leads (the last argument) in an order.
func (c *condition) selectLead(d db.Dialect, order string) string {
	hint := ""
	if c.index != "" && c.index != engine {
		hint = d.By(c.index)
	}
	if c.tells { // the ids come from the index alone
		return leadColumns + " JOIN (SELECT a.id AS picked FROM application a" + hint + " WHERE " + c.where + order + " LIMIT ?) k ON k.picked = a.id" + order
	}
	return leadColumns + hint + " WHERE " + c.where + order + " LIMIT ?"
}

// engine stands for whatever index the engine finds: a whole value finds a few
// rows by it.
const engine = "engine"

// condition turns a filter into SQL, the narrowest parts first. Personal data is
// looked up by keyed hash or by its mask.
func (l *Leads) condition(ctx context.Context, bank string, p Person, f Filter) (*condition, error) {
	c := &condition{where: "a.bank_id = ?", args: []any{bank}}
	if f.Status != "" && !f.Status.Known() {
		return nil, fault.InvalidField("status", "field.not_allowed")
	}
	if q := strings.TrimSpace(f.Query); q != "" {
		if err := l.lookup(ctx, c, bank, q); err != nil {
			return nil, err
		}
	}
	l.standing(c, p, f)
	queue, screening, branch := "application_queue_made", "application_screening_made", "application_branch_made"
	if f.Status != "" {
		queue, screening, branch = "application_queue_status", "application_screening_status", "application_branch_status"
	}
	c.within(p.Scope)
	c.within(f.Branch)
	// One branch has an index in the list's order; for a tree of them the engine
	// weighs the order against the branches.
	if one := narrower(p.Scope, f.Branch); len(one) == 1 {
		c.by(branch)
	}
	for _, e := range []struct{ column, value, index string }{
		{"a.room_id", f.Room, "application_room_made"},
		{"a.city_code", f.City, cityFilters},
		{"a.queue_id", f.Queue, queue},
		{"a.screening", string(f.Screening), screening},
		{"a.income_band", f.IncomeBand, "application_band_made"},
		{"a.status", string(f.Status), statusMade},
		{"a.card_product_id", f.Product, "application_product_made"},
	} {
		if e.value == "" {
			continue
		}
		switch { // few leads are open at once
		case f.claim == neverHeld:
			c.by("application_unheld")
		case waitsForUs(f.Status):
			c.by(statusMade)
		}
		c.by(e.index)
		c.add(e.column+" = ?", e.value)
	}
	c.tells = f.City != "" && (c.index == cityFilters || c.index == statusMade)
	if !f.From.IsZero() {
		c.add("a.created_at >= ?", f.From)
	}
	if !f.To.IsZero() {
		c.add("a.created_at < ?", f.To)
	}
	c.by("application_made")
	return c, nil
}

// narrower are the branches of the smaller scope; none for the whole bank.
func narrower(a, b tenant.Scope) []string {
	if !a.Bounded() || b.Bounded() && len(b.Branches()) < len(a.Branches()) {
		return b.Branches()
	}
	return a.Branches()
}

func waitsForUs(s card.Status) bool {
	return s == card.Screening || s == card.Approved || (standing{status: s}).reviewable()
}

// standing adds who holds a lead and what is the matter with it.
func (l *Leads) standing(c *condition, p Person, f Filter) {
	now := l.book.DB.Clock().Now()
	held := func(staff string) {
		c.by("application_claimed")
		c.add("a.claimed_by = ? AND a.claimed_until > ?", staff, now)
	}
	switch f.Assignee {
	case "":
	case "none":
		if !(standing{status: f.Status}).reviewable() {
			c.add("a.status IN ('queued','in_review','info_requested')")
		}
		switch f.claim {
		case anyUnheld:
			c.add("(a.claimed_until IS NULL OR a.claimed_until <= ?)", now)
		case neverHeld:
			c.add("a.claimed_until IS NULL")
		case lapsed:
			c.by("application_unheld")
			c.add("a.claimed_until <= ?", now)
		}
	case "me":
		held(p.ID)
	default:
		held(f.Assignee)
	}
	if f.Proposed {
		c.by("application_proposal")
		c.add("a.proposal_id > ''")
	}
	if f.Escalated {
		c.by("application_escalated")
		c.add("a.escalated_at > ?", time.Unix(0, 0))
	}
}

var (
	tailShape = regexp.MustCompile(`^[0-9]{4}$`)
	maskShape = regexp.MustCompile(`^1[3-9][0-9]\*{4}[0-9]{4}$`)
)

// lookup tells what a search text is. Sealed values have no way in but the whole
// value, by its keyed hash; masks are found as they are stored: a phone's
// 138****5678 or its last four digits, a name's 张*.
func (l *Leads) lookup(ctx context.Context, c *condition, bank, q string) error {
	who, code := card.ParseIDNo(q)
	switch {
	case code == "":
		return l.whole(ctx, c, bank, "id_no", who.No)
	case card.ValidMobile(q):
		return l.whole(ctx, c, bank, "phone", q)
	case id.Is(id.Application, q):
		c.by(engine)
		c.add("a.id = ?", q)
	case maskShape.MatchString(q):
		c.by("application_tail_made")
		c.add("a.phone_tail = ? AND a.phone_masked = ?", q[len(q)-4:], q)
	case tailShape.MatchString(q):
		c.by("application_tail_made")
		c.add("a.phone_tail = ?", q)
	case strings.HasSuffix(q, "*"):
		c.by("application_name_made")
		c.add("a.name_masked = ?", q)
	default:
		c.by(engine)
		c.add("a.receipt_no = ?", strings.ToUpper(q))
	}
	return nil
}

// whole looks a whole value up by its keyed hash; field is id_no or phone.
func (l *Leads) whole(ctx context.Context, c *condition, bank, field, value string) error {
	hash, err := l.book.Keys.Hash(ctx, bank, field, value)
	c.whole = field
	c.by(map[string]string{"id_no": "application_person", "phone": "application_phone"}[field])
	c.add("a."+field+"_hash = ?", hash)
	return err
}

// name puts the claimers' names in, each looked up once, and hides claims that
// ran out.
func (l *Leads) name(ctx context.Context, bank string, leads []Lead) error {
	now, names := l.book.DB.Clock().Now(), map[string]string{}
	for i := range leads {
		v := &leads[i]
		if v.claimer == "" || v.ClaimedUntil == nil || !v.ClaimedUntil.After(now) {
			v.ClaimedUntil = nil
			continue
		}
		name, err := l.nameOf(ctx, bank, v.claimer, names)
		if err != nil {
			return err
		}
		v.ClaimedBy = &card.Named{ID: v.claimer, Name: name}
	}
	return nil
}

func (l *Leads) nameOf(ctx context.Context, bank, staffID string, known map[string]string) (string, error) {
	name, ok := known[staffID]
	if ok {
		return name, nil
	}
	name, _, err := l.staff.Name(ctx, bank, staffID)
	known[staffID] = name
	return name, err
}
