package hub

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"yinbo/internal/fault"
	"yinbo/internal/obs"
)

// ServeHTTP upgrades a request to a socket and returns: what the server keeps for
// a request is free again while the socket lasts. The page that asks must be of
// the same host, of one that is configured, or none.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.begun.Do(h.begin)
	c := h.newConn(r)
	if code, reason := h.admit(r, c); code != 0 {
		h.stats.refuse(reason)
		w.Header().Set("Retry-After", "1")
		http.Error(w, reason, code)
		return
	}
	c.mu.Lock() // the upgrader writes
	ws, err := h.upgrader.Upgrade(hijacker{w, c}, r, nil)
	c.ws = ws
	c.mu.Unlock()
	if err != nil {
		h.left(c) // the upgrader has answered
		return
	}
	h.mu.Lock()
	h.conns[c] = struct{}{}
	closing := h.closing
	h.mu.Unlock()
	h.wheel.set(c, c.came.Add(h.Join))
	if closing { // since a moment ago: Drain has not seen this one
		c.bye("draining", comeBack(leastBack))
	}
	c.link.read()
}

func (h *Hub) newConn(r *http.Request) *conn {
	now := time.Now()
	ip := obs.RequestOf(r.Context()).IP
	if ip == "" {
		ip, _, _ = net.SplitHostPort(r.RemoteAddr)
	}
	c := &conn{hub: h, lang: fault.Language(r.Header.Get("Accept-Language")), ip: strings.Clone(ip), came: now, heard: h.millis(now), pinged: h.millis(now)}
	mac := hmac.New(sha256.New, h.salt)
	mac.Write([]byte(c.ip + "|" + r.UserAgent()))
	copy(c.guest[:], mac.Sum(nil))
	return c
}

// patience is how long a connection waits for its turn to be accepted.
const patience = 3 * time.Second

// admit counts a socket in, or tells why not.
func (h *Hub) admit(r *http.Request, c *conn) (code int, reason string) {
	turn := h.door.Reserve()
	if wait := turn.Delay(); wait > patience {
		turn.Cancel()
		return http.StatusServiceUnavailable, "busy"
	} else if wait > 0 {
		select {
		case <-time.After(wait):
		case <-r.Context().Done():
			return http.StatusServiceUnavailable, "gone"
		case <-h.ctx.Done():
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closing:
		return http.StatusServiceUnavailable, "draining"
	case h.addresses[c.ip] >= h.PerAddress:
		return http.StatusTooManyRequests, "address"
	}
	h.addresses[c.ip]++
	h.sockets.Add(1)
	return 0, ""
}

// left counts a socket out.
func (h *Hub) left(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.conns, c)
	if h.addresses[c.ip]--; h.addresses[c.ip] == 0 {
		delete(h.addresses, c.ip)
	}
	h.sockets.Done()
}

// sameOrigin tells whether a page may connect.
func (h *Hub) sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true // no browser
	}
	u, err := url.Parse(origin)
	return err == nil && (strings.EqualFold(u.Host, r.Host) || slices.Contains(h.Origins, strings.ToLower(u.Host)))
}

// hijacker gives the upgrader a connection of ours, so that all that gorilla
// writes comes through wire.
type hijacker struct {
	http.ResponseWriter
	c *conn
}

// Hijack takes the connection over from the server.
func (j hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, rw, err := http.NewResponseController(j.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	if tcp, ok := base(nc).(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(j.c.hub.steps.kernel) // refused, it is as large as the kernel likes
	}
	j.c.link = j.c.hub.link(j.c, nc)
	return (*wire)(j.c), rw, nil
}

// base is the connection beneath one that is encrypted.
func base(nc net.Conn) net.Conn {
	if t, ok := nc.(interface{ NetConn() net.Conn }); ok {
		return t.NetConn()
	}
	return nc
}

// link finds the cheapest way to wait for a client: a poller, else a goroutine.
func (h *Hub) link(c *conn, nc net.Conn) link {
	if len(h.pollers) > 0 {
		p := h.pollers[h.turn.Add(1)%uint32(len(h.pollers))]
		if l, ok := p.poll(c, nc); ok {
			return l
		}
	}
	return park(c, nc)
}
