package live

import (
	"context"
	"slices"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
)

// HostFollow is whether a viewer follows a host.
type HostFollow struct {
	Following bool `json:"following"`
}

// Followed is a host whom a viewer follows.
type Followed struct {
	ID   string      `json:"id" doc:"Of the following, not of the host"`
	Host Host        `json:"host"`
	At   clock.Stamp `json:"followed_at"`
	Room *View       `json:"room" doc:"The host's room that is live, else the next; null for none"`
}

// FollowHost notes that a viewer wants to be told when the host's rooms start:
// that is their consent to one message a room. Again it changes nothing. 404
// not_found for one who has no room of the bank.
func (s *Rooms) FollowHost(ctx context.Context, bank, host, viewer string) (HostFollow, error) {
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := isHost(ctx, tx, bank, host); err != nil {
			return err
		}
		return tx.InsertIgnore(ctx, "host_follow (id, bank_id, viewer_id, host_id, followed_at)",
			[][]any{{id.New(id.Follow), bank, viewer, host, tx.Now}})
	})
	return HostFollow{err == nil}, err
}

// UnfollowHost takes it back, also for a room that has started and of which the
// viewer was not told yet; what they asked of a room by itself stands. Again it
// changes nothing. 404 as FollowHost.
func (s *Rooms) UnfollowHost(ctx context.Context, bank, host, viewer string) (HostFollow, error) {
	return HostFollow{}, s.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := isHost(ctx, tx, bank, host); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "DELETE FROM host_follow WHERE bank_id = ? AND viewer_id = ? AND host_id = ?", bank, viewer, host)
		return err
	})
}

// Follows tells of a viewer; 404 as FollowHost.
func (s *Rooms) Follows(ctx context.Context, bank, host, viewer string) (f HostFollow, err error) {
	if err = isHost(ctx, s.DB, bank, host); err == nil {
		f.Following, err = follows(ctx, s.DB, bank, host, viewer)
	}
	return f, err
}

// Following gives whom a viewer follows, who was followed last first, after a
// following's id, one more than limit where there is more. Each has the host's room
// that is live, else the one that starts next; one that is long overdue is not
// waited for any more.
func (s *Rooms) Following(ctx context.Context, bank, viewer, after string, limit int) ([]Followed, error) {
	where, args := "WHERE f.bank_id = ? AND f.viewer_id = ?", []any{s.DB.Clock().Now().Add(-overdue), bank, viewer}
	if after != "" {
		where, args = where+" AND f.id < ?", append(args, after)
	}
	var next []string // by following; empty for none
	all, err := db.All(ctx, s.DB, func(r db.Row) (f Followed, err error) {
		var at db.Time
		var room string
		err = r.Scan(&f.ID, &f.Host.ID, &f.Host.Name, &at, &room)
		f.At, next = clock.At(at.Time), append(next, room)
		return f, err
	}, `SELECT f.id, f.host_id, s.name, f.followed_at, COALESCE((SELECT r.id FROM room r WHERE r.bank_id = f.bank_id AND r.host_id = f.host_id
			AND (r.status = 'live' OR r.status = 'scheduled' AND r.starts_at > ?) ORDER BY r.status, r.starts_at LIMIT 1), '')
		FROM host_follow f JOIN staff s ON s.id = f.host_id `+where+" ORDER BY f.id DESC LIMIT ?", append(args, limit+1)...)
	if err != nil || len(all) == 0 {
		return all, err
	}
	rooms, err := db.All(ctx, s.DB, s.scan, columns+" WHERE id IN "+db.Marks(len(next)), db.Args(next)...)
	if err != nil {
		return nil, err
	}
	views, err := s.watched(ctx, rooms)
	for _, v := range views {
		all[slices.Index(next, v.ID)].Room = &v
	}
	return all, err
}

// overdue is for how long a room that should have started is still shown as next.
const overdue = 24 * time.Hour

// isHost is nil for one who has a room of the bank, else 404 not_found.
func isHost(ctx context.Context, q db.Querier, bank, host string) error {
	_, found, err := db.Value[string](ctx, q, "SELECT id FROM room WHERE bank_id = ? AND host_id = ? LIMIT 1", bank, host)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	return err
}

func follows(ctx context.Context, q db.Querier, bank, host, viewer string) (bool, error) {
	_, found, err := db.Value[string](ctx, q, "SELECT id FROM host_follow WHERE bank_id = ? AND viewer_id = ? AND host_id = ?", bank, viewer, host)
	return found, err
}

// Followers are those of a room's host.
type Followers struct {
	Followers    int64 `json:"followers" doc:"Who follows the room's host now"`
	NewFollowers int64 `json:"new_followers" doc:"Of them, who began to while the room was live"`
}

func (s *Rooms) followersOf(ctx context.Context, v row) (f Followers, err error) {
	to := s.DB.Clock().Now()
	from := to
	if v.StartedAt != nil {
		from = v.StartedAt.Time
	}
	if v.EndedAt != nil {
		to = v.EndedAt.Time
	}
	f, _, err = db.One(ctx, s.DB, func(r db.Row) (f Followers, err error) { return f, r.Scan(&f.Followers, &f.NewFollowers) },
		"SELECT COUNT(*), COALESCE(SUM(CASE WHEN followed_at >= ? AND followed_at < ? THEN 1 ELSE 0 END), 0) FROM host_follow WHERE bank_id = ? AND host_id = ?",
		from, to, v.bank, v.Host.ID)
	return f, err
}
