package bankbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"yinbo/internal/bankbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testKey = "key-of-the-tests"
	// soon bounds every wait for what should happen at once.
	soon = 10 * time.Second
)

// clock runs as fast as the machine's, from a fixed start, and can be put
// forward. No test's day ends by chance: it starts at 10:00 in Shanghai.
type clock struct {
	offset atomic.Int64
}

func newClock() *clock {
	c := &clock{}
	c.offset.Store(int64(time.Until(time.Date(2026, 3, 10, 2, 0, 0, 0, time.UTC))))
	return c
}

func (c *clock) now() time.Time                { return time.Now().Add(time.Duration(c.offset.Load())) }
func (c *clock) forward(d time.Duration)       { c.offset.Add(int64(d)) }
func (c *clock) ago(t time.Time) time.Duration { return c.now().Sub(t).Abs() }

// bank is an open bankbox with a caller's view of it.
type bank struct {
	t      *testing.T
	cfg    bankbox.Config
	server *bankbox.Server
	client *http.Client
	clock  *clock
}

// newBank opens a bank of its own, in a new folder, on a free port.
func newBank(t *testing.T, change ...func(*bankbox.Config)) *bank {
	t.Helper()
	b := &bank{t: t, clock: newClock()}
	b.cfg = bankbox.Config{
		Dir: t.TempDir(), Addr: "127.0.0.1:0", CallbackKey: testKey, Now: b.clock.now,
		CoreDelay: time.Millisecond, RetryBase: 10 * time.Millisecond,
	}
	for _, c := range change {
		c(&b.cfg)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	b.client = &http.Client{Transport: transport, Timeout: soon}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		b.close()
	})
	b.open()
	return b
}

func (b *bank) open() {
	b.t.Helper()
	server, err := bankbox.Open(b.t.Context(), b.cfg)
	if err != nil {
		b.t.Fatal(err)
	}
	b.server = server
}

// close ends the bank; again is no change.
func (b *bank) close() {
	if b.server == nil {
		return
	}
	// The test's own context may have ended.
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	if err := b.server.Close(ctx); err != nil {
		b.t.Errorf("close the bank: %v", err)
	}
}

func (b *bank) reopen() {
	b.t.Helper()
	b.close()
	b.open()
}

// faults replaces the faults that are on; empty: none.
func (b *bank) faults(raw string) {
	b.t.Helper()
	if raw == "" {
		raw = "{}"
	}
	b.put("/faults", json.RawMessage(raw)).want(200)
}

// reply is an answer of the bank.
type reply struct {
	t      *testing.T
	path   string
	status int
	header http.Header
	raw    []byte
}

func (b *bank) get(path string) reply            { b.t.Helper(); return b.call("GET", path, nil) }
func (b *bank) post(path string, body any) reply { b.t.Helper(); return b.call("POST", path, body) }
func (b *bank) put(path string, body any) reply  { b.t.Helper(); return b.call("PUT", path, body) }
func (b *bank) del(path string) reply            { b.t.Helper(); return b.call("DELETE", path, nil) }

// call sends body as JSON (a string goes as it is) and reads the answer.
func (b *bank) call(method, path string, body any, headers ...string) reply {
	b.t.Helper()
	r, err := b.try(method, path, body, headers...)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

// try is call for goroutines that may not end the test.
func (b *bank) try(method, path string, body any, headers ...string) (reply, error) {
	r := reply{t: b.t, path: method + " " + path}
	raw, isText := body.(string)
	if !isText && body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return r, err
		}
		raw = string(encoded)
	}
	// Not the test's context: clean-up may still have to read an answer.
	req, err := http.NewRequest(method, b.server.URL()+path, bytes.NewReader([]byte(raw)))
	if err != nil {
		return r, err
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := b.client.Do(req)
	if err != nil {
		return r, err
	}
	defer res.Body.Close()
	r.status, r.header = res.StatusCode, res.Header
	r.raw, err = io.ReadAll(res.Body)
	return r, err
}

// text is the body as it stands.
func (r reply) text() string { return strings.TrimSpace(string(r.raw)) }

// want checks the status and gives the body's fields.
func (r reply) want(status int) fields {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("%s: status %d, want %d: %s", r.path, r.status, status, r.raw)
	}
	f := fields{}
	if len(r.raw) > 0 {
		if err := json.Unmarshal(r.raw, &f); err != nil {
			r.t.Fatalf("%s: %v: %s", r.path, err, r.raw)
		}
	}
	return f
}

// refused checks that the answer is a whole problem with this status and code.
func (r reply) refused(status int, code string) {
	r.t.Helper()
	f := r.want(status)
	if f["code"] != code {
		r.t.Fatalf("%s: code %v, want %s: %s", r.path, f["code"], code, r.raw)
	}
	if got := r.header.Get("Content-Type"); got != "application/problem+json; charset=utf-8" {
		r.t.Errorf("%s: a problem's content type is %q", r.path, got)
	}
	if f.num("status") != int64(status) || f.str("title") == "" || f.str("type") == "" || f.str("detail") == "" {
		r.t.Errorf("%s: not a whole problem: %s", r.path, r.raw)
	}
}

// fields is a JSON object; what is missing reads as zero.
type fields map[string]any

func (f fields) str(name string) string { s, _ := f[name].(string); return s }
func (f fields) num(name string) int64  { n, _ := f[name].(float64); return int64(n) }
func (f fields) items() []fields {
	list, _ := f["items"].([]any)
	out := make([]fields, 0, len(list))
	for _, item := range list {
		m, _ := item.(map[string]any)
		out = append(out, m)
	}
	return out
}

// has checks some fields of an object; numbers are given as int.
func (f fields) has(t *testing.T, want fields) {
	t.Helper()
	for name, w := range want {
		if n, ok := w.(int); ok {
			w = float64(n)
		}
		if got, there := f[name]; !there || got != w {
			t.Errorf("%s = %#v (there: %t), want %#v, in %v", name, got, there, w, f)
		}
	}
}

// eventually asks again until ok, within a bound.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("never: %s", what)
		}
	}
}

// delivery is one callback as the merchant got it.
type delivery struct {
	header http.Header
	raw    []byte
	body   fields
	at     time.Time
}

// merchant takes callbacks. reply, when set, gives the status for the nth (from
// 0); 204 otherwise.
type merchant struct {
	t     *testing.T
	url   string
	clock *clock
	// redirect, when set, is where a 3xx points.
	redirect string

	mu    sync.Mutex
	got   []delivery
	reply func(n int, d delivery) int
}

func newMerchant(b *bank, reply func(n int, d delivery) int) *merchant {
	m := &merchant{t: b.t, clock: b.clock, reply: reply}
	server := httptest.NewServer(m)
	b.t.Cleanup(server.Close)
	m.url = server.URL + "/callbacks"
	return m
}
