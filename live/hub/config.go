package hub

import (
	"cmp"
	"time"
)

// Config is how a hub works; zero values are replaced by the defaults.
type Config struct {
	Tick   time.Duration // how long talk and state are gathered; default 100 ms
	Widest time.Duration // to which a tick widens under load; default 10 ticks
	Pulse  time.Duration // how often counts are reported; default 2 s
	Join   time.Duration // how long a socket may take to join; default 5 s
	Idle   time.Duration // how long a room that nobody is in is kept; default 30 s
	Window time.Duration // over which a drain sends sockets away; default 3 s
	Grace  time.Duration // after a token has expired, for the client to show a new one; default 30 s

	PerViewer  int      // sockets of a viewer; default 5
	PerAddress int      // sockets of an address; carriers put many behind one; default 5000
	Accepts    int      // new sockets a second; default 5000
	Backlog    int      // bytes that may wait for a socket before facts pass it by; default 256 KiB
	Chats      int      // a room may take a second; default 500
	Frames     int      // a room may take a second from its clients; default 20000
	Origins    []string // other hosts whose pages may connect

	Parked bool // a goroutine for each socket, also where the kernel could be asked for readiness
}

func (c Config) withDefaults() Config {
	c.Tick = cmp.Or(c.Tick, 100*time.Millisecond)
	c.Widest = cmp.Or(c.Widest, 10*c.Tick)
	c.Pulse = cmp.Or(c.Pulse, 2*time.Second)
	c.Join = cmp.Or(c.Join, 5*time.Second)
	c.Idle = cmp.Or(c.Idle, 30*time.Second)
	c.Window = cmp.Or(c.Window, 3*time.Second)
	c.Grace = cmp.Or(c.Grace, 30*time.Second)
	c.PerViewer = cmp.Or(c.PerViewer, 5)
	c.PerAddress = cmp.Or(c.PerAddress, 5000)
	c.Accepts = cmp.Or(c.Accepts, 5000)
	c.Backlog = cmp.Or(c.Backlog, 256<<10)
	c.Chats = cmp.Or(c.Chats, 500)
	c.Frames = cmp.Or(c.Frames, 20000)
	return c
}
