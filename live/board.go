package live

import (
	"context"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
)

// Board is a room's figures for those who run it. Those that Live names are as
// the nodes last reported; the others are counted in the database, at CountedAt.
type Board struct {
	Viewers int64 `json:"viewers"`
	Peak    int64 `json:"peak_viewers"`
	Likes   int64 `json:"likes"`
	Chats   int64 `json:"chats"`
	Unique  int64 `json:"unique_viewers" doc:"Who came before the show ended"`
	Later   int64 `json:"later_viewers" doc:"Who came first after it had ended; they count in no other figure of viewers, likes and stay"`
	StayMS  int64 `json:"average_stay_ms" doc:"What all watched together, by the unique viewers"`
	Followers
	Trade
	Items     []ItemFigure     `json:"items" doc:"What is on the shelf, and what else was sold"`
	Pace      Pace             `json:"last_5_minutes"`
	Before    Pace             `json:"before_5_minutes" doc:"The five minutes before those"`
	Sources   map[string]int64 `json:"sources" doc:"Unique viewers by where they came from; empty for unknown"`
	Live      []string         `json:"live" doc:"The figures that nodes report every few seconds"`
	CountedAt clock.Stamp      `json:"counted_at" doc:"When the others were counted; a large room's count stands for some seconds"`
}

// liveFigures are those that are reported, not counted.
var liveFigures = []string{"viewers", "peak_viewers", "likes", "average_stay_ms", "last_5_minutes.viewers", "last_5_minutes.likes",
	"before_5_minutes.viewers", "before_5_minutes.likes"}

// Board gives a room's figures to staff who may run it, counted now; 404 not_found.
func (s *Rooms) Board(ctx context.Context, bank, room string, by Staff) (Board, error) {
	v, err := s.read(ctx, s.DB, bank, room)
	if err != nil {
		return Board{}, err
	}
	if err := s.may(ctx, s.DB, v, by.ID, by.Operator, PartAssistant); err != nil {
		return Board{}, err
	}
	return s.board(ctx, v, true)
}

// BoardOf gives the board to the sockets of those who run the room, once a
// second: a count that is long stands for a while.
func (s *Rooms) BoardOf(ctx context.Context, bank, room string) (Board, error) {
	v, err := s.read(ctx, s.DB, bank, room)
	if err != nil {
		return Board{}, err
	}
	return s.board(ctx, v, false)
}

func (s *Rooms) board(ctx context.Context, v row, fresh bool) (Board, error) {
	kept := s.boards.of(v.ID)
	c, err := kept.counts.get(fresh, func() (counted, error) { return s.count(ctx, v) })
	if err != nil {
		return Board{}, err
	}
	items, err := kept.items.get(fresh, func() ([]ItemFigure, error) { return s.items(ctx, v) })
	if err != nil {
		return Board{}, err
	}
	peak := v.peak
	if v.EndedAt == nil {
		peak = max(peak, v.Viewers)
	}
	b := Board{Viewers: v.Viewers, Peak: peak, Likes: v.Likes, Chats: v.chats, Followers: c.followers, Trade: c.trade, Items: items,
		Pace: c.pace, Before: c.before, Sources: c.sources, Later: c.later, Live: liveFigures, CountedAt: clock.At(c.at)}
	for _, n := range c.sources {
		b.Unique += n
	}
	watched, _, err := db.Value[int64](ctx, s.DB, "SELECT watched_ms FROM room WHERE id = ?", v.ID)
	b.StayMS = watched / max(b.Unique, 1)
	return b, err
}

// paceOver is the time that a pace is of.
const paceOver = 5 * time.Minute

// items counts what is on the shelf and what else was sold.
func (s *Rooms) items(ctx context.Context, v row) ([]ItemFigure, error) {
	shelf, err := s.places(ctx, s.DB, v.ID)
	if err != nil {
		return nil, err
	}
	skus := make([]string, len(shelf))
	for i, p := range shelf {
		skus[i] = p.sku
	}
	return s.Figures.RoomItems(ctx, v.bank, v.ID, skus)
}

// count asks the database for the other figures.
func (s *Rooms) count(ctx context.Context, v row) (c counted, err error) {
	c.at = s.DB.Clock().Now()
	if c.trade, err = s.Figures.RoomFigures(ctx, v.bank, v.ID); err != nil {
		return c, err
	}
	if c.sources, c.later, err = s.visitors(ctx, v.ID); err != nil {
		return c, err
	}
	if c.followers, err = s.followersOf(ctx, v); err != nil {
		return c, err
	}
	cuts := []time.Time{c.at.Add(-2 * paceOver), c.at.Add(-paceOver), c.at}
	trade, err := s.Figures.RoomTurnovers(ctx, v.bank, v.ID, cuts...)
	if err != nil {
		return c, err
	}
	if c.before, err = s.pace(ctx, v, trade[0], cuts[0], cuts[1]); err != nil {
		return c, err
	}
	c.pace, err = s.pace(ctx, v, trade[1], cuts[1], cuts[2])
	return c, err
}

// visitors counts those of the show by where they came from, and who came later.
func (s *Rooms) visitors(ctx context.Context, room string) (sources map[string]int64, later int64, err error) {
	type count struct {
		source   string
		n, later int64
	}
	rows, err := db.All(ctx, s.DB, func(r db.Row) (c count, err error) { return c, r.Scan(&c.source, &c.n, &c.later) },
		`SELECT v.source, COUNT(*), SUM(CASE WHEN v.first_at > r.ended_at THEN 1 ELSE 0 END)
		FROM room_visitor v JOIN room r ON r.id = v.room_id WHERE v.room_id = ? GROUP BY v.source`, room)
	sources = make(map[string]int64, len(rows))
	for _, c := range rows {
		if later += c.later; c.n > c.later {
			sources[c.source] = c.n - c.later
		}
	}
	return sources, later, err
}
