package hub

import (
	"bytes"
	"sync"
	"time"

	"github.com/gobwas/ws"
	"github.com/gorilla/websocket"

	"yinbo/internal/auth"
	"yinbo/internal/fault"
)

// steps are the steps down of one that is slow, by the bytes that wait for it
// because the kernel did not take them.
type steps struct {
	talk   int // beyond this, no talk
	state  int // beyond this, facts only; the state is owed
	fact   int // beyond this, nothing: it is let in anew once it has read
	cut    int // of facts that passed it by meanwhile: cut
	kernel int // what the kernel holds; left to itself it takes megabytes for each slow client
}

func stepsOf(backlog int) steps {
	return steps{talk: backlog / 16, state: backlog / 4, fact: backlog, cut: 2 * backlog, kernel: backlog / 2}
}

// Limits of time.
const (
	writeTime  = 10 * time.Second // without a byte taken
	pingEvery  = 25 * time.Second
	silentTime = 60 * time.Second
	lingerTime = time.Second // for the peer to close after a last frame
)

const normal = websocket.CloseNormalClosure

// conn is one socket. Its reader is a poller's goroutine or one of its own; who
// has a frame for it writes it, under mu, and never waits.
type conn struct {
	// What each frame looks at, side by side in the processor's cache.
	hub     *Hub
	mu      sync.Mutex
	link    link
	place        // the shard's alone
	lags    bool // something was left out for it
	over    bool // the last frame is written or in the backlog
	gone    bool // nothing reads or writes it any more
	joining bool // what it asked for is on its way
	host    bool // runs the room: gets the board, is no viewer; set before it has a shard
	out     backlog

	room    *room // nil until it has joined
	shard   *shard
	heard   int64 // when, in milliseconds of the hub's clock
	pinged  int64
	until   time.Time // when it is over: the peer is to close by then
	expires time.Time // the token; zero for never

	ws    *websocket.Conn // makes frames of its own messages; they end in wire.Write
	lang  fault.Lang
	ip    string
	guest [12]byte // tells a guest from another
	came  time.Time
	who   person

	reading // the reader's alone

	timer // guarded by the wheel
}

// person is who a socket belongs to.
type person struct {
	kind auth.Kind
	id   string
	name string
}

// place is where a shard keeps a socket.
type place struct {
	index  int
	behind bool  // facts pass it by
	seq    int64 // of the last fact that it was given, once it is behind
	passed int   // bytes of facts that passed it by
}

// backlog is what the kernel did not take yet.
type backlog struct {
	bytes int
	parts [][]byte  // the first may be begun
	moved time.Time // when the peer took something, or the backlog began
}

// tell writes a text frame of its own. False when the socket is over.
func (c *conn) tell(raw []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return false
	}
	if c.out.bytes+len(raw) > c.hub.steps.cut && c.out.bytes > 0 {
		c.slow()
		return false
	}
	c.write(raw)
	return true
}

// large is from which a frame is better made in one piece of memory.
const large = 2 << 10

// write writes a text frame, with the lock held.
func (c *conn) write(raw []byte) {
	if len(raw) > large {
		c.share(framed(ws.OpText, raw))
		return
	}
	if c.ws.WriteMessage(websocket.TextMessage, raw) != nil {
		c.link.shut()
	}
}

// share writes a frame that others get as well, with the lock held.
func (c *conn) share(m shared) {
	if c.send(m, true) != nil {
		c.link.shut()
	}
}

// send gives the kernel what it takes of p now; the rest waits in the backlog, as
// a copy unless p is lent: nobody's to change.
func (c *conn) send(p []byte, lent bool) error {
	if c.out.bytes == 0 {
		n, err := c.link.write(p)
		if err != nil || n == len(p) {
			return err
		}
		p = p[n:]
		c.out.moved = time.Now()
		defer c.stalls()
	}
	if !lent {
		p = bytes.Clone(p)
	}
	c.out.parts, c.out.bytes = append(c.out.parts, p), c.out.bytes+len(p)
	return nil
}

// stalls sees to it that the backlog is written, or the socket ends.
func (c *conn) stalls() {
	c.link.await()
	c.hub.wheel.set(c, c.out.moved.Add(writeTime))
}

// end writes a last frame, nil for none, after which the socket closes.
func (c *conn) end(raw []byte) { c.endBy(raw, normal) }

func (c *conn) endBy(raw []byte, code int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last(raw, code)
}

