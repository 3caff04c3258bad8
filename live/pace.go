package live

import (
	"context"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/money"
)

// Pace is what happened in a while.
type Pace struct {
	Viewers int64 `json:"viewers" doc:"The most at one time"`
	Likes   int64 `json:"likes"`
	Chats   int64 `json:"chats"`
	Turnover
}

// Turnover is a room's trade in a while.
type Turnover struct {
	Orders       int64     `json:"orders"`
	Paid         int64     `json:"paid_orders"`
	GMV          money.Fen `json:"gmv_fen"`
	Applications int64     `json:"applications"`
}

// sampleOver is the time that a sample is of.
const sampleOver = 10 * time.Second

// sample keeps what passes: sockets at a time, and likes that came.
func (s *Rooms) sample(ctx context.Context, tx *db.Tx, bank, room string, at time.Time, viewers, likes int64) error {
	return tx.Insert(ctx, "room_sample (room_id, at, bank_id, viewers, likes)",
		[][]any{{room, at.Truncate(sampleOver), bank, viewers, likes}},
		tx.Dialect().OnDuplicate("room_id, at", "viewers = CASE WHEN NEW(viewers) > viewers THEN NEW(viewers) ELSE viewers END", "likes = likes + NEW(likes)"))
}

// idsAside is how far a message's id, which is in the order of time, may be from
// the time that it bears: the clocks of nodes differ by less.
const idsAside = time.Minute

// pace adds to a while's trade, from on and before to, what the room itself knows
// of it; likes and viewers by the samples that begin in it.
func (s *Rooms) pace(ctx context.Context, v row, trade Turnover, from, to time.Time) (p Pace, err error) {
	p.Turnover = trade
	type pair struct{ viewers, likes int64 }
	n, _, err := db.One(ctx, s.DB, func(r db.Row) (p pair, err error) { return p, r.Scan(&p.viewers, &p.likes) },
		"SELECT COALESCE(MAX(viewers), 0), COALESCE(SUM(likes), 0) FROM room_sample WHERE room_id = ? AND at >= ? AND at < ?", v.ID, from, to)
	if err != nil {
		return p, err
	}
	p.Viewers, p.Likes = n.viewers, n.likes
	p.Chats, _, err = db.Value[int64](ctx, s.DB, "SELECT COUNT(*) FROM chat_message WHERE room_id = ? AND id >= ? AND at >= ? AND at < ? AND status = 'shown'",
		v.ID, id.First(id.Event, from.Add(-idsAside)), from, to)
	return p, err
}

// Minute is a minute of a room, for charts.
type Minute struct {
	At clock.Stamp `json:"at"`
	Pace
}

// minutes gives a room's minutes from its first to its last, without gaps, at
// most a day of them.
func (s *Rooms) minutes(ctx context.Context, v row) ([]Minute, error) {
	by := map[time.Time]*Minute{}
	at := func(t time.Time) *Minute {
		t = t.UTC().Truncate(time.Minute)
		if by[t] == nil {
			by[t] = &Minute{At: clock.At(t)}
		}
		return by[t]
	}
	trade, err := s.Figures.RoomMinutes(ctx, v.bank, v.ID)
	if err != nil {
		return nil, err
	}
	for t, x := range trade {
		at(t).Turnover = x
	}
	type passed struct {
		at             db.Time
		viewers, likes int64
	}
	samples, err := db.All(ctx, s.DB, func(r db.Row) (p passed, err error) { return p, r.Scan(&p.at, &p.viewers, &p.likes) },
		"SELECT at, viewers, likes FROM room_sample WHERE room_id = ? ORDER BY at", v.ID)
	if err != nil {
		return nil, err
	}
	for _, p := range samples {
		m := at(p.at.Time)
		m.Viewers, m.Likes = max(m.Viewers, p.viewers), m.Likes+p.likes
	}
	type said struct {
		at db.Time
		n  int64
	}
	chats, err := db.All(ctx, s.DB, func(r db.Row) (c said, err error) { return c, r.Scan(&c.at, &c.n) },
		"SELECT CONCAT(SUBSTR(at, 1, 16), ':00'), COUNT(*) FROM chat_message WHERE room_id = ? AND status = 'shown' GROUP BY SUBSTR(at, 1, 16)", v.ID)
	if err != nil {
		return nil, err
	}
	for _, c := range chats {
		at(c.at.Time).Chats = c.n
	}
	return line(by), nil
}

// maxMinutes bounds a report's chart.
const maxMinutes = 24 * 60

// line puts minutes in a row and fills the gaps.
func line(by map[time.Time]*Minute) []Minute {
	var first, last time.Time
	for t := range by {
		if first.IsZero() || t.Before(first) {
			first = t
		}
		if t.After(last) {
			last = t
		}
	}
	out := []Minute{}
	for t := first; len(by) > 0 && !t.After(last) && len(out) < maxMinutes; t = t.Add(time.Minute) {
		if m := by[t]; m != nil {
			out = append(out, *m)
		} else {
			out = append(out, Minute{At: clock.At(t)})
		}
	}
	return out
}
