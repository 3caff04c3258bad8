package stampede

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/valyala/fasthttp"

	"yinbo/internal/id"
)

// Buyer is one viewer with a session.
type Buyer struct {
	Viewer string
	bearer string
}

// Token is the session's, as a socket's join bears it.
func (b Buyer) Token() string { return strings.TrimPrefix(b.bearer, "Bearer ") }

// Target is the server under load.
type Target struct {
	Addr       string // host:port
	Bank       string // slug
	HandoffKey string // signs the bank app's sign-in tokens
}

func (t Target) client(conns int) *fasthttp.HostClient {
	return &fasthttp.HostClient{Addr: t.Addr, MaxConns: conns, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second,
		MaxIdleConnDuration: time.Minute, MaxIdemponentCallAttempts: 1, NoDefaultUserAgentHeader: true,
		DisablePathNormalizing: true, RetryIfErr: func(*fasthttp.Request, int, error) (bool, bool) { return false, false }}
}

// signInAtOnce is how many sign in side by side.
const signInAtOnce = 64

// SignIn signs in n viewers, each by a hand-off token with a phone number that
// belongs to the run: begin and the following ones.
func (t Target) SignIn(ctx context.Context, begin, n int) ([]Buyer, error) {
	buyers, errs := make([]Buyer, n), make([]error, signInAtOnce)
	client := t.client(signInAtOnce)
	defer client.CloseIdleConnections()
	var all sync.WaitGroup
	for w := range signInAtOnce {
		all.Go(func() {
			for i := w; i < n && ctx.Err() == nil; i += signInAtOnce {
				if buyers[i], errs[w] = t.signIn(client, fmt.Sprintf("13%09d", begin+i)); errs[w] != nil {
					return
				}
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err // one tells what is wrong; the others say the same
		}
	}
	return buyers, ctx.Err()
}

func (t Target) signIn(client *fasthttp.HostClient, phone string) (Buyer, error) {
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"aud": "yinbo", "jti": id.New(id.Event),
		"exp": time.Now().Add(time.Minute).Unix(), "phone": phone}).SignedString([]byte(t.HandoffKey))
	if err != nil {
		return Buyer{}, fmt.Errorf("stampede: hand-off: %w", err)
	}
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	t.head(req, "/auth/handoff")
	req.Header.Set("X-Bank", t.Bank)
	req.SetBodyString(`{"token":"` + token + `"}`)
	if err := client.Do(req, res); err != nil {
		return Buyer{}, fmt.Errorf("stampede: sign in: %w", err)
	}
	var out struct {
		Access string `json:"access_token"`
		Viewer struct{ ID string }
	}
	if err := json.Unmarshal(res.Body(), &out); err != nil || res.StatusCode() != fasthttp.StatusOK {
		return Buyer{}, fmt.Errorf("stampede: sign in was answered %d %s", res.StatusCode(), res.Body())
	}
	return Buyer{Viewer: out.Viewer.ID, bearer: "Bearer " + out.Access}, nil
}

// head prepares a POST with a JSON body to a path under /api/v1.
func (t Target) head(req *fasthttp.Request, path string) {
	req.SetRequestURI("http://" + t.Addr + "/api/v1" + path)
	req.Header.SetMethod(fasthttp.MethodPost)
	req.Header.SetContentType("application/json")
}
