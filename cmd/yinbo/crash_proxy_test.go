package main

import (
	"net"
	"sync"
	"testing"
)

// proxy stands between two processes and is a bad network on demand.
type proxy struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	state weather
	clear chan struct{} // closed while bytes pass
	conns map[net.Conn]struct{}
}

// weather is how a proxy treats its connections.
type weather string

const (
	fair    weather = "fair"
	dropped weather = "dropped" // connections are cut, new ones too
	stalled weather = "stalled" // nothing passes until it is fair again
	deaf    weather = "deaf"    // what is asked arrives, no answer does
)

func startProxy(t *testing.T, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, target: target, state: fair, clear: make(chan struct{}), conns: map[net.Conn]struct{}{}}
	close(p.clear)
	go p.accept()
	return p
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

// set changes the weather. cut ends what is connected, as fair after deaf must:
// an answer was lost on the way.
func (p *proxy) set(w weather, cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	was := p.state
	p.state = w
	switch {
	case w == stalled && was != stalled:
		p.clear = make(chan struct{})
	case w != stalled && was == stalled:
		close(p.clear)
	}
	if cut || w == dropped || was == deaf {
		for c := range p.conns {
			c.Close()
		}
	}
}

// end closes everything.
func (p *proxy) end() {
	p.listener.Close()
	p.set(fair, true)
}

func (p *proxy) now() (weather, chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state, p.clear
}

func (p *proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.join(c)
	}
}

func (p *proxy) join(client net.Conn) {
	defer client.Close()
	if state, _ := p.now(); state == dropped {
		return
	}
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer server.Close()
	p.hold(client, server)
	defer p.forget(client, server)
	var both sync.WaitGroup
	both.Go(func() { p.pass(server, client, false) })
	both.Go(func() { p.pass(client, server, true) })
	both.Wait()
}

func (p *proxy) hold(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		p.conns[c] = struct{}{}
	}
}

func (p *proxy) forget(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		delete(p.conns, c)
	}
}

// pass moves bytes one way; either end's close ends both ways.
func (p *proxy) pass(to, from net.Conn, answers bool) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			state, clear := p.now()
			<-clear
			if !(answers && state == deaf) {
				if _, err := to.Write(buf[:n]); err != nil {
					return
				}
			}
		}
		if err != nil {
			return
		}
	}
}
