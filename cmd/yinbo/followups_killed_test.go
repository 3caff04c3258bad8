package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"yinbo/internal/bankbox"
	"yinbo/internal/clock"
	"yinbo/internal/config"
	"yinbo/internal/db"
)

// deadlyBank is the bank behind a proxy that ends somebody's life when the first
// follow-up was taken and nobody knows it yet.
type deadlyBank struct {
	*httptest.Server
	handed atomic.Int64
	kill   atomic.Pointer[func()]
}

func newDeadlyBank(t *testing.T, bank string) *deadlyBank {
	target, err := url.Parse(bank)
	if err != nil {
		t.Fatal(err)
	}
	d, through := &deadlyBank{}, httputil.NewSingleHostReverseProxy(target)
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		kill := d.kill.Load()
		if kill == nil || r.URL.Path != "/sms/v1/messages" || !strings.Contains(string(body), "拒收") || d.handed.Add(1) > 1 {
			through.ServeHTTP(w, r)
			return
		}
		through.ServeHTTP(httptest.NewRecorder(), r) // the bank has it, its answer is lost
		(*kill)()
	}))
	t.Cleanup(d.Close)
	return d
}

// RULES 8.15: a worker's process is killed (-9) when the bank has taken the
// message and it has not noted that.
func TestRule8_15AWorkerKilledBetweenCallAndRecord(t *testing.T) {
	t.Parallel()
	ctx, dir := context.Background(), t.TempDir()
	bin := filepath.Join(dir, "yinbo")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	box, err := bankbox.Open(ctx, bankbox.Config{Dir: t.TempDir(), Addr: "127.0.0.1:0", CallbackKey: demoCallbackKey, CoreDelay: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close(ctx) })
	bank := newDeadlyBank(t, box.URL())
	cfg := config.Default()
	cfg.Addr, cfg.MetricsAddr, cfg.RTMPAddr, cfg.Var, cfg.LogLevel = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", filepath.Join(dir, "var"), "error"
	cfg.BankboxURL = bank.URL
	realServers(t)(&cfg)
	if err := loadDemo(ctx, cfg, io.Discard); err != nil {
		t.Fatal(err)
	}
	p := &product{bank: box.URL(), cfg: cfg, tokens: map[string]string{}}
	if p.node, err = startNode(ctx, cfg, roles{serve: true}, t.Output()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.node.stop() })
	p.base = "http://" + p.node.addr
	worker := launch(t, dir, "worker", []string{"YINBO_VAR=" + cfg.Var, "YINBO_MYSQL_DSN=" + string(cfg.MySQLDSN), "YINBO_REDIS_URL=" + string(cfg.RedisURL),
		"YINBO_BANKBOX_URL=" + bank.URL, "YINBO_PUBLIC_URL=" + p.base, "YINBO_ADDR=127.0.0.1:0", "YINBO_METRICS_ADDR=off", "YINBO_LOG_LEVEL=warn"}, bin, "work")
	t.Cleanup(worker.end)

	number := phone()
	app := p.issued(t, p.signIn(t, number), number)
	kill := func() { worker.kill(nil) }
	bank.kill.Store(&kill)
	p.dueNow(t, app)
	wait(t, "the worker to be killed", func() bool { return bank.handed.Load() == 1 })
	if s := p.firstStep(t, app); s != "sending" {
		t.Fatalf("the follow-up is %s when its worker is dead", s)
	}
	wait(t, "another to send it", func() bool {
		p.dueNow(t, app) // its lease is over
		return p.firstStep(t, app) == "sent"
	})
	asked := 0
	for _, text := range p.texts(t, number) {
		if strings.Contains(text, "拒收") {
			asked++
		}
	}
	if asked != 1 || bank.handed.Load() < 2 {
		t.Errorf("%d messages, handed over %d times\n%s", asked, bank.handed.Load(), worker.tail(20))
	}
}

// issued brings a viewer to an issued card.
func (p *product) issued(t *testing.T, viewer, number string) string {
	t.Helper()
	var products struct {
		Items []struct {
			ID       string           `json:"id"`
			Consents []map[string]any `json:"consents"`
		}
	}
	p.get(t, "", "/card-products", 200, &products)
	var consents []any
	for _, c := range products.Items[0].Consents {
		consents = append(consents, map[string]any{"document": c["document"], "version": c["version"]})
	}
	var app struct{ ID, Status string }
	p.post(t, viewer, "/applications", map[string]any{"card_product_id": products.Items[0].ID, "consents": consents,
		"applicant": map[string]any{"name": applicant, "id_no": idNo, "phone": number, "city_code": "330100"}}, 201, &app)
	reviewer := p.staff(t, "demo", "reviewer")
	p.post(t, reviewer, "/leads/"+app.ID+"/claim", nil, 200, nil)
	p.post(t, reviewer, "/leads/"+app.ID+"/decide", map[string]any{"decision": "approve", "reason_code": "meets_policy"}, 200, nil)
	wait(t, "the card to be issued", func() bool {
		p.get(t, viewer, "/applications/"+app.ID, 200, &app)
		return app.Status == "issued"
	})
	return app.ID
}

// dueNow makes an application's first follow-up due, whatever lease it is under.
func (p *product) dueNow(t *testing.T, app string) {
	t.Helper()
	now := time.Now().Add(-time.Second)
	p.exec(t, `UPDATE outbox SET due_at = ?, next_at = ?, lease_until = ? WHERE state = 'pending' AND ref = (
		SELECT id FROM follow_up WHERE application_id = ? AND journey = 'bind_card' AND step = 1)`, now, now, now, app)
}

func (p *product) firstStep(t *testing.T, app string) string {
	t.Helper()
	d, err := openDB(t.Context(), p.cfg, clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	s, _, err := db.Value[string](t.Context(), d, "SELECT status FROM follow_up WHERE application_id = ? AND journey = 'bind_card' AND step = 1", app)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
