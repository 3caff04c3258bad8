package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yinbo/internal/bankbox"
	"yinbo/internal/config"
	"yinbo/internal/id"
)

// product is the whole of it, running in this process on free ports with demo
// data, as `make run` has it.
type product struct {
	base, bank string // addresses, without /api/v1
	cfg        config.Config
	node       *node
	logs       io.Writer // of the node; nil: the test's output

	mu     sync.Mutex
	tokens map[string]string
}

// startProduct starts the embedded product; change may set other servers.
func startProduct(t *testing.T, change ...func(*config.Config)) *product {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cfg := config.Default()
	cfg.Addr, cfg.MetricsAddr, cfg.Var, cfg.LogLevel = "127.0.0.1:0", "127.0.0.1:0", t.TempDir(), "error"
	cfg.RTMPAddr = "127.0.0.1:0"
	for _, c := range change {
		c(&cfg)
	}
	box, err := bankbox.Open(ctx, bankbox.Config{Dir: t.TempDir(), Addr: "127.0.0.1:0", CallbackKey: demoCallbackKey, CoreDelay: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	cfg.BankboxURL = box.URL()
	if err := loadDemo(ctx, cfg, io.Discard); err != nil {
		t.Fatal(err)
	}
	p := &product{bank: box.URL(), cfg: cfg, tokens: map[string]string{}}
	p.start(t)
	t.Cleanup(func() {
		if err := errors.Join(p.node.stop(), box.Close(context.Background())); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return p
}

// start starts the node, anew after a stop.
func (p *product) start(t *testing.T) {
	t.Helper()
	logs := p.logs
	if logs == nil {
		logs = t.Output()
	}
	n, err := startNode(context.Background(), p.cfg, roles{serve: true, work: true}, logs)
	if err != nil {
		t.Fatal(err)
	}
	p.node, p.base = n, "http://"+n.addr
	wait(t, "readiness", func() bool {
		res, err := http.Get(p.base + "/readyz")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// wait holds until cond, at most 30 s.
func wait(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		if cond() {
			return
		}
		<-time.After(20 * time.Millisecond)
	}
	t.Fatalf("waited in vain for %s", what)
}

// send sends a request to a path under /api/v1, or to a whole address.
func (p *product) send(t *testing.T, method, path string, headers http.Header, body any) (int, http.Header, []byte) {
	t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = p.base + "/api/v1" + path
	}
	var r io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if m, ok := body.(json.RawMessage); ok {
			raw, err = m, nil
		}
		if err != nil {
			t.Fatal(err)
		}
		r = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, path, r)
	if err != nil {
		t.Fatal(err)
	}
	if headers != nil {
		req.Header = headers.Clone()
	}
	if r != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	client := http.Client{Timeout: 30 * time.Second}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, raw
}

// call sends as token and wants a status; into takes the answer.
func (p *product) call(t *testing.T, token, method, path string, body any, want int, into any) {
	t.Helper()
	h := http.Header{"X-Bank": {"demo"}}
	if token != "" {
		h.Set("Authorization", "Bearer "+token)
	}
	if method == http.MethodPost {
		h.Set("Idempotency-Key", id.New(id.Event))
	}
	status, _, raw := p.send(t, method, path, h, body)
	if status != want {
		t.Fatalf("%s %s: %d, want %d: %s", method, path, status, want, raw)
	}
	if into != nil {
		if err := json.Unmarshal(raw, into); err != nil {
			t.Fatalf("%s %s: %v in %s", method, path, err, raw)
		}
	}
}

func (p *product) get(t *testing.T, token, path string, want int, into any) {
	t.Helper()
	p.call(t, token, http.MethodGet, path, nil, want, into)
}

func (p *product) post(t *testing.T, token, path string, body any, want int, into any) {
	t.Helper()
	p.call(t, token, http.MethodPost, path, body, want, into)
}

// put sends a body that is not JSON.
func (p *product) put(t *testing.T, token, path, contentType, body string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPut, p.base+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", contentType)
	res, err := (&http.Client{Timeout: 30 * time.Second}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if raw, _ := io.ReadAll(res.Body); res.StatusCode >= 300 {
		t.Fatalf("PUT %s: %d %s", path, res.StatusCode, raw)
	}
}

// staff signs in a member of demo staff, once.
func (p *product) staff(t *testing.T, bank, name string) string {
	t.Helper()
	return p.once(bank+"/"+name, func() string {
		var out struct {
			Access string `json:"access_token"`
		}
		h := http.Header{"X-Bank": {bank}}
		status, _, raw := p.send(t, http.MethodPost, "/staff/login", h, map[string]string{"username": name, "password": bank + "-" + name})
		if err := json.Unmarshal(raw, &out); err != nil || status != http.StatusOK {
			t.Fatalf("staff %s of %s: %d %s", name, bank, status, raw)
		}
		return out.Access
	})
}

func (p *product) once(key string, make func() string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tokens[key] == "" {
		p.tokens[key] = make()
	}
	return p.tokens[key]
}

var phones atomic.Int64

// phone is a number that nobody has used yet.
func phone() string { return fmt.Sprintf("139%08d", phones.Add(1)) }

// viewer is a signed-in viewer of the demo bank, the same each time.
func (p *product) viewer(t *testing.T) string {
	t.Helper()
	return p.once("viewer", func() string { return p.signIn(t, phone()) })
}

// signIn signs a viewer in by the code that bankbox sent.
func (p *product) signIn(t *testing.T, number string) string {
	t.Helper()
	p.post(t, "", "/auth/otp", map[string]string{"phone": number}, http.StatusAccepted, nil)
	var out struct {
		Access string `json:"access_token"`
	}
	p.post(t, "", "/auth/otp/verify", map[string]string{"phone": number, "code": p.code(t, number)}, http.StatusOK, &out)
	return out.Access
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// code is the last one-time code sent to a phone.
func (p *product) code(t *testing.T, number string) string {
	t.Helper()
	texts := p.texts(t, number)
	for i := len(texts) - 1; i >= 0; i-- {
		if c := sixDigits.FindString(texts[i]); c != "" {
			return c
		}
	}
	t.Fatalf("no code was sent to %s", number)
	return ""
}

// texts are the SMS sent to a phone, the oldest first.
func (p *product) texts(t *testing.T, number string) []string {
	t.Helper()
	var out struct {
		Items []struct {
			Text string `json:"text"`
		} `json:"items"`
	}
	p.get(t, "", p.bank+"/sms/v1/messages?phone="+number, http.StatusOK, &out)
	texts := make([]string, len(out.Items))
	for i, m := range out.Items {
		texts[i] = m.Text
	}
	return texts
}

func (p *product) liveFlash(t *testing.T, room string) string {
	t.Helper()
	var shelf struct {
		Items []struct{ Flash *flash1 }
	}
	p.get(t, "", "/rooms/"+room+"/shelf", 200, &shelf)
	for _, item := range shelf.Items {
		if item.Flash != nil && item.Flash.Status == "on_sale" {
			return item.Flash.ID
		}
	}
	t.Fatal("no flash sale is on")
	return ""
}
