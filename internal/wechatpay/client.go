package wechatpay

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/validators"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/verifiers"
	"github.com/wechatpay-apiv3/wechatpay-go/core/option"

	"yinbo/internal/gateway"
	"yinbo/internal/tracing"
)

// Client is a merchant at WeChat Pay.
type Client struct {
	cfg    Config
	notify string // our own address, as WeChat Pay reaches it
	core   *core.Client
	// filesCore waits longer, for files.
	filesCore *core.Client
	incoming  *validators.WechatPayNotifyValidator
	http      *http.Client
}

// timeout bounds each call; the room's person waits for it.
const timeout = 8 * time.Second

// New makes a client that is called back at callback's /api/v1. The
// configuration must be valid and not off.
func New(ctx context.Context, cfg Config, callback string) (*Client, error) {
	k, err := cfg.load()
	if err != nil {
		return nil, err
	}
	transport, err := transportTo(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	c := &Client{cfg: cfg, notify: strings.TrimRight(callback, "/") + "/api/v1/callbacks/wechatpay",
		http: &http.Client{Transport: tracing.Transport(transport), Timeout: timeout}}
	keys := option.WithWechatPayPublicKeyAuthCipher(cfg.MchID, cfg.SerialNo, k.private, cfg.PublicKeyID, k.public)
	if c.core, err = core.NewClient(ctx, keys, option.WithHTTPClient(c.http)); err != nil {
		return nil, fmt.Errorf("wechatpay: %w", err)
	}
	if c.filesCore, err = core.NewClient(ctx, keys, option.WithHTTPClient(&http.Client{Transport: tracing.Transport(transport), Timeout: gateway.FileTimeout})); err != nil {
		return nil, fmt.Errorf("wechatpay: %w", err)
	}
	c.incoming = validators.NewWechatPayNotifyValidator(verifiers.NewSHA256WithRSAPubkeyVerifier(cfg.PublicKeyID, *k.public))
	return c, nil
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// elsewhere sends requests to another address than the one that the SDK knows.
// What is signed does not name the host.
type elsewhere struct {
	*http.Transport
	to *url.URL
}

func transportTo(base string) (http.RoundTripper, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	if base == "" {
		return transport, nil
	}
	to, err := url.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("wechatpay: base address: %w", err)
	}
	return elsewhere{transport, to}, nil
}

// RoundTrip changes the request's address only.
func (e elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = e.to.Scheme, e.to.Host, e.to.Host
	return e.Transport.RoundTrip(r)
}

// explain turns an error of the SDK into a definite no or an unknown outcome. An
// answer whose signature is wrong says nothing. Of an answer that is an error only
// its status and code are told: the SDK's text holds the whole of it.
func explain(what string, err error) error {
	if err == nil {
		return nil
	}
	var answer *core.APIError
	if !errors.As(err, &answer) {
		return fmt.Errorf("%w: wechatpay: %s: %w", gateway.ErrUnknown, what, err)
	}
	if definite(answer) {
		return &gateway.Refusal{Status: answer.StatusCode, Code: answer.Code}
	}
	return fmt.Errorf("%w: wechatpay: %s: %d %s", gateway.ErrUnknown, what, answer.StatusCode, answer.Code)
}

// definite tells a no that stays one. 401 and most of 403 speak of our keys and
// contract, which a person may put right.
func definite(a *core.APIError) bool {
	switch a.Code {
	case "", "SYSTEM_ERROR", "FREQUENCY_LIMITED", "SIGN_ERROR", "ACCOUNT_ERROR":
		return false
	case "NOT_ENOUGH", "USER_ACCOUNT_ABNORMAL":
		return true
	}
	return a.StatusCode == http.StatusBadRequest || a.StatusCode == http.StatusNotFound
}
