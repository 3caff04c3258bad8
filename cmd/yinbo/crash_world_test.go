package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"yinbo/internal/bankbox"
	"yinbo/internal/clock"
	"yinbo/internal/config"
	"yinbo/internal/db"
)

// world is one run's servers: the product as real processes, on a copy of the
// template.
type world struct {
	*template
	t       *testing.T
	dir     string
	servers bool
	began   time.Time

	mariadb, redis *process // nil when embedded
	redisPort      int
	shops          []*shop
	bank           *bankbox.Server
	db             *db.DB // straight to the database, past the proxies
	cfg            config.Config

	mu       sync.Mutex
	timeline []string
}

// shop is one yinbo and its ways to the others.
type shop struct {
	*process
	base    string
	clock   string // the file with the offset of its clock
	toDB    *proxy // nil when embedded, as is toRedis
	toRedis *proxy
	toBank  *proxy
	proxies []*proxy

	clockMu sync.Mutex
	offset  time.Duration // of its clock
}

const orderTTL = 1500 * time.Millisecond

func newWorld(t *testing.T, m *mould, servers bool) *world {
	w := &world{template: m.template(t, servers), t: t, dir: t.TempDir(), servers: servers, cfg: config.Default()}
	copied := filepath.Join(w.dir, "data")
	if err := os.CopyFS(copied, os.DirFS(w.template.dir)); err != nil {
		t.Fatal(err)
	}
	var err error
	w.bank, err = bankbox.Open(t.Context(), bankbox.Config{Dir: w.dir, Addr: "127.0.0.1:0", CallbackKey: demoCallbackKey, RetryBase: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.bank.Close(context.Background()) })
	nodes := 1
	if servers {
		w.startServers(copied)
		nodes = 2
	} else {
		w.cfg.Var = copied
	}
	for n := range nodes {
		w.shops = append(w.shops, w.startShop(m.bin(t), n))
	}
	w.db, err = openDB(t.Context(), w.cfg, clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.db.Close() })
	w.await("the nodes", 30*time.Second, w.ready)
	w.began = time.Now()
	return w
}

func (w *world) startServers(data string) {
	port := freePort(w.t)
	w.redisPort = freePort(w.t)
	w.mariadb, w.redis = startMariaDB(w.t, w.dir, data, port), startRedis(w.t, w.dir, w.redisPort)
	w.t.Cleanup(func() { w.mariadb.end(); w.redis.end() })
	createDatabase(w.t, port)
	w.cfg.MySQLDSN, w.cfg.RedisURL = crashDSN(fmt.Sprint("127.0.0.1:", port)), config.Secret(fmt.Sprint("redis://127.0.0.1:", w.redisPort))
}

func (w *world) startShop(bin string, n int) *shop {
	s := &shop{clock: filepath.Join(w.dir, fmt.Sprint("clock-", n)), toBank: startProxy(w.t, strings.TrimPrefix(w.bank.URL(), "http://"))}
	addr := fmt.Sprint("127.0.0.1:", freePort(w.t))
	s.base, s.proxies = "http://"+addr, []*proxy{s.toBank}
	env := []string{"YINBO_ADDR=" + addr, "YINBO_METRICS_ADDR=off", "YINBO_LOG_LEVEL=warn", "YINBO_CLOCK_OFFSET_FILE=" + s.clock,
		"YINBO_ORDER_TTL=" + orderTTL.String(), "YINBO_BANKBOX_URL=http://" + s.toBank.addr(), "YINBO_WORKERS=8", "YINBO_MYSQL_MAX_CONNS=12", "GOMAXPROCS=2"}
	if w.servers {
		dsn := strings.TrimPrefix(string(w.cfg.MySQLDSN), "root@tcp(")
		s.toDB = startProxy(w.t, dsn[:strings.Index(dsn, ")")])
		s.toRedis = startProxy(w.t, fmt.Sprint("127.0.0.1:", w.redisPort))
		s.proxies = append(s.proxies, s.toDB, s.toRedis)
		env = append(env, "YINBO_VAR="+w.dir, "YINBO_MYSQL_DSN="+string(crashDSN(s.toDB.addr())), "YINBO_REDIS_URL=redis://"+s.toRedis.addr())
	} else {
		env = append(env, "YINBO_VAR="+w.cfg.Var)
	}
	s.process = launch(w.t, w.dir, fmt.Sprint("yinbo-", n), env, bin, "all")
	w.t.Cleanup(func() {
		s.end()
		for _, p := range s.proxies {
			p.end()
		}
	})
	return s
}

