// Command plain is the baseline of bench/live: a hub of the shape of gorilla's chat
// example. One goroutine knows all clients; each client has a goroutine that reads,
// one that writes, and a channel of 256 messages between; each event is a message
// of its own to each client. It speaks as much of the room's protocol (CONTRACT §7)
// as the load generator needs.
//
// In one point it is kinder than the example: a client whose channel is full is
// waited for, not cut, so that a figure at saturation is one of a hub that loses
// nothing.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net/http"
	"net/http/pprof"
	"os"
	"os/signal"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "where to listen")
	flag.Parse()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
	go func() {
		<-stop
		os.Exit(0)
	}()
	h := newHub()
	go h.run()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/ws", h.serve)
	mux.HandleFunc("POST /events", h.publish)
	mux.HandleFunc("GET /metrics", figures)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	log.Fatal(http.ListenAndServe(*addr, mux))
}

// figures are told as Prometheus has them.
func figures(w http.ResponseWriter, _ *http.Request) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Fprintf(w, "go_goroutines %d\ngo_memstats_stack_inuse_bytes %d\ngo_memstats_heap_alloc_bytes %d\n", runtime.NumGoroutine(), m.StackInuse, m.HeapAlloc)
}

// hub knows the clients.
type hub struct {
	clients    map[*client]bool
	broadcast  chan []byte
	register   chan *client
	unregister chan *client
	seq        atomic.Int64 // number of the last fact
}

func newHub() *hub {
	return &hub{clients: map[*client]bool{}, broadcast: make(chan []byte), register: make(chan *client), unregister: make(chan *client)}
}

func (h *hub) run() {
	for {
		select {
		case c := <-h.register:
			h.clients[c] = true
			c.send <- fmt.Appendf(nil, `{"type":"joined","epoch":"plain","seq":%d,"recovered":false,"state":{}}`, h.seq.Load())
		case c := <-h.unregister:
			if h.clients[c] {
				delete(h.clients, c)
				close(c.send)
			}
		case message := <-h.broadcast:
			for c := range h.clients {
				select {
				case c.send <- message:
				case <-c.gone:
				}
			}
		}
	}
}

// publish broadcasts the events of a body, one a line; one that bears a number is
// a fact.
func (h *hub) publish(w http.ResponseWriter, r *http.Request) {
	lines := bufio.NewScanner(r.Body)
	for lines.Scan() {
		h.tell(lines.Bytes())
	}
	if err := lines.Err(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

func (h *hub) tell(event []byte) {
	var e struct{ Seq int64 }
	if err := json.Unmarshal(event, &e); err != nil {
		return
	}
	if e.Seq > 0 {
		h.seq.Store(e.Seq)
	}
	h.broadcast <- fmt.Appendf(nil, `{"type":"events","seq":%d,"events":[%s]}`, h.seq.Load(), event)
}

// client is one socket.
type client struct {
	hub  *hub
	ws   *websocket.Conn
	send chan []byte
	gone chan struct{} // its writer has ended
}

var upgrader = websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024}

// The example's times.
const (
	writeWait  = 10 * time.Second
	pongWait   = 60 * time.Second
	pingPeriod = pongWait * 9 / 10
	maxFrame   = 4 << 10
)

func (h *hub) serve(w http.ResponseWriter, r *http.Request) {
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	c := &client{hub: h, ws: ws, send: make(chan []byte, 256), gone: make(chan struct{})}
	go c.write()
	go c.read()
}

func (c *client) read() {
	joined := false
	defer func() {
		if joined {
			c.hub.unregister <- c
		} else {
			close(c.send)
		}
		c.ws.Close()
	}()
	c.ws.SetReadLimit(maxFrame)
	_ = c.ws.SetReadDeadline(time.Now().Add(pongWait))
	c.ws.SetPongHandler(func(string) error { return c.ws.SetReadDeadline(time.Now().Add(pongWait)) })
	for {
		_, message, err := c.ws.ReadMessage()
		if err != nil {
			return
		}
		var f struct {
			Type, ID, Text string
			Count          int
		}
		if json.Unmarshal(message, &f) != nil {
			return
		}
		now := time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
		switch {
		case f.Type == "join" && !joined:
			joined = true
			c.hub.register <- c
		case f.Type == "chat":
			c.hub.tell(fmt.Appendf(nil, `{"at":%q,"id":"evt_01jd00000000000000000000%02d","kind":"chat","text":%q,"viewer":{"id":"vwr_01jd0000000000000000000000","nickname":"观众"}}`,
				now, len(f.ID), f.Text))
		case f.Type == "like":
			c.hub.tell(fmt.Appendf(nil, `{"at":%q,"count":%d,"kind":"like","viewer":{"id":"vwr_01jd0000000000000000000000","nickname":"观众"}}`, now, f.Count))
		}
	}
}

func (c *client) write() {
	ticker := time.NewTicker(pingPeriod)
	defer func() {
		ticker.Stop()
		close(c.gone)
		c.ws.Close()
	}()
	for {
		select {
		case message, ok := <-c.send:
			_ = c.ws.SetWriteDeadline(time.Now().Add(writeWait))
			if !ok {
				_ = c.ws.WriteMessage(websocket.CloseMessage, nil)
				return
			}
			if c.ws.WriteMessage(websocket.TextMessage, message) != nil {
				return
			}
		case <-ticker.C:
			_ = c.ws.SetWriteDeadline(time.Now().Add(writeWait))
			if c.ws.WriteMessage(websocket.PingMessage, nil) != nil {
				return
			}
		}
	}
}
