package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"yinbo/internal/audit"
	"yinbo/internal/auth"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
)

func (c commander) bank() *cobra.Command {
	root := &cobra.Command{Use: "bank", Short: "Look after banks"}
	var zone, suite, hosts string
	add := &cobra.Command{Use: "add SLUG NAME", Short: "Add a bank with its keys", Args: cobra.ExactArgs(2),
		RunE: c.withCore(func(ctx context.Context, core *core, args []string) error {
			loc, err := time.LoadLocation(zone)
			if err != nil {
				return fmt.Errorf("--zone: %w", err)
			}
			b := tenant.Bank{ID: id.New(id.Bank), Slug: args[0], Name: args[1], Zone: loc}
			if hosts != "" {
				b.Hosts = strings.Split(hosts, ",")
			}
			keys, err := core.keys.Make(ctx, b.ID, pii.Suite(suite))
			if err != nil {
				return err
			}
			err = core.db.InTx(ctx, func(tx *db.Tx) error {
				if err := tenant.Create(ctx, tx, b); err != nil {
					return err
				}
				return keys.Insert(ctx, tx)
			})
			if db.IsDuplicate(err) {
				return fmt.Errorf("there is a bank %q already", args[0])
			}
			if err == nil {
				fmt.Fprintln(c.out, b.ID)
			}
			return err
		})}
	add.Flags().StringVar(&zone, "zone", "Asia/Shanghai", "time zone of business dates")
	add.Flags().StringVar(&suite, "suite", string(pii.AES256GCM), "cipher suite: aes-256-gcm or sm4-gcm")
	add.Flags().StringVar(&hosts, "hosts", "", "host names that mean this bank, by comma")
	root.AddCommand(add, &cobra.Command{Use: "list", Short: "List the banks", Args: cobra.NoArgs,
		RunE: c.withCore(func(ctx context.Context, core *core, _ []string) error {
			banks, err := core.banks.All(ctx)
			for _, b := range banks {
				fmt.Fprintf(c.out, "%s  %-12s %s\n", b.ID, b.Slug, b.Name)
			}
			return err
		})})
	return root
}

func (c commander) staff() *cobra.Command {
	root := &cobra.Command{Use: "staff", Short: "Look after staff"}
	var name string
	add := &cobra.Command{Use: "add BANK USERNAME ROLE...", Short: "Add a member of staff; the password is read from standard input",
		Args: cobra.MinimumNArgs(3), RunE: c.withCore(func(ctx context.Context, core *core, args []string) error {
			bank, found, err := core.banks.BySlug(ctx, args[0])
			if err != nil || !found {
				return errors.Join(err, fmt.Errorf("there is no bank %q", args[0]))
			}
			n := auth.NewStaff{Username: args[1], Name: name}
			if n.Name == "" {
				n.Name = n.Username
			}
			for _, r := range args[2:] {
				if !slices.Contains(auth.Roles, auth.Role(r)) {
					return fmt.Errorf("there is no role %q; the roles are %v", r, auth.Roles)
				}
				n.Roles = append(n.Roles, auth.Role(r))
			}
			line, err := bufio.NewReader(os.Stdin).ReadString('\n')
			if n.Password = strings.TrimRight(line, "\r\n"); len(n.Password) < 10 {
				return errors.Join(fmt.Errorf("give a password of 10 characters or more on standard input"), err)
			}
			people, err := auth.New(ctx, core.db, core.keys, core.banks, nil)
			if err != nil {
				return err
			}
			return core.db.InTx(ctx, func(tx *db.Tx) error {
				staffID, err := people.CreateStaff(ctx, tx, bank.ID, n)
				if err != nil {
					return err
				}
				tx.AfterCommit(func() { fmt.Fprintln(c.out, staffID) })
				return audit.Write(ctx, tx, audit.Entry{Bank: bank.ID, ActorKind: "system", Actor: "yinbo staff add",
					Action: "staff.added", Object: staffID, Detail: map[string]any{"roles": n.Roles}})
			})
		})}
	add.Flags().StringVar(&name, "name", "", "the person's name as shown to colleagues")
	root.AddCommand(add)
	return root
}
