package hub

import (
	"context"
	"encoding/json"
	"time"
)

// enter adds a socket: what it missed, or a whole picture, goes to it first, and
// what happens meanwhile waits behind that.
func (r *room) enter(ctx context.Context, c *conn, s *since) error {
	if s != nil && s.Epoch == r.epoch && s.Seq > r.seq() { // another node was ahead of us
		if err := r.catchUp(ctx); err != nil {
			return err
		}
	}
	r.mu.Lock()
	if r.retired {
		r.mu.Unlock()
		return errRetired
	}
	if r.sent < r.last {
		r.write() // to those who are here: this one gets what comes after
	}
	seq := r.sent
	missed, whole := r.after(s)
	if whole {
		r.owing[c] = struct{}{} // the figures changed too
	}
	c.hold()
	r.conns[c] = struct{}{}
	if c.host {
		r.hosts++
	} else {
		r.came[c.visitor()] = struct{}{}
	}
	r.mu.Unlock()
	if whole {
		c.release(encode(recoveredFrame{Type: "joined", Epoch: r.epoch, Seq: seq, Recovered: true, Events: missed}))
		return nil
	}
	state, err := r.paint(ctx, seq)
	if err != nil {
		r.leave(c)
		return err
	}
	c.release(encode(joinedFrame{Type: "joined", Epoch: r.epoch, Seq: seq, State: state}))
	return nil
}

// after gives everything after s, and whether that is the whole of it.
func (r *room) after(s *since) ([]json.RawMessage, bool) {
	if s == nil || s.Epoch != r.epoch || s.Seq < 0 || s.Seq > r.last {
		return nil, false
	}
	n := int(r.last - s.Seq)
	if n > len(r.ring) {
		return nil, false
	}
	missed := make([]json.RawMessage, 0, n)
	for _, f := range r.ring[len(r.ring)-n:] {
		missed = append(missed, f.event)
	}
	return missed, true
}

// fresh is how long a picture serves those who come after it was made.
const fresh = 200 * time.Millisecond

// paint makes the room's picture as of seq at least. A crowd shares one: it will
// do if it was begun after one came, or a moment before.
func (r *room) paint(ctx context.Context, seq int64) (json.RawMessage, error) {
	from := time.Now().Add(-fresh)
	r.painting.Lock()
	defer r.painting.Unlock()
	if r.picture != nil && r.pictureSeq >= seq && r.pictureAt.After(from) {
		return r.picture, nil
	}
	now, at := r.seq(), time.Now()
	p, err := r.hub.Rooms.Picture(ctx, r.bank, r.id)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	p.Viewers, p.Likes = max(p.Viewers, r.here()), max(p.Likes, r.likes+r.liked)
	r.mu.Unlock()
	p.Room.Viewers, p.Room.Likes = p.Viewers, p.Likes
	r.picture, r.pictureSeq, r.pictureAt = encode(p), now, at
	return r.picture, nil
}

// here counts the viewers on this node, with the lock held.
func (r *room) here() int64 { return int64(len(r.conns) - r.hosts) }

func (r *room) leave(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, there := r.conns[c]; !there {
		return
	}
	delete(r.conns, c)
	delete(r.owing, c)
	if c.host {
		r.hosts--
	}
	if len(r.conns) == 0 {
		r.idle = time.Now()
	}
}

func (r *room) seq() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

func (r *room) like(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.liked += n
}

func (r *room) muted(viewer string) bool {
	now := r.hub.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	return now.Before(r.mutes[viewer])
}

// speaks tells whether a viewer may say something now, by whichever socket.
func (r *room) speaks(viewer string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.spoke[viewer]) < chatEvery {
		return false
	}
	r.spoke[viewer] = now
	return true
}

// private sends an event to one of the sockets here. Before a socket has entered
// it is told nothing: it reads its own things again once it has.
func (r *room) private(c *conn, event json.RawMessage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, here := r.conns[c]; here {
		c.send(outgoing{own: encode(eventsFrame{Type: "events", Seq: r.sent, Events: []json.RawMessage{event}})})
	}
}
