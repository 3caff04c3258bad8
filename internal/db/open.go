package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"yinbo/internal/clock"
)

// Config says where the truth lives.
type Config struct {
	DSN      string // MySQL DSN; empty means SQLite
	Path     string // SQLite file, its folder is made
	MaxConns int    // MySQL connections of writers, default 32; readers have half as many besides
}

// DB is an open database: writers go through InTx, readers through Query.
type DB struct {
	w, r    *sql.DB
	dialect Dialect
	clock   clock.Clock
}

// Open connects and proves the connection.
func Open(ctx context.Context, c Config, clk clock.Clock) (*DB, error) {
	if c.DSN != "" {
		return openMySQL(ctx, c, clk)
	}
	return openSQLite(ctx, c, clk)
}

func openSQLite(ctx context.Context, c Config, clk clock.Clock) (*DB, error) {
	if err := os.MkdirAll(filepath.Dir(c.Path), 0o700); err != nil {
		return nil, fmt.Errorf("db: folder for %s: %w", c.Path, err)
	}
	dsn := func(extra ...string) string {
		pragmas := append([]string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"}, extra...)
		q := url.Values{"_txlock": {"immediate"}, "_pragma": pragmas}
		return "file:" + c.Path + "?" + q.Encode()
	}
	// The writer's cache holds a large batch's pages until its commit, the log is
	// copied back every 16 MiB, not every 4, and what a statement keeps to undo
	// itself stays in memory: they cost the evening's fastest sale 4 of 10 orders.
	w, err := sql.Open("sqlite", dsn("cache_size(-32768)", "wal_autocheckpoint(4000)", "temp_store(MEMORY)"))
	if err != nil {
		return nil, fmt.Errorf("db: %w", err)
	}
	w.SetMaxOpenConns(1)
	if err := w.PingContext(ctx); err != nil {
		return nil, fmt.Errorf("db: open %s: %w", c.Path, err)
	}
	r, err := sql.Open("sqlite", dsn("query_only(1)", "cache_size(-4096)"))
	if err != nil {
		return nil, fmt.Errorf("db: %w", err)
	}
	r.SetMaxOpenConns(4)
	r.SetMaxIdleConns(4)
	return &DB{w: w, r: r, dialect: SQLite, clock: clk}, nil
}

func openMySQL(ctx context.Context, c Config, clk clock.Clock) (*DB, error) {
	cfg, err := mysql.ParseDSN(c.DSN)
	if err != nil {
		return nil, fmt.Errorf("db: YINBO_MYSQL_DSN: %w", err)
	}
	cfg.ClientFoundRows = true // rows matched are counted, as SQLite does
	cfg.InterpolateParams = true
	cfg.ParseTime = true
	cfg.Loc = time.UTC
	cfg.Logger = &mysql.NopLogger{} // what it would print comes back as an error, or was mended
	if cfg.Timeout == 0 {
		cfg.Timeout = 5 * time.Second
	}
	if cfg.Params == nil {
		cfg.Params = map[string]string{}
	}
	isolation, err := isolationVariable(ctx, cfg)
	if err != nil {
		return nil, err
	}
	cfg.Params[isolation] = "'READ-COMMITTED'"
	cfg.Params["time_zone"] = "'+00:00'"
	cfg.Params["sql_mode"] = "'STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'"
	conn, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("db: %w", err)
	}
	if c.MaxConns == 0 {
		c.MaxConns = 32
	}
	// Readers have connections of their own: a transaction may have to wait for
	// something that is read outside of it (a key that is not yet in memory), and
	// would wait for ever if transactions held every connection.
	return &DB{w: pool(conn, c.MaxConns), r: pool(conn, max(c.MaxConns/2, 2)), dialect: MySQL, clock: clk}, nil
}

func pool(conn driver.Connector, size int) *sql.DB {
	p := sql.OpenDB(conn)
	p.SetMaxOpenConns(size)
	p.SetMaxIdleConns(size)
	p.SetConnMaxIdleTime(5 * time.Minute)
	return p
}

// isolationVariable asks the server its name for the isolation level: MySQL 8
// dropped tx_isolation, MariaDB before 11.1 has no other.
func isolationVariable(ctx context.Context, cfg *mysql.Config) (string, error) {
	conn, err := mysql.NewConnector(cfg)
	if err != nil {
		return "", fmt.Errorf("db: %w", err)
	}
	probe := sql.OpenDB(conn)
	defer probe.Close()
	var version string
	if err := probe.QueryRowContext(ctx, "SELECT VERSION()").Scan(&version); err != nil {
		return "", fmt.Errorf("db: connect to %s: %w", cfg.Addr, err)
	}
	if strings.Contains(strings.ToLower(version), "mariadb") {
		return "tx_isolation", nil
	}
	return "transaction_isolation", nil
}

// Close closes the connections.
func (d *DB) Close() error {
	err := d.w.Close()
	if d.r != d.w {
		if e := d.r.Close(); err == nil {
			err = e
		}
	}
	return err
}

// Ping proves that the database answers.
func (d *DB) Ping(ctx context.Context) error {
	var one int
	return d.r.QueryRowContext(ctx, "SELECT 1").Scan(&one)
}

// Dialect is the engine.
func (d *DB) Dialect() Dialect { return d.dialect }

// Clock is what Tx.Now is read from.
func (d *DB) Clock() clock.Clock { return d.clock }

// Handle is the raw writer, for migrations only.
func (d *DB) Handle() *sql.DB { return d.w }
