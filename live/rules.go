package live

import (
	"context"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/live/words"
)

// Rules are what a room holds its talk and its door to. A node keeps them in
// memory and reads them anew when it is told to (ControlRules); they are never
// changed once made.
type Rules struct {
	muted  map[string]time.Time
	banned map[string]time.Time // zero: for good
	chat   ChatMode
	lists  []*words.List // the bank's and the room's
}

// Verdict is what becomes of a message.
type Verdict int

// The verdicts. A word that only warns lets a viewer's message be shown: those who
// moderate find it marked in the list of messages.
const (
	Show  Verdict = iota
	Hold          // kept for the host to look at; its author is told so
	Block         // not kept
)

// Rules reads a room's rules; 404 not_found.
func (s *Rooms) Rules(ctx context.Context, room string) (*Rules, error) {
	v, found, err := db.One(ctx, s.DB, s.scan, columns+" WHERE id = ?", room)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "not_found")
	}
	if err != nil {
		return nil, err
	}
	r := &Rules{chat: v.Chat}
	if r.muted, err = s.Mutes(ctx, room); err != nil {
		return nil, err
	}
	if r.banned, err = s.bans(ctx, v.bank, room); err != nil {
		return nil, err
	}
	r.lists, err = s.wordLists(ctx, v.bank, room)
	return r, err
}

// Mutes gives who is silenced in a room, and until when.
func (s *Rooms) Mutes(ctx context.Context, room string) (map[string]time.Time, error) {
	type mute struct {
		viewer string
		until  db.Time
	}
	rows, err := db.All(ctx, s.DB, func(r db.Row) (m mute, err error) { return m, r.Scan(&m.viewer, &m.until) },
		"SELECT viewer_id, until_at FROM room_mute WHERE room_id = ? AND until_at > ?", room, s.DB.Clock().Now())
	out := make(map[string]time.Time, len(rows))
	for _, m := range rows {
		out[m.viewer] = m.until.Time
	}
	return out, err
}

// bans gives who is kept out of a room, by itself or by the bank; the longer ban
// counts.
func (s *Rooms) bans(ctx context.Context, bank, room string) (map[string]time.Time, error) {
	type ban struct {
		viewer string
		until  db.Time
	}
	now := s.DB.Clock().Now()
	all, err := db.All(ctx, s.DB, func(r db.Row) (b ban, err error) { return b, r.Scan(&b.viewer, &b.until) },
		`SELECT viewer_id, until_at FROM room_ban WHERE room_id = ? AND (until_at IS NULL OR until_at > ?) UNION ALL
		SELECT viewer_id, until_at FROM bank_ban WHERE bank_id = ? AND (until_at IS NULL OR until_at > ?)`, room, now, bank, now)
	out := make(map[string]time.Time, len(all))
	for _, b := range all {
		before, twice := out[b.viewer]
		if !twice || b.until.IsZero() || !before.IsZero() && b.until.After(before) {
			out[b.viewer] = b.until.Time
		}
	}
	return out, err
}

// LetsIn is nil unless the viewer is kept out of the room, by itself or by the
// bank: 403 viewer.banned.
func (s *Rooms) LetsIn(ctx context.Context, q db.Querier, bank, room, viewer string) error {
	now := s.DB.Clock().Now()
	bans, _, err := db.Value[int64](ctx, q, `SELECT
		(SELECT COUNT(*) FROM room_ban WHERE room_id = ? AND viewer_id = ? AND (until_at IS NULL OR until_at > ?)) +
		(SELECT COUNT(*) FROM bank_ban WHERE bank_id = ? AND viewer_id = ? AND (until_at IS NULL OR until_at > ?))`,
		room, viewer, now, bank, viewer, now)
	if err == nil && bans > 0 {
		err = fault.New(fault.Forbidden, "viewer.banned")
	}
	return err
}

// Muted tells whether a viewer may not speak now: nobody may while the chat is
// closed.
func (r *Rules) Muted(viewer string, now time.Time) bool {
	return r.chat.Closed || now.Before(r.muted[viewer])
}

// Banned tells whether a viewer may not be in the room now.
func (r *Rules) Banned(viewer string, now time.Time) bool {
	until, banned := r.banned[viewer]
	return banned && (until.IsZero() || now.Before(until))
}

// Pause is how long a viewer waits between two messages: a second, or as long as
// slow mode says.
func (r *Rules) Pause() time.Duration {
	return max(time.Second, time.Duration(r.chat.SlowS)*time.Second)
}

// Judge decides about a message.
func (r *Rules) Judge(text string) Verdict {
	var worst words.Severity
	for _, l := range r.lists {
		worst = worst.Worse(l.Judge(text))
	}
	switch {
	case worst == words.Block:
		return Block
	case worst == words.Hold || r.chat.Review:
		return Hold
	}
	return Show
}

// words names what a message has of the lists.
func (r *Rules) words(text string) []string { return named(found(r.lists, text)) }
