package hub

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"yinbo/internal/clock"
	"yinbo/live"
)

// The pace of figures.
const (
	boardEvery = time.Second
	likesEvery = 500 * time.Millisecond
	wordsEvery = 15 // pulses; a room may have many
)

// now is the database's clock: mutes and counts are written by it.
func (h *Hub) now() time.Time { return h.Rooms.DB.Clock().Now() }

// report is the room's second goroutine: what must ask the database.
func (r *room) report(ctx context.Context) {
	pulse := time.NewTicker(r.hub.Pulse)
	board := time.NewTicker(min(boardEvery, r.hub.Pulse))
	likes := time.NewTicker(min(likesEvery, r.hub.Pulse))
	defer pulse.Stop()
	defer board.Stop()
	defer likes.Stop()
	defer r.uncount()
	r.beat(ctx)
	beats := 0
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-r.refill:
			err = r.reload(ctx)
		case <-board.C:
			err = r.tellBoard(ctx)
		case <-likes.C:
			if r.hasLikes() {
				r.beat(ctx)
			}
		case <-pulse.C:
			r.beat(ctx)
			if beats++; beats%wordsEvery == 0 {
				err = r.reload(ctx)
			} else {
				err = r.refresh(ctx)
			}
			r.retire()
		}
		if err != nil && ctx.Err() == nil {
			r.hub.Log.Warn("room", "room", r.id, "error", err)
		}
	}
}

// visitors are those who came since they were last reported, with the lock held.
func (r *room) visitors() []live.Visitor {
	var all []live.Visitor
	for _, v := range slices.Sorted(maps.Keys(r.came)) {
		all = append(all, live.Visitor{ID: v})
	}
	return all
}

func (r *room) hasLikes() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.liked > 0
}

// beat reports this node's counts, reads the room's, and tells what changed.
func (r *room) beat(ctx context.Context) {
	r.mu.Lock()
	seen := live.Seen{Node: r.node, Viewers: r.here(), Likes: r.liked, Visitors: r.visitors()}
	r.liked = 0
	clear(r.came)
	maps.DeleteFunc(r.spoke, func(_ string, at time.Time) bool { return time.Since(at) > chatEvery })
	r.mu.Unlock()
	if err := r.hub.Rooms.Report(ctx, r.bank, r.id, seen); err != nil {
		r.mu.Lock() // next time
		r.liked += seen.Likes
		for _, v := range seen.Visitors {
			r.came[v.ID] = struct{}{}
		}
		r.mu.Unlock()
		if ctx.Err() == nil {
			r.hub.Log.Warn("room counts not reported", "room", r.id, "error", err)
		}
		return
	}
	p, err := r.hub.Rooms.Pulse(ctx, r.id)
	if err != nil {
		if ctx.Err() == nil {
			r.hub.Log.Warn("room counts not read", "room", r.id, "error", err)
		}
		return
	}
	r.mu.Lock()
	at := clock.At(r.hub.now())
	if p.Viewers != r.viewers {
		r.viewers = p.Viewers
		r.state("viewers/", bare("viewers", at, map[string]any{"count": p.Viewers}))
	}
	if p.Likes != r.likes {
		r.likes = p.Likes
		r.state("likes/", bare("likes", at, map[string]any{"total": p.Likes}))
	}
	r.mu.Unlock()
}

// reload reads all that nodes are told to read anew, and facts that are missing.
func (r *room) reload(ctx context.Context) error {
	words, err := r.hub.Rooms.Words(ctx, r.id)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.words = words
	r.mu.Unlock()
	return r.refresh(ctx)
}

// refresh reads what the bus may have lost with nothing coming after it.
func (r *room) refresh(ctx context.Context) error {
	mutes, err := r.hub.Rooms.Mutes(ctx, r.id)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.mutes = mutes
	r.mu.Unlock()
	return r.catchUp(ctx)
}

// catchUp reads the facts after the last one from the room's log.
func (r *room) catchUp(ctx context.Context) error {
	for {
		log, err := r.hub.Rooms.FactsSince(ctx, r.id, r.seq(), ringSize)
		if err != nil {
			return err
		}
		r.mu.Lock()
		for _, l := range log {
			r.fact(l.Seq, l.Event, l.Kind)
		}
		r.mu.Unlock()
		if len(log) < ringSize {
			return nil
		}
	}
}

// tellBoard makes the board for the hosts that watch.
func (r *room) tellBoard(ctx context.Context) error {
	r.mu.Lock()
	watched := r.hosts > 0
	r.mu.Unlock()
	if !watched {
		return nil
	}
	b, err := r.hub.Rooms.BoardOf(ctx, r.bank, r.id)
	if err != nil {
		return err
	}
	fields := map[string]any{}
	if err := json.Unmarshal(encode(b), &fields); err != nil {
		return err
	}
	r.mu.Lock()
	r.board = bare("board", clock.At(r.hub.now()), fields)
	r.mu.Unlock()
	return nil
}

// holdsBack tells whether a text has one of the room's words.
func (r *room) holdsBack(text string) bool {
	text = strings.ToLower(text)
	r.mu.Lock()
	words := r.words
	r.mu.Unlock()
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}

// retire lets a room go that nobody has been in for a while.
func (r *room) retire() {
	r.mu.Lock()
	r.retired = len(r.conns) == 0 && time.Since(r.idle) > r.hub.Idle
	gone := r.retired
	r.mu.Unlock()
	if gone {
		r.hub.forget(r)
		r.close()
	}
}

// close ends the room's goroutines; the last thing they do is to take its count
// away.
func (r *room) close() {
	r.opening.Lock()
	defer r.opening.Unlock()
	if !r.opened {
		return
	}
	r.opened = false
	r.stop()
	r.unsubscribe()
}

// uncount reports what was not yet, and takes this node's count of the room away.
func (r *room) uncount() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	r.mu.Lock()
	seen := live.Seen{Node: r.node, Likes: r.liked, Visitors: r.visitors()}
	r.liked = 0
	r.mu.Unlock()
	var err error
	if seen.Likes > 0 || len(seen.Visitors) > 0 {
		err = r.hub.Rooms.Report(ctx, r.bank, r.id, seen)
	}
	if err = errors.Join(err, r.hub.Rooms.Leave(ctx, r.id, r.node)); err != nil {
		r.hub.Log.Warn("room counts not reported", "room", r.id, "error", err)
	}
}
