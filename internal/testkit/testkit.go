// Package testkit gives tests real servers: every store test runs on SQLite and
// on MariaDB, every Redis test on miniredis and on redis-server.
//
// `make test` starts private servers and names them in YINBO_TEST_MYSQL_DSN and
// YINBO_TEST_REDIS_URL. Without them a plain `go test` covers the embedded
// engines and says so; with CI=true it fails instead: CI never skips.
package testkit

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/alicebob/miniredis/v2"
	"github.com/go-sql-driver/mysql"
	"github.com/redis/go-redis/v9"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
	"yinbo/migrations"
)

// CheapPasswords is what hashes cost in tests, which are not about guessing them.
var CheapPasswords = &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// Context ends with the test, at the latest after two minutes.
func Context(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// EachDB runs fn on a migrated, empty database of each engine.
func EachDB(t *testing.T, fn func(t *testing.T, d *db.DB)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t, clock.System{})) })
	t.Run("mariadb", func(t *testing.T) { fn(t, MariaDB(t, clock.System{})) })
}

// SQLite opens a migrated, empty file of the test's own.
func SQLite(t testing.TB, c clock.Clock) *db.DB {
	t.Helper()
	file, err := emptyFile()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "yinbo.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, db.Config{Path: path}, c)
}

// emptyFile is a migrated, empty file, of which every test has a copy: to
// migrate one takes seconds under the race detector.
var emptyFile = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "yinbo-template-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	path := filepath.Join(dir, "yinbo.db")
	d, err := db.Open(ctx, db.Config{Path: path}, clock.System{})
	if err != nil {
		return nil, err
	}
	_, err = migrations.Up(ctx, d)
	if err = errors.Join(err, d.Close()); err != nil { // closing brings everything into the file
		return nil, err
	}
	return os.ReadFile(path)
})

