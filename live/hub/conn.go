package hub

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"yinbo/internal/auth"
	"yinbo/internal/fault"
	"yinbo/internal/obs"
)

// Limits of what a client sends.
const (
	maxFrame   = 4 << 10 // of a client's frame; CONTRACT §7
	hardFrame  = 1 << 20 // beyond this nothing is read to its end
	pingEvery  = 25 * time.Second
	silentTime = 60 * time.Second
	strikes    = 3 // bad frames
	lingerTime = time.Second

	// Frames at once, and then one a tick of paceEvery: what a client sends
	// beyond that waits in its own socket's buffers.
	burst     = 500
	paceEvery = 5 * time.Millisecond
)

// conn is one socket. Its reader is the handler's goroutine, its writer another.
type conn struct {
	hub  *Hub
	ws   *websocket.Conn
	lang fault.Lang
	ip   string
	ua   string

	who  auth.Principal
	host bool // runs the room: gets the board, is no viewer
	room *room
	in   atomic.Pointer[room] // room, for those who look for the viewer's sockets
	bad  int                  // frames
	pace pace

	queue
}

func newConn(h *Hub, ws *websocket.Conn, r *http.Request) *conn {
	return &conn{hub: h, ws: ws, lang: fault.Language(r.Header.Get("Accept-Language")), ip: obs.RequestOf(r.Context()).IP,
		ua: r.UserAgent(), pace: pace{left: burst, at: time.Now()}, queue: newQueue()}
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
	c.linger()
	c.ws.Close()
}

// read handles the client's frames until the socket ends.
func (c *conn) read() {
	c.ws.SetPongHandler(func(string) error { return c.ws.SetReadDeadline(time.Now().Add(silentTime)) })
	for {
		raw, err := c.next(time.Now().Add(silentTime))
		if err != nil {
			return
		}
		if raw != nil {
			c.handle(raw)
		}
		if c.struckOut() {
			return
		}
		c.pace.wait(c.done)
	}
}

var (
	errTooLarge = errors.New("hub: frame over 4 KiB")
	errOver     = errors.New("hub: socket told good-bye")
)

// next reads a frame; nil for one that was too large, which is answered here.
func (c *conn) next(until time.Time) ([]byte, error) {
	if err := c.ws.SetReadDeadline(until); err != nil {
		return nil, err
	}
	if c.over() { // asked after the deadline was set: the writer shortens it once it is over
		return nil, errOver
	}
	raw, err := c.frame()
	if errors.Is(err, errTooLarge) {
		c.refuse("", "too_large")
		return nil, nil
	}
	return raw, err
}

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
		n, err := io.Copy(io.Discard, io.LimitReader(r, hardFrame))
		if err != nil {
			return nil, err
		}
		if n == hardFrame {
			c.bad = strikes // there is no end to it
		}
		return nil, errTooLarge
	}
	if kind != websocket.TextMessage {
		return []byte("binary"), nil // not JSON: answered as a bad frame
	}
	return raw, nil
}

// refuse answers a bad frame, and counts it.
func (c *conn) refuse(id, code string) {
	c.bad++
	c.answer(id, code)
}

// answer refuses what was well formed.
func (c *conn) answer(id, code string) { c.send(outgoing{own: errorText(c.lang, id, code)}) }

// struckOut ends a socket with too many bad frames.
func (c *conn) struckOut() bool {
	if c.bad < strikes {
		return false
	}
	c.end(nil)
	return true
}

func (c *conn) bye(reason string, reconnect *int) {
	c.end(encode(byeFrame{Type: "bye", Reason: reason, ReconnectMS: reconnect}))
}

// linger reads away what the peer still sends until it has closed, for a moment:
// closing with something unread would take the last frames from it.
func (c *conn) linger() {
	if c.ws.SetReadDeadline(time.Now().Add(lingerTime)) != nil {
		return
	}
	for {
		if _, _, err := c.ws.NextReader(); err != nil {
			return
		}
	}
}

// pace is how many frames a client may send.
type pace struct {
	left int
	at   time.Time // when left was counted
}

// wait lets one frame pass, later for those who send too many.
func (p *pace) wait(done <-chan struct{}) {
	now := time.Now()
	if n := int(now.Sub(p.at) / paceEvery); n > 0 {
		p.left, p.at = min(burst, p.left+n), now
	}
	if p.left--; p.left >= 0 {
		return
	}
	p.left = 0
	select {
	case <-done:
	case <-time.After(paceEvery):
	}
}
