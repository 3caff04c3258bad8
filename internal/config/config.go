// Package config composes the product's configuration: defaults, then
// yinbo.yaml, then the environment (YINBO_ and the key in upper case). All
// problems are reported at once; secrets print as ***.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
	"github.com/redis/go-redis/v9"

	"yinbo/internal/vault"
	"yinbo/internal/wechatpay"
)

// Secret prints as ***.
type Secret string

// String hides the value.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "***"
}

// GoString hides the value from %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue hides the value from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Config is everything that can be set.
type Config struct {
	Addr            string        `koanf:"addr"`              // where HTTP listens
	MetricsAddr     string        `koanf:"metrics_addr"`      // where Prometheus reads; "off" for none
	PublicURL       string        `koanf:"public_url"`        // how the bank reaches us; default http://<addr>
	Var             string        `koanf:"var"`               // folder of the embedded state
	MySQLDSN        Secret        `koanf:"mysql_dsn"`         // empty: SQLite in Var
	RedisURL        Secret        `koanf:"redis_url"`         // empty: in the process
	BankboxURL      string        `koanf:"bankbox_url"`       // the bank on the other side
	BankCallbackKey Secret        `koanf:"bank_callback_key"` // signs the bank's callbacks
	DefaultBank     string        `koanf:"default_bank"`      // slug
	OrderTTL        time.Duration `koanf:"order_ttl"`         // how long an order waits for payment
	KEKFile         string        `koanf:"kek_file"`          // key-encryption key; default <var>/kek
	KEKFileBefore   string        `koanf:"kek_file_before"`   // the one of before, until `yinbo keys rewrap` has run
	VaultBefore     bool          `koanf:"vault_before"`      // kek_file wraps, Vault unwraps what it wrapped until `yinbo keys rewrap` has run
	LogLevel        string        `koanf:"log_level"`         // debug, info, warn, error
	TraceURL        string        `koanf:"trace_url"`         // OTLP collector, such as http://collector:4318; empty: no traces
	TraceShare      float64       `koanf:"trace_share"`       // of the traces that are kept, 0 to 1
	Workers         int           `koanf:"workers"`           // handlers of tasks at once
	MaxConns        int           `koanf:"mysql_max_conns"`
	ClockOffsetFile string        `koanf:"clock_offset_file"` // for drills on demo data: a file that says by how much the clock is off
	FlashBatch      int           `koanf:"flash_batch"`       // flash orders that share a transaction, at most

	// Room sockets; see live/hub.
	SocketReader     string        `koanf:"socket_reader"`      // epoll, goroutine; default what the system has
	SocketTick       time.Duration `koanf:"socket_tick"`        // how long talk and figures are gathered
	SocketOrigins    string        `koanf:"socket_origins"`     // other hosts whose pages may connect, by comma
	SocketPerAddress int           `koanf:"socket_per_address"` // sockets of one address
	SocketAccepts    int           `koanf:"socket_accepts"`     // new sockets a second
	SocketDrain      time.Duration `koanf:"socket_drain"`       // over which a node that stops sends viewers away

	// Video: docs/video.md.
	RTMPAddr        string `koanf:"rtmp_addr"`         // where encoders push to; "off" for none
	RTMPURL         string `koanf:"rtmp_url"`          // how they reach it; default rtmp://<rtmp_addr>/live
	NodeURL         string `koanf:"node_url"`          // how other nodes reach this one; default http://<addr>
	RecordingsDir   string `koanf:"recordings_dir"`    // default <var>/recordings; "off" records nothing
	RecordingsMaxGB int64  `koanf:"recordings_max_gb"` // recording stops when it is full
	VideoScheme     string `koanf:"video_scheme"`      // how an external server's addresses are signed
	VideoPushURL    string `koanf:"video_push_url"`    // with {stream} in it; empty for no external server
	VideoPullURL    string `koanf:"video_pull_url"`
	VideoPushKey    Secret `koanf:"video_push_key"`
	VideoPullKey    Secret `koanf:"video_pull_key"`

	// The key-encryption key in Vault, in place of a file; see internal/vault.
	VaultURL       string `koanf:"vault_url"`
	VaultToken     Secret `koanf:"vault_token"`
	VaultTokenFile string `koanf:"vault_token_file"` // instead: what an agent keeps fresh
	VaultMount     string `koanf:"vault_mount"`      // of the transit engine
	VaultKey       string `koanf:"vault_key"`        // its name there
	VaultNamespace string `koanf:"vault_namespace"`
	VaultCAFile    string `koanf:"vault_ca_file"`

	// WeChat Pay: all of them or none; the last is for tests.
	WeChatMchID          string `koanf:"wechat_mch_id"`
	WeChatAppID          string `koanf:"wechat_app_id"`
	WeChatAPIv3Key       Secret `koanf:"wechat_api_v3_key"`
	WeChatPrivateKeyFile string `koanf:"wechat_private_key_file"`
	WeChatSerialNo       string `koanf:"wechat_serial_no"`
	WeChatPublicKeyFile  string `koanf:"wechat_public_key_file"`
	WeChatPublicKeyID    string `koanf:"wechat_public_key_id"`
	WeChatBaseURL        string `koanf:"wechat_base_url"`
}

