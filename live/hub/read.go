package hub

import (
	"time"

	"github.com/gobwas/ws"
	"github.com/gorilla/websocket"
)

// reading is what a socket's reader knows.
type reading struct {
	parser parser
	pace   pace
	bad    int  // frames
	paused bool // nothing is read for now; changed by the reader, with the lock held
}

const strikes = 3 // bad frames

// take handles what the client sent; false when the socket is to be let go. It
// stops where the socket is paused, and goes on from there when called with nil.
func (c *conn) take(b []byte) bool {
	now := time.Now()
	over := c.hears(now)
	for {
		if c.paused {
			_ = c.parser.keep(b)
			return true
		}
		in, rest, err := c.parser.next(b)
		if err == errHalf {
			return true
		}
		if err != nil {
			c.endBy(nil, websocket.CloseProtocolError)
			return false
		}
		b = rest
		if in.kind == ws.OpClose {
			c.end(nil)
			return false
		}
		if !over {
			over = c.incoming(in)
		}
		if wait := c.pace.pass(now); wait > 0 {
			c.link.pause(wait)
		}
	}
}

// hears notes that the client is there, and tells whether the socket is over.
func (c *conn) hears(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = c.hub.millis(now)
	return c.over
}

// incoming handles a message, and tells whether the socket is over.
func (c *conn) incoming(in incoming) bool {
	switch {
	case in.endless:
		c.bad = strikes
	case in.large:
		c.refuse("", "too_large")
	case in.kind == ws.OpPing:
		return c.pong(in.payload)
	case in.kind == ws.OpPong || in.kind == ws.OpContinuation:
	case in.kind == ws.OpBinary:
		c.refuse("", "bad_frame")
	default:
		c.handle(in.payload)
	}
	if c.bad < strikes {
		return false
	}
	c.end(nil)
	return true
}

func (c *conn) pong(payload []byte) (over bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over && c.ws.WriteControl(websocket.PongMessage, payload, time.Time{}) != nil {
		c.link.shut()
	}
	if c.out.bytes > c.hub.steps.cut {
		c.slow()
	}
	return c.over
}

// refuse answers a bad frame, and counts it.
func (c *conn) refuse(id, code string) {
	c.bad++
	c.answer(id, code)
}

// answer refuses what was well formed.
func (c *conn) answer(id, code string) { c.tell(errorText(c.lang, id, code)) }

func (c *conn) ack(id string) { c.tell(encode(ackFrame{Type: "ack", ID: id})) }

// Frames at once, and then one a tick of paceEvery: what a client sends beyond
// that waits in its own socket's buffers.
const (
	burst     = 500
	paceEvery = 5 * time.Millisecond
	rest      = 100 * time.Millisecond // of those who are too fast
)

// pace is how many frames a client may send.
type pace struct {
	used int
	at   time.Time // when used was counted
}

// pass lets one frame pass, and tells how long to wait before the next.
func (p *pace) pass(now time.Time) time.Duration {
	if n := int(now.Sub(p.at) / paceEvery); n > 0 {
		p.used, p.at = max(0, p.used-n), now
	}
	if p.used++; p.used < burst {
		return 0
	}
	return rest
}
