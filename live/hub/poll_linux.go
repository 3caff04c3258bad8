package hub

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// poller waits for the clients of many sockets on one goroutine, by epoll. The
// epoll instance is itself waited for by Go's own poller, so that no thread is
// held.
type poller struct {
	file *os.File
	raw  syscall.RawConn
	fd   int
	buf  []byte

	mu    sync.RWMutex
	conns []*conn // by descriptor
}

// newPollers makes n; none when the kernel refuses.
func newPollers(n int) []*poller {
	var all []*poller
	for range n {
		p, err := newPoller()
		if err != nil {
			return all
		}
		all = append(all, p)
	}
	return all
}

func newPoller() (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	p := &poller{file: os.NewFile(uintptr(fd), "epoll"), fd: fd, buf: make([]byte, 16<<10)}
	if p.raw, err = p.file.SyscallConn(); err != nil {
		return nil, errors.Join(err, p.file.Close())
	}
	return p, nil
}

// run serves the sockets until close.
func (p *poller) run() {
	events := make([]unix.EpollEvent, 256)
	for {
		n := 0
		err := p.raw.Read(func(fd uintptr) bool {
			n, _ = unix.EpollWait(int(fd), events, 0)
			return n > 0
		})
		if err != nil {
			return
		}
		for _, e := range events[:n] {
			p.mu.RLock()
			c := p.conns[e.Fd]
			p.mu.RUnlock()
			if c != nil {
				c.link.(*polled).ready(e.Events)
			}
		}
	}
}

func (p *poller) close() { p.file.Close() }

// seat keeps a socket where its descriptor finds it.
func (p *poller) seat(fd int, c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.conns) <= fd {
		p.conns = append(p.conns, nil)
	}
	p.conns[fd] = c
}

// polled is a connection that a poller waits for: no goroutine of its own. Its
// descriptor is ours alone: Go's own was closed.
type polled struct {
	c       *conn
	poller  *poller
	fd      int
	writing bool // told to say when the kernel takes something
	resumes bool // the pause is over
}

var _ link = (*polled)(nil)

// poll takes a plain TCP connection over from Go; false when it is none.
func (p *poller) poll(c *conn, nc net.Conn) (*polled, bool) {
	tcp, ok := nc.(*net.TCPConn)
	if !ok {
		return nil, false
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil, false
	}
	fd := -1
	if e := raw.Control(func(old uintptr) { fd, err = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0) }); e != nil || err != nil {
		return nil, false
	}
	nc.Close()
	return &polled{c: c, poller: p, fd: fd}, true
}

func (p *polled) read() {
	p.c.mu.Lock()
	p.poller.seat(p.fd, p.c)
	err := unix.EpollCtl(p.poller.fd, unix.EPOLL_CTL_ADD, p.fd, &unix.EpollEvent{Events: p.wanted(), Fd: int32(p.fd)})
	p.c.mu.Unlock()
	if err != nil {
		p.c.left()
	}
}

func (p *polled) wanted() uint32 {
	var events uint32
	if !p.c.paused {
		events |= unix.EPOLLIN
	}
	if p.writing || p.resumes {
		events |= unix.EPOLLOUT
	}
	return events
}

// ask tells the kernel what is waited for, with the lock held.
func (p *polled) ask() {
	if p.fd >= 0 {
		_ = unix.EpollCtl(p.poller.fd, unix.EPOLL_CTL_MOD, p.fd, &unix.EpollEvent{Events: p.wanted(), Fd: int32(p.fd)})
	}
}

// ready serves what the kernel says of the socket.
func (p *polled) ready(events uint32) {
	if events&unix.EPOLLOUT != 0 {
		p.c.drained()
		p.settle()
	}
	switch {
	case p.c.paused && events&(unix.EPOLLHUP|unix.EPOLLERR) != 0: // it would be told again and again
		p.c.left()
	case !p.c.paused && events&^unix.EPOLLOUT != 0:
		p.take()
	}
}

// settle ends what was waited for.
func (p *polled) settle() {
	p.c.mu.Lock()
	p.writing = p.c.out.bytes > 0
	resumed := p.resumes && !p.writing
	if resumed {
		p.resumes, p.c.paused = false, false
	}
	p.ask()
	p.c.mu.Unlock()
	if resumed && !p.c.take(nil) {
		p.c.left()
	}
}

func (p *polled) take() {
	n, err := unix.Read(p.fd, p.poller.buf)
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
	case err != nil || n == 0 || !p.c.take(p.poller.buf[:n]):
		p.c.left()
	}
}

func (p *polled) write(b []byte) (int, error) {
	if p.fd < 0 {
		return 0, net.ErrClosed
	}
	return attempt(p.fd, b)
}

func (p *polled) await() {
	p.writing = true
	p.ask()
}

func (p *polled) shut() {
	if p.fd >= 0 {
		_ = unix.Shutdown(p.fd, unix.SHUT_RDWR) // refused, the peer has gone: the poller hears of that
	}
}

func (p *polled) close() {
	if p.fd < 0 {
		return
	}
	p.poller.seat(p.fd, nil)
	unix.Close(p.fd)
	p.fd = -1
}

// aside reads no more until a worker has done the work.
func (p *polled) aside(work func()) {
	p.hold()
	if !p.c.hub.work(func() {
		work()
		p.resume()
	}) {
		p.c.refused(errBusy)
		p.resume()
	}
}

func (p *polled) pause(d time.Duration) {
	p.hold()
	time.AfterFunc(d, p.resume)
}

func (p *polled) hold() {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	p.c.paused = true
	p.ask()
}

// resume lets the poller go on: it is woken by the kernel's taking something,
// which is at once unless the client reads nothing, and then it may wait.
func (p *polled) resume() {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	p.resumes = true
	p.ask()
}

// attempt writes what the kernel takes. The call cannot wait, so that the
// scheduler need not hear of it.
func attempt(fd int, b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for {
		n, _, err := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)),
			unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		switch err {
		case 0:
			return int(n), nil
		case unix.EINTR:
		case unix.EAGAIN:
			return 0, nil
		default:
			return 0, err
		}
	}
}

// receives tells that receive works here.
const receives = true

// receive reads what is there, and tells whether anything is, an end or an error
// too.
func receive(fd int, b []byte) (n int, there bool, err error) {
	for {
		n, err = unix.Read(fd, b)
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			return 0, false, nil
		case err != nil:
			return 0, true, err
		case n == 0:
			return 0, true, io.EOF
		default:
			return n, true, nil
		}
	}
}
