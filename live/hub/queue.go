package hub

import (
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Limits of what waits for a client.
const (
	softQueue = 64 << 10  // bytes waiting from which talk and state are left out
	hardQueue = 512 << 10 // bytes waiting at which the socket is cut
	sendSpace = 128 << 10 // bytes that the kernel holds; left to itself it takes megabytes for each slow client
	writeTime = 10 * time.Second
)

// queue is what waits to be written to a socket.
type queue struct {
	mu      sync.Mutex
	waiting []outgoing
	bytes   int
	holds   bool // while the picture is made: what happens waits behind it
	closed  bool // the last frame is in it, or was written
	wake    chan struct{}
	done    chan struct{} // the writer has ended
}

func newQueue() queue {
	return queue{wake: make(chan struct{}, 1), done: make(chan struct{})}
}

// outgoing is a frame to write: shared by many, or this socket's own.
type outgoing struct {
	shared *websocket.PreparedMessage
	own    []byte
	size   int  // of shared, in bytes
	light  bool // no fact in it: may be left out when the socket is slow
	last   bool // closes the socket after it
}

func (o outgoing) bytes() int { return o.size + len(o.own) }

// send queues a frame; false when it was left out. A socket whose queue is full
// is cut.
func (q *queue) send(o outgoing) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.bytes > softQueue && o.light {
		return false
	}
	q.push(o)
	return true
}

// push queues with the lock held.
func (q *queue) push(o outgoing) {
	if q.closed {
		return
	}
	if q.bytes > 0 && q.bytes+o.bytes() > hardQueue && !o.last { // alone, one of any size may wait
		// Cut: what waits is let go, the good-bye says how to come back.
		q.waiting, q.bytes = nil, 0
		o = outgoing{own: encode(byeFrame{Type: "bye", Reason: "slow", ReconnectMS: comeBack(time.Second)}), last: true}
	}
	q.waiting = append(q.waiting, o)
	q.bytes += o.bytes()
	q.closed = o.last
	poke(q.wake)
}

// hold keeps what is queued until release.
func (q *queue) hold() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.holds = true
}

// release sends first, and then what was held.
func (q *queue) release(first []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.holds = false
	q.waiting = append([]outgoing{{own: first}}, q.waiting...)
	q.bytes += len(first)
	poke(q.wake)
}

// keepsUp tells that little waits for the client.
func (q *queue) keepsUp() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.holds && q.bytes <= softQueue
}

// end queues a last frame, nil for none, after which the socket closes.
func (q *queue) end(own []byte) { q.send(outgoing{own: own, last: true}) }

// over tells that the last frame is queued or written.
func (q *queue) over() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}

// deny sends a last frame, nil for none, instead of what is held.
func (q *queue) deny(own []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.holds && !q.closed {
		q.waiting, q.bytes = nil, 0
	}
	q.holds = false
	q.push(outgoing{own: own, last: true})
	poke(q.wake)
}

// close ends the writer without a further word.
func (q *queue) close() { q.deny(nil) }

// take empties the queue for the writer.
func (q *queue) take() []outgoing {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.holds {
		return nil
	}
	all := q.waiting
	q.waiting, q.bytes = nil, 0
	return all
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
				c.ws.Close() // the reader ends, and with it the writer
			}
			continue
		}
		for _, o := range c.take() {
			err := c.writeOne(o)
			if err == nil && !o.last {
				continue
			}
			c.last(err)
			return
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

// last closes a socket after its last frame, and lets the reader go: at once when
// the frame did not arrive, else the peer has a moment to close.
func (c *conn) last(err error) {
	c.mu.Lock()
	c.closed, c.waiting = true, nil
	c.mu.Unlock()
	if err == nil {
		normal := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
		err = c.ws.WriteControl(websocket.CloseMessage, normal, time.Now().Add(lingerTime))
	}
	if err == nil {
		err = c.ws.SetReadDeadline(time.Now().Add(lingerTime))
	}
	if err != nil {
		c.ws.Close()
	}
}
