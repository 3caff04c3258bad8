package funnel

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"time"

	"yinbo/internal/db"
)

// level is how far an application came: 1 is clicked, 2 started, 3 submitted, 4
// approved, 5 issued, 6 activated, 7 bound. A card that was bound works; one that
// was issued had been approved, and the core's later refusal does not undo that
// we approved.
const level = `CASE WHEN a.status = 'bound' OR a.bound_at IS NOT NULL THEN 7 WHEN a.status = 'activated' THEN 6
	WHEN a.status = 'issued' THEN 5 WHEN a.decision = 'approve' THEN 4 ELSE 3 END`

// count gives the lines of a period; room "" is all rooms.
func (s *Funnel) count(ctx context.Context, bank string, d dimension, p period, room string) (lines, error) {
	out := lines{}
	if err := s.audience(ctx, bank, d, p, room, out); err != nil {
		return nil, err
	}
	if err := s.guests(ctx, bank, d, p, room, out); err != nil {
		return nil, err
	}
	bound, err := s.people(ctx, bank, d, p, room, out)
	if err != nil || len(bound) == 0 {
		return out, err
	}
	return out, s.spenders(ctx, bank, bound, out)
}

func (s *Funnel) audience(ctx context.Context, bank string, d dimension, p period, room string, out lines) error {
	if !d.shown {
		return nil
	}
	rooms, err := s.Rooms.CardAudiences(ctx, bank, room, p.begin, p.end)
	for _, a := range rooms {
		l := out.of(d.of(a))
		n := l.shown() + a.Viewers
		l.Shown = &n
	}
	return err
}

func (s *Funnel) guests(ctx context.Context, bank string, d dimension, p period, room string, out lines) error {
	return s.each(ctx, out, func(r db.Row) (value string, fill func(*Line), err error) {
		var n int64
		err = r.Scan(&value, &n)
		return value, func(l *Line) { l.Guests = n }, err
	}, "SELECT "+d.column+", SUM(opened) FROM funnel_guest WHERE bank_id = ? AND day >= ? AND day <= ?"+in(room, "room_id")+" GROUP BY "+d.column,
		with(room, bank, p.from, p.to)...)
}

// reached is a person under a value, both by number: many are counted at once.
type reached struct{ value, person uint64 }

// numbers are reached by name; values are the names of those that were met.
type numbers struct {
	seed   maphash.Seed
	values map[uint64]string
}

func (n numbers) of(value, person string) reached {
	who := reached{maphash.String(n.seed, value), maphash.String(n.seed, person)}
	if _, known := n.values[who.value]; !known {
		n.values[who.value] = value
	}
	return who
}

// applied is an application: how far it came, and whether it was made in the days
// after the period.
type applied struct {
	who   reached
	level uint8
	later bool
}

// holder is who bound a card, and when it was issued.
type holder struct {
	applied
	value, viewer string
	issued        time.Time
}

// people counts each person once for a value, by how far they came: by their
// touches of the period, their applications of the period, and those of the days
// after it that a touch of the period led to. They are put together here, and read
// once each, both at the same time: what an engine takes a second to group or to look
// up one by one, it reads in a tenth. It gives those who bound a card.
func (s *Funnel) people(ctx context.Context, bank string, d dimension, p period, room string, out lines) (bound []holder, err error) {
	seed := maphash.MakeSeed()
	touching, applying := numbers{seed, map[uint64]string{}}, numbers{seed, map[uint64]string{}}
	far := map[reached]uint8{}
	touched := make(chan error, 1)
	go func() { touched <- s.touches(ctx, bank, d, p, room, touching, far) }()
	all, holders, err := s.applications(ctx, bank, d, p, room, applying)
	if err := errors.Join(<-touched, err); err != nil {
		return nil, err
	}
	clicked := make(map[reached]bool, len(far))
	for who := range far {
		clicked[who] = true
	}
	for _, a := range all {
		if !a.later || clicked[a.who] {
			far[a.who] = max(far[a.who], a.level)
		}
	}
	for _, h := range holders {
		if !h.later || clicked[h.who] {
			bound = append(bound, h)
		}
	}
	for who, level := range far {
		value, known := touching.values[who.value]
		if !known {
			value = applying.values[who.value]
		}
		l := out.of(value)
		for k, n := range []*int64{&l.Clicked, &l.Started, &l.Submitted, &l.Approved, &l.Issued, &l.Activated, &l.Bound} {
			if int(level) > k {
				*n++
			}
		}
	}
	return bound, nil
}