// last ends the socket with the lock held.
func (c *conn) last(raw []byte, code int) {
	if c.over {
		return
	}
	if raw != nil {
		c.write(raw)
	}
	if c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Time{}) != nil {
		c.link.shut()
	}
	c.over = true
	c.until = time.Now().Add(lingerTime)
	if c.out.bytes > 0 {
		c.until = c.until.Add(writeTime)
	}
	c.hub.wheel.set(c, time.Now().Add(lingerTime))
}

// slow cuts a socket that cannot keep up, with the lock held: what waits is let
// go, the good-bye says how to come back.
func (c *conn) slow() {
	if c.over {
		return
	}
	if parts := c.out.parts; len(parts) > 1 { // the first may be begun
		clear(parts[1:])
		c.out.parts, c.out.bytes = parts[:1], len(parts[0])
	}
	c.hub.stats.cut("slow")
	c.last(encode(byeFrame{Type: "bye", Reason: "slow", ReconnectMS: comeBack(time.Second)}), normal)
}

// bye says good-bye.
func (c *conn) bye(reason string, reconnect *int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		c.hub.stats.cut(reason)
		c.last(encode(byeFrame{Type: "bye", Reason: reason, ReconnectMS: reconnect}), normal)
	}
}

// shut ends the reader, which then lets go of everything.
func (c *conn) shut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	c.link.shut()
}

// left lets go of a socket that nothing reads any more. Its reader calls it.
func (c *conn) left() {
	c.mu.Lock()
	if c.gone {
		c.mu.Unlock()
		return
	}
	c.gone, c.over = true, true
	c.link.close()
	c.out.parts, c.out.bytes = nil, 0
	r := c.room
	c.mu.Unlock()
	c.hub.wheel.drop(c)
	if r != nil {
		r.leave(c)
		c.hub.strike(c, r)
	}
	c.hub.left(c)
}

// drained writes what waits, as far as the kernel takes it; the link calls it
// when it takes something again.
func (c *conn) drained() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.out.parts) > 0 && !c.gone {
		n, err := c.link.write(c.out.parts[0])
		if err != nil {
			c.link.shut()
			return
		}
		if n == 0 {
			return
		}
		c.took(n)
	}
	c.eased()
}

// took notes that n bytes of the first part are written.
func (c *conn) took(n int) {
	c.out.moved = time.Now()
	c.out.bytes -= n
	if c.out.parts[0] = c.out.parts[0][n:]; len(c.out.parts[0]) == 0 {
		c.out.parts[0] = nil
		c.out.parts = c.out.parts[1:]
	}
}

// eased tells those who left something out that the client has read everything.
func (c *conn) eased() {
	if c.out.parts = nil; c.gone {
		return
	}
	if c.over {
		c.until = time.Now().Add(lingerTime)
		c.hub.wheel.set(c, c.until)
	}
	if c.lags && c.shard != nil {
		c.lags = false
		s := c.shard
		s.do(func() { s.eased(c) })
	}
}

// due looks at a socket whose time has come and says when to look again; zero
// when it is gone.
func (c *conn) due(now time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	ms := c.hub.millis(now)
	next := now.Add(pingEvery)
	sooner := func(t time.Time) {
		if t.Before(next) {
			next = t
		}
	}
	switch {
	case c.gone:
		return time.Time{}
	case c.out.bytes > 0 && now.Sub(c.out.moved) >= writeTime:
		if !c.over {
			c.hub.stats.cut("stalled")
		}
		c.over = true
		c.link.shut()
		return now.Add(lingerTime)
	case c.over:
		if !now.Before(c.until) {
			c.link.shut()
		}
		sooner(now.Add(lingerTime))
	case c.room == nil && now.Sub(c.came) >= c.hub.Join && !c.joining:
		c.last(nil, normal)
	case !c.expires.IsZero() && now.After(c.expires.Add(c.hub.Grace)):
		c.expire()
	case ms-c.heard >= silentTime.Milliseconds():
		c.hub.stats.cut("silent")
		c.over = true
		c.link.shut()
	case ms-c.pinged >= pingEvery.Milliseconds():
		c.pinged = ms
		c.share(c.hub.ping)
	}
	if c.out.bytes > 0 {
		sooner(c.out.moved.Add(writeTime))
	}
	if !c.expires.IsZero() {
		sooner(c.expires.Add(c.hub.Grace))
	}
	return next
}
