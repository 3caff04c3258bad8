package private

import (
	"context"
	"errors"
	"path/filepath"

	"yinbo/internal/clock"
	"yinbo/internal/db"
)

// Product is what nodes of the product stand on, with demo data; no node runs yet.
type Product struct {
	*Place
	Bank     *Process // on the other side
	Maria    *Process // nil on SQLite
	DB       *db.DB
	RedisURL string   // empty on SQLite
	Env      []string // of a node
}

// Open starts the servers, on MariaDB and Redis or on SQLite, and loads demo data.
// Other programs are built along by their folders.
func Open(ctx context.Context, onMariaDB bool, programs ...string) (_ *Product, err error) {
	place, err := New(ctx, programs...)
	if err != nil {
		return nil, err
	}
	p := &Product{Place: place}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	if p.Bank, err = p.Bankbox(ctx); err != nil {
		return nil, err
	}
	dir := filepath.Join(p.Dir, "var")
	p.Env = []string{"YINBO_VAR=" + dir, "YINBO_BANKBOX_URL=http://" + p.Bank.Addr, "YINBO_ORDER_TTL=2h"}
	cfg := db.Config{Path: filepath.Join(dir, "yinbo.db")}
	if onMariaDB {
		if cfg.DSN, err = p.servers(ctx); err != nil {
			return nil, err
		}
		p.Env = append(p.Env, "YINBO_MYSQL_DSN="+cfg.DSN, "YINBO_REDIS_URL="+p.RedisURL)
	}
	if err = p.Run(ctx, p.Env, "demo"); err != nil {
		return nil, err
	}
	p.DB, err = db.Open(ctx, cfg, clock.System{})
	return p, err
}

// servers starts MariaDB with an empty database, and Redis.
func (p *Product) servers(ctx context.Context) (dsn string, err error) {
	if p.Maria, dsn, err = p.MariaDB(ctx); err != nil {
		return "", err
	}
	if err := createDatabase(ctx, dsn); err != nil {
		return "", err
	}
	redis, err := p.Redis(ctx)
	if err != nil {
		return "", err
	}
	p.RedisURL = "redis://" + redis.Addr + "/0"
	return dsn + "yinbo", nil
}

// Database starts MariaDB with an empty database.
func (p *Place) Database(ctx context.Context) (dsn string, err error) {
	_, dsn, err = p.MariaDB(ctx)
	if err != nil {
		return "", err
	}
	return dsn + "yinbo", createDatabase(ctx, dsn)
}

func createDatabase(ctx context.Context, dsn string) error {
	root, err := db.Open(ctx, db.Config{DSN: dsn + "mysql"}, clock.System{})
	if err != nil {
		return err
	}
	defer root.Close()
	_, err = root.Handle().ExecContext(ctx, "CREATE DATABASE yinbo")
	return err
}

// Close ends all of it.
func (p *Product) Close() error {
	if p.DB != nil {
		p.DB.Close()
	}
	return p.Stop()
}
