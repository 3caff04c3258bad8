package wechatpay

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/wechatpay-apiv3/wechatpay-go/utils"
)

// Config is what a merchant has from WeChat Pay's merchant platform. Files are
// PEM.
type Config struct {
	MchID          string // 商户号
	AppID          string // of the merchant's app or official account
	APIv3Key       string // 32 bytes; opens notices
	PrivateKeyFile string // the merchant's API certificate's key (apiclient_key.pem)
	SerialNo       string // that certificate's serial number
	PublicKeyFile  string // 微信支付公钥 (pub_key.pem)
	PublicKeyID    string // its id, PUB_KEY_ID_…
	BaseURL        string // another address of the gateway, for tests; empty: the real one
}

// String hides all but the merchant's number.
func (c Config) String() string { return "merchant " + c.MchID }

// GoString hides the same from %#v.
func (c Config) GoString() string { return c.String() }

// settings are the keys under which a configuration holds the values, in order.
func (c Config) settings() [][2]string {
	return [][2]string{{"wechat_mch_id", c.MchID}, {"wechat_app_id", c.AppID}, {"wechat_api_v3_key", c.APIv3Key},
		{"wechat_private_key_file", c.PrivateKeyFile}, {"wechat_serial_no", c.SerialNo},
		{"wechat_public_key_file", c.PublicKeyFile}, {"wechat_public_key_id", c.PublicKeyID}}
}

// Missing names the keys that are not set.
func (c Config) Missing() (keys []string) {
	for _, s := range c.settings() {
		if s[1] == "" {
			keys = append(keys, s[0])
		}
	}
	return keys
}

// Off tells that nothing is set: there is no WeChat Pay here.
func (c Config) Off() bool { return len(c.Missing()) == len(c.settings()) && c.BaseURL == "" }

// Validate names every problem at once; nothing set is none.
func (c Config) Validate() error {
	if c.Off() {
		return nil
	}
	_, problems := c.load()
	return problems
}

// keys are the RSA keys of a configuration.
type keys struct {
	private *rsa.PrivateKey // ours
	public  *rsa.PublicKey  // WeChat Pay's
}

func (c Config) load() (k keys, problems error) {
	bad := func(key, format string, args ...any) {
		problems = errors.Join(problems, fmt.Errorf("%s: %w", key, fmt.Errorf(format, args...)))
	}
	if missing := c.Missing(); len(missing) > 0 {
		bad(strings.Join(missing, ", "), "set all of WeChat Pay's keys or none")
	}
	if n := len(c.APIv3Key); n != 0 && n != 32 {
		bad("wechat_api_v3_key", "has %d bytes, not 32", n)
	}
	if u, err := url.Parse(c.BaseURL); c.BaseURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		bad("wechat_base_url", "%q is not an http address", c.BaseURL)
	}
	var err error
	if c.PrivateKeyFile != "" {
		if k.private, err = readKey(c.PrivateKeyFile, utils.LoadPrivateKey); err != nil {
			bad("wechat_private_key_file", "%w", err)
		}
	}
	if c.PublicKeyFile != "" {
		if k.public, err = readKey(c.PublicKeyFile, utils.LoadPublicKey); err != nil {
			bad("wechat_public_key_file", "%w", err)
		}
	}
	return k, problems
}

// readKey reads a PEM file. What the SDK says of it may quote the file, so only
// that it does not fit is told.
func readKey[K any](path string, parse func(string) (*K, error)) (*K, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	key, err := parse(string(raw))
	if err != nil {
		return nil, fmt.Errorf("%s is not a PEM file with such an RSA key", path)
	}
	return key, nil
}
