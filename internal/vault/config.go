package vault

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"time"
)

// Config says where the key is. Without a URL there is none.
type Config struct {
	URL       string // https://vault.bank.example:8200; http only on this machine
	Token     string
	TokenFile string // instead of Token: what an agent writes
	Mount     string // of the transit engine
	Key       string // its name there
	Namespace string // where there are several
	CAFile    string // PEM, where the system does not know who signed

	Timeout time.Duration // of one try; 5 s
	Rest    time.Duration // before the second try, twice it before the third; 200 ms
}

// The names of mounts and keys; together they are the key's id, which has room for
// 40 characters.
var (
	mountShape = regexp.MustCompile(`^[a-zA-Z0-9_-]+(/[a-zA-Z0-9_-]+)*$`)
	keyShape   = regexp.MustCompile(`^[a-zA-Z0-9_.-]+$`)
)

const maxID = 40

// Off tells that no Vault is configured.
func (c Config) Off() bool { return c.URL == "" }

func (c Config) id() string { return "vault:" + c.Mount + "/" + c.Key }

// Validate names every problem, by the keys of the product's configuration.
func (c Config) Validate() error {
	if c.Off() {
		if c.Token != "" || c.TokenFile != "" {
			return errors.New("vault_url: set it as well, or take vault_token and vault_token_file away")
		}
		return nil
	}
	var problems []error
	bad := func(key, format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
	}
	switch u, err := url.Parse(c.URL); {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		bad("vault_url", "not an https address")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/":
		bad("vault_url", "an address alone, without user, path or query")
	case u.Scheme == "http" && !here(u.Hostname()):
		bad("vault_url", "http is for an agent on this machine; use https")
	}
	if (c.Token == "") == (c.TokenFile == "") {
		bad("vault_token, vault_token_file", "set one of them")
	}
	if !mountShape.MatchString(c.Mount) {
		bad("vault_mount", "%q is no path of a mount", c.Mount)
	}
	if !keyShape.MatchString(c.Key) {
		bad("vault_key", "%q is no key's name", c.Key)
	}
	if len(c.id()) > maxID {
		bad("vault_mount, vault_key", "%d characters together are too many; %d at most", len(c.Mount)+len(c.Key), maxID-len("vault:/"))
	}
	return errors.Join(problems...)
}

func here(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
