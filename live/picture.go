package live

import (
	"context"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// Picture is the whole of a room for one who comes in; CONTRACT §7.
type Picture struct {
	Room       View        `json:"room"`
	Shelf      []Item      `json:"shelf"`
	Pinned     *string     `json:"pinned"`
	Notice     *Told       `json:"notice"`
	Flash      []Flash     `json:"flash"`
	Viewers    int64       `json:"viewers"`
	Likes      int64       `json:"likes"`
	RecentChat []Said      `json:"recent_chat"`
	ServerTime clock.Stamp `json:"server_time"`
}

// Told is a room's notice: shown until it is removed or another is said.
type Told struct {
	Text string      `json:"text"`
	At   clock.Stamp `json:"at"`
}

// Picture shows a room as it is now.
func (s *Rooms) Picture(ctx context.Context, bank, room string) (Picture, error) {
	v, err := s.read(ctx, s.DB, bank, room)
	if err != nil {
		return Picture{}, err
	}
	p := Picture{Room: v.View, Viewers: v.Viewers, Likes: v.Likes, ServerTime: clock.At(s.DB.Clock().Now())}
	if v.pinned != "" {
		p.Pinned = &v.pinned
	}
	if p.Shelf, p.Flash, err = s.shelf(ctx, v); err != nil {
		return p, err
	}
	if p.Notice, err = s.noticeOf(ctx, v); err != nil {
		return p, err
	}
	p.RecentChat, err = s.recent(ctx, room)
	return p, err
}

// Pulse is what a node that serves a room asks the database now and then.
type Pulse struct {
	Bank, Epoch    string
	Seq            int64
	Viewers, Likes int64
}

// Pulse reads it; 404 not_found when there is no such room.
func (s *Rooms) Pulse(ctx context.Context, room string) (Pulse, error) {
	p, found, err := db.One(ctx, s.DB, func(r db.Row) (p Pulse, err error) {
		return p, r.Scan(&p.Bank, &p.Epoch, &p.Seq, &p.Likes)
	}, "SELECT bank_id, epoch, last_seq, likes FROM room WHERE id = ?", room)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	if err == nil {
		p.Viewers, err = s.watching(ctx, s.DB, room)
	}
	return p, err
}

// Seen is what a node saw of a room since it last reported.
type Seen struct {
	Node     string
	Viewers  int64 // sockets that it holds now
	Likes    int64
	Watched  time.Duration // by all of them together
	Visitors []Visitor     // who came
}

// Visitor is who came to a room, and from where.
type Visitor struct {
	ID     string // a viewer's, or a guest's hash
	Source string // share, list, … as the client names it; may be empty
}

// Report adds a node's counts to the room's. What a node tells a moment after the
// show has ended was seen in it. After that only who came is kept, by when they
// came: the figures of the show stand.
func (s *Rooms) Report(ctx context.Context, bank, room string, seen Seen) error {
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		err := tx.Insert(ctx, "room_presence (room_id, node, viewers, at)", [][]any{{room, seen.Node, seen.Viewers, tx.Now}},
			tx.Dialect().OnDuplicate("room_id, node", "viewers = NEW(viewers)", "at = NEW(at)"))
		if err != nil {
			return err
		}
		end, _, err := db.Value[db.Time](ctx, tx, "SELECT ended_at FROM room WHERE bank_id = ? AND id = ?", bank, room)
		if err != nil {
			return err
		}
		at, over := tx.Now, false
		if !end.IsZero() {
			if over = tx.Now.After(end.Add(alive)); !over {
				at = end.Time
			}
		}
		rows := make([][]any, len(seen.Visitors))
		for i, v := range seen.Visitors {
			rows[i] = []any{room, v.ID, bank, at, v.Source}
		}
		if err := tx.InsertIgnore(ctx, "room_visitor (room_id, visitor_id, bank_id, first_at, source)", rows); err != nil || over {
			return err
		}
		now, err := s.watching(ctx, tx, room)
		if err != nil {
			return err
		}
		if err := s.sample(ctx, tx, bank, room, at, now, seen.Likes); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE room SET likes = likes + ?, watched_ms = watched_ms + ?, peak_viewers = CASE WHEN peak_viewers < ? THEN ? ELSE peak_viewers END
			WHERE bank_id = ? AND id = ?`, seen.Likes, seen.Watched.Milliseconds(), now, now, bank, room)
		return err
	})
}

// Leave forgets a node's count, and those of nodes long gone.
func (s *Rooms) Leave(ctx context.Context, room, node string) error {
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM room_presence WHERE room_id = ? AND (node = ? OR at < ?)", room, node, tx.Now.Add(-time.Hour))
		return err
	})
}
