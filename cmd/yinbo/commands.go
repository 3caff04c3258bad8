package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"

	"yinbo/internal/audit"
	"yinbo/internal/clock"
	"yinbo/internal/config"
	"yinbo/internal/reasons"
	"yinbo/live/play"
	"yinbo/migrations"
)

// commands is the tree of what yinbo does.
func commands(environ []string, out, logs io.Writer) *cobra.Command {
	root := &cobra.Command{Use: "yinbo", Short: "Live commerce for banks", SilenceUsage: true, SilenceErrors: true}
	c := commander{environ: environ, out: out, logs: logs}
	root.AddCommand(
		c.node("all", "Serve and work in one process (the default, embedded or not)", roles{serve: true, work: true}),
		c.node("serve", "Serve HTTP and sockets; needs MySQL and Redis", roles{serve: true}),
		c.node("work", "Run what must happen; needs MySQL and Redis", roles{work: true}),
		c.migrate(), c.demo(), c.bank(), c.staff(), c.importing(), c.keys(), c.person(), c.verifyAudit(), c.cleanReasons(), c.verifyLottery(), c.check(), c.ledger(), c.openapi(), c.version())
	return root
}

type commander struct {
	environ   []string
	out, logs io.Writer
}

// load reads the configuration and names every problem with it at once.
func (c commander) load(alone bool) (config.Config, error) {
	cfg, err := config.Load(".", c.environ)
	if err = errors.Join(err, cfg.Validate(alone)); err != nil {
		return cfg, fmt.Errorf("the configuration has problems:\n%w", err)
	}
	return cfg, nil
}

// withCore runs do on an opened core and closes it.
func (c commander) withCore(do func(ctx context.Context, core *core, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		cfg, err := c.load(true)
		if err != nil {
			return err
		}
		core, err := openCore(cmd.Context(), cfg, c.logs)
		if err != nil {
			return err
		}
		return errors.Join(do(cmd.Context(), core, args), core.close())
	}
}

func (c commander) node(name, short string, r roles) *cobra.Command {
	return &cobra.Command{Use: name, Short: short, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		cfg, err := c.load(r.serve && r.work)
		if err != nil {
			return err
		}
		return runNode(cmd.Context(), cfg, r, c.out, c.logs)
	}}
}

func (c commander) migrate() *cobra.Command {
	root := &cobra.Command{Use: "migrate", Short: "Bring the schema up to date, or tell its state"}
	root.AddCommand(
		&cobra.Command{Use: "up", Short: "Apply what is missing", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := c.load(true)
			if err != nil {
				return err
			}
			d, err := openDB(cmd.Context(), cfg, clock.System{})
			if err != nil {
				return err
			}
			n, err := migrations.Up(cmd.Context(), d)
			fmt.Fprintf(c.out, "%d migrations applied\n", n)
			return errors.Join(err, d.Close())
		}},
		&cobra.Command{Use: "status", Short: "List the migrations", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := c.load(true)
			if err != nil {
				return err
			}
			d, err := openDB(cmd.Context(), cfg, clock.System{})
			if err != nil {
				return err
			}
			all, err := migrations.List(cmd.Context(), d)
			for _, m := range all {
				state := "pending"
				if m.Applied {
					state = "applied"
				}
				fmt.Fprintf(c.out, "%-8s %s\n", state, m.Name)
			}
			return errors.Join(err, d.Close())
		}})
	return root
}

func (c commander) verifyAudit() *cobra.Command {
	return &cobra.Command{Use: "verify-audit", Short: "Verify every bank's chained audit log", Args: cobra.NoArgs,
		RunE: c.withCore(func(ctx context.Context, core *core, _ []string) error {
			banks, err := core.banks.All(ctx)
			for _, b := range banks {
				n, broken := audit.Verify(ctx, core.db, b.ID)
				if broken != nil {
					err = errors.Join(err, broken)
					continue
				}
				fmt.Fprintf(c.out, "%s: %d entries, the chain holds\n", b.Slug, n)
			}
			return err
		})}
}

func (c commander) cleanReasons() *cobra.Command {
	return &cobra.Command{Use: "clean-reasons", Short: "Take long numbers out of reasons that were written before this was done at once; safe to run again", Args: cobra.NoArgs,
		RunE: c.withCore(func(ctx context.Context, core *core, _ []string) error {
			found, err := reasons.Clean(ctx, core.db)
			for _, f := range found {
				fmt.Fprintf(c.out, "%s.%s: %d cleaned\n", f.Table, f.Column, f.Texts)
			}
			if err == nil && len(found) == 0 {
				fmt.Fprintln(c.out, "nothing to clean")
			}
			return err
		})}
}

func (c commander) verifyLottery() *cobra.Command {
	return &cobra.Command{Use: "verify-lottery [FILE]", Short: "Draw a lottery again from its proof (GET /lotteries/{id}/proof), read from a file or standard input",
		Args: cobra.MaximumNArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
			in := cmd.InOrStdin()
			if len(args) == 1 {
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer f.Close()
				in = f
			}
			var p play.Proof
			if err := json.NewDecoder(in).Decode(&p); err != nil {
				return fmt.Errorf("the proof: %w", err)
			}
			if err := p.Verify(); err != nil {
				return err
			}
			fmt.Fprintf(c.out, "%s: %d tickets, %d winners, the draw holds\n", p.LotteryID, len(p.Tickets), len(p.Winners))
			return nil
		}}
}

func (c commander) openapi() *cobra.Command {
	return &cobra.Command{Use: "openapi", Short: "Print the OpenAPI 3.1 document", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
		raw, err := json.MarshalIndent(document(), "", "  ")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.out, "%s\n", raw)
		return err
	}}
}

func (c commander) version() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Print the version", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
		info, ok := debug.ReadBuildInfo()
		if !ok {
			return errors.New("no build information")
		}
		revision := ""
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = " " + s.Value
			}
		}
		_, err := fmt.Fprintf(c.out, "yinbo %s%s %s\n", info.Main.Version, revision, info.GoVersion)
		return err
	}}
}
