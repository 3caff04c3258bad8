package bankbox_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yinbo/internal/bankbox"
)

func TestBadConfigurationIsRefusedWholly(t *testing.T) {
	cfg := bankbox.Config{
		Addr: "nonsense", PublicURL: "ftp://x", CoreDelay: -1, TimeoutHang: -1, RetryBase: -1,
	}
	err := cfg.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, problem := range []string{`address "nonsense"`, `public URL "ftp://x"`, "core delay", "timeout hang", "retry base"} {
		if !strings.Contains(err.Error(), problem) {
			t.Errorf("%q is not named in: %v", problem, err)
		}
	}
	cfg.Dir = t.TempDir()
	if _, err := bankbox.Open(t.Context(), cfg); err == nil {
		t.Error("opened on a bad configuration")
	}
	if err := (bankbox.Config{}).Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
}

func TestOpeningFailsCleanly(t *testing.T) {
	b := newBank(t)
	taken := strings.TrimPrefix(b.server.URL(), "http://")
	if _, err := bankbox.Open(t.Context(), bankbox.Config{Dir: t.TempDir(), Addr: taken}); err == nil {
		t.Error("opened on an address that is taken")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := bankbox.Open(t.Context(), bankbox.Config{Dir: file, Addr: "127.0.0.1:0"}); err == nil {
		t.Error("opened in a folder that is a file")
	}
}

func TestStateFolderIsMadeAndKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "银行 #1", "state?")
	b := newBank(t, func(c *bankbox.Config) { c.Dir = dir })
	no := b.paid("pay_1", 700, nowhere)
	b.reopen()
	b.get("/pay/v1/payments/pay_1").want(200).has(t, fields{"payment_no": no, "status": "succeeded", "amount_fen": 700})
	if _, err := os.Stat(filepath.Join(dir, "bankbox.db")); err != nil {
		t.Error(err)
	}
}

// What a kill leaves behind is what stands in the files at that moment.
func TestAKillLosesNothingThatWasAnswered(t *testing.T) {
	b := newBank(t, func(c *bankbox.Config) { c.RetryBase = time.Hour })
	m := newMerchant(b, func(n int, _ delivery) int {
		if n == 0 {
			return http.StatusServiceUnavailable
		}
		return http.StatusNoContent
	})
	no := b.paid("pay_1", 800, m.url)
	b.post("/pay/v1/refunds", fields{"out_refund_no": "rfd_1", "out_trade_no": "pay_1", "amount_fen": 300, "notify_url": nowhere}).want(201)
	m.wait(1)
	after := filepath.Join(t.TempDir(), "after")
	if err := os.CopyFS(after, os.DirFS(b.cfg.Dir)); err != nil {
		t.Fatal(err)
	}
	b.close()

	b.cfg.Dir = after
	b.open()
	b.get("/pay/v1/payments/pay_1").want(200).has(t, fields{"payment_no": no, "status": "succeeded", "refunded_fen": 300})
	b.get("/pay/v1/refunds/rfd_1").want(200)
	again := m.wait(2)
	if string(again[0].raw) != string(again[1].raw) {
		t.Errorf("told %s, then after the kill %s", again[0].raw, again[1].raw)
	}
}

func TestClosingWaitsForNoUnusedConnection(t *testing.T) {
	b := newBank(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.server.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	b.get("/healthz").want(200) // accepted after the other
	began := time.Now()
	b.close()
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("closing took %v", took)
	}
}

func TestClosingAgainGivesTheFirstOutcome(t *testing.T) {
	b := newBank(t)
	for range 3 {
		if err := b.server.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := <-b.server.Failed(); err != http.ErrServerClosed {
		t.Errorf("listener ended with %v", err)
	}
	if _, err := b.try("GET", "/healthz", nil); err == nil {
		t.Error("a closed bank answers")
	}
}

// A merchant that never answers a callback must not hold the stop up.
func TestClosingIsBoundedByItsContext(t *testing.T) {
	b := newBank(t)
	release := make(chan struct{})
	arrived := make(chan struct{}, 1)
	deaf := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-release
	}))
	defer deaf.Close()
	defer close(release)
	b.paid("pay_1", 1, deaf.URL)
	select {
	case <-arrived:
	case <-time.After(soon):
		t.Fatal("the callback never came")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := b.server.Close(ctx); err != nil {
		t.Errorf("no call was under way, yet: %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("closing took %v", took)
	}
}

func TestHealthAndUnknownAddresses(t *testing.T) {
	b := newBank(t)
	b.get("/healthz").want(200)
	b.get("/no/such").refused(404, "not_found")
	b.call("DELETE", "/pay/v1/payments", nil).refused(405, "method_not_allowed")
	if id := b.call("GET", "/healthz", nil, "X-Request-Id", "req-1").header.Get("X-Request-Id"); id != "req-1" {
		t.Errorf("the caller's request id came back as %q", id)
	}
	if id := b.call("GET", "/healthz", nil, "X-Request-Id", "bad id!").header.Get("X-Request-Id"); id == "" || id == "bad id!" {
		t.Errorf("a bad request id came back as %q", id)
	}
	rec := httptest.NewRecorder()
	b.server.Handler().ServeHTTP(rec, httptest.NewRequest("GET", "/healthz", nil))
	if rec.Code != 200 {
		t.Errorf("the handler alone answers %d", rec.Code)
	}
}
