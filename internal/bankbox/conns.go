package bankbox

import (
	"net"
	"net/http"
	"sync"
)

// unusedConns knows the connections that have asked nothing yet. Browsers open
// such ahead of need, and a clean stop of net/http waits seconds for each.
type unusedConns struct {
	mu      sync.Mutex
	set     map[net.Conn]struct{}
	closing bool
}

// track is the server's ConnState hook.
func (u *unusedConns) track(conn net.Conn, state http.ConnState) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case state != http.StateNew:
		delete(u.set, conn)
	case u.closing:
		conn.Close()
	default:
		u.set[conn] = struct{}{}
	}
}

// closeAll closes those there are and those still to come.
func (u *unusedConns) closeAll() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closing = true
	for conn := range u.set {
		conn.Close()
	}
}