// WeChatPay is the part of it that package wechatpay is made with.
func (c Config) WeChatPay() wechatpay.Config {
	return wechatpay.Config{MchID: c.WeChatMchID, AppID: c.WeChatAppID, APIv3Key: string(c.WeChatAPIv3Key),
		PrivateKeyFile: c.WeChatPrivateKeyFile, SerialNo: c.WeChatSerialNo,
		PublicKeyFile: c.WeChatPublicKeyFile, PublicKeyID: c.WeChatPublicKeyID, BaseURL: c.WeChatBaseURL}
}

// Vault is the part of it that package vault is made with.
func (c Config) Vault() vault.Config {
	return vault.Config{URL: c.VaultURL, Token: string(c.VaultToken), TokenFile: c.VaultTokenFile, Mount: c.VaultMount, Key: c.VaultKey,
		Namespace: c.VaultNamespace, CAFile: c.VaultCAFile}
}

// Default is what holds where nothing is set.
func Default() Config {
	return Config{Addr: "127.0.0.1:8080", MetricsAddr: "127.0.0.1:9090", Var: "./var", BankboxURL: "http://127.0.0.1:8090",
		OrderTTL: 15 * time.Minute, LogLevel: "info", TraceShare: 0.1, Workers: 16, MaxConns: 32, FlashBatch: 512,
		SocketTick: 100 * time.Millisecond, SocketPerAddress: 5000, SocketAccepts: 5000, SocketDrain: 3 * time.Second,
		RTMPAddr: "127.0.0.1:1935", RecordingsMaxGB: 20, VideoScheme: "plain", VaultMount: "transit", VaultKey: "yinbo"}
}

const prefix = "YINBO_"

// Load reads yinbo.yaml in dir, when there is one, and the environment.
func Load(dir string, environ []string) (Config, error) {
	k := koanf.New(".")
	path := filepath.Join(dir, "yinbo.yaml")
	if err := k.Load(file.Provider(path), yaml.Parser()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Config{}, fmt.Errorf("config: %s: %w", path, err)
	}
	known := keys()
	err := k.Load(env.Provider(".", env.Opt{Prefix: prefix, EnvironFunc: func() []string { return environ },
		TransformFunc: func(key, value string) (string, any) {
			key = strings.ToLower(strings.TrimPrefix(key, prefix))
			if !known[key] || value == "" { // YINBO_TEST_… and the like are others' matter
				return "", nil
			}
			return key, value
		}}), nil)
	if err != nil {
		return Config{}, fmt.Errorf("config: environment: %w", err)
	}
	c := Default()
	var problems []error
	for key := range k.All() {
		if !known[key] {
			problems = append(problems, fmt.Errorf("%s: no such key in %s", key, path))
		}
	}
	if err := k.Unmarshal("", &c); err != nil {
		problems = append(problems, err)
	}
	return c, errors.Join(problems...)
}

func keys() map[string]bool {
	m := map[string]bool{}
	for _, k := range []string{"addr", "metrics_addr", "public_url", "var", "mysql_dsn", "redis_url", "bankbox_url", "bank_callback_key",
		"default_bank", "order_ttl", "kek_file", "kek_file_before", "vault_before", "vault_url", "vault_token", "vault_token_file", "vault_mount", "vault_key", "vault_namespace", "vault_ca_file", "log_level", "trace_url", "trace_share", "workers", "mysql_max_conns", "flash_batch", "clock_offset_file",
		"socket_reader", "socket_tick", "socket_origins", "socket_per_address", "socket_accepts", "socket_drain",
		"wechat_mch_id", "wechat_app_id", "wechat_api_v3_key", "wechat_private_key_file", "wechat_serial_no",
		"wechat_public_key_file", "wechat_public_key_id", "wechat_base_url",
		"rtmp_addr", "rtmp_url", "node_url", "recordings_dir", "recordings_max_gb",
		"video_scheme", "video_push_url", "video_pull_url", "video_push_key", "video_pull_key"} {
		m[k] = true
	}
	return m
}

// Embedded tells that nothing but this process serves.
func (c Config) Embedded() bool { return c.MySQLDSN == "" && c.RedisURL == "" }

// Level is the log's level.
func (c Config) Level() slog.Level {
	var l slog.Level
	_ = l.UnmarshalText([]byte(c.LogLevel)) // Validate has looked at it
	return l
}

