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
	if err := s.people(ctx, bank, d, p, room, out); err != nil {
		return nil, err
	}
	for _, l := range out {
		if l.Bound > 0 {
			return out, s.spenders(ctx, bank, d, p, room, out)
		}
	}
	return out, nil
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

// people counts each person once for a value, by how far they came: by their
// touches of the period, their applications of the period, and those of the days
// after it that a touch of the period led to. They are put together here: what an
// engine takes a second to group, it reads in a tenth.
func (s *Funnel) people(ctx context.Context, bank string, d dimension, p period, room string, out lines) error {
	far := map[reached]uint8{}
	values := map[uint64]string{}
	seed := maphash.MakeSeed()
	read := func(query string, args ...any) error {
		rows, err := s.DB.Query(ctx, query, args...)
		if err != nil {
			return fmt.Errorf("funnel: people: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var value, person string
			var level uint8
			if err := rows.Scan(&value, &person, &level); err != nil {
				return fmt.Errorf("funnel: people: %w", err)
			}
			who := reached{maphash.String(seed, value), maphash.String(seed, person)}
			if _, known := values[who.value]; !known {
				values[who.value] = value
			}
			far[who] = max(far[who], level)
		}
		return rows.Err()
	}
	applied := "SELECT COALESCE(a." + d.column + ", ''), a.viewer_id, " + level + " FROM application a" + s.made(room) +
		" WHERE a.bank_id = ? AND a.created_at >= ? AND a.created_at < ?" + in(room, "a.room_id")
	err := errors.Join(
		read("SELECT t."+d.column+", t.viewer_id, CASE t.kind WHEN 'clicked' THEN 1 ELSE 2 END FROM funnel_touch t WHERE t.bank_id = ? AND t.day >= ? AND t.day <= ?"+
			in(room, "t.room_id"), with(room, bank, p.from, p.to)...),
		read(applied, with(room, bank, p.begin, p.end)...),
		read(applied+` AND EXISTS (SELECT 1 FROM funnel_touch t WHERE t.bank_id = a.bank_id AND t.viewer_id = a.viewer_id AND t.day >= ? AND t.day <= ?
			AND t.`+d.column+" = COALESCE(a."+d.column+", ''))", append(with(room, bank, p.end, p.end.Add(Window)), p.from, p.to)...))
	for who, level := range far {
		l := out.of(values[who.value])
		for k, n := range []*int64{&l.Clicked, &l.Started, &l.Submitted, &l.Approved, &l.Issued, &l.Activated, &l.Bound} {
			if int(level) > k {
				*n++
			}
		}
	}
	return err
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
