package tracing_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"yinbo/internal/tracing"
)

// collector keeps what it is sent.
type collector struct {
	*httptest.Server
	mu  sync.Mutex
	all strings.Builder
}

func collect(t *testing.T) *collector {
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if _, err := io.Copy(&c.all, r.Body); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) got() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all.String()
}

func begin(t *testing.T, url string, share float64) *tracing.Tracing {
	tr, err := tracing.New(t.Context(), url, share, "node", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestARequestAndItsPartsAreOneTraceOfNamesAlone(t *testing.T) {
	c := collect(t)
	tr := begin(t, c.URL, 1)
	var passed string
	bank := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { passed = r.Header.Get("Traceparent") }))
	defer bank.Close()
	in := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/leads/13800138000?q=13800138000", nil)
	ctx, end := tr.Request(in, "/leads/:id", "req-1")
	part, ended := tracing.Part(ctx, "transaction")
	id := tracing.ID(part)
	ended(errors.New("13800138000 is taken"))
	out, err := http.NewRequestWithContext(ctx, http.MethodGet, bank.URL+"/13800138000", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := tracing.Transport(http.DefaultTransport).RoundTrip(out)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	end(http.StatusOK)
	if err := tr.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if id == "" || !strings.Contains(passed, id) {
		t.Errorf("the bank was told %q, the trace is %q", passed, id)
	}
	for _, want := range []string{"POST /leads/:id", "transaction", "call GET 127.0.0.1", "req-1"} {
		if !strings.Contains(c.got(), want) {
			t.Errorf("no %q in %q", want, c.got())
		}
	}
	if strings.Contains(c.got(), "13800138000") {
		t.Error("a phone number in the trace")
	}
}

// A caller who says that its trace is kept decides nothing.
func TestWhoCallsDoesNotChooseWhatIsKept(t *testing.T) {
	tr := begin(t, collect(t).URL, 0)
	in := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	in.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	ctx, end := tr.Request(in, "/", "req-1")
	defer end(http.StatusOK)
	if id := tracing.ID(ctx); id != "" {
		t.Errorf("kept as %s", id)
	}
	if err := tr.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestACollectorThatIsAwayHoldsNobodyUp(t *testing.T) {
	tr := begin(t, "http://127.0.0.1:1", 1)
	start := time.Now()
	for range 10_000 {
		_, end := tr.Task(t.Context(), "order.sweep", "evt_1")
		end(nil)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("10,000 spans took %s", took)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_ = tr.Close(ctx) // what was not sent is lost
}

func TestWithoutACollectorNothingIsTraced(t *testing.T) {
	tr := begin(t, "", 1)
	in := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	ctx, end := tr.Request(in, "/", "req-1")
	part, ended := tracing.Part(ctx, "transaction")
	ended(nil)
	end(http.StatusOK)
	if part != in.Context() || tracing.ID(part) != "" || tr.Close(t.Context()) != nil {
		t.Error("something was traced")
	}
}
