package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"yinbo/internal/auth"
	"yinbo/internal/clock"
	"yinbo/internal/config"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
	"yinbo/migrations"
)

// demoNote is what the banner tells of a demo.
const demoNote = `
演示数据 demo data (public passwords; never put real data into this database)
  员工 staff        admin admin2 host assistant operator reviewer reviewer2 supervisor finance finance_checker risk auditor merchant
  密码 password     demo-<name>; at the second bank (add ?bank=other) other-<name>
  观众 viewers      any mobile number; the code stands in %s/sms/v1/messages?phone=<number>

`

func (c commander) demo() *cobra.Command {
	var ifEmpty bool
	cmd := &cobra.Command{Use: "demo", Short: "Load demo data into an empty database", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		cfg, err := c.load(true)
		if err != nil {
			return err
		}
		err = loadDemo(cmd.Context(), cfg, c.out)
		if errors.Is(err, errNotEmpty) && ifEmpty {
			return nil
		}
		return err
	}}
	cmd.Flags().BoolVar(&ifEmpty, "if-empty", false, "do nothing, and do not complain, when the database is not empty")
	return cmd
}

var errNotEmpty = errors.New("the database is not empty: demo data is loaded into an empty one only")

// loadDemo brings the schema up to date and fills the database. Yesterday's
// trade is made through the same code as today's, under a clock set back; then
// its business date is closed and reconciled with the bank.
func loadDemo(ctx context.Context, cfg config.Config, out io.Writer) error {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		return err
	}
	now := time.Now().In(zone)
	evening := time.Date(now.Year(), now.Month(), now.Day()-1, 20, 0, 0, 0, zone)
	fake := clock.NewFake(evening)
	d, err := openDB(ctx, cfg, fake)
	if err != nil {
		return err
	}
	defer d.Close()
	if _, err := migrations.Up(ctx, d); err != nil {
		return err
	}
	if _, some, err := db.Value[string](ctx, d, "SELECT id FROM bank LIMIT 1"); err != nil || some {
		return errors.Join(err, errNotEmpty)
	}
	if err := markDemo(ctx, d, cfg); err != nil {
		return err
	}
	c, err := newCore(ctx, cfg, d, io.Discard)
	if err != nil {
		return err
	}
	s := seeder{core: c, clock: fake, zone: zone, evening: evening}
	if err := s.load(ctx); err != nil {
		// Half a demo helps nobody: an embedded database goes, a shared one is named.
		if cfg.MySQLDSN == "" {
			d.Close()
			for _, suffix := range []string{"", "-wal", "-shm"} {
				os.Remove(filepath.Join(cfg.Var, "yinbo.db"+suffix))
			}
			return fmt.Errorf("demo data: %w", err)
		}
		return fmt.Errorf("demo data (drop the database and begin anew): %w", err)
	}
	fmt.Fprintln(out, "demo data loaded: banks demo and other")
	return nil
}

// markDemo marks the database; a shared one carries its key (docs/adr/0006).
func markDemo(ctx context.Context, d *db.DB, cfg config.Config) error {
	return d.InTx(ctx, func(tx *db.Tx) error {
		rows := [][]any{{"demo", tx.Now.Format(time.RFC3339)}}
		if cfg.MySQLDSN != "" && cfg.KEKFile == "" {
			key := make([]byte, 32)
			rand.Read(key)
			rows = append(rows, []any{demoKEK, base64.StdEncoding.EncodeToString(key)})
		}
		return tx.Insert(ctx, "meta (name, value)", rows, "")
	})
}

type seeder struct {
	*core
	clock   *clock.Fake
	zone    *time.Location
	evening time.Time // yesterday, when the demo's trade was
	people  *auth.Service
}

