package gateway_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"yinbo/internal/gateway"
	"yinbo/internal/pii"
)

// bank answers every call alike.
func bank(t *testing.T, answer http.HandlerFunc) *gateway.Client {
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	c := gateway.New(server.URL, "http://shop.example/")
	t.Cleanup(c.Close)
	return c
}

func charge(ctx context.Context, c *gateway.Client) error {
	_, err := c.Charge(ctx, "pay_1", 100, pii.Clear("token"), "茶", 0)
	return err
}

// Whatever is no definite answer is unknown, never a no.
func TestNoAnswerIsUnknown(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	for name, answer := range map[string]http.HandlerFunc{
		"500": status(500), "502": status(502), "503": status(503), "504": status(504),
		"not now": status(429), "took too long": status(408), "our key is wrong": status(401), "not from you": status(403),
		"elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		},
		"no JSON": func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>maintenance")) },
		"cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "99")
			w.Write([]byte("{"))
		},
		"hung up":    func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"other kind": func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"amount_fen":"100"}`)) },
	} {
		var no *gateway.Refusal
		if err := charge(t.Context(), bank(t, answer)); !errors.Is(err, gateway.ErrUnknown) || errors.As(err, &no) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestABankThatHangsIsUnknownAndNotWaitedFor(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	c := bank(t, func(http.ResponseWriter, *http.Request) { close(asked); <-release })
	t.Cleanup(func() { close(release) })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- charge(ctx, c) }()
	<-asked // it has the charge, and may act on it
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, gateway.ErrUnknown) {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("still waiting")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close() // nobody listens there any more
	if err := charge(t.Context(), gateway.New("http://"+l.Addr().String(), "")); !errors.Is(err, gateway.ErrUnknown) {
		t.Error(err)
	}
}

func TestADefiniteNoIsARefusal(t *testing.T) {
	for _, status := range []int{400, 404, 409, 410, 422, 423} {
		c := bank(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			w.Write([]byte(`{"code":"some.code"}`))
		})
		var no *gateway.Refusal
		if err := charge(t.Context(), c); !errors.As(err, &no) || no.Status != status || no.Code != "some.code" {
			t.Errorf("%d: %v", status, err)
		}
	}
}
