package stampede

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/sys/unix"
)

// none is the file of one who is not connected.
const none = -1

// The states of a viewer.
const (
	outside   = iota
	dialling  // the connection is under way
	upgrading // the upgrade was asked for
	joining   // the join was sent
	inside
)

// viewer is one of an audience.
type viewer struct {
	sequence
	fd     int
	state  uint8
	events uint32    // that epoll is asked for
	token  string    // of a session; empty for a guest
	off    time.Time // when it set off
	back   time.Time // when it may, next
	rest   []byte    // of a frame that has not come whole
	out    []byte    // what the socket would not take yet
}

// dial begins to connect.
func (a *Audience) dial(i int) {
	v := &a.viewers[i]
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		a.seen.Errors["socket: "+err.Error()]++
		a.away(i, time.Second)
		return
	}
	v.fd, v.state, v.events, v.off = fd, dialling, unix.EPOLLIN|unix.EPOLLOUT, time.Now()
	// What is cut is cut: a reset leaves no port waiting behind it.
	_ = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if a.Sources > 0 {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
		n := i % a.Sources
		err = unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, byte(1 + n/250), byte(1 + n%250)}})
	}
	if err == nil {
		err = unix.EpollCtl(a.poll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: v.events, Fd: int32(i), Pad: int32(fd)})
	}
	if err == nil {
		err = unix.Connect(fd, &a.server)
	}
	if err != nil && err != unix.EINPROGRESS {
		a.fail(i, "connect: "+err.Error())
	}
}

// serve does what a socket is ready for.
func (a *Audience) serve(ev unix.EpollEvent) {
	i := int(ev.Fd)
	v := &a.viewers[i]
	if v.fd != int(ev.Pad) {
		return // of a connection that was let go in the same turn
	}
	if ev.Events&unix.EPOLLOUT != 0 {
		if v.state == dialling {
			if code, err := unix.GetsockoptInt(v.fd, unix.SOL_SOCKET, unix.SO_ERROR); err != nil || code != 0 {
				a.fail(i, "connect: "+unix.Errno(code).Error())
				return
			}
			v.state, v.out = upgrading, append(v.out, a.upgrade...)
		}
		a.flush(i)
	}
	if v.fd != none && ev.Events&^unix.EPOLLOUT != 0 {
		a.receive(i)
	}
}

// send writes a frame, or what the socket takes of it.
func (a *Audience) send(i int, frame []byte) {
	v := &a.viewers[i]
	waits := len(v.out) > 0
	v.out = append(v.out, frame...)
	if !waits {
		a.flush(i)
	}
}

func (a *Audience) flush(i int) {
	v := &a.viewers[i]
	n, err := unix.Write(v.fd, v.out)
	if err != nil && err != unix.EAGAIN {
		a.fail(i, "write: "+err.Error())
		return
	}
	v.out = v.out[max(n, 0):]
	events := uint32(unix.EPOLLIN)
	if len(v.out) > 0 {
		events |= unix.EPOLLOUT
	} else {
		v.out = nil
	}
	if events == v.events {
		return
	}
	v.events = events
	if err := unix.EpollCtl(a.poll, unix.EPOLL_CTL_MOD, v.fd, &unix.EpollEvent{Events: events, Fd: int32(i), Pad: int32(v.fd)}); err != nil {
		a.fail(i, "epoll: "+err.Error())
	}
}

