package hub

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/gobwas/ws"

	"yinbo/internal/auth"
	"yinbo/live"
)

// enter adds a socket: what it missed, or a whole picture, goes to it first, and
// what happens from then on after that.
func (r *room) enter(ctx context.Context, c *conn, f joinFrame) error {
	if err := r.count(c, f.source()); err != nil {
		return err
	}
	err := r.admit(ctx, c, f.Since)
	if err == nil {
		c.mu.Lock()
		if c.gone {
			err = errGone
		} else {
			c.room = r
		}
		c.mu.Unlock()
	}
	if err != nil {
		r.leave(c)
	}
	return err
}

// count notes that a socket is here, or about to be.
func (r *room) count(c *conn, source string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.retired {
		return errRetired
	}
	r.watch()
	r.inside++
	if c.host {
		r.hosts++
		return nil
	}
	if _, known := r.came[c.visitor()]; !known {
		r.came[c.visitor()] = source
	}
	return nil
}

// leave forgets a socket that was counted.
func (r *room) leave(c *conn) {
	r.mu.Lock()
	r.watch()
	r.inside--
	if c.host {
		r.hosts--
	}
	if r.inside == 0 {
		r.idle = time.Now()
	}
	r.mu.Unlock()
	c.mu.Lock()
	s := c.shard
	c.shard = nil
	c.mu.Unlock()
	if s != nil {
		s.do(func() { s.remove(c) })
	}
}

// visitor is who comes, for the count of unique viewers: a viewer's id, or for a
// guest a hash of where they come from that means nothing outside of this node.
func (c *conn) visitor() string {
	if c.who.kind == auth.Viewer {
		return c.who.id
	}
	return "guest_" + hex.EncodeToString(c.guest[:])
}

// admit gives a socket what it missed after s, or a whole picture, and has a
// shard give it what comes after that.
func (r *room) admit(ctx context.Context, c *conn, s *since) error {
	if s != nil && s.Epoch == r.epoch && s.Seq > r.seq() { // another node was ahead of us
		if err := r.catchUp(ctx); err != nil {
			return err
		}
	}
	if r.recover(c, s) {
		return nil
	}
	for {
		p, err := r.paint(ctx)
		if err != nil {
			return err
		}
		if r.place(c, p.seq, p.joined) {
			return nil
		}
	}
}

// recover lets in one whom the ring can serve.
func (r *room) recover(c *conn, s *since) bool {
	if s == nil || s.Epoch != r.epoch {
		return false
	}
	r.mu.Lock()
	r.catchShards()
	missed, whole := r.after(s.Seq)
	if !whole {
		r.mu.Unlock()
		return false
	}
	frame := r.returns.frame(s.Seq, r.last, func() shared {
		return prepare(recoveredFrame{Type: "joined", Epoch: r.epoch, Seq: r.last, Recovered: true, Events: missed})
	})
	r.seat(c, frame)
	r.mu.Unlock()
	return true
}

// place lets in one who has a picture as of seq; false when the ring no longer
// holds what came after that.
func (r *room) place(c *conn, seq int64, joined shared) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.catchShards()
	missed, whole := r.after(seq)
	if !whole {
		return false
	}
	if len(missed) == 0 {
		r.seat(c, joined)
		return true
	}
	r.seat(c, joined, prepare(eventsFrame{Type: "events", Seq: r.last, Events: missed}))
	return true
}

// seat gives a socket its first frames and hands it to a shard, with the lock
// held and everything written that happened: what comes later comes after them.
func (r *room) seat(c *conn, frames ...shared) {
	r.next++
	s := r.shards[r.next%len(r.shards)]
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return
	}
	if !c.over {
		for _, m := range frames {
			c.share(m)
		}
	}
	c.shard = s
	seq := r.last
	s.do(func() { s.add(c, seq) })
}

// catchShards hands them the facts that they do not have yet, with the lock held.
func (r *room) catchShards() {
	if r.sent < r.last {
		r.write()
	}
}

