package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"yinbo/card"
	"yinbo/card/bind"
	"yinbo/card/follow"
	"yinbo/card/funnel"
	"yinbo/card/review"
	"yinbo/card/screen"
	"yinbo/internal/auth"
	"yinbo/internal/fault"
	"yinbo/internal/gateway"
	"yinbo/internal/idem"
	"yinbo/internal/keeping"
	"yinbo/internal/pii"
	"yinbo/live"
	"yinbo/live/play"
	"yinbo/order"
	"yinbo/order/addressbook"
	"yinbo/order/voucher"
)

// keepingClasses are everyone's.
func keepingClasses() []keeping.Class {
	return append(review.Keeping(), order.Keeping(), live.Keeping(), card.Keeping(), card.DraftKeeping(), funnel.Keeping(), screen.Keeping(), auth.Keeping())
}

// personal is who holds something of a person.
type personal struct {
	people    *auth.Service
	book      *card.Book
	bindings  *bind.Bindings
	followUps *follow.FollowUps
	orders    *order.Orders
	rooms     *live.Rooms
}

// keeper puts together what everybody holds of a person: cards are unbound at the
// bank first, and whoever signs in comes last, so that nobody is found before all
// is gone.
func (c *core) keeper(p personal) *keeping.Keeper {
	return keeping.New(keeping.Deps{DB: c.db, Banks: c.banks, Classes: keepingClasses(), Parts: []keeping.Part{
		{Name: "bindings", Before: p.bindings.UnbindAll, Erase: p.bindings.Erase},
		{Name: "applications", Erase: p.book.Erase}, // holds them, so that none moves on and plans more
		{Name: "follow-ups", Erase: p.followUps.Erase},
		{Name: "funnel", Erase: funnel.Erase},
		{Name: "orders", Erase: p.orders.Erase},
		{Name: "vouchers", Erase: voucher.Erase},
		{Name: "addresses", Erase: addressbook.Erase},
		{Name: "rooms", Erase: p.rooms.Erase},
		{Name: "lotteries", Erase: play.Erase},
		{Name: "sign-in", Erase: p.people.Erase},
	}})
}

// untold is a command's Pusher: it has no sockets to tell.
type untold struct{}

var _ card.Pusher = untold{}

func (untold) Private(string, string, string, any) {}

// withKeeper runs do with a keeper of its own, for commands.
func (c *core) withKeeper(ctx context.Context, do func(*keeping.Keeper, *auth.Service) error) error {
	bank := gateway.New(c.cfg.BankboxURL, c.cfg.PublicURL)
	defer bank.Close()
	people, err := auth.New(ctx, c.db, c.keys, c.banks, bank)
	if err != nil {
		return err
	}
	book := &card.Book{DB: c.db, Keys: c.keys, Box: c.box, Push: untold{}}
	followUps := follow.New(book)
	book.Journeys = followUps
	return do(c.keeper(personal{people: people, book: book, followUps: followUps, bindings: bind.New(book, idem.NewKeeper(c.db), bank),
		orders: order.New(order.Deps{DB: c.db}), rooms: live.New(live.Deps{DB: c.db, Log: c.log})}), people)
}

func (c commander) person() *cobra.Command {
	root := &cobra.Command{Use: "person", Short: "Erase a person, and show that it was done"}
	var bank, phone, viewer, reason string
	erase := &cobra.Command{Use: "erase --bank SLUG (--phone PHONE | --viewer ID) --reason TEXT", Short: "Erase what a person gave the bank, but for what the law keeps",
		Args: cobra.NoArgs, RunE: c.withCore(func(ctx context.Context, core *core, _ []string) error {
			if (phone == "") == (viewer == "") || strings.TrimSpace(reason) == "" {
				return errors.New("give --phone or --viewer, and --reason")
			}
			b, err := core.bankBySlug(ctx, bank)
			if err != nil {
				return err
			}
			return core.withKeeper(ctx, func(k *keeping.Keeper, people *auth.Service) error {
				if phone != "" {
					if viewer, err = people.FindViewer(ctx, b.ID, pii.Clear(phone)); err != nil {
						return plainly(err)
					}
				}
				p, err := k.Erase(ctx, b.ID, viewer, reason, keeping.Actor{Kind: "system", ID: "yinbo person erase"})
				if err != nil {
					return plainly(err)
				}
				showProof(c.out, p)
				return nil
			})
		})}
	erase.Flags().StringVar(&bank, "bank", "", "the bank's slug")
	erase.Flags().StringVar(&phone, "phone", "", "the person's phone number")
	erase.Flags().StringVar(&viewer, "viewer", "", "or the person's id")
	erase.Flags().StringVar(&reason, "reason", "", "why; long numbers are taken out")
	_ = erase.MarkFlagRequired("bank")
	proof := &cobra.Command{Use: "proof ID", Short: "Print the proof of an erasure or a deletion, and verify that the audit chain bears it", Args: cobra.ExactArgs(1),
		RunE: c.withCore(func(ctx context.Context, core *core, args []string) error {
			return core.withKeeper(ctx, func(k *keeping.Keeper, _ *auth.Service) error {
				p, err := k.ProofByID(ctx, args[0])
				if err != nil {
					return plainly(err)
				}
				showProof(c.out, p.Proof)
				entry, err := json.Marshal(p.Entry)
				fmt.Fprintf(c.out, "audit entry %d of its bank bears the digest:\n%s\n", p.Entry.Seq, entry)
				return err
			})
		})}
	root.AddCommand(erase, proof)
	return root
}

// plainly says what people are told of a refusal.
func plainly(err error) error {
	if f := fault.From(err); f.Kind != fault.Internal {
		return errors.New(f.Title(fault.English) + " (" + f.Code + ")")
	}
	return err
}

func showProof(out io.Writer, p keeping.Proof) {
	fmt.Fprintf(out, "proof    %s (%s)\nsubject  %s\nreason   %s\nby       %s %s\nat       %s\ndigest   %s\n",
		p.ID, p.Kind, p.Subject, p.Reason, p.ActorKind, p.Actor, p.At.Format(time.RFC3339), p.Digest)
	for _, i := range p.Items {
		what := "gone"
		if i.Kept != "" {
			what = "kept: " + i.Kept
		}
		fmt.Fprintf(out, "%9d  %s: %s  %s\n", i.Count, i.Table, i.Column, what)
	}
}