func (s *seeder) load(ctx context.Context) error {
	var err error
	if s.people, err = auth.New(ctx, s.db, s.keys, s.banks, nil); err != nil {
		return err
	}
	url, done, err := bankUp(ctx, s.cfg.BankboxURL, s.cfg.Var)
	if err != nil {
		return err
	}
	defer done()
	s.cfg.BankboxURL = url
	var banks []opened
	for _, b := range []struct{ slug, name string }{{"demo", "演示银行"}, {"other", "其他银行"}} {
		o, err := s.bank(ctx, b.slug, b.name)
		if err != nil {
			return fmt.Errorf("bank %s: %w", b.slug, err)
		}
		banks = append(banks, o)
	}
	for _, o := range banks {
		// Each bank has its own yesterday; the clock went on to today for the last one.
		s.clock.Advance(s.evening.Sub(s.clock.Now()))
		if err := s.shop(ctx, o.bank, o.staff); err != nil {
			return fmt.Errorf("shop of %s: %w", o.bank.Slug, err)
		}
	}
	return nil
}

// opened is a bank with its people's ids by user name.
type opened struct {
	bank  tenant.Bank
	staff map[string]string
}

// demoSettings shorten the waits so that one sitting shows them, and let a
// person be reached at any hour.
var demoSettings = tenant.Settings{
	FollowUps: []tenant.Duration{tenant.Duration(10 * time.Second), tenant.Duration(60 * time.Second), tenant.Duration(120 * time.Second)},
	PromoFrom: "00:00", PromoTo: "24:00", PromoEarliest: "00:00", PromoLatest: "24:00", PromoPerDay: 100, PromoPerWeek: 300,
	Instalments: []tenant.Instalments{{Terms: 3, FeeBps: 195}, {Terms: 6, FeeBps: 360}, {Terms: 12, FeeBps: 720}},
}

func (s *seeder) bank(ctx context.Context, slug, name string) (opened, error) {
	b := tenant.Bank{ID: id.New(id.Bank), Slug: slug, Name: name, Zone: s.zone, Settings: demoSettings}
	b.Settings.OwnBINs = map[string][]string{"demo": {"621799", "622599"}, "other": {"621700"}}[slug]
	b.Settings.HandoffKey = slug + "-handoff-key" // public, as all of a demo's secrets
	o := opened{bank: b}
	keys, err := s.keys.Make(ctx, b.ID, pii.AES256GCM)
	if err != nil {
		return o, err
	}
	err = s.db.InTx(ctx, func(tx *db.Tx) error {
		if err := tenant.Create(ctx, tx, b); err != nil {
			return err
		}
		if err := keys.Insert(ctx, tx); err != nil {
			return err
		}
		if err := s.branches(ctx, tx, b); err != nil {
			return err
		}
		o.staff, err = s.staff(ctx, tx, b)
		return err
	})
	return o, err
}

var demoStaff = []struct {
	username, name string
	role           auth.Role
}{
	{"admin", "管理员", auth.Admin}, {"admin2", "管理员乙", auth.Admin}, {"host", "主播小林", auth.Host}, {"assistant", "场控小美", auth.Host}, {"operator", "运营小周", auth.Operator},
	{"reviewer", "审核员甲", auth.Reviewer}, {"reviewer2", "审核员乙", auth.Reviewer}, {"supervisor", "审核主管", auth.Supervisor},
	{"finance", "财务经办", auth.Finance}, {"finance_checker", "财务复核", auth.FinanceChecker},
	{"risk", "风控专员", auth.Risk}, {"auditor", "审计员", auth.Auditor},
}

// staff adds the people, who see the whole bank, and gives their ids by user name.
func (s *seeder) staff(ctx context.Context, tx *db.Tx, b tenant.Bank) (map[string]string, error) {
	ids := map[string]string{}
	for _, p := range demoStaff {
		staffID, err := s.people.CreateStaff(ctx, tx, b.ID, auth.NewStaff{Username: p.username, Name: p.name,
			Password: b.Slug + "-" + p.username, Roles: []auth.Role{p.role}})
		if err != nil {
			return nil, err
		}
		ids[p.username] = staffID
	}
	return ids, nil
}
