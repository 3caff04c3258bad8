package vault

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"yinbo/internal/pii"
)

// Errors that callers tell apart with errors.Is.
var (
	ErrRefused = errors.New("the token is refused, or may not use the key")
	ErrAway    = errors.New("it does not answer")
)

const (
	tries     = 3
	maxAnswer = 64 << 10 // bytes
)

// wrappedShape is what the engine gives back: its version and base64.
var wrappedShape = regexp.MustCompile(`^vault:v([1-9][0-9]{0,8}):[A-Za-z0-9+/=]+$`)

// KEK is a key of the transit engine.
type KEK struct {
	cfg    Config
	client *http.Client

	mu    sync.Mutex
	token string
}

var (
	_ pii.KEK       = (*KEK)(nil)
	_ pii.Versioned = (*KEK)(nil)
)

// New checks the configuration and reads the token; it asks Vault nothing yet.
func New(c Config) (*KEK, error) {
	if c.Timeout == 0 {
		c.Timeout = 5 * time.Second
	}
	if c.Rest == 0 {
		c.Rest = 200 * time.Millisecond
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c.URL = strings.TrimSuffix(c.URL, "/")
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		raw, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("vault_ca_file: %w", err)
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(raw) {
			return nil, errors.New("vault_ca_file: holds no certificate in PEM")
		}
		transport.TLSClientConfig.RootCAs = roots
	}
	k := &KEK{cfg: c, token: c.Token, client: &http.Client{Transport: transport, Timeout: c.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	_, err := k.renewed()
	return k, err
}

// ID names the key; its versions are Vault's matter.
func (k *KEK) ID() string { return k.cfg.id() }

// String is fit for a log.
func (k *KEK) String() string { return k.ID() + " at " + k.cfg.URL }

// Wrap seals a key by the newest version.
func (k *KEK) Wrap(ctx context.Context, key, aad []byte) (string, error) {
	var out struct{ Ciphertext string }
	err := k.ask(ctx, http.MethodPost, "encrypt", map[string]string{"plaintext": base64.StdEncoding.EncodeToString(key),
		"associated_data": base64.StdEncoding.EncodeToString(aad)}, &out)
	if err != nil {
		return "", err
	}
	if !wrappedShape.MatchString(out.Ciphertext) {
		return "", errors.New("vault: encrypt: the answer is no ciphertext")
	}
	return out.Ciphertext, nil
}

// Unwrap opens what any version has wrapped that Vault still decrypts by.
func (k *KEK) Unwrap(ctx context.Context, wrapped string, aad []byte) ([]byte, error) {
	if !wrappedShape.MatchString(wrapped) {
		return nil, errors.New("vault: this was not wrapped by Vault")
	}
	var out struct{ Plaintext string }
	err := k.ask(ctx, http.MethodPost, "decrypt", map[string]string{"ciphertext": wrapped, "associated_data": base64.StdEncoding.EncodeToString(aad)}, &out)
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(out.Plaintext)
	if err != nil || len(key) == 0 {
		return nil, errors.New("vault: decrypt: the answer is no key")
	}
	return key, nil
}

// Newest is the version that wraps now, as it begins a wrapped key.
func (k *KEK) Newest(ctx context.Context) (string, error) {
	var out struct {
		Version int `json:"latest_version"`
	}
	if err := k.ask(ctx, http.MethodGet, "keys", nil, &out); err != nil {
		return "", err
	}
	if out.Version < 1 {
		return "", errors.New("vault: keys: the answer has no version")
	}
	return fmt.Sprintf("vault:v%d:", out.Version), nil
}

// ask sends a request until it is answered, refused or has failed often enough.
func (k *KEK) ask(ctx context.Context, method, verb string, body, into any) error {
	var raw []byte
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return fmt.Errorf("vault: %s: %w", verb, err)
		}
	}
	var err error
	for try := range tries {
		if try > 0 {
			if waited := k.rest(ctx, try); waited != nil {
				return fmt.Errorf("vault: %s: %w", verb, errors.Join(waited, err))
			}
		}
		var again bool
		if again, err = k.once(ctx, method, verb, raw, into); err == nil {
			return nil
		}
		if !again {
			break
		}
	}
	return fmt.Errorf("vault: %s by %s: %w", verb, k.ID(), err)
}

// rest waits before a further try, by turns longer, never the same for all nodes.
func (k *KEK) rest(ctx context.Context, try int) error {
	wait := k.cfg.Rest << (try - 1)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait + rand.N(wait/2+1)):
		return nil
	}
}

// once is one try; again tells that another may do better.
func (k *KEK) once(ctx context.Context, method, verb string, body []byte, into any) (again bool, err error) {
	req, err := http.NewRequestWithContext(ctx, method, k.cfg.URL+"/v1/"+k.cfg.Mount+"/"+verb+"/"+k.cfg.Key, bytes.NewReader(body))
	if err != nil {
		return false, errors.New("the request cannot be made")
	}
	k.mu.Lock()
	req.Header.Set("X-Vault-Token", k.token)
	k.mu.Unlock()
	req.Header.Set("X-Vault-Request", "true")
	if k.cfg.Namespace != "" {
		req.Header.Set("X-Vault-Namespace", k.cfg.Namespace)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := k.client.Do(req)
	if err != nil {
		return ctx.Err() == nil, errors.Join(ErrAway, ctx.Err())
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil || len(raw) > maxAnswer {
		return err != nil, fmt.Errorf("the answer cannot be read: %w", ErrAway)
	}
	switch {
	case res.StatusCode == http.StatusOK:
		var answer struct{ Data json.RawMessage }
		if json.Unmarshal(raw, &answer) != nil || json.Unmarshal(answer.Data, into) != nil {
			return false, errors.New("the answer is not Vault's")
		}
		return false, nil
	case res.StatusCode == http.StatusForbidden || res.StatusCode == http.StatusUnauthorized:
		renewed, err := k.renewed()
		return renewed && err == nil, errors.Join(ErrRefused, err)
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500:
		return true, fmt.Errorf("status %d: %w", res.StatusCode, ErrAway)
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return false, fmt.Errorf("status %d: it sends elsewhere; give the address of the active node", res.StatusCode)
	}
	return false, fmt.Errorf("status %d", res.StatusCode) // what it says may quote what was asked
}

// renewed reads the token's file and tells whether another token stands in it.
func (k *KEK) renewed() (bool, error) {
	if k.cfg.TokenFile == "" {
		return false, nil
	}
	raw, err := os.ReadFile(k.cfg.TokenFile)
	if err != nil {
		return false, fmt.Errorf("vault_token_file: %w", err)
	}
	token := strings.TrimSpace(string(raw))
	if token == "" {
		return false, errors.New("vault_token_file: it is empty")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	other := token != k.token
	k.token = token
	return other, nil
}
