package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"yinbo/internal/tracing"
)

// ErrUnknown says that nobody knows whether the bank acted.
var ErrUnknown = errors.New("gateway: outcome unknown")

// ErrHash says that a file is not what its gateway signed.
var ErrHash = errors.New("gateway: the file's hash is another")

// Refusal is the bank's definite no.
type Refusal struct {
	Status int
	Code   string
}

// Error names the status and the bank's code.
func (r *Refusal) Error() string { return fmt.Sprintf("gateway: refused: %d %s", r.Status, r.Code) }

// Client calls the bank.
type Client struct {
	base     string // http://host:port
	callback string // our own address, as the bank reaches it
	http     *http.Client
	files    *http.Client
}

// FileTimeout bounds the reading of a whole statement.
const FileTimeout = 15 * time.Minute

// timeout bounds each call; the room's person waits for it.
const timeout = 8 * time.Second

// New makes a client for the bank at base that calls back to callback.
func New(base, callback string) *Client {
	pool := http.DefaultTransport.(*http.Transport).Clone()
	pool.MaxIdleConnsPerHost = 64
	transport := tracing.Transport(pool)
	return &Client{base: strings.TrimRight(base, "/"), callback: strings.TrimRight(callback, "/"),
		http: &http.Client{Transport: transport, Timeout: timeout}, files: &http.Client{Transport: transport, Timeout: FileTimeout}}
}

// PaymentsCallback is where the bank reports payments and refunds.
func (c *Client) PaymentsCallback() string { return c.callback + "/api/v1/callbacks/payments" }

// OutcomesCallback is where the card core reports outcomes.
func (c *Client) OutcomesCallback() string { return c.callback + "/api/v1/callbacks/card-outcomes" }

// RepliesCallback is where the bank reports on messages.
func (c *Client) RepliesCallback() string { return c.callback + "/api/v1/callbacks/sms-replies" }

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("gateway: %s: %w", path, err)
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return fmt.Errorf("gateway: %s: %w", path, err)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("%w: %s %s: %w", ErrUnknown, method, route(path), scrub(err))
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrUnknown, route(path), err)
	}
	switch {
	case res.StatusCode >= 300 && !definite(res.StatusCode):
		return fmt.Errorf("%w: %s answered %d", ErrUnknown, route(path), res.StatusCode)
	case res.StatusCode >= 300:
		var p struct{ Code string }
		_ = json.Unmarshal(answer, &p) // a refusal without a code is one all the same
		return &Refusal{Status: res.StatusCode, Code: p.Code}
	}
	if out == nil || len(answer) == 0 {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrUnknown, route(path), err)
	}
	return nil
}

// definite tells a no that stays one from "not now" and "not from you": a busy
// bank, or one that does not know our key, may act on the next try.
func definite(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return status >= 400 && status < 500
}

// route is the path without its query, which may hold a phone number.
func route(path string) string { p, _, _ := strings.Cut(path, "?"); return p }

// scrub drops the URL that http.Client puts into its errors.
func scrub(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
