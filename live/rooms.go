package live

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/outbox"
	"yinbo/live/bus"
)

// Deps is what Rooms stands on.
type Deps struct {
	DB      *db.DB
	Box     *outbox.Box
	Bus     bus.Bus
	Goods   Goods
	Figures Figures
	Video   Video  // nil: rooms are played where they were planned to be
	Scopes  Scopes // nil: operators run every room of the bank
	Log     *slog.Logger
}

// Rooms runs rooms.
type Rooms struct {
	Deps
	lists     lists // of words, as this node has them ready
	followers []Follower
	boards    boards
}

// New makes the service.
func New(d Deps) *Rooms { return &Rooms{Deps: d} }

// Status is where a room is in its life.
type Status string

// The statuses.
const (
	Scheduled Status = "scheduled"
	Live      Status = "live"
	Ended     Status = "ended"
)

// View is a room as the API shows it.
type View struct {
	ID        string       `json:"id"`
	Title     string       `json:"title"`
	CoverURL  string       `json:"cover_url"`
	Status    Status       `json:"status" enum:"scheduled,live,ended"`
	Host      Host         `json:"host"`
	StartsAt  clock.Stamp  `json:"starts_at"`
	StartedAt *clock.Stamp `json:"started_at"`
	PausedAt  *clock.Stamp `json:"paused_at" doc:"Set while a live room takes a break"`
	EndedAt   *clock.Stamp `json:"ended_at"`
	ReplayAt  *clock.Stamp `json:"replay_at" doc:"Since when an ended room may be watched again; null when it may not"`
	Playback  Playback     `json:"playback"`
	Viewers   int64        `json:"viewers" doc:"Who watches now; 0 before and after"`
	Likes     int64        `json:"likes"`

	Reservations int64    `json:"reservations" doc:"Who asked to be told of the start"`
	Chat         ChatMode `json:"chat"`
}

// Host is whose room it is.
type Host struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Playback says where the video is.
type Playback struct {
	Kind     string `json:"kind" enum:"hls"`
	URL      string `json:"url"`
	AudioURL string `json:"audio_url" doc:"The sound alone, for networks that bear no picture; empty where there is none, 404 while what is sent has no sound"`
}

// row is a room as it is stored.
type row struct {
	View
	bank, branch, epoch, pinned, video string
	lastSeq, notice, peak, chats       int64
}

const columns = `SELECT id, bank_id, title, cover_url, status, host_id, host_name, COALESCE(branch_id, ''), playback_url,
	starts_at, started_at, ended_at, epoch, last_seq, COALESCE(pinned_sku_id, ''), likes, chats, peak_viewers, video_kind,
	paused_at, replay_at, reservations, chat_slow_s, chat_review, chat_closed, notice_seq FROM room`

func (s *Rooms) scan(r db.Row) (v row, err error) {
	var starts, started, ended, paused, replay db.Time
	err = r.Scan(&v.ID, &v.bank, &v.Title, &v.CoverURL, &v.Status, &v.Host.ID, &v.Host.Name, &v.branch, &v.Playback.URL,
		&starts, &started, &ended, &v.epoch, &v.lastSeq, &v.pinned, &v.Likes, &v.chats, &v.peak, &v.video,
		&paused, &replay, &v.Reservations, &v.Chat.SlowS, &v.Chat.Review, &v.Chat.Closed, &v.notice)
	v.Playback.Kind = "hls"
	if s.Video != nil {
		v.Playback.URL, v.Playback.AudioURL = s.Video.PlaybackURL(v.ID, v.video), s.Video.SoundURL(v.ID, v.video)
	}
	v.StartsAt, v.StartedAt, v.EndedAt = clock.At(starts.Time), clock.AtPtr(started.Time), clock.AtPtr(ended.Time)
	v.PausedAt, v.ReplayAt = clock.AtPtr(paused.Time), clock.AtPtr(replay.Time)
	return v, err
}

func (s *Rooms) read(ctx context.Context, q db.Querier, bank, room string) (row, error) {
	return s.readAs(ctx, q, "", bank, room)
}

// readAs reads a room with a lock: ForUpdate, or none.
func (s *Rooms) readAs(ctx context.Context, q db.Querier, lock, bank, room string) (row, error) {
	v, found, err := db.One(ctx, q, s.scan, columns+" WHERE bank_id = ? AND id = ?"+lock, bank, room)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	if err == nil {
		v.Viewers, err = s.watching(ctx, q, v.ID)
	}
	return v, err
}

// Get shows a room of the bank; 404 not_found.
func (s *Rooms) Get(ctx context.Context, bank, room string) (View, error) {
	v, err := s.read(ctx, s.DB, bank, room)
	return v.View, err
}

