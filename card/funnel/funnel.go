package funnel

import (
	"cmp"
	"context"
	"slices"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
)

// Audience is how many people were in a room while it showed a card.
type Audience struct {
	Room, Host, Branch string
	Viewers            int64
}

// Audiences knows who was in rooms; live stands behind it.
type Audiences interface {
	// CardAudiences gives those who came within the times; room "" is all rooms.
	CardAudiences(ctx context.Context, bank, room string, from, to time.Time) ([]Audience, error)
}

// Spending knows who has used a card; order/payment stands behind it.
type Spending interface {
	// OwnSpent gives when each of some viewers first paid with a bound card of the
	// bank's own since a time of their own.
	OwnSpent(ctx context.Context, bank string, since map[string]time.Time) (map[string]time.Time, error)
}

// Funnel counts.
type Funnel struct {
	DB       *db.DB
	Rooms    Audiences
	Spending Spending
}

const (
	// MaxDays bounds a period.
	MaxDays = 92
	// Window is how long after the period an application still belongs to who
	// clicked within it.
	Window = 30 * 24 * time.Hour
	// MaxLines bounds what is answered; an export has all.
	MaxLines = 200
)

// Counts are people, each step of those of the step before.
type Counts struct {
	Shown     *int64 `json:"shown" doc:"Viewers who were in a room that showed a card; null where that is not known by this dimension"`
	Guests    int64  `json:"guest_opens" doc:"How often the form was opened by who had not signed in: openings, not people; in no other figure"`
	Clicked   int64  `json:"clicked" doc:"People who opened the form"`
	Started   int64  `json:"started" doc:"Who began to fill it in"`
	Submitted int64  `json:"submitted" doc:"Who sent an application in"`
	Approved  int64  `json:"approved" doc:"Whose application was approved"`
	Issued    int64  `json:"issued" doc:"Whose card was issued"`
	Activated int64  `json:"activated" doc:"Whose card works; a bound one does"`
	Bound     int64  `json:"bound" doc:"Who bound the card"`
	Spent     int64  `json:"first_spend" doc:"Who then paid with a bound card of the bank's own"`
}

// Line is what became of a cohort, and what it cost.
type Line struct {
	Value string `json:"value" doc:"Of the dimension; empty for none"`
	Name  string `json:"name"`
	Counts
	CostFen       *money.Fen `json:"cost_fen" doc:"Null where none was entered"`
	PerApproved   *money.Fen `json:"cost_per_approved_fen" doc:"Null without costs or cards"`
	PerIssued     *money.Fen `json:"cost_per_issued_fen"`
	PerActivated  *money.Fen `json:"cost_per_activated_fen"`
	PerBound      *money.Fen `json:"cost_per_bound_fen"`
	ActivatedBps  *int64     `json:"activated_bps" doc:"Of the issued; null for none"`
	FirstSpendBps *int64     `json:"first_spend_bps" doc:"Of the issued; null for none"`
}

// Figures are a bank's funnel of a period.
type Figures struct {
	From         string `json:"from"`
	To           string `json:"to"`
	By           string `json:"by"`
	Total        Line   `json:"total" doc:"All lines together: who stands in two of them counts twice"`
	Lines        []Line `json:"lines" doc:"The largest first, up to 200"`
	More         int    `json:"more" doc:"Lines that are left out here; an export has them"`
	LongSleepBps int    `json:"long_sleep_bps" doc:"The share of long-sleep cards, of the whole bank, as it enters it"`
	LimitBps     int    `json:"long_sleep_limit_bps"`
}

// period is what is asked for, in days and in times.
type period struct {
	from, to   string
	begin, end time.Time
}

func periodOf(bank tenant.Bank, from, to string) (p period, err error) {
	p.from, p.to = from, to
	if p.begin, err = time.ParseInLocation(time.DateOnly, from, bank.Zone); err != nil {
		return p, fault.InvalidField("from", "field.format")
	}
	last, err := time.ParseInLocation(time.DateOnly, to, bank.Zone)
	if err != nil {
		return p, fault.InvalidField("to", "field.format")
	}
	if last.Before(p.begin) {
		return p, fault.InvalidField("to", "field.too_small")
	}
	if !last.Before(p.begin.AddDate(0, 0, MaxDays)) {
		return p, fault.InvalidField("to", "field.too_large")
	}
	p.end = last.AddDate(0, 0, 1)
	return p, nil
}

