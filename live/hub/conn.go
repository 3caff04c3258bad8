package hub

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"yinbo/internal/auth"
	"yinbo/internal/fault"
	"yinbo/internal/obs"
)

// Limits of a connection.
const (
	maxFrame   = 4 << 10   // of a client's frame; CONTRACT §7
	hardFrame  = 1 << 20   // beyond this nothing is read to its end
	softQueue  = 64 << 10  // bytes waiting from which talk and state are left out
	hardQueue  = 512 << 10 // bytes waiting at which the socket is cut
	writeTime  = 10 * time.Second
	pingEvery  = 25 * time.Second
	silentTime = 60 * time.Second
	strikes    = 3 // bad frames
)

// conn is one socket. Its reader is the handler's goroutine, its writer another.
type conn struct {
	hub  *Hub
	ws   *websocket.Conn
	lang fault.Lang
	ctx  context.Context
	ip   string
	ua   string

	who  auth.Principal
	host bool // runs the room: gets the board, is no viewer
	room *room

	mu     sync.Mutex
	queue  []outgoing
	bytes  int
	held   []outgoing // what came while the picture was being made
	holds  bool       // until it has joined
	closed bool
	wake   chan struct{}
	done   chan struct{} // the writer has ended

	lastChat time.Time
	bad      int
}

// outgoing is a frame to write: shared by many, or this socket's own.
type outgoing struct {
	shared *websocket.PreparedMessage
	own    []byte
	size   int
	light  bool // no fact in it: may be left out when the socket is slow
	last   bool // closes the socket after it
}

func newConn(h *Hub, ws *websocket.Conn, r *http.Request) *conn {
	return &conn{hub: h, ws: ws, lang: fault.Language(r.Header.Get("Accept-Language")), ctx: h.ctx, ip: obs.RequestOf(r.Context()).IP,
		ua: r.UserAgent(), holds: true, wake: make(chan struct{}, 1), done: make(chan struct{})}
}

func (c *conn) serve() {
	go c.write()
	if err := c.join(); err == nil {
		c.read()
		c.room.leave(c)
		c.hub.strike(c)
	}
	c.close()
	<-c.done
	c.ws.Close()
}

// read handles the client's frames until the socket ends.
func (c *conn) read() {
	c.ws.SetReadLimit(hardFrame)
	c.ws.SetPongHandler(func(string) error { return c.ws.SetReadDeadline(time.Now().Add(silentTime)) })
	for {
		if c.ws.SetReadDeadline(time.Now().Add(silentTime)) != nil {
			return
		}
		raw, err := c.frame()
		switch {
		case errors.Is(err, errTooLarge):
			c.refuse("", "too_large")
		case err != nil:
			return
		default:
			c.handle(raw)
		}
		if c.bad >= strikes {
			c.end(nil)
			return
		}
		if c.over() {
			return
		}
	}
}

var errTooLarge = errors.New("hub: frame over 4 KiB")

// frame reads the next text frame; one that is too large is read away.
func (c *conn) frame() ([]byte, error) {
	kind, r, err := c.ws.NextReader()
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(r, maxFrame+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxFrame {
		_, err := io.Copy(io.Discard, r)
		return nil, errors.Join(errTooLarge, err)
	}
	if kind != websocket.TextMessage {
		return []byte("binary"), nil // not JSON: answered as a bad frame
	}
	return raw, nil
}

// refuse answers a bad frame, and counts it.
func (c *conn) refuse(id, code string) {
	c.bad++
	c.send(outgoing{own: errorText(c.lang, id, code)})
}

// send queues a frame; a socket whose queue is full is cut.
func (c *conn) send(o outgoing) {
	if o.size == 0 {
		o.size = len(o.own)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.holds && !o.last {
		c.held = append(c.held, o)
		return
	}
	c.push(o)
}

// push queues with the lock held.
func (c *conn) push(o outgoing) {
	switch {
	case c.closed:
		return
	case c.bytes > softQueue && o.light:
		return
	case c.bytes+o.size > hardQueue && !o.last:
		// Cut: what waits is let go, the good-bye says how to come back.
		c.queue, c.bytes = nil, 0
		o = outgoing{own: encode(byeFrame{Type: "bye", Reason: "slow", ReconnectMS: comeBack(time.Second)}), last: true}
		o.size = len(o.own)
	}
	c.queue = append(c.queue, o)
	c.bytes += o.size
	if o.last {
		c.closed = true
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// release sends the picture, and then what was held while it was made.
func (c *conn) release(first outgoing) {
	first.size = len(first.own)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holds = false
	c.push(first)
	for _, o := range c.held {
		c.push(o)
	}
	c.held = nil
}

// end queues a last frame, nil for none, after which the socket closes.
func (c *conn) end(own []byte) { c.send(outgoing{own: own, last: true}) }

func (c *conn) bye(reason string, reconnect *int) {
	c.end(encode(byeFrame{Type: "bye", Reason: reason, ReconnectMS: reconnect}))
}

// private sends an event to this socket alone.
func (c *conn) private(event json.RawMessage) {
	c.send(outgoing{own: encode(eventsFrame{Type: "events", Seq: c.room.seq(), Events: []json.RawMessage{event}})})
}

// over tells that the last frame is queued or written.
func (c *conn) over() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// close ends the writer without a word.
func (c *conn) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.push(outgoing{last: true})
	}
}

// write writes what is queued until the last frame.
func (c *conn) write() {
	defer close(c.done)
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		select {
		case <-c.wake:
		case <-ping.C:
			if c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTime)) != nil {
				c.ws.Close()
			}
			continue
		}
		c.mu.Lock()
		queue := c.queue
		c.queue, c.bytes = nil, 0
		c.mu.Unlock()
		for _, o := range queue {
			err := c.writeOne(o)
			if err != nil || o.last {
				// Unblocks the reader; after the last frame the peer has a moment to close.
				if err == nil {
					err = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
				}
				if err != nil {
					c.ws.Close()
				} else if c.ws.SetReadDeadline(time.Now().Add(time.Second)) != nil {
					c.ws.Close()
				}
				c.mu.Lock()
				c.closed, c.queue = true, nil
				c.mu.Unlock()
				return
			}
		}
	}
}

func (c *conn) writeOne(o outgoing) error {
	if o.shared == nil && o.own == nil {
		return nil
	}
	if err := c.ws.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return err
	}
	if o.shared != nil {
		return c.ws.WritePreparedMessage(o.shared)
	}
	return c.ws.WriteMessage(websocket.TextMessage, o.own)
}