// List gives rooms of a status ("" for all), the newest first, after a room's id,
// one more than limit where there is more.
func (s *Rooms) List(ctx context.Context, bank string, status Status, after string, limit int) ([]View, error) {
	where, args := " WHERE bank_id = ?", []any{bank}
	if status != "" {
		where, args = where+" AND status = ?", append(args, string(status))
	}
	return s.list(ctx, where, args, after, limit)
}

// Followed gives rooms as List, those of the hosts whom a viewer follows; of what
// is over only what may be watched again.
func (s *Rooms) Followed(ctx context.Context, bank, viewer string, status Status, after string, limit int) ([]View, error) {
	where := " WHERE bank_id = ? AND host_id IN (SELECT host_id FROM host_follow WHERE bank_id = ? AND viewer_id = ?) AND (status <> 'ended' OR replay_at IS NOT NULL)"
	args := []any{bank, bank, viewer}
	if status != "" {
		where, args = where+" AND status = ?", append(args, string(status))
	}
	return s.list(ctx, where, args, after, limit)
}

// Mine gives the rooms that a member of staff may run, the newest first.
func (s *Rooms) Mine(ctx context.Context, bank string, by Staff, status Status, after string, limit int) ([]View, error) {
	where, args := " WHERE bank_id = ?", []any{bank}
	scope, err := s.scopeOf(ctx, s.DB, bank, by.ID, by.Operator)
	if err != nil {
		return nil, err
	}
	if cond, branches := scope.SQL("branch_id"); cond != "" {
		args = append(args, branches...)
		where += " AND (" + cond + " OR host_id = ? OR id IN (SELECT room_id FROM room_staff WHERE bank_id = ? AND staff_id = ?))"
		args = append(args, by.ID, bank, by.ID)
	}
	if status != "" {
		where, args = where+" AND status = ?", append(args, string(status))
	}
	return s.list(ctx, where, args, after, limit)
}

func (s *Rooms) list(ctx context.Context, where string, args []any, after string, limit int) ([]View, error) {
	if after != "" {
		where, args = where+" AND id < ?", append(args, after)
	}
	rows, err := db.All(ctx, s.DB, s.scan, columns+where+" ORDER BY id DESC LIMIT ?", append(args, limit+1)...)
	if err != nil {
		return nil, err
	}
	return s.watched(ctx, rows)
}

// watched are rooms as viewers see them, each live one with who watches it now.
func (s *Rooms) watched(ctx context.Context, rows []row) ([]View, error) {
	live := []any{s.DB.Clock().Now().Add(-alive)}
	for _, r := range rows {
		if r.Status == Live {
			live = append(live, r.ID)
		}
	}
	counts := map[string]int64{}
	if len(live) > 1 {
		_, err := db.All(ctx, s.DB, func(r db.Row) (id string, err error) {
			var n int64
			err = r.Scan(&id, &n)
			counts[id] = n
			return id, err
		}, "SELECT room_id, SUM(viewers) FROM room_presence WHERE at > ? AND room_id IN "+db.Marks(len(live)-1)+" GROUP BY room_id", live...)
		if err != nil {
			return nil, err
		}
	}
	views := make([]View, len(rows))
	for i, r := range rows {
		r.Viewers = counts[r.ID]
		views[i] = r.View
	}
	return views, nil
}

// RoomHost tells whose a room is; ok is false when the bank has no such room.
func (s *Rooms) RoomHost(ctx context.Context, bank, room string) (host, branch string, ok bool, err error) {
	v, found, err := db.One(ctx, s.DB, s.scan, columns+" WHERE bank_id = ? AND id = ?", bank, room)
	return v.Host.ID, v.branch, found, err
}

// alive is how long a node's count of viewers is believed.
const alive = 15 * time.Second

func (s *Rooms) watching(ctx context.Context, q db.Querier, room string) (int64, error) {
	n, _, err := db.Value[int64](ctx, q, "SELECT COALESCE(SUM(viewers), 0) FROM room_presence WHERE room_id = ? AND at > ?",
		room, s.DB.Clock().Now().Add(-alive))
	return n, err
}

// event makes the object that sockets get: kind, time and the payload's fields.
func event(seq int64, id, kind string, at time.Time, payload any) (json.RawMessage, error) {
	fields := map[string]any{}
	raw, err := json.Marshal(payload)
	if err == nil && payload != nil {
		err = json.Unmarshal(raw, &fields)
	}
	if err != nil {
		return nil, err
	}
	if seq > 0 {
		fields["seq"] = seq
	}
	if id != "" {
		fields["id"] = id
	}
	fields["kind"], fields["at"] = kind, clock.At(at)
	return json.Marshal(fields)
}
