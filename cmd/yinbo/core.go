package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/config"
	"yinbo/internal/db"
	"yinbo/internal/obs"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
	"yinbo/internal/tracing"
	"yinbo/internal/vault"
	"yinbo/migrations"
)

// core is what every command stands on: the database, its keys, its banks.
type core struct {
	cfg   config.Config
	log   *slog.Logger
	db    *db.DB
	keys  *pii.Keyring
	banks *tenant.Directory
	box   *outbox.Box
	trace *tracing.Tracing
	demo  bool // the database holds demo data: its passwords and keys are public
}

// openDB opens the database. Embedded, it brings the schema up to date as well.
func openDB(ctx context.Context, cfg config.Config, clk clock.Clock) (*db.DB, error) {
	d, err := db.Open(ctx, db.Config{DSN: string(cfg.MySQLDSN), Path: filepath.Join(cfg.Var, "yinbo.db"), MaxConns: cfg.MaxConns}, clk)
	if err != nil {
		return nil, err
	}
	if cfg.MySQLDSN == "" {
		if _, err := migrations.Up(ctx, d); err != nil {
			return nil, errors.Join(err, d.Close())
		}
	}
	return d, nil
}

// openCore opens what a node needs and proves that it fits: the schema is
// current, the keys open.
func openCore(ctx context.Context, cfg config.Config, logs io.Writer) (*core, error) {
	var clk clock.Clock = clock.System{}
	if cfg.ClockOffsetFile != "" {
		clk = clock.NewDrill(cfg.ClockOffsetFile)
	}
	d, err := openDB(ctx, cfg, clk)
	if err != nil {
		return nil, err
	}
	c, err := newCore(ctx, cfg, d, logs)
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return c, nil
}

func newCore(ctx context.Context, cfg config.Config, d *db.DB, logs io.Writer) (*core, error) {
	c := &core{cfg: cfg, log: obs.NewLogger(logs, cfg.Level()), db: d, banks: tenant.NewDirectory(d, cfg.DefaultBank), box: outbox.New(d)}
	var err error
	if c.trace, err = tracing.New(ctx, cfg.TraceURL, cfg.TraceShare, cfg.NodeURL, c.log); err != nil {
		return nil, err
	}
	return c, c.prove(ctx)
}

func (c *core) prove(ctx context.Context) error {
	pending, err := migrations.Pending(ctx, c.db)
	if err != nil {
		return err
	}
	if pending > 0 {
		return fmt.Errorf("the schema lacks %d migrations: run `yinbo migrate up` first", pending)
	}
	if _, c.demo, err = db.Value[string](ctx, c.db, "SELECT value FROM meta WHERE name = 'demo'"); err != nil {
		return err
	}
	// A node's clock decides about money: only where all of it is play may a file
	// move it. What a drill shows is worth that much: a clock that steps in real
	// processes cannot be had otherwise, Go asks no library that could be replaced.
	if c.cfg.ClockOffsetFile != "" && !c.demo {
		return errors.New("clock_offset_file: moves the clock for drills, and only of a database that holds demo data")
	}
	if c.demo && c.cfg.DefaultBank == "" {
		c.banks = tenant.NewDirectory(c.db, "demo")
	}
	kek, err := c.kek(ctx)
	if err != nil {
		return err
	}
	var before []pii.KEK
	if c.cfg.VaultBefore {
		old, err := vault.New(c.cfg.Vault())
		if err != nil {
			return err
		}
		before = append(before, old)
	}
	if c.cfg.KEKFileBefore != "" {
		old, err := pii.ReadKEK(c.cfg.KEKFileBefore)
		if err != nil {
			return fmt.Errorf("kek_file_before: %w", err)
		}
		before = append(before, old)
	}
	if c.keys, err = pii.OpenKeyring(ctx, c.db, kek, before...); err == nil {
		c.log.Info("the key-encryption key opens", "kek", kek.ID(), "vault", c.cfg.VaultURL, "before", len(before))
	}
	return err
}

const demoKEK = "demo_kek"

// kek finds the key-encryption key: Vault's or the file's that is configured, else the
// public one of a demo database, else the file in the state folder, which is
// made when it is not there.
func (c *core) kek(ctx context.Context) (pii.KEK, error) {
	if c.cfg.VaultURL != "" && !c.cfg.VaultBefore {
		return vault.New(c.cfg.Vault())
	}
	if c.cfg.KEKFile != "" {
		return pii.LoadKEK(c.cfg.KEKFile)
	}
	if raw, found, err := db.Value[string](ctx, c.db, "SELECT value FROM meta WHERE name = ?", demoKEK); err != nil || found {
		if err != nil {
			return nil, err
		}
		key, err := base64.StdEncoding.DecodeString(raw)
		if err != nil {
			return nil, fmt.Errorf("the demo's key-encryption key: %w", err)
		}
		return pii.NewKEK(key)
	}
	return pii.LoadKEK(filepath.Join(c.cfg.Var, "kek"))
}

// demoCallbackKey is the bank's key in the demo (CONTRACT §8).
const demoCallbackKey = "demo-callback-key"

// callbackKey is the key that signs the bank's callbacks. Only a demo or an
// embedded database may do without its own.
func (c *core) callbackKey() (string, error) {
	switch {
	case c.cfg.BankCallbackKey != "":
		return string(c.cfg.BankCallbackKey), nil
	case c.demo || c.cfg.Embedded():
		return demoCallbackKey, nil
	}
	return "", errors.New("bank_callback_key: set YINBO_BANK_CALLBACK_KEY to the key that signs the bank's callbacks")
}

func (c *core) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	return errors.Join(c.trace.Close(ctx), c.db.Close())
}

// flushTime bounds how long the last spans may take to be sent.
const flushTime = 3 * time.Second