// after gives everything after seq, and whether that is the whole of it.
func (r *room) after(seq int64) ([]json.RawMessage, bool) {
	if seq < 0 || seq > r.last || r.last-seq > int64(min(len(r.ring), ringSize)) {
		return nil, false
	}
	n := int(r.last - seq)
	missed := make([]json.RawMessage, 0, n)
	for _, f := range r.ring[len(r.ring)-n:] {
		missed = append(missed, f.event)
	}
	return missed, true
}

// returns keeps the last frame for those who come back: a crowd that was sent
// away at once has missed the same.
type returns struct {
	from, to int64
	prepared shared
}

func (k *returns) frame(from, to int64, make func() shared) shared {
	if k.prepared == nil || k.from != from || k.to != to {
		k.from, k.to, k.prepared = from, to, make()
	}
	return k.prepared
}

// picture is the room as of a fact, in the frame that answers a join.
type picture struct {
	seq    int64
	at     time.Time
	joined shared
}

// fresh is how long a picture serves those who come after it was made.
const fresh = 200 * time.Millisecond

// paint makes the room's picture. A crowd shares one: it will do if it was begun
// after one came, or a moment before, and no fact has come since.
func (r *room) paint(ctx context.Context) (picture, error) {
	from, seq := time.Now().Add(-fresh), r.seq()
	r.painting.Lock()
	defer r.painting.Unlock()
	if r.picture.joined != nil && r.picture.seq >= seq && r.picture.at.After(from) {
		return r.picture, nil
	}
	now := picture{seq: r.seq(), at: time.Now()}
	p, err := r.hub.Rooms.Picture(ctx, r.bank, r.id)
	if err != nil {
		return now, err
	}
	r.mu.Lock()
	p.Viewers, p.Likes = max(p.Viewers, r.here()), max(p.Likes, r.likes+r.liked.Load())
	r.mu.Unlock()
	p.Room.Viewers, p.Room.Likes = p.Viewers, p.Likes
	now.joined = prepare(joinedFrame{Type: "joined", Epoch: r.epoch, Seq: now.seq, State: encode(p)})
	r.picture = now
	return now, nil
}

// prepare makes a frame for many.
func prepare(v any) shared { return framed(ws.OpText, encode(v)) }

// shared is a frame that is made once and written to many.
type shared []byte

func framed(op ws.OpCode, payload []byte) shared {
	return ws.MustCompileFrame(ws.NewFrame(op, true, payload))
}

// here counts the viewers on this node, with the lock held.
func (r *room) here() int64 { return int64(r.inside - r.hosts) }

// watch adds up what was watched since it was last called, with the lock held.
func (r *room) watch() {
	now := time.Now()
	r.watched += time.Duration(r.here()) * now.Sub(r.watchedAt)
	r.watchedAt = now
}

func (r *room) seq() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

// speaks tells whether a viewer may say something now, by whichever socket.
func (r *room) speaks(viewer string, pause time.Duration) bool {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.spoke[viewer]
	if now.Sub(s.at) < pause {
		return false
	}
	if now.Sub(s.at) > splitFor {
		s.last = ""
	}
	s.at = now
	r.spoke[viewer] = s
	return true
}

// spoke is when a viewer said something, and the end of what they said lately.
type spoke struct {
	at   time.Time
	last string
}

// A word may be split over messages: what a viewer says is looked at together with
// the end of what they said within this time.
const (
	splitFor = 30 * time.Second
	splitMax = 30 // characters
)

// splits tells whether a text that is fit to be shown goes on with what its viewer
// said before to something that is not, and remembers it.
func (r *room) splits(viewer, text string, rules *live.Rules) bool {
	r.mu.Lock()
	s := r.spoke[viewer]
	r.mu.Unlock()
	both, split := text, false
	if s.last != "" {
		both = s.last + " " + text
		split = rules.Judge(both) != live.Show
	}
	if split {
		both = text
	}
	if end := []rune(both); len(end) > splitMax {
		both = string(end[len(end)-splitMax:])
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s = r.spoke[viewer]
	s.last = both
	r.spoke[viewer] = s
	return split
}
