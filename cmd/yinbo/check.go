package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"yinbo/card"
	"yinbo/card/bind"
	"yinbo/card/follow"
	"yinbo/card/funnel"
	"yinbo/card/review"
	"yinbo/card/screen"
	"yinbo/internal/audit"
	"yinbo/internal/auth"
	"yinbo/internal/invariant"
	"yinbo/internal/keeping"
	"yinbo/internal/outbox"
	"yinbo/internal/outlet"
	"yinbo/internal/pii"
	"yinbo/internal/redisdb"
	"yinbo/internal/savedview"
	"yinbo/internal/setting"
	"yinbo/live"
	"yinbo/live/play"
	"yinbo/live/rundown"
	"yinbo/live/video"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/flash"
	"yinbo/order/ledger"
	"yinbo/order/payment"
	"yinbo/order/promo"
	"yinbo/order/settle"
	"yinbo/order/terms"
	"yinbo/order/voucher"
)

// invariants are everyone's; keys open what some of them look into.
func invariants(keys *pii.Keyring) []invariant.Rule {
	return slices.Concat(catalog.Invariants(), order.Invariants(), flash.Invariants(), payment.Invariants(), promo.Invariants(),
		voucher.Invariants(), ledger.Invariants(), settle.Invariants(), settle.PayoutInvariants(), settle.ReserveInvariants(), settle.InvoiceInvariants(), terms.Invariants(), card.Invariants(), bind.Invariants(), follow.Invariants(), screen.Invariants(keys), review.Invariants(), funnel.Invariants(),
		live.Invariants(), play.Invariants(), rundown.Invariants(), video.Invariants(), outbox.Invariants(), audit.Invariants(), pii.Invariants(), keeping.Invariants(), auth.Invariants(), setting.Invariants(), savedview.Invariants(), outlet.Invariants())
}

var errBroken = errors.New("invariants are broken")

// patience is how long a difference between admission and the database may last
// before it is one: nodes repair it within two or three seconds.
const patience = 5 * time.Second

// looking is how `yinbo check` looks.
type looking struct {
	rows             int
	json             bool
	admission, quiet bool
}

func (c commander) check() *cobra.Command {
	var l looking
	cmd := &cobra.Command{Use: "check", Short: "Verify every invariant of the database, also while it is in use",
		Long: "Verify every invariant of the database, also while it is in use: it only reads.\nExits 1 when one is broken, and names the rows.",
		Args: cobra.NoArgs, RunE: c.withCore(func(ctx context.Context, core *core, _ []string) error {
			list := invariants(core.keys)
			if l.admission {
				if core.cfg.Embedded() {
					return errors.New("--admission: an embedded node keeps admission to itself; there is none to look at")
				}
				client, done, err := redisdb.Open(ctx, string(core.cfg.RedisURL))
				if err != nil {
					return err
				}
				defer done()
				admission, err := flash.NewRedis(client)
				if err != nil {
					return err
				}
				list = append(list, flash.AdmissionInvariant(core.db, admission, l.quiet, patience))
			}
			return l.run(ctx, core, list, c.out)
		})}
	cmd.Flags().IntVar(&l.rows, "rows", 20, "how many of the rows that break an invariant are shown")
	cmd.Flags().BoolVar(&l.json, "json", false, "print JSON")
	cmd.Flags().BoolVar(&l.admission, "admission", false, "compare admission in Redis with the database as well")
	cmd.Flags().BoolVar(&l.quiet, "quiet", false, "with --admission: nobody buys now, so nothing may be held")
	return cmd
}

func (l looking) run(ctx context.Context, core *core, list []invariant.Rule, out io.Writer) error {
	verdicts := make([]invariant.Verdict, 0, len(list))
	broken := 0
	for _, r := range list {
		v, err := invariant.Check(ctx, core.db, core.db.Clock().Now(), r, l.rows)
		if err != nil {
			return err
		}
		if !v.OK() {
			broken++
		}
		verdicts = append(verdicts, v)
		if !l.json {
			show(out, v)
		}
	}
	if l.json {
		if err := json.NewEncoder(out).Encode(map[string]any{"ok": broken == 0, "items": verdicts}); err != nil {
			return err
		}
	}
	if broken > 0 {
		return fmt.Errorf("%d of %d %w", broken, len(list), errBroken)
	}
	return nil
}

// show puts one invariant in a line, and what breaks it below.
func show(out io.Writer, v invariant.Verdict) {
	state := "ok"
	switch {
	case !v.OK():
		state = "BROKEN"
	case v.Broken > 0:
		state = "look"
	}
	fmt.Fprintf(out, "%-6s  %-24s  %9d rows  %6d ms\n", state, v.Name, v.Looked, v.Took.Round(time.Millisecond).Milliseconds())
	if v.Broken == 0 {
		return
	}
	fmt.Fprintf(out, "        %d break: %s\n", v.Broken, v.Means)
	for _, r := range v.Rows {
		fmt.Fprintf(out, "        %s  %s  %s\n", r.Bank, r.Object, r.Found)
	}
	if rest := v.Broken - int64(len(v.Rows)); rest > 0 {
		fmt.Fprintf(out, "        … and %d more\n", rest)
	}
}
