package server_test

import (
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
