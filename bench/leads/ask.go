package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"yinbo/bench/private"
	"yinbo/internal/db"
	"yinbo/internal/stampede"
)

// desk is a supervisor at the desk of a running node.
type desk struct {
	node  *private.Process
	db    *db.DB
	token string
	leads shape
}

// phone is that of a viewer who signed in, whose hash some leads get.
const phone = 100_000_000

func (d *desk) signIn(ctx context.Context) error {
	target := stampede.Target{Addr: d.node.Addr, Bank: "demo", HandoffKey: "demo-handoff-key"}
	if _, err := target.SignIn(ctx, phone, 1); err != nil {
		return err
	}
	var in struct {
		Access string `json:"access_token"`
	}
	if err := d.call(ctx, http.MethodPost, "/staff/login", map[string]any{"username": "supervisor", "password": "demo-supervisor"}, &in); err != nil {
		return err
	}
	d.token = in.Access
	return nil
}

func (d *desk) send(ctx context.Context, method, path string, body any) (*http.Response, error) {
	var raw io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		raw = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+d.node.Addr+"/api/v1"+path, raw)
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-Bank", "demo")
	req.Header.Set("Content-Type", "application/json")
	if d.token != "" {
		req.Header.Set("Authorization", "Bearer "+d.token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= 300 {
		defer res.Body.Close()
		answer, _ := io.ReadAll(res.Body) // for people only
		return nil, fmt.Errorf("%s %s was answered %s %s", method, path, res.Status, answer)
	}
	return res, nil
}

func (d *desk) call(ctx context.Context, method, path string, body, into any) error {
	res, err := d.send(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	return json.NewDecoder(res.Body).Decode(into)
}

// question is a filter with values of its own each time.
type question struct {
	name  string
	query func() url.Values
}

func (d *desk) questions() []question {
	q := func(pairs ...string) func() url.Values {
		return func() url.Values {
			v := url.Values{}
			for i := 0; i < len(pairs); i += 2 {
				v.Set(pairs[i], d.value(pairs[i], pairs[i+1]))
			}
			return v
		}
	}
	day := func() string { return time.Now().AddDate(0, 0, -1-rand.IntN(360)).Format(time.DateOnly) }
	return []question{
		{"all", q()}, {"the oldest first", q("sort", "oldest")}, {"status: any", q("status", "*")}, {"status: queued, oldest", q("status", "queued", "sort", "oldest")},
		{"status: rejected", q("status", "rejected")}, {"assignee: me", q("assignee", "me")}, {"assignee: none", q("assignee", "none")}, {"assignee: one", q("assignee", "*")},
		{"queue", q("queue", "*")}, {"queue, status", q("queue", "*", "status", "*")}, {"queue, queued, oldest", q("queue", "*", "status", "queued", "sort", "oldest")},
		{"room", q("room", "*")}, {"product", q("product", "*")}, {"screening", q("screening", "*")}, {"city", q("city", "*")}, {"income band", q("income_band", "*")},
		{"city, band", q("city", "*", "income_band", "*")}, {"city, status", q("city", "*", "status", "*")}, {"screening, status, product", q("screening", "*", "status", "*", "product", "*")},
		{"queue, product, band, city", q("queue", "*", "product", "*", "income_band", "*", "city", "*")}, {"room, city", q("room", "*", "city", "*")},
		{"escalated", q("escalated", "true")}, {"proposed", q("proposed", "true")}, {"last four of a phone", q("q", "*")}, {"phone as masked, name as masked", q("q", "mask")},
		{"a day", func() url.Values { at := day(); return url.Values{"from": {at}, "to": {at}} }},
		{"a day of a status, city", func() url.Values {
			at := day()
			return url.Values{"from": {at}, "to": {at}, "status": {d.value("status", "*")}, "city": {d.value("city", "*")}}
		}},
	}
}

// value is one at random where * is asked for.
func (d *desk) value(name, v string) string {
	if v != "*" && v != "mask" {
		return v
	}
	s := d.leads
	switch name {
	case "status":
		return pick(states).status
	case "assignee":
		return pick(s.staff)
	case "queue":
		return pick(s.queues)
	case "room":
		return pick(s.rooms)
	case "product":
		return pick(s.products)
	case "screening":
		return pick([]string{"pass", "refer", "decline"})
	case "city":
		return pick(s.cities)
	case "income_band":
		return pick(s.bands)
	}
	switch {
	case v == "*":
		return fmt.Sprintf("%04d", rand.IntN(10_000))
	case rand.IntN(2) == 0:
		return fmt.Sprintf("138****%04d", rand.IntN(10_000))
	}
	return string(rune(0x4e00+rand.IntN(400))) + "*"
}

// ask times the first page and the one after it.
func (d *desk) ask(ctx context.Context, q question, times int) error {
	var took []time.Duration
	rows := 0
	for range times {
		v := q.query()
		v.Set("limit", "30")
		for range 2 {
			var page struct {
				Items []json.RawMessage
				Next  *string `json:"next_cursor"`
			}
			begun := time.Now()
			if err := d.call(ctx, http.MethodGet, "/leads?"+v.Encode(), nil, &page); err != nil {
				return err
			}
			took, rows = append(took, time.Since(begun)), rows+len(page.Items)
			if page.Next == nil {
				break
			}
			v.Set("cursor", *page.Next)
		}
	}
	show(q.name, took, 50*time.Millisecond, fmt.Sprintf("%.1f rows", float64(rows)/float64(len(took))))
	return nil
}

func show(name string, took []time.Duration, want time.Duration, tail string) {
	slices.Sort(took)
	at := func(p float64) time.Duration {
		return took[min(len(took)-1, int(p*float64(len(took))))].Round(10 * time.Microsecond)
	}
	verdict := ""
	if at(0.95) > want {
		verdict = "   OVER " + want.String()
	}
	fmt.Printf("%-34s p50 %9s  p95 %9s  max %9s  %s%s\n", name, at(0.5), at(0.95), took[len(took)-1].Round(10*time.Microsecond), tail, verdict)
}

// search looks for a phone that some leads have, and for others that none has.
func (d *desk) search(ctx context.Context, times int) error {
	var took []time.Duration
	found := 0
	for i := range times {
		number := fmt.Sprintf("13%09d", phone+i%2)
		var page struct{ Items []json.RawMessage }
		begun := time.Now()
		if err := d.call(ctx, http.MethodPost, "/leads/search", map[string]any{"field": "phone", "value": number, "reason": "bench"}, &page); err != nil {
			return err
		}
		took, found = append(took, time.Since(begun)), found+len(page.Items)
	}
	show("exact search, audited", took, 20*time.Millisecond, fmt.Sprintf("%.1f rows", float64(found)/float64(times)))
	return nil
}

// export streams a tenth of all and watches the node's memory.
func (d *desk) export(ctx context.Context) error {
	before, peak := d.node.Resident(), int64(0)
	done := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		for {
			peak = max(peak, d.node.Resident())
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	begun := time.Now()
	res, err := d.send(ctx, http.MethodGet, "/leads/export?status=withdrawn", nil)
	if err != nil {
		close(done)
		return err
	}
	defer res.Body.Close()
	lines := 0
	buf := make([]byte, 64<<10)
	for err == nil {
		var n int
		n, err = res.Body.Read(buf)
		lines += strings.Count(string(buf[:n]), "\n")
	}
	close(done)
	<-watched
	if err != io.EOF {
		return err
	}
	fmt.Printf("%-34s %d leads in %s, memory grew by %d MiB (of %d)\n", "export", lines-1, time.Since(begun).Round(time.Millisecond), (peak-before)>>20, before>>20)
	return nil
}
