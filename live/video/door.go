package video

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"sync"
	"time"
)

// How many may wait at the door at once, before it is known who they are, and
// how many may push.
const (
	doorTotal   = 16
	doorAddress = 4
	pushesMax   = 64
)

// door counts who stands at it.
type door struct {
	mu     sync.Mutex
	total  int
	byAddr map[string]int
}

// enter lets an address wait; leave must follow when it did.
func (d *door) enter(addr string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.total >= doorTotal || d.byAddr[addr] >= doorAddress {
		return false
	}
	d.total++
	d.byAddr[addr]++
	return true
}

func (d *door) leave(addr string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.total--
	if d.byAddr[addr]--; d.byAddr[addr] == 0 {
		delete(d.byAddr, addr)
	}
}

// listen opens the door. A port that is taken leaves it shut, and the log says so:
// everything else of the node works without.
func (v *Video) listen() {
	if v.RTMPAddr == "" || v.RTMPAddr == "off" {
		v.Log.Info("RTMP is off: rooms cannot be pushed to at this node")
		return
	}
	l, err := net.Listen("tcp", v.RTMPAddr)
	if err != nil {
		v.Log.Error("RTMP is off: rooms cannot be pushed to at this node; set rtmp_addr to a free address", "rtmp_addr", v.RTMPAddr, "error", err)
		return
	}
	v.listener = l
}

// accept takes connections until the listener closes.
func (v *Video) accept() error {
	for {
		conn, err := v.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil { // out of files, mostly: those who push go on
			v.Log.Warn("RTMP", "error", err)
			time.Sleep(100 * time.Millisecond)
			continue
		}
		addr, _, _ := net.SplitHostPort(conn.RemoteAddr().String())
		if !v.door.enter(addr) {
			conn.Close()
			continue
		}
		v.running.Go(func() {
			defer conn.Close()
			v.greet(conn, sync.OnceFunc(func() { v.door.leave(addr) }))
		})
	}
}

// greet serves one connection; in is called when it is known who it is, or gone.
// A panic of the library on hostile bytes ends this connection only.
func (v *Video) greet(conn net.Conn, in func()) {
	defer in()
	defer func() {
		if x := recover(); x != nil {
			v.Log.Error("RTMP connection", "panic", fmt.Sprint(x), "stack", string(debug.Stack()))
		}
	}()
	if !v.hold(conn) {
		return
	}
	defer v.letGo(conn)
	if err := v.serve(context.Background(), conn, in); err != nil {
		v.Log.Info("RTMP connection ended", "from", conn.RemoteAddr().String(), "why", err.Error())
	}
}

// hold keeps a connection to be closed with the node; false when it is closing.
func (v *Video) hold(conn net.Conn) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return false
	}
	v.conns[conn] = true
	return true
}

func (v *Video) letGo(conn net.Conn) {
	v.mu.Lock()
	delete(v.conns, conn)
	v.mu.Unlock()
}
