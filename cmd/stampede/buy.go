package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"yinbo/internal/clock"
	"yinbo/internal/config"
	"yinbo/internal/db"
	"yinbo/internal/stampede"
)

// buyers is what `stampede buy` is asked for.
type buyers struct {
	target  stampede.Target
	buying  stampede.Buying
	n, from int
}

func buy(environ []string, out io.Writer) *cobra.Command {
	var b buyers
	cmd := &cobra.Command{Use: "buy", Short: "Buy in a flash sale, all at once", Args: cobra.NoArgs,
		Long: `Signs in buyers, lets them press in a flash sale, and prints what they were told.
The database that YINBO_MYSQL_DSN or YINBO_VAR names is then compared with it; a
difference is printed and ends with status 1.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return b.run(cmd.Context(), environ, out) }}
	f := cmd.Flags()
	targetFlags(f, &b.target)
	f.StringVar(&b.buying.Flash, "flash", "", "id of the sale; the first that is on when left out")
	f.IntVar(&b.n, "buyers", 500, "how many buyers")
	f.IntVar(&b.buying.AtOnce, "at-once", 0, "buyers who press at the same time, the others wait for their turn; all when 0")
	f.IntVar(&b.from, "from", int(time.Now().Unix()%1_000_000)*1000, "the first buyer's phone number, after 13")
	f.Int64Var(&b.buying.Quantity, "quantity", 1, "units of one press")
	f.BoolVar(&b.buying.Address, "address", true, "send an address, as physical goods need")
	f.DurationVar(&b.buying.Think, "think", 300*time.Millisecond, "mean pause between the presses of a buyer")
	f.IntVar(&b.buying.Retries, "retries", 5, "tries again of a press without a definite answer, with the same key")
	f.IntVar(&b.buying.Presses, "presses", 0, "presses of a buyer; as many as time allows when 0")
	f.DurationVar(&b.buying.For, "for", 10*time.Second, "how long they press")
	f.Float64Var(&b.buying.Rate, "rate", 0, "presses a second over all buyers, paced; as fast as answers come when 0")
	return cmd
}

func (b *buyers) run(ctx context.Context, environ []string, out io.Writer) error {
	cfg, err := config.Load(".", environ)
	if err != nil {
		return err
	}
	if b.buying.Flash == "" {
		if b.buying.Flash, err = b.saleThatIsOn(ctx); err != nil {
			return err
		}
	}
	d, err := db.Open(ctx, db.Config{DSN: string(cfg.MySQLDSN), Path: filepath.Join(cfg.Var, "yinbo.db"), MaxConns: 4}, clock.System{})
	if err != nil {
		return err
	}
	defer d.Close()
	before, err := stampede.Count(ctx, d, b.buying.Flash)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "sale            %s\nsigning in      %d buyers\n", b.buying.Flash, b.n)
	if b.buying.Buyers, err = b.target.SignIn(ctx, b.from, b.n); err != nil {
		return err
	}
	report := b.target.Buy(ctx, b.buying)
	report.Print(out)
	problems, err := stampede.Verify(context.WithoutCancel(ctx), d, b.buying.Flash, before, report)
	if err != nil {
		return err
	}
	for _, p := range problems {
		fmt.Fprintln(out, "WRONG           "+p)
	}
	if len(problems) > 0 {
		return fmt.Errorf("%d answers or sums are not what the database holds", len(problems))
	}
	fmt.Fprintf(out, "database        agrees: all %d accepted orders are there as they were told, the sale is conserved\n", len(report.Accepted))
	return nil
}

// saleThatIsOn finds a sale by what the public sees: live rooms and their shelves.
func (b *buyers) saleThatIsOn(ctx context.Context) (string, error) {
	var rooms struct{ Items []struct{ ID string } }
	if err := get(ctx, b.target, "/rooms?status=live", &rooms); err != nil {
		return "", err
	}
	for _, r := range rooms.Items {
		var shelf struct {
			Items []struct {
				Flash *struct{ ID, Status string }
			}
		}
		if err := get(ctx, b.target, "/rooms/"+r.ID+"/shelf", &shelf); err != nil {
			return "", err
		}
		for _, item := range shelf.Items {
			if item.Flash != nil && item.Flash.Status == "on_sale" {
				return item.Flash.ID, nil
			}
		}
	}
	return "", errors.New("no flash sale is on: name one by --flash")
}