// receive reads what has come, and takes in its frames.
func (a *Audience) receive(i int) {
	v := &a.viewers[i]
	n, err := unix.Read(v.fd, a.buf)
	if err == unix.EAGAIN || err == unix.EINTR {
		return
	}
	if n <= 0 || err != nil {
		a.dropped(i)
		return
	}
	now, came := time.Now(), a.buf[:n]
	if len(v.rest) > 0 {
		v.rest = append(v.rest, came...)
		came = v.rest
	}
	if v.state == upgrading {
		if came = a.upgraded(i, came); v.state == upgrading {
			v.rest = append(v.rest[:0], came...)
			return
		}
	}
	for v.fd != none {
		op, payload, size := frameIn(came)
		if size == 0 {
			break
		}
		came = came[size:]
		switch op {
		case ws.OpText:
			a.hear(i, payload, now)
		case ws.OpPing:
			a.send(i, clientFrame(ws.OpPong, payload))
		case ws.OpClose:
			a.dropped(i)
		case ws.OpPong:
		default:
			a.fail(i, fmt.Sprintf("frame: opcode %d", op))
		}
	}
	if len(came) == 0 || v.fd == none {
		v.rest = nil
		return
	}
	v.rest = append(v.rest[:0], came...)
}

// upgraded looks at the answer to the upgrade, and joins.
func (a *Audience) upgraded(i int, came []byte) (rest []byte) {
	v := &a.viewers[i]
	head, rest, whole := bytes.Cut(came, []byte("\r\n\r\n"))
	if !whole {
		return came
	}
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 101 ")) || !bytes.Contains(head, []byte(upgradeAccept)) {
		status, _, _ := bytes.Cut(head, []byte("\r\n"))
		a.fail(i, string(bytes.TrimPrefix(status, []byte("HTTP/1.1 "))))
		return nil
	}
	v.state = joining
	join := append([]byte(`{"type":"join","room":"`+a.Room+`","token":`), orNull(v.token)...)
	if v.epoch != "" {
		join = fmt.Appendf(join, `,"since":{"epoch":%q,"seq":%d}`, v.epoch, v.last)
	}
	a.send(i, clientFrame(ws.OpText, append(join, '}')))
	return rest
}

func orNull(token string) string {
	if token == "" {
		return "null"
	}
	return strconv.Quote(token)
}

// hear takes in a frame.
func (a *Audience) hear(i int, raw []byte, now time.Time) {
	v, m := &a.viewers[i], a.meanings.of(raw)
	a.seen.Frames++
	a.seen.Bytes += int64(len(raw))
	switch m.Type {
	case "joined":
		v.enter(m, &a.seen.Tally)
		if m.Recovered {
			a.seen.Recovered++
			a.seen.Events += int64(len(m.Events))
		} else {
			a.seen.Pictures++
		}
		if v.state == joining {
			v.state = inside
			a.inside++
			record(&a.seen.joins, now.Sub(v.off))
		}
	case "events":
		v.follow(m, &a.seen.Tally)
		a.seen.count(m, now, i%talkSample == 0)
	case "ack":
		a.seen.Acks++
	case "bye":
		a.seen.Byes[m.Reason]++
		away := time.Duration(rand.N(maxAway))
		if m.ReconnectMS != nil {
			away = time.Duration(*m.ReconnectMS) * time.Millisecond
		}
		a.lose(i, away)
	case "error":
		a.seen.Errors[m.Code]++
	default:
		a.seen.Errors["frame: "+m.Type]++
	}
	a.greatest = max(a.greatest, v.last)
}

// fail notes why a connection ends; the viewer tries again.
func (a *Audience) fail(i int, why string) {
	a.seen.Errors[why]++
	a.lose(i, time.Second/2+rand.N(time.Second))
}

// dropped is for a connection that the server ended.
func (a *Audience) dropped(i int) {
	a.seen.Dropped++
	a.lose(i, time.Second/2+rand.N(time.Second))
}

// lose breaks a viewer's connection, to come back later.
func (a *Audience) lose(i int, away time.Duration) {
	a.leave(i)
	a.away(i, away)
}

func (a *Audience) away(i int, d time.Duration) {
	a.viewers[i].back = time.Now().Add(d)
	a.coming = append(a.coming, i)
}

func (a *Audience) leave(i int) {
	v := &a.viewers[i]
	if v.fd == none {
		return
	}
	if v.state == inside {
		a.inside--
	}
	unix.Close(v.fd) // epoll lets go of it by itself
	v.fd, v.state, v.rest, v.out = none, outside, nil, nil
}
