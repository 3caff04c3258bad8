package hub

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"yinbo/internal/clock"
	"yinbo/live"
)

// The pace of figures.
const (
	boardEvery = time.Second
	likesEvery = 500 * time.Millisecond
	rulesEvery = 15 // pulses; a room may have many words

	visitorsATime = 2000 // reported at most
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
			err = errors.Join(r.reload(ctx), r.catchUp(ctx))
		case <-board.C:
			err = r.tellBoard(ctx)
		case <-likes.C:
			if r.liked.Load() > 0 {
				r.beat(ctx)
			}
		case <-pulse.C:
			r.beat(ctx)
			if beats++; beats%rulesEvery == 0 {
				err = r.reload(ctx)
			}
			err = errors.Join(err, r.catchUp(ctx))
			r.retire()
		}
		if err != nil && ctx.Err() == nil {
			r.hub.Log.Warn("room", "room", r.id, "error", err)
		}
	}
}

// seen takes what was seen since it was last reported.
func (r *room) seen() live.Seen {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.watch()
	seen := live.Seen{Node: r.node, Viewers: r.here(), Likes: r.liked.Swap(0), Watched: r.watched}
	r.watched = 0
	for _, v := range slices.Sorted(maps.Keys(r.came)) {
		if len(seen.Visitors) == visitorsATime {
			break
		}
		seen.Visitors = append(seen.Visitors, live.Visitor{ID: v, Source: r.came[v]})
		delete(r.came, v)
	}
	return seen
}

// unseen puts back what could not be reported.
func (r *room) unseen(seen live.Seen) {
	r.liked.Add(seen.Likes)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.watched += seen.Watched
	for _, v := range seen.Visitors {
		r.came[v.ID] = v.Source
	}
}

// beat reports this node's counts, reads the room's, and tells what changed.
func (r *room) beat(ctx context.Context) {
	seen := r.seen()
	if err := r.hub.Rooms.Report(ctx, r.bank, r.id, seen); err != nil {
		r.unseen(seen)
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
	defer r.mu.Unlock()
	maps.DeleteFunc(r.spoke, func(_ string, s spoke) bool { return time.Since(s.at) > time.Minute })
	r.tickers()
	at := clock.At(r.hub.now())
	if p.Viewers != r.viewers {
		r.viewers = p.Viewers
		r.state("viewers/", bare("viewers", at, map[string]any{"count": p.Viewers}))
	}
	if p.Likes != r.likes {
		r.likes = p.Likes
		r.state("likes/", bare("likes", at, map[string]any{"total": p.Likes}))
	}
}

// reload reads the rules, and ends the sockets of those who are banned.
func (r *room) reload(ctx context.Context) error {
	rules, err := r.hub.Rooms.Rules(ctx, r.id)
	if err != nil {
		return err
	}
	r.rules.Store(rules)
	for _, s := range r.shards {
		s.do(func() { s.dismiss(rules) })
	}
	return nil
}

// catchUp reads the facts after the last one from the room's log: what the bus
// may have lost with nothing coming after it.
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
	event := bare("board", clock.At(r.hub.now()), fields)
	for _, s := range r.shards {
		s.do(func() { s.board(event) })
	}
	return nil
}

// retire lets a room go that nobody has been in for a while.
func (r *room) retire() {
	r.mu.Lock()
	r.retired = r.inside == 0 && time.Since(r.idle) > r.hub.Idle
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
	var err error
	seen := r.seen()
	if seen.Likes > 0 || seen.Watched > 0 || len(seen.Visitors) > 0 {
		seen.Viewers = 0
		err = r.hub.Rooms.Report(ctx, r.bank, r.id, seen)
	}
	if err = errors.Join(err, r.hub.Rooms.Leave(ctx, r.id, r.node)); err != nil {
		r.hub.Log.Warn("room counts not reported", "room", r.id, "error", err)
	}
}
