package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"yinbo/internal/bankbox"
	"yinbo/internal/clock"
	"yinbo/internal/config"
	"yinbo/internal/db"
)

// template is a database that each run copies: demo data, a small flash sale
// that is on, goods of which there are few, and people who are signed in.
type template struct {
	dir    string // of the copy: yinbo.db and its key, or MariaDB's data
	sale   string
	room   string
	goods  []string // SKUs of vouchers outside of sales
	people []person
}

// person is a viewer who is signed in.
type person struct {
	Token  string `json:"access_token"`
	Viewer struct {
		ID string `json:"id"`
	} `json:"viewer"`
}

// What a run sells: less than its buyers want.
const (
	saleUnits = 14
	saleLimit = 2
	goodUnits = 9
	buyers    = 10
	reserves  = 2 // people who have not bought when all is over
)

// mould makes the templates and the program, once each.
type mould struct {
	dir string
	bin func(t *testing.T) string

	mu    sync.Mutex
	kinds map[bool]*template // on servers?
}

func newMould(t *testing.T) *mould {
	m := &mould{dir: t.TempDir(), kinds: map[bool]*template{}}
	var once sync.Once
	path := filepath.Join(m.dir, "yinbo")
	var failed error
	m.bin = func(t *testing.T) string {
		once.Do(func() {
			if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
				failed = fmt.Errorf("build: %w\n%s", err, out)
			}
		})
		if failed != nil {
			t.Fatal(failed)
		}
		return path
	}
	return m
}

// template gives the one of a kind, made by whoever asks first.
func (m *mould) template(t *testing.T, servers bool) *template {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kinds[servers] == nil {
		tpl := &template{dir: filepath.Join(m.dir, fmt.Sprint("servers-", servers))}
		if err := os.MkdirAll(tpl.dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if servers {
			tpl.onServers(t, m.dir)
		} else {
			tpl.embedded(t)
		}
		m.kinds[servers] = tpl
	}
	return m.kinds[servers]
}

func (m *template) embedded(t *testing.T) {
	cfg := config.Default()
	cfg.Var = m.dir
	m.fill(t, cfg)
}

func (m *template) onServers(t *testing.T, dir string) {
	port, redisPort := freePort(t), freePort(t)
	installMariaDB(t, m.dir)
	server, redis := startMariaDB(t, dir, m.dir, port), startRedis(t, dir, redisPort)
	defer redis.end()
	createDatabase(t, port)
	cfg := config.Default()
	cfg.Var, cfg.MySQLDSN, cfg.RedisURL = t.TempDir(), crashDSN(fmt.Sprint("127.0.0.1:", port)), config.Secret(fmt.Sprint("redis://127.0.0.1:", redisPort))
	m.fill(t, cfg)
	// A clean stop: copies start without a recovery, except after their own kills.
	server.mu.Lock()
	server.over = true
	_ = server.cmd.Process.Signal(syscall.SIGTERM)
	server.mu.Unlock()
	<-server.ended
}

const crashDatabase = "yinbo"

func crashDSN(addr string) config.Secret {
	return config.Secret("root@tcp(" + addr + ")/" + crashDatabase)
}

// createDatabase waits for the server and makes the database.
func createDatabase(t *testing.T, port int) {
	t.Helper()
	wait(t, "mariadbd", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		d, err := db.Open(ctx, db.Config{DSN: fmt.Sprintf("root@tcp(127.0.0.1:%d)/", port)}, clock.System{})
		if err != nil {
			return false
		}
		defer d.Close()
		return d.InTx(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, "CREATE DATABASE IF NOT EXISTS "+crashDatabase+" CHARACTER SET utf8mb4")
			return err
		}) == nil
	})
}

// fill loads the demo and goes on with it by the product's own means.
func (m *template) fill(t *testing.T, cfg config.Config) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	bank, err := bankbox.Open(ctx, bankbox.Config{Dir: t.TempDir(), Addr: "127.0.0.1:0", CallbackKey: demoCallbackKey})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Addr, cfg.MetricsAddr, cfg.LogLevel, cfg.BankboxURL = "127.0.0.1:0", "off", "error", bank.URL()
	if err := loadDemo(ctx, cfg, io.Discard); err != nil {
		t.Fatal(err)
	}
	p := &product{bank: bank.URL(), cfg: cfg, tokens: map[string]string{}}
	p.start(t)
	defer func() {
		if err := errors.Join(p.node.stop(), bank.Close(context.Background())); err != nil {
			t.Error(err)
		}
	}()
	m.stock(t, p)
	for range buyers + reserves {
		m.people = append(m.people, p.person(t))
	}
}

// stock picks the vouchers, leaves few of each, and puts one on sale.
func (m *template) stock(t *testing.T, p *product) {
	t.Helper()
	var goods struct{ Items []product1 }
	p.get(t, "", "/products?limit=50", 200, &goods)
	var rooms struct{ Items []struct{ ID string } }
	p.get(t, "", "/rooms?status=live", 200, &rooms)
	m.room = rooms.Items[0].ID
	for _, g := range goods.Items {
		if g.Kind == "voucher" {
			m.goods = append(m.goods, g.SKUs[0].ID)
		}
	}
	slices.Sort(m.goods)
	for _, sku := range m.goods {
		p.exec(t, "UPDATE sku SET stock = ? WHERE id = ?", goodUnits+saleUnits, sku)
	}
	var sale flash1
	p.post(t, p.staff(t, "demo", "host"), "/host/rooms/"+m.room+"/flash", map[string]any{"sku_id": m.goods[0], "price_fen": 990, "total": saleUnits,
		"per_user_limit": saleLimit, "starts_at": time.Now().UTC().Add(-time.Minute), "ends_at": time.Now().UTC().Add(24 * time.Hour)}, 201, &sale)
	m.sale = sale.ID
}

// person signs somebody in.
func (p *product) person(t *testing.T) (who person) {
	t.Helper()
	number := phone()
	p.post(t, "", "/auth/otp", map[string]string{"phone": number}, 202, nil)
	p.post(t, "", "/auth/otp/verify", map[string]string{"phone": number, "code": p.code(t, number)}, 200, &who)
	return who
}