// note adds to the timeline that a failure prints.
func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := time.Duration(0)
	if !w.began.IsZero() {
		at = time.Since(w.began)
	}
	w.timeline = append(w.timeline, fmt.Sprintf("%6.2f s  %s", at.Seconds(), fmt.Sprintf(format, args...)))
}

func (w *world) story() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.timeline, "\n")
}

// tell prints what happened, for a run that failed.
func (w *world) tell(seed uint64) {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d, servers %t. Again: CRASH_SEED=%d CRASH_RUNS=1 go test ./cmd/yinbo -run 'TestCrash$' -count 1\n", seed, w.servers, seed)
	fmt.Fprintln(&b, w.story())
	all := make([]*process, 0, 4)
	for _, s := range w.shops {
		all = append(all, s.process)
	}
	if w.servers {
		all = append(all, w.mariadb, w.redis)
	}
	for _, p := range all {
		fmt.Fprintf(&b, "── %s\n%s\n", p.name, p.tail(25))
	}
	w.t.Log(b.String())
}

// await holds until cond, else the run fails.
func (w *world) await(what string, most time.Duration, cond func() bool) {
	w.t.Helper()
	for end := time.Now().Add(most); time.Now().Before(end); <-time.After(30 * time.Millisecond) {
		if cond() {
			return
		}
	}
	w.t.Fatalf("waited %s in vain for %s", most, what)
}

var probe = &http.Client{Timeout: 2 * time.Second}

func (w *world) ready() bool {
	for _, s := range w.shops {
		res, err := probe.Get(s.base + "/readyz")
		if err != nil {
			return false
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return false
		}
	}
	return true
}

// setClock puts off a node's clock.
func (w *world) setClock(s *shop, offset time.Duration) {
	s.clockMu.Lock()
	defer s.clockMu.Unlock()
	s.offset = offset
	tmp := s.clock + ".new"
	if err := os.WriteFile(tmp, []byte(offset.String()), 0o600); err != nil {
		w.t.Error(err)
	}
	if err := os.Rename(tmp, s.clock); err != nil {
		w.t.Error(err)
	}
}

// heal ends every fault and lets all clocks go on together, leases past: what a
// worker held that was killed is due again.
func (w *world) heal() {
	for _, s := range w.shops {
		for _, p := range s.proxies {
			p.set(fair, true)
		}
	}
	w.bankFaults(map[string]any{})
	w.forward()
	w.await("the nodes after all faults", 30*time.Second, w.ready)
	w.note("healed")
}

// forward moves all clocks beyond leases and waits.
func (w *world) forward() {
	most := time.Duration(0)
	for _, s := range w.shops {
		most = max(most, s.offset)
	}
	for _, s := range w.shops {
		w.setClock(s, most+40*time.Second)
	}
}

func (w *world) bankFaults(f map[string]any) {
	err := func() error {
		raw, err := json.Marshal(f)
		if err != nil {
			return err
		}
		req, err := http.NewRequest(http.MethodPut, w.bank.URL()+"/faults", bytes.NewReader(raw))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := probe.Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if res.StatusCode >= 300 {
			return fmt.Errorf("status %d", res.StatusCode)
		}
		return nil
	}()
	if err != nil {
		w.t.Errorf("the bank's faults: %v", err)
	}
}

// number reads one number from the database.
func (w *world) number(query string, args ...any) int64 {
	w.t.Helper()
	n, _, err := db.Value[int64](w.t.Context(), w.db, query, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// between is a time from least to most.
func between(r *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(r.Int64N(int64(most-least)+1))
}
