package video

import (
	"errors"
	"net"
	"sync/atomic"
	"time"

	"github.com/bluenviron/gortmplib"
	"github.com/bluenviron/gortmplib/pkg/message"
)

// What a connection may cost. The RTMP library keeps what it has of a message
// until the rest comes, of up to 62 messages at once: so the bytes that wait are
// bounded here.
const (
	doorTime  = 10 * time.Second // to say who it is
	doorBytes = 64 << 10
	startTime = 20 * time.Second // to show two seconds of what it sends
	waiting   = 16 << 20         // bytes of messages that are not whole
	silence   = 10 * time.Second
)

var errTooMuch = errors.New("too many bytes")

// meter is a connection whose unread bytes and silence are bounded.
type meter struct {
	net.Conn
	limit    int64
	kept     int64        // bytes that came and are in no whole message yet, about
	total    atomic.Int64 // bytes that came
	deadline time.Time    // of all reads; zero when only silence ends them
}

// phase begins another stretch of the connection's life.
func (m *meter) phase(limit int64, within time.Duration) {
	m.limit, m.kept, m.deadline = limit, 0, time.Time{}
	if within > 0 {
		m.deadline = time.Now().Add(within)
	}
}

func (m *meter) Read(p []byte) (int, error) {
	if m.kept > m.limit {
		return 0, errTooMuch
	}
	end := time.Now().Add(silence)
	if !m.deadline.IsZero() && m.deadline.Before(end) {
		end = m.deadline
	}
	if err := m.SetReadDeadline(end); err != nil {
		return 0, err
	}
	n, err := m.Conn.Read(p)
	m.kept += int64(n)
	m.total.Add(int64(n))
	return n, err
}

func (m *meter) Write(p []byte) (int, error) {
	if err := m.SetWriteDeadline(time.Now().Add(silence)); err != nil {
		return 0, err
	}
	return m.Conn.Write(p)
}

// took notes that a message of a size is whole; chunks have headers of their own.
func (m *meter) took(size int) {
	m.kept = max(m.kept-int64(size+size/64+64), 0)
}

// metered tells the meter of messages that were read whole.
type metered struct {
	*gortmplib.ServerConn
	meter *meter
}

func (c metered) Read() (message.Message, error) {
	m, err := c.ServerConn.Read()
	if err == nil && c.meter.deadline.IsZero() { // while it is set, the library keeps them all
		c.meter.took(sizeOf(m))
	}
	return m, err
}

func sizeOf(m message.Message) int {
	switch m := m.(type) {
	case *message.Video:
		return len(m.AU)
	case *message.Audio:
		return len(m.AU)
	case *message.VideoExCodedFrames:
		return len(m.Payload)
	case *message.VideoExFramesX:
		return len(m.Payload)
	case *message.AudioExCodedFrames:
		return len(m.Payload)
	}
	return 0
}
