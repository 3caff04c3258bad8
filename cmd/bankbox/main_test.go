package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// soon bounds every wait for what should happen at once.
const soon = 10 * time.Second

// journal is a log that is read while it is written.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

var openedAt = regexp.MustCompile(`url=(http://127\.0\.0\.1:\d+)`)

// program is a run that goes on in the background.
type program struct {
	t    *testing.T
	url  string
	log  *journal
	stop context.CancelFunc
	done chan error
}

// start runs the program until it says where it listens.
func start(t *testing.T, args []string, env map[string]string) *program {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	p := &program{t: t, log: &journal{}, stop: stop, done: make(chan error, 1)}
	go func() { p.done <- run(ctx, args, func(name string) string { return env[name] }, p.log) }()
	t.Cleanup(stop)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	bound := time.After(soon)
	for {
		if found := openedAt.FindStringSubmatch(p.log.String()); found != nil {
			p.url = found[1]
			return p
		}
		select {
		case <-tick.C:
		case err := <-p.done:
			t.Fatalf("ended before it listened: %v: %s", err, p.log)
		case <-bound:
			t.Fatalf("does not listen: %s", p.log)
		}
	}
}

// end stops the program as a signal would and checks that it ends cleanly.
func (p *program) end() {
	p.t.Helper()
	p.stop()
	select {
	case err := <-p.done:
		if err != nil {
			p.t.Errorf("ended with %v", err)
		}
	case <-time.After(soon):
		p.t.Fatal("does not end")
	}
	if !strings.Contains(p.log.String(), "bankbox is closed") {
		p.t.Errorf("log: %s", p.log)
	}
}

// call makes one request on a connection of its own.
func (p *program) call(method, path, body string) (int, string) {
	p.t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	client := &http.Client{Transport: transport, Timeout: soon}
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return res.StatusCode, string(raw)
}

func TestRunServesUntilItsContextEndsAndGoesOnLater(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "var")
	env := map[string]string{"BANKBOX_ADDR": "127.0.0.1:0", "YINBO_VAR": dir}
	p := start(t, nil, env)
	if status, raw := p.call("GET", "/healthz", ""); status != 200 {
		t.Errorf("health: %d %s", status, raw)
	}
	if status, raw := p.call("POST", "/sms/v1/messages", `{"phone":"13800138000","text":"你好"}`); status != 201 {
		t.Errorf("message: %d %s", status, raw)
	}
	p.end()

	p = start(t, nil, env)
	if _, raw := p.call("GET", "/sms/v1/messages", ""); !strings.Contains(raw, "你好") {
		t.Errorf("messages after a restart: %s", raw)
	}
	p.end()
}

func TestFlagsWinOverTheEnvironment(t *testing.T) {
	dir := t.TempDir()
	p := start(t, []string{"-addr", "127.0.0.1:0", "-var", dir, "-public-url", "https://bank.example", "-core-delay", "0s"},
		map[string]string{"BANKBOX_ADDR": "127.0.0.1:1", "YINBO_VAR": "/dev/null/x", "BANKBOX_CORE_DELAY": "1h"})
	defer p.end()
	if _, raw := p.call("POST", "/pay/v1/payments",
		`{"out_trade_no":"a","amount_fen":1,"notify_url":"http://127.0.0.1:1/","subject":"s"}`); !strings.Contains(raw, "https://bank.example/pay/cashier/") {
		t.Errorf("payment: %s", raw)
	}
	p.call("POST", "/core/v1/applications", `{"application_id":"app_1","applicant":{},"notify_url":"http://127.0.0.1:1/"}`)
	bound := time.After(soon)
	for {
		if _, raw := p.call("GET", "/core/v1/applications/app_1", ""); strings.Contains(raw, `"issued"`) {
			return
		}
		select {
		case <-bound:
			t.Fatal("a delay of 0 is not taken at its word")
		default:
		}
	}
}

func TestDefaultsAreThoseOfTheContract(t *testing.T) {
	for key, env := range map[string]map[string]string{
		"demo-callback-key": {},
		"another-key":       {"YINBO_BANK_CALLBACK_KEY": "another-key"},
	} {
		cfg, err := configure(nil, func(name string) string { return env[name] }, io.Discard)
		if err != nil || cfg.CallbackKey != key || cfg.Addr != "127.0.0.1:8090" || cfg.Dir != "./var" || cfg.CoreDelay != 2*time.Second {
			t.Errorf("%v: %+v, %v", env, cfg, err)
		}
	}
}

func TestBadConfigurationIsRefusedNamingEachProblem(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		env  map[string]string
		want []string
	}{
		"address":        {env: map[string]string{"BANKBOX_ADDR": "nonsense"}, want: []string{`address "nonsense"`}},
		"delay":          {env: map[string]string{"BANKBOX_CORE_DELAY": "soon"}, want: []string{"BANKBOX_CORE_DELAY", "soon"}},
		"negative delay": {args: []string{"-core-delay", "-1s"}, want: []string{"core delay -1s"}},
		"public address": {env: map[string]string{"BANKBOX_PUBLIC_URL": "bank"}, want: []string{`public URL "bank"`}},
		"unknown flag":   {args: []string{"-colour"}, want: []string{"colour"}},
		"argument":       {args: []string{"serve"}, want: []string{"serve"}},
		"all at once": {
			args: []string{"-core-delay", "-1s", "more"},
			env:  map[string]string{"BANKBOX_ADDR": "nonsense", "BANKBOX_PUBLIC_URL": "bank"},
			want: []string{"nonsense", "bank", "core delay", "more"},
		},
		"flag and environment": {
			args: []string{"-colour"}, env: map[string]string{"BANKBOX_CORE_DELAY": "soon"},
			want: []string{"colour", "BANKBOX_CORE_DELAY"},
		},
	} {
		env := map[string]string{"BANKBOX_ADDR": "127.0.0.1:0", "YINBO_VAR": t.TempDir()}
		for k, v := range c.env {
			env[k] = v
		}
		err := run(t.Context(), c.args, func(name string) string { return env[name] }, io.Discard)
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q is not named in: %v", name, want, err)
			}
		}
	}
}

func TestWhatCannotBeOpenedIsSaid(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	noEnv := func(string) string { return "" }
	err = run(t.Context(), []string{"-addr", taken.Addr().String(), "-var", t.TempDir()}, noEnv, io.Discard)
	if err == nil || !strings.Contains(err.Error(), taken.Addr().String()) {
		t.Errorf("an address that is taken: %v", err)
	}
	err = run(t.Context(), []string{"-addr", "127.0.0.1:0", "-var", "/dev/null/state"}, noEnv, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "/dev/null") {
		t.Errorf("a folder that can't be made: %v", err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := run(ended, []string{"-addr", "127.0.0.1:0", "-var", t.TempDir()}, noEnv, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped before it began: %v", err)
	}
}

func TestHelpIsNoFailure(t *testing.T) {
	out := &journal{}
	if err := run(t.Context(), []string{"-h"}, func(string) string { return "" }, out); err != nil {
		t.Errorf("help: %v", err)
	}
	for _, name := range []string{"BANKBOX_ADDR", "YINBO_VAR", "BANKBOX_CORE_DELAY"} {
		if !strings.Contains(out.String(), name) {
			t.Errorf("the usage does not name %s: %s", name, out)
		}
	}
}
