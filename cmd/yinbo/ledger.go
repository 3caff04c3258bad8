package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"yinbo/order/ledger"
)

var errDiffers = errors.New("roll-ups are not the sums of their postings; `yinbo ledger rebuild` makes them anew")

func (c commander) ledger() *cobra.Command {
	root := &cobra.Command{Use: "ledger", Short: "Rebuild the ledger's daily roll-ups, or compare them with its postings"}
	root.AddCommand(
		&cobra.Command{Use: "rebuild", Short: "Make every bank's roll-ups of closed dates anew; balances stay right meanwhile", Args: cobra.NoArgs,
			RunE: c.withCore(func(ctx context.Context, core *core, _ []string) error {
				banks, err := core.banks.All(ctx)
				if err != nil {
					return err
				}
				for _, b := range banks {
					n, err := ledger.New(core.db).Rebuild(ctx, b.ID)
					if err != nil {
						return fmt.Errorf("%s: %w", b.Slug, err)
					}
					fmt.Fprintf(c.out, "%s: %d dates\n", b.Slug, n)
				}
				return nil
			})},
		&cobra.Command{Use: "compare", Short: "Name every roll-up that is not the sum of its postings; exits 1 when there is one", Args: cobra.NoArgs,
			RunE: c.withCore(func(ctx context.Context, core *core, _ []string) error {
				banks, err := core.banks.All(ctx)
				if err != nil {
					return err
				}
				var found error
				for _, b := range banks {
					wrong, err := ledger.New(core.db).Compare(ctx, b.ID)
					if err != nil {
						return fmt.Errorf("%s: %w", b.Slug, err)
					}
					for _, d := range wrong {
						found = errDiffers
						fmt.Fprintf(c.out, "%s: %s %s: rolled up %d / %d, posted %d / %d\n", b.Slug, d.Date, d.Account, d.Rolled[0], d.Rolled[1], d.Posted[0], d.Posted[1])
					}
					fmt.Fprintf(c.out, "%s: %d differences\n", b.Slug, len(wrong))
				}
				return found
			})})
	return root
}