// MariaDB opens a migrated, empty database of the test's own. The first of a
// process is migrated, the others are made as it then is.
func MariaDB(t testing.TB, c clock.Clock) *db.DB {
	t.Helper()
	d := open(t, db.Config{DSN: MariaDSN(t), MaxConns: 16}, c)
	schema.mu.Lock()
	defer schema.mu.Unlock()
	var err error
	if schema.all == nil {
		schema.all, err = migrated(Context(t), d)
	} else {
		err = copied(Context(t), d, schema.all)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// schema is the statements that make a migrated, empty database.
var schema struct {
	mu  sync.Mutex
	all []string
}

func migrated(ctx context.Context, d *db.DB) ([]string, error) {
	if _, err := migrations.Up(ctx, d); err != nil {
		return nil, err
	}
	rows, err := d.Handle().QueryContext(ctx, "SHOW TABLES")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := []string{"ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "SET foreign_key_checks = 0"}
	for rows.Next() {
		var name, create string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		if err := d.Handle().QueryRowContext(ctx, "SHOW CREATE TABLE `"+name+"`").Scan(&name, &create); err != nil {
			return nil, err
		}
		all = append(all, create)
	}
	var applied string // the runner's own record
	err = d.Handle().QueryRowContext(ctx, "SELECT GROUP_CONCAT('(', version_id, ', 1)' ORDER BY id) FROM goose_db_version").Scan(&applied)
	return append(all, "INSERT INTO goose_db_version (version_id, is_applied) VALUES "+applied, "SET foreign_key_checks = 1"), errors.Join(err, rows.Err())
}

func copied(ctx context.Context, d *db.DB, all []string) error {
	c, err := d.Handle().Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	for _, s := range all {
		if _, err := c.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%w in %s", err, s)
		}
	}
	return nil
}

// MariaDSN makes an empty database and gives its DSN.
func MariaDSN(t testing.TB) string {
	base := os.Getenv("YINBO_TEST_MYSQL_DSN")
	if base == "" {
		missing(t, "YINBO_TEST_MYSQL_DSN")
	}
	cfg, err := mysql.ParseDSN(base)
	if err != nil {
		t.Fatalf("YINBO_TEST_MYSQL_DSN: %v", err)
	}
	raw, err := sql.Open("mysql", base)
	if err != nil {
		t.Fatal(err)
	}
	name := "yinbo_test_" + random()
	if _, err := raw.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatalf("MariaDB: %v", err)
	}
	t.Cleanup(func() {
		_, err := raw.Exec("DROP DATABASE " + name)
		if err != nil {
			t.Errorf("drop %s: %v", name, err)
		}
		raw.Close()
	})
	cfg.DBName = name
	return cfg.FormatDSN()
}

func open(t testing.TB, c db.Config, clk clock.Clock) *db.DB {
	t.Helper()
	d, err := db.Open(Context(t), c, clk)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// EachRedis runs fn on an empty Redis of each kind.
func EachRedis(t *testing.T, fn func(t *testing.T, r redis.UniversalClient)) {
	t.Run("miniredis", func(t *testing.T) { fn(t, MiniRedis(t)) })
	t.Run("redis", func(t *testing.T) { fn(t, Redis(t)) })
}

// MiniRedis starts an in-process Redis.
func MiniRedis(t testing.TB) redis.UniversalClient {
	m := miniredis.RunT(t)
	c := redis.NewClient(&redis.Options{Addr: m.Addr()})
	t.Cleanup(func() { c.Close() })
	return c
}

// Redis gives a database of its own on the real server, emptied before and
// after. Pub/Sub knows no databases: channels must bear unique ids.
func Redis(t testing.TB) redis.UniversalClient {
	url := os.Getenv("YINBO_TEST_REDIS_URL")
	if url == "" {
		missing(t, "YINBO_TEST_REDIS_URL")
	}
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatalf("YINBO_TEST_REDIS_URL: %v", err)
	}
	ctx := Context(t)
	probe := redis.NewClient(o)
	defer probe.Close()
	n, err := probe.ConfigGet(ctx, "databases").Result()
	if err != nil {
		t.Fatalf("redis: %v", err)
	}
	databases, err := strconv.Atoi(n["databases"])
	if err != nil {
		t.Fatalf("redis: %v", err)
	}
	for range 10 * databases {
		mine := *o
		mine.DB = mrand.IntN(databases)
		c := redis.NewClient(&mine)
		lock := "testkit:" + strconv.Itoa(mine.DB)
		took, err := probe.SetNX(ctx, lock, "1", 5*time.Minute).Result()
		if err != nil {
			t.Fatalf("redis: %v", err)
		}
		if !took || mine.DB == o.DB {
			c.Close()
			continue
		}
		c.FlushDB(ctx)
		t.Cleanup(func() {
			c.FlushDB(context.Background())
			c.Close()
			free := redis.NewClient(o)
			free.Del(context.Background(), lock)
			free.Close()
		})
		return c
	}
	t.Fatal("redis: no database is free")
	return nil
}

// RedisURL is the address of a database of the test's own on the real server.
func RedisURL(t testing.TB) string {
	c, single := Redis(t).(*redis.Client)
	if !single {
		t.Fatal("redis: not a single server")
	}
	return fmt.Sprintf("redis://%s/%d", c.Options().Addr, c.Options().DB)
}

func missing(t testing.TB, name string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not set: run `make test`", name)
	}
	t.Skipf("%s is not set: `make test` runs this on a real server", name)
}

// Keyring opens a keyring under a key-encryption key of the test's own.
func Keyring(t testing.TB, d *db.DB) *pii.Keyring {
	k, err := pii.OpenKeyring(Context(t), d, KEK(t))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// KEK makes a key-encryption key.
func KEK(t testing.TB) pii.KEK {
	raw := make([]byte, 32)
	rand.Read(raw)
	kek, err := pii.NewKEK(raw)
	if err != nil {
		t.Fatal(err)
	}
	return kek
}

// Bank makes a bank with its keys, in the usual suite.
func Bank(t testing.TB, d *db.DB, k *pii.Keyring, slug string) tenant.Bank {
	t.Helper()
	return BankIn(t, d, k, slug, pii.AES256GCM)
}

// BankIn makes a bank with its keys in a suite.
func BankIn(t testing.TB, d *db.DB, k *pii.Keyring, slug string, suite pii.Suite) tenant.Bank {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	b := tenant.Bank{ID: id.New(id.Bank), Slug: slug, Name: slug, Zone: zone}
	ctx := Context(t)
	keys, err := k.Make(ctx, b.ID, suite)
	if err != nil {
		t.Fatal(err)
	}
	err = d.InTx(ctx, func(tx *db.Tx) error {
		if err := tenant.Create(ctx, tx, b); err != nil {
			return err
		}
		return keys.Insert(ctx, tx)
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Settings = b.Settings.WithDefaults()
	return b
}

func random() string {
	b := make([]byte, 6)
	rand.Read(b)
	return hex.EncodeToString(b)
}