// touches reads who clicked or began in the period.
func (s *Funnel) touches(ctx context.Context, bank string, d dimension, p period, room string, n numbers, far map[reached]uint8) error {
	rows, err := s.DB.Query(ctx, "SELECT t."+d.column+", t.viewer_id, CASE t.kind WHEN 'clicked' THEN 1 ELSE 2 END FROM funnel_touch t WHERE t.bank_id = ? AND t.day >= ? AND t.day <= ?"+
		in(room, "t.room_id"), with(room, bank, p.from, p.to)...)
	if err != nil {
		return fmt.Errorf("funnel: touches: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var value, person string
		var level uint8
		if err := rows.Scan(&value, &person, &level); err != nil {
			return fmt.Errorf("funnel: touches: %w", err)
		}
		who := n.of(value, person)
		far[who] = max(far[who], level)
	}
	return rows.Err()
}

// applications reads those of the period and of the days after it, and of them those
// whose card was bound.
func (s *Funnel) applications(ctx context.Context, bank string, d dimension, p period, room string, n numbers) (all []applied, bound []holder, err error) {
	rows, err := s.DB.Query(ctx, "SELECT COALESCE(a."+d.column+", ''), a.viewer_id, "+level+", CASE WHEN a.created_at >= ? THEN 1 ELSE 0 END, CASE WHEN a.bound_at IS NOT NULL THEN COALESCE(a.issued_at, a.bound_at) END FROM application a"+
		s.made(room)+" WHERE a.bank_id = ? AND a.created_at >= ? AND a.created_at < ?"+in(room, "a.room_id"), with(room, p.end, bank, p.begin, p.end.Add(Window))...)
	if err != nil {
		return nil, nil, fmt.Errorf("funnel: applications: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var h holder
		var issued db.Time
		if err := rows.Scan(&h.value, &h.viewer, &h.level, &h.later, &issued); err != nil {
			return nil, nil, fmt.Errorf("funnel: applications: %w", err)
		}
		h.who, h.issued = n.of(h.value, h.viewer), issued.Time
		all = append(all, h.applied)
		if !h.issued.IsZero() {
			bound = append(bound, h)
		}
	}
	return all, bound, rows.Err()
}

// spenders looks which of those who bound their card have used one since.
func (s *Funnel) spenders(ctx context.Context, bank string, bound []holder, out lines) error {
	// A person's earliest card counts, for a value and altogether.
	since, first := map[string]time.Time{}, map[reached]holder{}
	for _, h := range bound {
		if at, known := since[h.viewer]; !known || h.issued.Before(at) {
			since[h.viewer] = h.issued
		}
		if f, known := first[h.who]; !known || h.issued.Before(f.issued) {
			first[h.who] = h
		}
	}
	spent, err := s.Spending.OwnSpent(ctx, bank, since)
	if err != nil {
		return err
	}
	for _, h := range first {
		if at, has := spent[h.viewer]; has && !at.Before(h.issued) {
			out.of(h.value).Spent++
		}
	}
	return nil
}

// each reads lines and fills them in.
func (s *Funnel) each(ctx context.Context, out lines, scan func(db.Row) (string, func(*Line), error), query string, args ...any) error {
	type filled struct {
		value string
		fill  func(*Line)
	}
	all, err := db.All(ctx, s.DB, func(r db.Row) (f filled, err error) {
		f.value, f.fill, err = scan(r)
		return f, err
	}, query, args...)
	for _, f := range all {
		f.fill(out.of(f.value))
	}
	return err
}

// made names the index by which applications are read: a room's own where one is
// asked for, else by when they were made.
func (s *Funnel) made(room string) string {
	if room != "" {
		return s.DB.Dialect().By("application_room_made")
	}
	return s.DB.Dialect().By("application_made")
}

// in is a condition on the room, where one is asked for.
func in(room, column string) string {
	if room == "" {
		return ""
	}
	return " AND " + column + " = ?"
}

func with(room string, args ...any) []any {
	if room != "" {
		args = append(args, room)
	}
	return args
}
