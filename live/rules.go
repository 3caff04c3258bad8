package live

import (
	"context"
	"slices"
	"strings"
	"time"

	"yinbo/internal/db"
)

// Rules are what a room holds its talk and its door to. A node keeps them in
// memory and reads them anew when it is told to (ControlRules); they are never
// changed once made.
type Rules struct {
	muted  map[string]time.Time
	banned map[string]time.Time // zero: for good
	words  []string
}

// Verdict is what becomes of a message.
type Verdict int

// The verdicts.
const (
	Show  Verdict = iota
	Hold          // kept for the host to look at; its author is told so
	Block         // not kept
)

// Rules reads a room's rules.
func (s *Rooms) Rules(ctx context.Context, room string) (*Rules, error) {
	r := &Rules{banned: map[string]time.Time{}}
	var err error
	if r.muted, err = s.Mutes(ctx, room); err != nil {
		return nil, err
	}
	if r.words, err = s.Words(ctx, room); err != nil {
		return nil, err
	}
	type ban struct {
		viewer string
		until  db.Time
	}
	bans, err := db.All(ctx, s.DB, func(r db.Row) (b ban, err error) { return b, r.Scan(&b.viewer, &b.until) },
		"SELECT viewer_id, until_at FROM room_ban WHERE room_id = ?", room)
	for _, b := range bans {
		r.banned[b.viewer] = b.until.Time
	}
	return r, err
}

// Muted tells whether a viewer may not speak now.
func (r *Rules) Muted(viewer string, now time.Time) bool { return now.Before(r.muted[viewer]) }

// Banned tells whether a viewer may not be in the room now.
func (r *Rules) Banned(viewer string, now time.Time) bool {
	until, banned := r.banned[viewer]
	return banned && (until.IsZero() || now.Before(until))
}

// Pause is how long a viewer waits between two messages.
func (r *Rules) Pause() time.Duration { return time.Second }

// Judge decides about a message.
func (r *Rules) Judge(text string) Verdict {
	text = strings.ToLower(text)
	if slices.ContainsFunc(r.words, func(w string) bool { return strings.Contains(text, w) }) {
		return Hold
	}
	return Show
}
