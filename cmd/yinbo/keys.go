package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"yinbo/internal/pii"
	"yinbo/internal/tenant"
)

// tellEvery is how often a rotation prints how far it is.
const tellEvery = time.Second

func (c commander) keys() *cobra.Command {
	root := &cobra.Command{Use: "keys", Short: "Look after the keys that seal personal data"}
	var bank string
	var batch int
	rotate := &cobra.Command{Use: "rotate", Short: "Give a bank, or each, a new data key and re-encrypt under it while yinbo serves; run again it goes on",
		Args: cobra.NoArgs, RunE: c.withCore(func(ctx context.Context, core *core, _ []string) error {
			if batch < 1 || batch > 1000 {
				return errors.New("--batch: 1 to 1000")
			}
			banks, err := core.chosenBanks(ctx, bank)
			for _, b := range banks {
				if err == nil {
					err = c.rotate(ctx, core, b, batch)
				}
			}
			return err
		})}
	rotate.Flags().StringVar(&bank, "bank", "", "the bank's slug; all banks without it")
	rotate.Flags().IntVar(&batch, "batch", 200, "values re-encrypted in one transaction")
	list := &cobra.Command{Use: "list", Short: "List the keys and where they stand", Args: cobra.NoArgs,
		RunE: c.withCore(func(ctx context.Context, core *core, _ []string) error {
			keys, err := core.keys.List(ctx, "")
			for _, k := range keys {
				state := "opens"
				switch {
				case k.Active:
					state = "in use"
				case !k.RetiredAt.IsZero():
					state = "retired " + k.RetiredAt.Format(time.DateOnly)
				}
				owner := k.Bank
				if owner == "" {
					owner = "installation"
				}
				fmt.Fprintf(c.out, "%s  %-31s %-7s %-12s %-20s %s\n", k.ID, owner, k.Purpose, k.Suite, k.KEK, state)
			}
			return err
		})}
	rewrap := &cobra.Command{Use: "rewrap", Short: "Wrap all keys by the newest version of the key-encryption key; those that the one of before wraps are unwrapped by it",
		Args: cobra.NoArgs, RunE: c.withCore(func(ctx context.Context, core *core, _ []string) error {
			n, err := core.keys.Rewrap(ctx)
			if err == nil {
				fmt.Fprintf(c.out, "%d keys wrapped anew\n", n)
			}
			return err
		})}
	root.AddCommand(rotate, list, rewrap)
	return root
}

// chosenBanks is the bank with a slug, or all.
func (c *core) chosenBanks(ctx context.Context, slug string) ([]tenant.Bank, error) {
	if slug == "" {
		return c.banks.All(ctx)
	}
	b, err := c.bankBySlug(ctx, slug)
	return []tenant.Bank{b}, err
}

func (c *core) bankBySlug(ctx context.Context, slug string) (tenant.Bank, error) {
	b, found, err := c.banks.BySlug(ctx, slug)
	if err == nil && !found {
		err = fmt.Errorf("there is no bank %q", slug)
	}
	return b, err
}

func (c commander) rotate(ctx context.Context, core *core, b tenant.Bank, batch int) error {
	told := time.Now()
	out, err := pii.Rotation{Keys: core.keys, Batch: batch, Tell: func(p pii.Progress) {
		if time.Since(told) >= tellEvery {
			told = time.Now()
			fmt.Fprintf(c.out, "%s: %s  %d of %d values, %.0f/s\n", b.Slug, p.Column, p.Done, p.Total, p.PerSecond())
		}
	}}.Run(ctx, b.ID)
	if err != nil {
		return fmt.Errorf("%s: after %d of %d values; run it again and it goes on: %w", b.Slug, out.Done, out.Total, err)
	}
	word := "made"
	if out.Resumed {
		word = "gone on with"
	}
	fmt.Fprintf(c.out, "%s: %s %s; %d values re-encrypted in %s, %.0f/s; retired: %v\n",
		b.Slug, out.Key, word, out.Done, out.Took.Round(time.Millisecond), out.PerSecond(), out.Retired)
	return nil
}
