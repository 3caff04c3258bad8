package main

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// planned is a room of the host's that has not started.
func (p *product) planned(t *testing.T) string {
	t.Helper()
	var room struct{ ID string }
	p.post(t, p.staff(t, "demo", "host"), "/host/rooms", map[string]any{"title": "预告专场", "starts_at": time.Now().UTC().Format(time.RFC3339)}, 201, &room)
	return room.ID
}

// An evening of a room as those who keep it in order have it: reservations and
// their reminder, an assistant, words thought over, a pause, and a stop.
func TestARoomKeptInOrder(t *testing.T) {
	p := startProduct(t)
	host, number := p.staff(t, "demo", "host"), phone()
	viewer, room := p.signIn(t, number), p.planned(t)
	at := "/host/rooms/" + room
	var reserved struct {
		Reserved     bool
		Reservations int
	}
	p.post(t, viewer, "/rooms/"+room+"/reservation", nil, 200, &reserved)
	if !reserved.Reserved || reserved.Reservations != 1 {
		t.Errorf("reserved: %+v", reserved)
	}
	var me struct{ Staff struct{ ID string } }
	p.post(t, "", "/staff/login", map[string]string{"username": "assistant", "password": "demo-assistant"}, 200, &me)
	assistant := p.staff(t, "demo", "assistant")
	p.call(t, assistant, http.MethodGet, at+"/log", nil, 404, nil)
	p.call(t, host, http.MethodPut, at+"/staff/"+me.Staff.ID, map[string]any{"role": "assistant"}, 200, nil)
	p.call(t, assistant, http.MethodGet, at+"/log", nil, 200, nil)
	p.post(t, assistant, at+"/start", nil, 403, nil)
	p.post(t, host, at+"/start", nil, 200, nil)
	wait(t, "the reminder", func() bool {
		texts := p.texts(t, number)
		return strings.Contains(texts[len(texts)-1], "预告专场")
	})
	p.post(t, viewer, "/rooms/"+room+"/reservation", nil, 409, nil)

	s := p.join(t, room, viewer, nil)
	warned := p.refused(t, operation{method: http.MethodPost}, "Bearer "+assistant, at+"/notice", map[string]any{"text": "稳赚不赔，最快3分钟放款"}, 409)
	if warned.Code != "words.warned" || len(warned.Errors) != 2 || !strings.Contains(warned.Errors[1].Message, "最快3分钟放款") {
		t.Errorf("warned: %+v", warned)
	}
	p.post(t, assistant, at+"/notice", map[string]any{"text": "稳赚不赔", "confirmed": true}, 200, nil)
	s.heard(t, "notice", map[string]any{"text": "稳赚不赔"})
	p.post(t, assistant, at+"/notice", map[string]any{"text": "赌 博", "confirmed": true}, 422, nil)
	p.post(t, host, at+"/pause", nil, 200, nil)
	s.heard(t, "room.paused", nil)
	p.call(t, host, http.MethodPatch, at+"/chat", map[string]any{"slow_s": 10}, 200, nil)
	s.heard(t, "chat.changed", map[string]any{"slow_s": 10.0})

	risk := p.staff(t, "demo", "risk")
	p.post(t, host, "/compliance/rooms/"+room+"/stop", map[string]any{"reason": "x"}, 403, nil)
	p.call(t, risk, http.MethodGet, at+"/log", nil, 403, nil)
	p.post(t, risk, "/compliance/rooms/"+room+"/stop", map[string]any{"reason": "承诺收益"}, 200, nil)
	s.heard(t, "room.ended", map[string]any{"reason": "stopped"})
	var log struct{ Items []struct{ Kind string } }
	p.get(t, risk, "/compliance/rooms/"+room+"/log?what=act&kind=room.stopped", 200, &log)
	if len(log.Items) != 1 {
		t.Errorf("the log has %+v", log)
	}
}

// A replay comes line by line, ends with its reader, and does not hold up a node
// that stops.
func TestAReplayIsAStream(t *testing.T) {
	p := startProduct(t)
	host, room := p.staff(t, "demo", "host"), p.planned(t)
	p.post(t, host, "/host/rooms/"+room+"/start", nil, 200, nil)
	p.post(t, host, "/host/rooms/"+room+"/notice", map[string]any{"text": "欢迎"}, 200, nil)
	read := func(ctx context.Context, speed string) (lines *bufio.Scanner, done func()) {
		t.Helper()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+"/api/v1/host/rooms/"+room+"/replay?speed="+speed, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+host)
		res, err := http.DefaultClient.Do(req)
		if err != nil || res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "application/x-ndjson") {
			t.Fatal(res, err)
		}
		return bufio.NewScanner(res.Body), func() { res.Body.Close() }
	}
	lines, done := read(t.Context(), "10000")
	var kinds []string
	for lines.Scan() {
		var l struct{ Kind string }
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatalf("%s: %v", lines.Bytes(), err)
		}
		kinds = append(kinds, l.Kind)
	}
	done()
	if got := strings.Join(kinds, " "); lines.Err() != nil || got != "room.created room.started room.started notice room.notice" {
		t.Errorf("replayed %s: %v", got, lines.Err())
	}
	// One that lasts is broken off when the node stops, well before its time.
	p.exec(t, "UPDATE room_act SET at = '2099-01-01 00:00:00.000000' WHERE room_id = ? AND action = 'room.notice'", room)
	lines, done = read(t.Context(), "1")
	defer done()
	if !lines.Scan() {
		t.Fatal("no first line")
	}
	begin := time.Now()
	if err := p.node.stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took > finish {
		t.Errorf("stopping took %s", took)
	}
	for lines.Scan() {
	}
	if lines.Err() == nil {
		t.Error("a log cut short looks whole")
	}
	p.start(t)
}
