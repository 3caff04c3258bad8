package main

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// socket is a viewer's in a room: it keeps every frame that came.
type socket struct {
	conn *websocket.Conn
	mu   sync.Mutex
	got  []frame
}

type frame struct {
	Type      string           `json:"type"`
	Epoch     string           `json:"epoch"`
	Seq       int64            `json:"seq"`
	ID        string           `json:"id"`
	Code      string           `json:"code"`
	Reason    string           `json:"reason"`
	Recovered *bool            `json:"recovered"`
	State     json.RawMessage  `json:"state"`
	Events    []map[string]any `json:"events"`
}

// join enters a room; token "" is a guest.
func (p *product) join(t *testing.T, room, token string, since map[string]any) *socket {
	t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial(strings.Replace(p.base, "http", "ws", 1)+"/api/v1/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &socket{conn: conn}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			var f frame
			if conn.ReadJSON(&f) != nil {
				return
			}
			s.mu.Lock()
			s.got = append(s.got, f)
			s.mu.Unlock()
		}
	}()
	t.Cleanup(func() { conn.Close(); <-done })
	s.say(t, map[string]any{"type": "join", "room": room, "token": orNull(token), "since": since})
	wait(t, "joined", func() bool { _, ok := s.frame("joined"); return ok })
	return s
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (s *socket) say(t *testing.T, frame any) {
	t.Helper()
	if err := s.conn.SetWriteDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := s.conn.WriteJSON(frame); err != nil {
		t.Fatal(err)
	}
}

// frame is the last of a type.
func (s *socket) frame(kind string) (frame, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.got) - 1; i >= 0; i-- {
		if s.got[i].Type == kind {
			return s.got[i], true
		}
	}
	return frame{}, false
}

// events are all of a kind that came, in order.
func (s *socket) events(kind string) []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []map[string]any
	for _, f := range s.got {
		for _, e := range f.Events {
			if e["kind"] == kind || kind == "" {
				out = append(out, e)
			}
		}
	}
	return out
}

// heard waits for an event of a kind whose fields are as given.
func (s *socket) heard(t *testing.T, kind string, fields map[string]any) map[string]any {
	t.Helper()
	var found map[string]any
	wait(t, kind, func() bool {
		for _, e := range s.events(kind) {
			same := true
			for k, v := range fields {
				same = same && e[k] == v
			}
			if same {
				found = e
				return true
			}
		}
		return false
	})
	return found
}