// Validate names every problem at once. alone tells that the process does
// everything by itself, as an embedded one must.
func (c Config) Validate(alone bool) error {
	var problems []error
	bad := func(key, format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
	}
	for key, addr := range map[string]string{"addr": c.Addr, "metrics_addr": c.MetricsAddr, "rtmp_addr": c.RTMPAddr} {
		if _, _, err := net.SplitHostPort(addr); err != nil && addr != "off" {
			bad(key, "%q is not host:port", addr)
		}
	}
	for key, raw := range map[string]string{"bankbox_url": c.BankboxURL, "public_url": c.PublicURL, "node_url": c.NodeURL, "trace_url": c.TraceURL} {
		u, err := url.Parse(raw)
		if raw != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
			bad(key, "%q is not an http address", raw)
		}
	}
	if (c.MySQLDSN == "") != (c.RedisURL == "") {
		bad("mysql_dsn, redis_url", "set both for real use, or neither for the embedded default")
	}
	if c.MySQLDSN != "" {
		if cfg, err := mysql.ParseDSN(string(c.MySQLDSN)); err != nil {
			bad("mysql_dsn", "%v", err)
		} else if cfg.DBName == "" {
			bad("mysql_dsn", "names no database")
		}
	}
	for u := range strings.SplitSeq(string(c.RedisURL), ",") {
		if _, err := redis.ParseURL(strings.TrimSpace(u)); u != "" && err != nil {
			bad("redis_url", "not a redis:// address")
		}
	}
	if c.Embedded() && !alone {
		bad("mysql_dsn, redis_url", "needed when serving and working are processes of their own (use `yinbo all` for the embedded default)")
	}
	if c.OrderTTL < time.Second || c.OrderTTL > 24*time.Hour {
		bad("order_ttl", "%s is not between 1s and 24h", c.OrderTTL)
	}
	if c.TraceShare < 0 || c.TraceShare > 1 {
		bad("trace_share", "%g is not between 0 and 1", c.TraceShare)
	}
	if err := new(slog.Level).UnmarshalText([]byte(c.LogLevel)); err != nil {
		bad("log_level", "%q is none of debug, info, warn, error", c.LogLevel)
	}
	if c.Workers < 1 || c.Workers > 1000 {
		bad("workers", "%d is not between 1 and 1000", c.Workers)
	}
	if c.FlashBatch < 1 || c.FlashBatch > 1000 {
		bad("flash_batch", "%d is not between 1 and 1000", c.FlashBatch)
	}
	problems = append(problems, c.sockets()...)
	if u, err := url.Parse(c.RTMPURL); c.RTMPURL != "" && (err != nil || u.Scheme != "rtmp" && u.Scheme != "rtmps" || u.Host == "") {
		bad("rtmp_url", "%q is not an rtmp address", c.RTMPURL)
	}
	if c.RecordingsMaxGB < 1 || c.RecordingsMaxGB > 1<<20 {
		bad("recordings_max_gb", "%d is not between 1 and %d", c.RecordingsMaxGB, 1<<20)
	}
	switch {
	case c.VaultBefore && (c.VaultURL == "" || c.KEKFile == ""):
		bad("vault_before", "means that kek_file wraps and Vault did: set vault_url and kek_file")
	case !c.VaultBefore && c.VaultURL != "" && c.KEKFile != "":
		bad("kek_file, vault_url", "one key wraps: with kek_file_before Vault takes over from a file, with vault_before a file from Vault")
	}
	problems = append(problems, c.Vault().Validate())
	wechat := c.WeChatPay()
	if !wechat.Off() && c.WeChatBaseURL == "" && !strings.HasPrefix(c.PublicURL, "https://") {
		bad("public_url", "WeChat Pay reports to an https address only: set the one at which it reaches this server")
	}
	return errors.Join(append(problems, wechat.Validate())...)
}

// sockets names the problems of the room sockets' part.
func (c Config) sockets() (problems []error) {
	bad := func(key, format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
	}
	if c.SocketReader != "" && c.SocketReader != "epoll" && c.SocketReader != "goroutine" {
		bad("socket_reader", "%q is none of epoll, goroutine", c.SocketReader)
	}
	if c.SocketTick < 50*time.Millisecond || c.SocketTick > 200*time.Millisecond {
		bad("socket_tick", "%s is not between 50ms and 200ms", c.SocketTick)
	}
	if c.SocketPerAddress < 1 {
		bad("socket_per_address", "%d is not at least 1", c.SocketPerAddress)
	}
	if c.SocketAccepts < 1 {
		bad("socket_accepts", "%d is not at least 1", c.SocketAccepts)
	}
	if c.SocketDrain < 0 || c.SocketDrain > time.Minute {
		bad("socket_drain", "%s is not between 0s and 1m", c.SocketDrain)
	}
	return problems
}
