package funnel

import (
	"context"
	"time"

	"yinbo/internal/db"
)

// How far somebody came; each level has the ones below it.
const (
	atClicked = iota + 1
	atStarted
	atSubmitted
	atApproved
	atIssued
	atActivated
	atBound
)

// level is how far an application came. A card that was bound works; one that
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
	if err := s.people(ctx, bank, d, p, room, out); err != nil {
		return nil, err
	}
	return out, s.spenders(ctx, bank, d, p, room, out)
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

// people counts each person once for a value, by how far they came: by their
// touches of the period, their applications of the period, and those of the days
// after it that a touch of the period led to.
func (s *Funnel) people(ctx context.Context, bank string, d dimension, p period, room string, out lines) error {
	made := s.made(room)
	query := "SELECT value, COUNT(*)"
	for k := atStarted; k <= atBound; k++ {
		query += ", SUM(CASE WHEN far >= " + string(rune('0'+k)) + " THEN 1 ELSE 0 END)"
	}
	query += ` FROM (SELECT value, person, MAX(far) AS far FROM (
		SELECT t.` + d.column + ` AS value, t.viewer_id AS person, CASE t.kind WHEN 'clicked' THEN 1 ELSE 2 END AS far FROM funnel_touch t
			WHERE t.bank_id = ? AND t.day >= ? AND t.day <= ?` + in(room, "t.room_id") + `
		UNION ALL SELECT COALESCE(a.` + d.column + `, ''), a.viewer_id, ` + level + ` FROM application a` + made + `
			WHERE a.bank_id = ? AND a.created_at >= ? AND a.created_at < ?` + in(room, "a.room_id") + `
		UNION ALL SELECT COALESCE(a.` + d.column + `, ''), a.viewer_id, ` + level + ` FROM application a` + made + `
			WHERE a.bank_id = ? AND a.created_at >= ? AND a.created_at < ?` + in(room, "a.room_id") + `
				AND EXISTS (SELECT 1 FROM funnel_touch t WHERE t.bank_id = a.bank_id AND t.viewer_id = a.viewer_id AND t.day >= ? AND t.day <= ?
					AND t.` + d.column + ` = COALESCE(a.` + d.column + `, ''))
		) AS one GROUP BY value, person) AS each_one GROUP BY value`
	args := with(room, bank, p.from, p.to)
	args = append(args, with(room, bank, p.begin, p.end)...)
	args = append(args, with(room, bank, p.end, p.end.Add(Window))...)
	args = append(args, p.from, p.to)
	return s.each(ctx, out, func(r db.Row) (value string, fill func(*Line), err error) {
		var c Counts
		err = r.Scan(&value, &c.Clicked, &c.Started, &c.Submitted, &c.Approved, &c.Issued, &c.Activated, &c.Bound)
		return value, func(l *Line) {
			c.Shown, c.Guests = l.Shown, l.Guests
			l.Counts = c
		}, err
	}, query, args...)
}

// spenders looks which of those who bound their card have used one since.
func (s *Funnel) spenders(ctx context.Context, bank string, d dimension, p period, room string, out lines) error {
	type bound struct {
		value, viewer string
		issued        db.Time
	}
	made := s.made(room)
	columns := "SELECT COALESCE(a." + d.column + ", ''), a.viewer_id, MIN(COALESCE(a.issued_at, a.bound_at)) FROM application a" + made + `
		WHERE a.bank_id = ? AND a.created_at >= ? AND a.created_at < ? AND a.bound_at IS NOT NULL` + in(room, "a.room_id")
	tail := " GROUP BY a." + d.column + ", a.viewer_id"
	scan := func(r db.Row) (b bound, err error) { return b, r.Scan(&b.value, &b.viewer, &b.issued) }
	all, err := db.All(ctx, s.DB, scan, columns+tail, with(room, bank, p.begin, p.end)...)
	if err != nil {
		return err
	}
	later, err := db.All(ctx, s.DB, scan, columns+` AND EXISTS (SELECT 1 FROM funnel_touch t WHERE t.bank_id = a.bank_id AND t.viewer_id = a.viewer_id
		AND t.day >= ? AND t.day <= ? AND t.`+d.column+` = COALESCE(a.`+d.column+`, ''))`+tail,
		append(with(room, bank, p.end, p.end.Add(Window)), p.from, p.to)...)
	if err != nil {
		return err
	}
	since := map[string]time.Time{}
	for _, b := range append(all, later...) {
		if at, known := since[b.viewer]; !known || b.issued.Before(at) {
			since[b.viewer] = b.issued.Time
		}
	}
	spent, err := s.Spending.OwnSpent(ctx, bank, since)
	if err != nil {
		return err
	}
	type person struct{ value, viewer string }
	counted := map[person]bool{}
	for _, b := range append(all, later...) {
		who := person{b.value, b.viewer}
		if at, has := spent[b.viewer]; has && !at.Before(b.issued.Time) && !counted[who] {
			counted[who] = true
			out.of(b.value).Spent++
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
