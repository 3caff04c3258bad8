package hub

import (
	"net"
	"time"
)

// link is a connection as the kernel has it. write, await, shut and close are
// called with the socket's lock held.
type link interface {
	// write gives the kernel what it takes now, and never waits; 0 when that is
	// nothing.
	write(p []byte) (int, error)
	// await calls the socket's drained once the kernel takes something again.
	await()
	// shut ends the reader: it calls the socket's left.
	shut()
	// close frees the connection. Only the reader does that.
	close()
	// read begins to read, for as long as the socket lasts.
	read()
	// aside runs what may wait, such as for the database, while nothing more is
	// read of the socket, and not on a goroutine that others wait for.
	aside(work func())
	// pause reads nothing for a while.
	pause(d time.Duration)
}

// wire is a socket as gorilla sees it: a connection that takes every frame at
// once. What the kernel does not take waits in the backlog.
type wire conn

var _ net.Conn = (*wire)(nil)

// Write is called with the socket's lock held.
func (w *wire) Write(p []byte) (int, error) {
	if err := (*conn)(w).send(p, false); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close gives up: gorilla calls it when an upgrade failed.
func (w *wire) Close() error {
	(*conn)(w).link.close()
	return nil
}

// Read is not used: gorilla reads no frames here.
func (w *wire) Read([]byte) (int, error) { return 0, net.ErrClosed }

// LocalAddr is not known.
func (w *wire) LocalAddr() net.Addr { return nil }

// RemoteAddr is not known.
func (w *wire) RemoteAddr() net.Addr { return nil }

// SetDeadline does nothing: no call here waits.
func (w *wire) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing.
func (w *wire) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing: the wheel looks for backlogs that stand still.
func (w *wire) SetWriteDeadline(time.Time) error { return nil }
