package vault_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/pii"
	"yinbo/internal/testkit"
	"yinbo/internal/vault"
)

// engine is a transit engine that really seals, by the documented API.
type engine struct {
	*httptest.Server
	mu       sync.Mutex
	token    string
	versions []cipher.AEAD
	fail     []int // statuses of the next answers
	slow     time.Duration
	asked    int
	seen     bytes.Buffer // what it was sent
}

func start(t *testing.T) *engine {
	e := &engine{token: "hvs.secret-of-the-test"}
	e.rotate()
	e.Server = httptest.NewServer(e)
	t.Cleanup(e.Close)
	return e
}

func (e *engine) rotate() {
	raw := make([]byte, 32)
	rand.Read(raw)
	block, _ := aes.NewCipher(raw)
	aead, _ := cipher.NewGCM(block)
	e.mu.Lock()
	e.versions = append(e.versions, aead)
	e.mu.Unlock()
}

func (e *engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	slow := e.slow
	e.asked++
	defer e.mu.Unlock()
	if slow > 0 {
		e.mu.Unlock()
		select {
		case <-time.After(slow):
		case <-r.Context().Done():
		}
		e.mu.Lock()
	}
	refuse := func(status int) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"errors":["no: %s"]}`, r.Header.Get("X-Vault-Token")) // an answer that must not be quoted
	}
	if len(e.fail) > 0 {
		status := e.fail[0]
		e.fail = e.fail[1:]
		if status == http.StatusTemporaryRedirect {
			w.Header().Set("Location", "http://127.0.0.1:1/v1/transit")
		}
		refuse(status)
		return
	}
	if r.Header.Get("X-Vault-Token") != e.token {
		refuse(http.StatusForbidden)
		return
	}
	var in struct {
		Plaintext, Ciphertext string
		AAD                   string `json:"associated_data"`
	}
	var body bytes.Buffer
	body.ReadFrom(r.Body)
	e.seen.Write(body.Bytes())
	_ = json.Unmarshal(body.Bytes(), &in)
	aad, _ := base64.StdEncoding.DecodeString(in.AAD)
	answer := func(data map[string]any) { json.NewEncoder(w).Encode(map[string]any{"data": data}) }
	switch r.Method + " " + r.URL.Path {
	case "POST /v1/transit/encrypt/yinbo":
		clear, err := base64.StdEncoding.DecodeString(in.Plaintext)
		if err != nil {
			refuse(http.StatusBadRequest)
			return
		}
		aead := e.versions[len(e.versions)-1]
		nonce := make([]byte, aead.NonceSize())
		rand.Read(nonce)
		answer(map[string]any{"key_version": len(e.versions),
			"ciphertext": fmt.Sprintf("vault:v%d:%s", len(e.versions), base64.StdEncoding.EncodeToString(aead.Seal(nonce, nonce, clear, aad)))})
	case "POST /v1/transit/decrypt/yinbo":
		var version int
		var text string
		fmt.Sscanf(in.Ciphertext, "vault:v%d:%s", &version, &text)
		raw, _ := base64.StdEncoding.DecodeString(text)
		if version < 1 || version > len(e.versions) || len(raw) < 12 {
			refuse(http.StatusBadRequest)
			return
		}
		clear, err := e.versions[version-1].Open(nil, raw[:12], raw[12:], aad)
		if err != nil {
			refuse(http.StatusBadRequest)
			return
		}
		answer(map[string]any{"plaintext": base64.StdEncoding.EncodeToString(clear)})
	case "GET /v1/transit/keys/yinbo":
		answer(map[string]any{"latest_version": len(e.versions), "type": "aes256-gcm96"})
	default:
		refuse(http.StatusNotFound)
	}
}

func (e *engine) config() vault.Config {
	return vault.Config{URL: e.URL, Token: e.token, Mount: "transit", Key: "yinbo", Timeout: 500 * time.Millisecond, Rest: time.Millisecond}
}

func open(t *testing.T, c vault.Config) *vault.KEK {
	t.Helper()
	k, err := vault.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// What holds of every key-encryption key, wherever it lies.
func TestAKeyUnwrapsOnlyWhereItWasWrapped(t *testing.T) {
	file, err := pii.LoadKEK(filepath.Join(t.TempDir(), "kek"))
	if err != nil {
		t.Fatal(err)
	}
	for name, kek := range map[string]pii.KEK{"file": file, "vault": open(t, start(t).config())} {
		t.Run(name, func(t *testing.T) {
			ctx, key := t.Context(), []byte("a data key of 32 bytes, in clear")
			one, err := kek.Wrap(ctx, key, []byte("bank a"))
			two, again := kek.Wrap(ctx, key, []byte("bank a"))
			if err != nil || again != nil || one == two || strings.Contains(one, string(key)) || kek.ID() == "" || len(kek.ID()) > 40 {
				t.Fatalf("%q %q of %s: %v %v", one, two, kek.ID(), err, again)
			}
			if got, err := kek.Unwrap(ctx, one, []byte("bank a")); err != nil || !bytes.Equal(got, key) {
				t.Errorf("%q: %v", got, err)
			}
			for what, wrapped := range map[string]string{"another place": one, "nothing": "", "cut off": one[:len(one)-8], "no wrapped key": "vault:v1:xx"} {
				aad := []byte("bank a")
				if what == "another place" {
					aad = []byte("bank b")
				}
				if got, err := kek.Unwrap(ctx, wrapped, aad); err == nil {
					t.Errorf("%s: %q", what, got)
				}
			}
		})
	}
}

func TestWhatMayPassIsTriedAgainAndARefusalIsNot(t *testing.T) {
	ctx := t.Context()
	for _, c := range []struct {
		fail  []int
		asked int
		want  error
	}{
		{[]int{503, 500}, 3, nil}, {[]int{429}, 2, nil}, {[]int{503, 502, 500, 500}, 3, vault.ErrAway},
		{[]int{403}, 1, vault.ErrRefused}, {[]int{400}, 1, nil}, {[]int{307}, 1, nil},
	} {
		e := start(t)
		k := open(t, e.config())
		e.fail = c.fail
		_, err := k.Wrap(ctx, []byte("key"), nil)
		good := len(c.fail) < c.asked
		if (err == nil) != good || c.want != nil && !errors.Is(err, c.want) || e.asked != c.asked {
			t.Errorf("%v: asked %d times: %v", c.fail, e.asked, err)
		}
		if err != nil && (strings.Contains(err.Error(), e.token) || strings.Contains(err.Error(), "no:")) {
			t.Errorf("%v quotes the answer", err)
		}
	}
}

func TestAVaultThatIsSlowOrGoneIsAway(t *testing.T) {
	e := start(t)
	e.slow = 300 * time.Millisecond
	c := e.config()
	c.Timeout = 20 * time.Millisecond
	k := open(t, c)
	if _, err := k.Wrap(t.Context(), []byte("key"), nil); !errors.Is(err, vault.ErrAway) {
		t.Errorf("slow: %v", err)
	}
	e.CloseClientConnections()
	e.Server.Close()
	if _, err := k.Unwrap(t.Context(), "vault:v1:QUJD", nil); !errors.Is(err, vault.ErrAway) || strings.Contains(err.Error(), "QUJD") {
		t.Errorf("gone: %v", err)
	}
}

func TestATokenIsReadAnewWhenItIsRefused(t *testing.T) {
	e := start(t)
	c := e.config()
	c.Token, c.TokenFile = "", filepath.Join(t.TempDir(), "token")
	write := func(token string) {
		if err := os.WriteFile(c.TokenFile, []byte(token+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(e.token)
	k := open(t, c)
	if _, err := k.Wrap(t.Context(), []byte("key"), nil); err != nil {
		t.Fatal(err)
	}
	e.token = "hvs.renewed"
	if _, err := k.Wrap(t.Context(), []byte("key"), nil); !errors.Is(err, vault.ErrRefused) {
		t.Errorf("the old token: %v", err)
	}
	write("hvs.renewed")
	if _, err := k.Wrap(t.Context(), []byte("key"), nil); err != nil {
		t.Errorf("the new token: %v", err)
	}
	os.Remove(c.TokenFile)
	if _, err := vault.New(c); err == nil || !strings.Contains(err.Error(), "vault_token_file") {
		t.Errorf("no file: %v", err)
	}
}

func TestAConfigurationNamesItsProblems(t *testing.T) {
	good := vault.Config{URL: "https://vault.example:8200", Token: "t", Mount: "transit", Key: "yinbo"}
	for want, change := range map[string]func(*vault.Config){
		"":            func(*vault.Config) {},
		"http is for": func(c *vault.Config) { c.URL = "http://vault.example:8200" },
		"alone":       func(c *vault.Config) { c.URL += "/v1" },
		"not an":      func(c *vault.Config) { c.URL = "vault.example" },
		"one of them": func(c *vault.Config) { c.TokenFile = "x" },
		"vault_mount": func(c *vault.Config) { c.Mount = "../sys" },
		"vault_key":   func(c *vault.Config) { c.Key = "a/b" },
		"too many":    func(c *vault.Config) { c.Key = strings.Repeat("k", 40) },
		"vault_url":   func(c *vault.Config) { c.URL = "" },
	} {
		c := good
		change(&c)
		if err := c.Validate(); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
	if err := (vault.Config{Mount: "transit", Key: "yinbo"}).Validate(); err != nil {
		t.Errorf("none: %v", err)
	}
}

// A database moves from a file's key to Vault's, through Vault's versions, and
// rotates its data keys by it; while Vault is away what is known goes on.
func TestAKeyringLivesOnVault(t *testing.T) {
	each := map[string]func(testing.TB, clock.Clock) *db.DB{"sqlite": testkit.SQLite, "mariadb": testkit.MariaDB}
	for name, on := range each {
		t.Run(name, func(t *testing.T) {
			ctx, d := testkit.Context(t), on(t, clock.System{})
			file, err := pii.LoadKEK(filepath.Join(t.TempDir(), "kek"))
			if err != nil {
				t.Fatal(err)
			}
			first, err := pii.OpenKeyring(ctx, d, file)
			if err != nil {
				t.Fatal(err)
			}
			bank := testkit.Bank(t, d, first, "demo")
			place := pii.Place{Bank: bank.ID, Table: "address", Column: "sealed", Row: "adr_1"}
			sealed, err := first.Seal(ctx, place, pii.Clear("梧桐巷十七号"))
			if err != nil {
				t.Fatal(err)
			}
			e := start(t)
			kek := open(t, e.config())
			if _, err := pii.OpenKeyring(ctx, d, kek); !errors.Is(err, pii.ErrOtherKEK) {
				t.Errorf("without the file: %v", err)
			}
			both, err := pii.OpenKeyring(ctx, d, kek, file)
			if err != nil {
				t.Fatal(err)
			}
			rewrapped := func(k *pii.Keyring, want int) {
				t.Helper()
				if n, err := k.Rewrap(ctx); err != nil || n != want {
					t.Errorf("%d wrapped anew, want %d: %v", n, want, err)
				}
			}
			rewrapped(both, 3) // the installation's, and the bank's two
			rewrapped(both, 0)
			opens := func(k *pii.Keyring) {
				t.Helper()
				if text, err := k.Open(ctx, place, sealed); err != nil || text.Reveal() != "梧桐巷十七号" {
					t.Errorf("%v", err)
				}
			}
			alone, err := pii.OpenKeyring(ctx, d, kek)
			if err != nil {
				t.Fatal(err)
			}
			opens(alone)
			e.rotate()
			rewrapped(alone, 3)
			if _, err := (pii.Rotation{Keys: alone, Grace: time.Millisecond}).Run(ctx, bank.ID); err != nil {
				t.Fatal(err)
			}
			rewrapped(alone, 0)
			opens(alone)
			e.Server.Close()
			if _, err := alone.Seal(ctx, place, pii.Clear("二")); err != nil {
				t.Errorf("a key that is known: %v", err)
			}
			if _, err := pii.OpenKeyring(ctx, d, kek); !errors.Is(err, vault.ErrAway) {
				t.Errorf("a node that starts: %v", err)
			}
			if strings.Contains(e.seen.String(), "梧桐巷") {
				t.Error("Vault was sent a person's data")
			}
		})
	}
}
