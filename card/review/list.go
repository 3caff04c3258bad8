package review

import (
	"context"
	"strings"
	"time"

	"yinbo/card"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
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
	Status   card.Status
	Assignee string // me, none, or a staff id
	Query    string // a phone, an id number, a receipt number or an application id, in full
	From, To time.Time
}

// List gives leads, the newest first, one more than limit where there are more;
// after is the last id of the page before.
func (l *Leads) List(ctx context.Context, bank string, p Person, f Filter, after string, limit int) ([]Lead, error) {
	where, args, err := l.condition(ctx, bank, p, f)
	if err != nil {
		return nil, err
	}
	if after != "" {
		where, args = where+" AND a.id < ?", append(args, after)
	}
	leads, err := db.All(ctx, l.book.DB, scanLead, selectLead+where+" ORDER BY a.id DESC LIMIT ?", append(args, limit+1)...)
	if err != nil {
		return nil, err
	}
	return leads, l.name(ctx, bank, leads)
}

const selectLead = `SELECT a.id, a.status, p.id, p.name, a.name_masked, a.phone_masked, a.id_no_masked, a.city_code, a.income_band,
	a.receipt_no, a.room_id, a.created_at, a.updated_at, COALESCE(a.claimed_by, ''), a.claimed_until, a.screening, a.decided_at, a.card_last4
	FROM application a JOIN card_product p ON p.id = a.card_product_id WHERE `

func scanLead(r db.Row) (v Lead, err error) {
	var created, updated, until, decided db.Time
	err = r.Scan(&v.ID, &v.Status, &v.CardProduct.ID, &v.CardProduct.Name, &v.Applicant.Name, &v.Applicant.Phone, &v.Applicant.IDNo,
		&v.Applicant.CityCode, &v.Applicant.IncomeBand, &v.ReceiptNo, &v.RoomID, &created, &updated, &v.claimer, &until, &v.Screening, &decided, &v.CardLast4)
	v.CreatedAt, v.UpdatedAt = clock.At(created.Time), clock.At(updated.Time)
	v.ClaimedUntil, v.DecidedAt = clock.AtPtr(until.Time), clock.AtPtr(decided.Time)
	return v, err
}

// condition turns a filter into SQL. Personal data is looked up by keyed hash.
func (l *Leads) condition(ctx context.Context, bank string, p Person, f Filter) (where string, args []any, err error) {
	where, args = "a.bank_id = ?", []any{bank}
	add := func(cond string, v ...any) { where += " AND " + cond; args = append(args, v...) }
	if f.Status != "" {
		if !f.Status.Known() {
			return "", nil, fault.InvalidField("status", "field.not_allowed")
		}
		add("a.status = ?", f.Status)
	}
	now := l.book.DB.Clock().Now()
	switch f.Assignee {
	case "":
	case "none":
		add("a.status IN ('queued','in_review','info_requested') AND (a.claimed_by IS NULL OR a.claimed_until <= ?)", now)
	case "me":
		add("a.claimed_by = ? AND a.claimed_until > ?", p.ID, now)
	default:
		add("a.claimed_by = ? AND a.claimed_until > ?", f.Assignee, now)
	}
	if !f.From.IsZero() {
		add("a.created_at >= ?", f.From)
	}
	if !f.To.IsZero() {
		add("a.created_at < ?", f.To)
	}
	if q := strings.TrimSpace(f.Query); q != "" {
		column, value, err := l.lookup(ctx, bank, q)
		if err != nil {
			return "", nil, err
		}
		add(column+" = ?", value)
	}
	return where, args, nil
}

// lookup tells what a search text is: sealed values have no other way in than
// the whole value.
func (l *Leads) lookup(ctx context.Context, bank, q string) (column, value string, err error) {
	if who, code := card.ParseIDNo(q); code == "" {
		value, err = l.book.Keys.Hash(ctx, bank, "id_no", who.No)
		return "a.id_no_hash", value, err
	}
	switch {
	case card.ValidMobile(q):
		value, err = l.book.Keys.Hash(ctx, bank, "phone", q)
		return "a.phone_hash", value, err
	case id.Is(id.Application, q):
		return "a.id", q, nil
	}
	return "a.receipt_no", strings.ToUpper(q), nil
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