// Read counts a period, both days included (YYYY-MM-DD in the bank's zone), by a
// dimension. Errors: validation.
func (s *Funnel) Read(ctx context.Context, bank tenant.Bank, from, to, by string) (Figures, error) {
	f, err := s.all(ctx, bank, from, to, by)
	if len(f.Lines) > MaxLines {
		f.More, f.Lines = len(f.Lines)-MaxLines, f.Lines[:MaxLines]
	}
	return f, err
}

func (s *Funnel) all(ctx context.Context, bank tenant.Bank, from, to, by string) (Figures, error) {
	f := Figures{From: from, To: to, By: by, Lines: []Line{}, LongSleepBps: bank.Settings.LongSleepBps, LimitBps: tenant.LongSleepLimitBps}
	d, err := dimensionOf(by)
	if err != nil {
		return f, err
	}
	p, err := periodOf(bank, from, to)
	if err != nil {
		return f, err
	}
	lines, err := s.count(ctx, bank.ID, d, p, "")
	if err != nil {
		return f, err
	}
	costs, err := s.spentOn(ctx, bank.ID, d, from, to)
	if err != nil {
		return f, err
	}
	for value, fen := range costs {
		lines.of(value).CostFen = &fen
	}
	if err := s.name(ctx, bank.ID, d, lines); err != nil {
		return f, err
	}
	for _, l := range lines {
		f.Total.add(*l, d.shown)
		l.finish()
		f.Lines = append(f.Lines, *l)
	}
	f.Total.finish()
	slices.SortFunc(f.Lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(b.Submitted, a.Submitted), cmp.Compare(b.Clicked, a.Clicked), cmp.Compare(b.shown(), a.shown()), cmp.Compare(a.Value, b.Value))
	})
	return f, nil
}

// OfRoom counts a room's funnel over all its days. Who may see it is asked for
// before.
func (s *Funnel) OfRoom(ctx context.Context, bank tenant.Bank, room string) (Line, error) {
	p := period{from: "0000-01-01", to: "9999-12-31", begin: time.Unix(0, 0), end: s.DB.Clock().Now().AddDate(1, 0, 0)}
	lines, err := s.count(ctx, bank.ID, dimensions[0], p, room)
	if err != nil {
		return Line{}, err
	}
	l := lines.of(room)
	if l.Shown == nil {
		l.Shown = new(int64)
	}
	l.finish()
	return *l, nil
}

// lines are those of a funnel by their value.
type lines map[string]*Line

func (l lines) of(value string) *Line {
	if l[value] == nil {
		l[value] = &Line{Value: value, Name: value}
	}
	return l[value]
}

func (s *Funnel) name(ctx context.Context, bank string, d dimension, all lines) error {
	var values []string
	for v := range all {
		if v != "" {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	names, err := d.named(ctx, s.DB, bank, values)
	for v, name := range names {
		all.of(v).Name = name
	}
	return err
}

func (l *Line) shown() int64 {
	if l.Shown == nil {
		return 0
	}
	return *l.Shown
}

// add sums a line into a total.
func (l *Line) add(o Line, shown bool) {
	if shown {
		n := l.shown() + o.shown()
		l.Shown = &n
	}
	for _, p := range []struct{ sum, one *int64 }{{&l.Guests, &o.Guests}, {&l.Clicked, &o.Clicked}, {&l.Started, &o.Started}, {&l.Submitted, &o.Submitted},
		{&l.Approved, &o.Approved}, {&l.Issued, &o.Issued}, {&l.Activated, &o.Activated}, {&l.Bound, &o.Bound}, {&l.Spent, &o.Spent}} {
		*p.sum += *p.one
	}
	if o.CostFen != nil {
		sum := *o.CostFen
		if l.CostFen != nil {
			sum += *l.CostFen
		}
		l.CostFen = &sum
	}
}

// finish computes what follows from the counts. What there is no answer to is
// nil, never 0.
func (l *Line) finish() {
	per := func(n int64) *money.Fen {
		if l.CostFen == nil || n == 0 {
			return nil
		}
		each := (*l.CostFen + money.Fen(n/2)) / money.Fen(n)
		return &each
	}
	l.PerApproved, l.PerIssued, l.PerActivated, l.PerBound = per(l.Approved), per(l.Issued), per(l.Activated), per(l.Bound)
	of := func(n int64) *int64 {
		if l.Issued == 0 {
			return nil
		}
		bps := n * 10_000 / l.Issued
		return &bps
	}
	l.ActivatedBps, l.FirstSpendBps = of(l.Activated), of(l.Spent)
}
