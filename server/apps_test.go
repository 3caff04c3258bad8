package server_test

import (
	"compress/gzip"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/prometheus/client_golang/prometheus"

	"yinbo/server"
)

func page(t *testing.T, d server.Deps, path string) (int, http.Header, string) {
	t.Helper()
	d.Log, d.Metrics = slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	w := httptest.NewRecorder()
	server.New(d).Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	body, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, w.Header(), string(body)
}

// Go builds and tests without Node: the pages then say so.
func TestPagesSayWhenTheAppsWereNotBuilt(t *testing.T) {
	for _, path := range []string{"/", "/host/", "/desk/leads", "/rooms/room_1"} {
		code, _, body := page(t, server.Deps{}, path)
		if code != http.StatusServiceUnavailable || !strings.Contains(body, "make run") {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	if code, _, body := page(t, server.Deps{}, "/docs"); code != http.StatusOK || !strings.Contains(body, "/api/v1/flash/{id}/orders") {
		t.Errorf("docs: %d %.300s", code, body)
	}
}

func TestEachAppAnswersItsPartOfTheAddressSpace(t *testing.T) {
	d := server.Deps{Apps: fstest.MapFS{
		"index.html": {Data: []byte("viewer")}, "host/index.html": {Data: []byte("host")}, "desk/index.html": {Data: []byte("desk")},
		"assets/a.js": {Data: []byte("script")}}}
	for path, want := range map[string]string{"/": "viewer", "/rooms/room_1": "viewer", "/host/": "host", "/host/rooms/x": "host",
		"/desk/leads": "desk", "/assets/a.js": "script"} {
		code, h, body := page(t, d, path)
		if code != http.StatusOK || body != want || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'self'") {
			t.Errorf("%s: %d %q %s", path, code, body, h.Get("Content-Security-Policy"))
		}
	}
	for _, path := range []string{"/assets/gone.js", "/api/v1/nothing", "/api/nothing", "/../../etc/passwd.txt"} {
		if code, h, body := page(t, d, path); code != http.StatusNotFound || h.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s %.100s", path, code, h.Get("Content-Type"), body)
		}
	}
}

// A demo says so in the page itself, and only a demo.
func TestASandboxIsMarkedInItsPages(t *testing.T) {
	apps := fstest.MapFS{"index.html": {Data: []byte(`<!doctype html><html lang="zh-CN"><p>`)}}
	if _, _, body := page(t, server.Deps{Apps: apps, Sandbox: true}, "/me"); body != `<!doctype html><html data-sandbox lang="zh-CN"><p>` {
		t.Error(body)
	}
	if _, _, body := page(t, server.Deps{Apps: apps}, "/me"); strings.Contains(body, "sandbox") {
		t.Error(body)
	}
}

// Scripts and styles go out compressed to whoever takes that, and plain to others.
func TestTheAppsGoOutCompressed(t *testing.T) {
	script := strings.Repeat("let a = 1;", 500)
	d := server.Deps{Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Apps: fstest.MapFS{
		"index.html": {Data: []byte("viewer")}, "assets/a.js": {Data: []byte(script)}, "assets/b.js": {Data: []byte("x")}, "assets/c.png": {Data: []byte(script)}}}
	h := server.New(d).Handler()
	for _, c := range []struct{ path, accepts, encoding string }{
		{"/assets/a.js", "gzip, deflate, br", "gzip"}, {"/assets/a.js", "", ""}, {"/assets/a.js", "br, gzip;q=0", ""},
		{"/assets/b.js", "gzip", ""}, {"/assets/c.png", "gzip", ""}, {"/assets/a.js", "gzip;q=0.5", "gzip"},
	} {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, c.path, nil)
		r.Header.Set("Accept-Encoding", c.accepts)
		h.ServeHTTP(w, r)
		body := io.Reader(w.Body)
		if c.encoding == "gzip" {
			z, err := gzip.NewReader(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			body = z
		}
		text, err := io.ReadAll(body)
		if err != nil || w.Code != http.StatusOK || w.Header().Get("Content-Encoding") != c.encoding || string(text) != string(d.Apps.(fstest.MapFS)[c.path[1:]].Data) {
			t.Errorf("%s for %q: %d, %q, %v", c.path, c.accepts, w.Code, w.Header().Get("Content-Encoding"), err)
		}
		if strings.HasSuffix(c.path, ".js") && !strings.HasPrefix(w.Header().Get("Content-Type"), "text/javascript") {
			t.Errorf("%s: %s", c.path, w.Header().Get("Content-Type"))
		}
	}
}
