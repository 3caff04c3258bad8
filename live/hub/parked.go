package hub

import (
	"net"
	"sync"
	"syscall"
	"time"
)

// parked is a connection with a goroutine that waits for the client: the way
// that works everywhere, and under TLS.
type parked struct {
	c    *conn
	nc   net.Conn
	raw  syscall.RawConn // nil where no attempt to write can be made
	done chan struct{}
}

var _ link = (*parked)(nil)

func park(c *conn, nc net.Conn) *parked {
	p := &parked{c: c, nc: nc, done: make(chan struct{})}
	if tcp, ok := nc.(*net.TCPConn); ok {
		p.raw, _ = tcp.SyscallConn() // without it, writes go by drain
	}
	return p
}

func (p *parked) write(b []byte) (n int, err error) {
	if p.raw == nil {
		return 0, nil
	}
	if e := p.raw.Write(func(fd uintptr) bool {
		n, err = attempt(int(fd), b)
		return true
	}); e != nil {
		return 0, e
	}
	return n, err
}

// await writes by a goroutine that lasts until the backlog is empty.
func (p *parked) await() { p.c.hub.running.Go(p.drain) }

func (p *parked) drain() {
	for {
		p.c.mu.Lock()
		if len(p.c.out.parts) == 0 {
			_ = p.nc.SetWriteDeadline(time.Time{}) // else write would fail by it later
			p.c.eased()
			p.c.mu.Unlock()
			return
		}
		part := p.c.out.parts[0]
		p.c.mu.Unlock()
		n, err := 0, p.nc.SetWriteDeadline(time.Now().Add(writeTime))
		if err == nil {
			n, err = p.nc.Write(part)
		}
		p.c.mu.Lock()
		if err != nil || p.c.gone {
			p.shut()
			p.c.mu.Unlock()
			return
		}
		p.c.took(n)
		p.c.mu.Unlock()
	}
}

func (p *parked) shut() {
	select {
	case <-p.done:
	default:
		close(p.done)
		base(p.nc).Close() // TLS would wait to say good-bye
	}
}

func (p *parked) close() { p.shut() }

// small is the size of a reader's buffer; frames are short.
const small = 512

var buffers = sync.Pool{New: func() any { return new([small]byte) }}

// read waits on a goroutine of its own for what the client sends next. Whoever
// took something goes, and a new one waits: a stack that has grown stays large.
func (p *parked) read() {
	p.c.hub.running.Go(func() {
		if p.next() {
			p.read()
		} else {
			p.c.left()
		}
	})
}

// next takes what the client sends next, and tells whether more may come. Where
// it can, it has a buffer only when there is something to read.
func (p *parked) next() bool {
	var buf *[small]byte
	var n int
	var err error
	if p.raw == nil || !receives {
		buf = buffers.Get().(*[small]byte)
		n, err = p.nc.Read(buf[:])
	} else if e := p.raw.Read(func(fd uintptr) bool {
		buf = buffers.Get().(*[small]byte)
		var there bool
		if n, there, err = receive(int(fd), buf[:]); !there {
			buffers.Put(buf)
		}
		return there
	}); e != nil {
		return false
	}
	defer buffers.Put(buf)
	return (n == 0 || p.c.take(buf[:n])) && err == nil
}

// aside has a worker do it, as pollers do: a stack that has grown stays large.
func (p *parked) aside(work func()) {
	done := make(chan struct{})
	if !p.c.hub.work(func() {
		defer close(done)
		work()
	}) {
		p.c.refused(errBusy)
		return
	}
	select {
	case <-done:
	case <-p.c.hub.ctx.Done():
	}
}

func (p *parked) pause(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-p.done:
	case <-t.C:
	}
}
