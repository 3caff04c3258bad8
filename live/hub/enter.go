package hub

import (
	"context"
	"encoding/json"
	"time"
)

// enter adds a socket: what it missed, or a whole picture, goes to it first, and
// what happens meanwhile waits behind that.
func (r *room) enter(c *conn, s *since) error {
	if s != nil && s.Epoch == r.epoch && s.Seq > r.seq() { // another node was ahead of us
		if err := r.catchUp(c.ctx); err != nil {
			return err
		}
	}
	r.mu.Lock()
	if r.retired {
		r.mu.Unlock()
		return errRetired
	}
	r.write() // to those who are here: from now on this one gets what comes after last
	seq := r.last
	missed, whole := r.after(s)
	r.conns[c] = struct{}{}
	if c.host {
		r.hosts++
	} else {
		r.came[c.visitor()] = struct{}{}
	}
	r.mu.Unlock()
	if whole {
		c.release(outgoing{own: encode(recoveredFrame{Type: "joined", Epoch: r.epoch, Seq: seq, Recovered: true, Events: missed})})
		return nil
	}
	state, err := r.paint(c.ctx, seq)
	if err != nil {
		r.leave(c)
		return err
	}
	c.release(outgoing{own: encode(joinedFrame{Type: "joined", Epoch: r.epoch, Seq: seq, State: state})})
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

// fresh is how long a picture serves those who come after another.
const fresh = 300 * time.Millisecond

// paint makes the room's picture as of seq at least; a crowd shares one.
func (r *room) paint(ctx context.Context, seq int64) (json.RawMessage, error) {
	r.painting.Lock()
	defer r.painting.Unlock()
	if r.picture != nil && r.pictureSeq >= seq && time.Since(r.pictureAt) < fresh {
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
	r.mu.Lock()
	defer r.mu.Unlock()
	until, there := r.mutes[viewer]
	return there && r.hub.now().Before(until)
}
