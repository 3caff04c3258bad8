package bankbox

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"time"
)

// Defaults of Config, also used by the program's usage text.
const (
	DefaultDir         = "./var"
	DefaultAddr        = "127.0.0.1:8090"
	DefaultCallbackKey = "demo-callback-key"
	DefaultCoreDelay   = 2 * time.Second
	DefaultTimeoutHang = 60 * time.Second
	DefaultRetryBase   = time.Second
)

// Config says where the bank lives and how fast it is. Zero fields take the
// defaults above.
type Config struct {
	// Dir holds bankbox.db; it is created when it is not there.
	Dir string
	// Addr is the listening address; port 0 takes a free one.
	Addr string
	// PublicURL is what cashier links begin with, for a bankbox behind a proxy.
	// Empty means the address it listens on.
	PublicURL string
	// CallbackKey signs callbacks (HMAC-SHA256).
	CallbackKey string
	// CoreDelay is how long the card core takes to issue a card.
	CoreDelay time.Duration
	// TimeoutHang is how long a verification under the name 测试超时 is held
	// before it is answered 504.
	TimeoutHang time.Duration
	// RetryBase is the wait after a callback's first failure; it doubles up to a
	// minute.
	RetryBase time.Duration
	// Now is the bank's clock; nil means time.Now.
	Now func() time.Time
	// Logger takes one line per event; nil discards them.
	Logger *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.Dir == "" {
		c.Dir = DefaultDir
	}
	if c.Addr == "" {
		c.Addr = DefaultAddr
	}
	if c.CallbackKey == "" {
		c.CallbackKey = DefaultCallbackKey
	}
	if c.CoreDelay == 0 {
		c.CoreDelay = DefaultCoreDelay
	}
	if c.TimeoutHang == 0 {
		c.TimeoutHang = DefaultTimeoutHang
	}
	if c.RetryBase == 0 {
		c.RetryBase = DefaultRetryBase
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Validate names every problem of the configuration at once; zero fields are no
// problem.
func (c Config) Validate() error {
	var problems []error
	if c.Addr != "" {
		if _, _, err := net.SplitHostPort(c.Addr); err != nil {
			problems = append(problems, fmt.Errorf("address %q: %w", c.Addr, err))
		}
	}
	if c.PublicURL != "" && !isHTTPURL(c.PublicURL) {
		problems = append(problems, fmt.Errorf("public URL %q: not an absolute http(s) address", c.PublicURL))
	}
	for _, wait := range []struct {
		name string
		d    time.Duration
	}{{"core delay", c.CoreDelay}, {"timeout hang", c.TimeoutHang}, {"retry base", c.RetryBase}} {
		if wait.d < 0 {
			problems = append(problems, fmt.Errorf("%s %s: must not be negative", wait.name, wait.d))
		}
	}
	return errors.Join(problems...)
}

func isHTTPURL(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
