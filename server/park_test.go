package server

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"yinbo/internal/fault"
	"yinbo/internal/testkit"
	"yinbo/order"
	"yinbo/order/flash"
)

// A press that is parked is answered as any other, with the connection's end.
func TestAParkedPressHasItsAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		outcome flash.Outcome
		status  int
		kind    string
		body    string
	}{
		"bought":   {flash.Outcome{View: order.View{ID: "ord_1"}, Replayed: true}, 201, "application/json; charset=utf-8", `"id":"ord_1"`},
		"sold out": {flash.Outcome{Err: fault.New(fault.Conflict, "flash.sold_out")}, 409, problemType, `"code":"flash.sold_out"`},
		"unknown":  {flash.Outcome{Err: fault.New(fault.Unavailable, "unavailable").After(3 * time.Second)}, 503, problemType, `"request_id":"req-7"`},
	} {
		t.Run(name, func(t *testing.T) {
			s, url, outcomes := parking(t)
			req, err := http.NewRequestWithContext(testkit.Context(t), http.MethodPost, url, strings.NewReader(`{"quantity":1}`))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("X-Request-Id", "req-7")
			go func() {
				time.Sleep(50 * time.Millisecond)
				outcomes <- c.outcome
			}()
			res, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			var body json.RawMessage
			if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
				t.Fatal(err)
			}
			h := res.Header
			if res.StatusCode != c.status || !strings.Contains(string(body), c.body) || h.Get("Content-Type") != c.kind || !res.Close {
				t.Errorf("%d %v %s", res.StatusCode, h, body)
			}
			if h.Get("X-Request-Id") != "req-7" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Date") == "" ||
				(h.Get("Idempotent-Replayed") == "true") != c.outcome.Replayed || (h.Get("Retry-After") == "3") != (c.status == 503) {
				t.Errorf("headers: %v", h)
			}
			if err := s.Finish(testkit.Context(t)); err != nil {
				t.Error(err)
			}
			if got := s.counted(t); len(got) != 1 || got[0] != fmt.Sprint(c.status) {
				t.Errorf("counted as %v", got)
			}
		})
	}
}

// While presses are parked they take no goroutine of net/http's, and a node that
// stops waits for them.
func TestParkedPressesAreCheapAndWaitedFor(t *testing.T) {
	s, url, outcomes := parking(t)
	const presses = 200
	before := runtime.NumGoroutine()
	answered := make(chan error, presses)
	for range presses {
		go func() {
			res, err := http.Post(url, gin.MIMEJSON, strings.NewReader(`{}`))
			if err == nil {
				err = res.Body.Close()
			}
			answered <- err
		}()
	}
	s.parks(t, presses)
	// Of a press: the poster here, its transport's two, and the one that waits
	// for this test's outcome. A handler that has just parked one is still leaving.
	n := runtime.NumGoroutine() - before
	for end := time.Now().Add(5 * time.Second); n > 4*presses+20 && time.Now().Before(end); n = runtime.NumGoroutine() - before {
		time.Sleep(time.Millisecond)
	}
	if n > 4*presses+20 {
		t.Errorf("%d goroutines for %d parked presses", n, presses)
	}
	short, cancel := context.WithTimeout(testkit.Context(t), 20*time.Millisecond)
	defer cancel()
	if s.Finish(short) == nil {
		t.Error("finished before the presses had their answers")
	}
	for range presses {
		outcomes <- flash.Outcome{}
	}
	for range presses {
		if err := <-answered; err != nil {
			t.Error(err)
		}
	}
	if err := s.Finish(testkit.Context(t)); err != nil {
		t.Error(err)
	}
}

type parkingServer struct {
	*Server
	figures   *prometheus.Registry
	parkedNow chan struct{}
}

// counted gives the statuses of the answers that metrics know of.
func (s parkingServer) counted(t *testing.T) (statuses []string) {
	t.Helper()
	families, err := s.figures.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.Metric {
			for _, l := range m.Label {
				if l.GetName() == "status" {
					statuses = append(statuses, l.GetValue())
				}
			}
		}
	}
	return statuses
}

func (s parkingServer) parks(t *testing.T, n int) {
	t.Helper()
	for range n {
		select {
		case <-s.parkedNow:
		case <-time.After(10 * time.Second):
			t.Fatal("not parked in time")
		}
	}
}

// parking is a server whose only route parks at once.
func parking(t *testing.T) (s parkingServer, url string, outcomes chan flash.Outcome) {
	figures := prometheus.NewRegistry()
	s = parkingServer{New(Deps{Log: slog.New(slog.DiscardHandler), Metrics: figures}), figures, make(chan struct{}, 1000)}
	outcomes = make(chan flash.Outcome)
	engine := gin.New()
	engine.Use(s.name, s.catch, headers)
	engine.POST("/press", func(c *gin.Context) {
		if !s.park(c, func(_ context.Context, answer func(flash.Outcome)) {
			go func() { answer(<-outcomes) }()
			s.parkedNow <- struct{}{}
		}) {
			t.Error("could not be parked")
		}
	})
	web := httptest.NewServer(engine)
	t.Cleanup(web.Close)
	return s, web.URL + "/press", outcomes
}

// A press that panics is answered, and the node goes on.
func TestAParkedPressThatPanicsIsAnswered(t *testing.T) {
	s, _, _ := parking(t)
	engine := gin.New()
	engine.Use(s.name, s.catch, headers)
	engine.POST("/press", func(c *gin.Context) {
		s.park(c, func(context.Context, func(flash.Outcome)) { panic("broken") })
	})
	web := httptest.NewServer(engine)
	t.Cleanup(web.Close)
	for range 2 {
		res, err := http.Post(web.URL+"/press", gin.MIMEJSON, strings.NewReader(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusInternalServerError {
			t.Errorf("answered %d", res.StatusCode)
		}
	}
}
