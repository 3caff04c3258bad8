// Command settle measures the settlement of a large day: it fills a private
// MariaDB, or SQLite, with a day's orders as they were posted, and prints what one
// sum by merchant over the order lines takes, what settling takes, how large the
// process becomes, and what plain inserts of the same statements and lines take.
// Then it asks for the day at a glance, as finance does, before and after the date is closed.
//
//	go run ./bench/settle                         1,000,000 order lines on MariaDB
//	go run ./bench/settle -lines 20000 -sqlite    fewer, on SQLite
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"yinbo/bench/figures"
	"yinbo/bench/private"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/gateway"
	"yinbo/internal/outbox"
	"yinbo/internal/tenant"
	"yinbo/migrations"
	"yinbo/order/ledger"
	"yinbo/order/report"
	"yinbo/order/settle"
)

const (
	date   = "2025-06-10"
	bankID = "bank_bench"
	// What settling may take, by the sum and the inserts together.
	wanted = 5
)

type bench struct {
	lines, merchants, runs int
	sqlite, glances        bool

	d    *db.DB
	bank tenant.Bank
}

func main() {
	var b bench
	flag.IntVar(&b.lines, "lines", 1_000_000, "order lines, each an order that was paid")
	flag.IntVar(&b.merchants, "merchants", 500, "merchants that they are of")
	flag.IntVar(&b.runs, "runs", 3, "how often what only reads is measured")
	flag.BoolVar(&b.sqlite, "sqlite", false, "on SQLite")
	flag.BoolVar(&b.glances, "glance", true, "show the day as finance sees it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	figures.Machine()
	if err := b.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "settle:", err)
		os.Exit(1)
	}
}

func (b *bench) run(ctx context.Context) (err error) {
	place, err := private.New(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, place.Stop()) }()
	cfg := db.Config{Path: filepath.Join(place.Dir, "yinbo.db"), MaxConns: 8}
	if !b.sqlite {
		if cfg.DSN, err = place.Database(ctx); err != nil {
			return err
		}
	}
	noon := time.Date(2025, 6, 11, 4, 0, 0, 0, time.UTC)
	if b.d, err = db.Open(ctx, cfg, clock.NewFake(noon)); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.d.Close()) }()
	if _, err := migrations.Up(ctx, b.d); err != nil {
		return err
	}
	b.bank = tenant.Bank{ID: bankID, Slug: "bench", Name: "Bench", Zone: time.FixedZone("Asia/Shanghai", 8*3600)}
	begun := time.Now()
	if err := b.fill(ctx); err != nil {
		return err
	}
	fmt.Printf("%d order lines of %d merchants, filled in %s\n", b.lines, b.merchants, time.Since(begun).Round(time.Second))
	if err := b.settle(ctx); err != nil {
		return err
	}
	return nil
}

func (b *bench) settle(ctx context.Context) error {
	book := ledger.New(b.d)
	begun := time.Now()
	if err := book.TurnPage(ctx, bankID); err != nil {
		return err
	}
	if _, err := report.New(b.d).Day(ctx, b.bank, date); err != nil {
		return err
	}
	fmt.Printf("added up and looked up for the first time, all at once, in %s\n", time.Since(begun).Round(time.Millisecond))
	if err := b.glance(ctx, "the day at a glance while it is open"); err != nil {
		return err
	}
	begun = time.Now()
	err := b.d.InTx(ctx, func(tx *db.Tx) error {
		_, err := book.Close(ctx, tx, bankID, date)
		return err
	})
	if err != nil {
		return err
	}
	if _, err := book.RollUp(ctx, bankID); err != nil {
		return err
	}
	fmt.Printf("closed and rolled up in %s\n", time.Since(begun).Round(time.Millisecond))
	if err := b.glance(ctx, "the day at a glance, closed"); err != nil {
		return err
	}
	sum, err := b.sum(ctx)
	if err != nil {
		return err
	}
	took, err := b.statements(ctx, book)
	if err != nil {
		return err
	}
	inserts, err := b.copy(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("one sum by merchant        %8.2f s\nplain inserts of the same  %8.2f s\nsettling                   %8.2f s, %.2f × of both together   wanted: at most %d ×\n",
		sum.Seconds(), inserts.Seconds(), took.Seconds(), took.Seconds()/(sum+inserts).Seconds(), wanted)
	return nil
}

// glance shows the day and what that takes.
func (b *bench) glance(ctx context.Context, what string) error {
	if !b.glances {
		return nil
	}
	s := &figures.Series{Name: what, Unit: "ms"}
	for range b.runs {
		begun := time.Now()
		day, err := report.New(b.d).Day(ctx, b.bank, date)
		if err != nil {
			return err
		}
		if day.Orders != int64(b.lines) || day.Unposted != 0 || day.Debit != day.Credit {
			return fmt.Errorf("this is not the day that was filled: %+v", day)
		}
		s.Add(float64(time.Since(begun).Microseconds()) / 1000)
	}
	s.PrintWanted(figures.AtMost(1000))
	return nil
}

// sum is the least that settling could read.
func (b *bench) sum(ctx context.Context) (time.Duration, error) {
	var all []time.Duration
	for range b.runs {
		begun := time.Now()
		sums, err := db.All(ctx, b.d, func(r db.Row) (v [2]any, err error) { return v, r.Scan(&v[0], &v[1]) },
			"SELECT merchant_id, SUM(amount_fen) FROM order_line WHERE bank_id = ? GROUP BY merchant_id", bankID)
		if err != nil {
			return 0, err
		}
		if len(sums) != b.merchants {
			return 0, fmt.Errorf("%d merchants in the sum", len(sums))
		}
		all = append(all, time.Since(begun))
	}
	return all[len(all)-1], nil
}

// nothing is a gateway without statements.
type nothing struct{}

func (nothing) Statement(context.Context, string) (io.ReadCloser, error) {
	return nil, gateway.ErrUnknown
}

// statements settles the date and checks what came of it.
func (b *bench) statements(ctx context.Context, book *ledger.Book) (time.Duration, error) {
	desk := settle.New(b.d, book, outbox.New(b.d), tenant.NewDirectory(b.d, ""), nothing{})
	runtime.GC()
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // forgets the peak; where it cannot, the peak is that of filling too
	steal, begun := figures.Now(), time.Now()
	made, err := desk.Run(ctx, b.bank, date, settle.System)
	if err != nil {
		return 0, err
	}
	took, high := time.Since(begun), private.Peak()
	lines := 0
	for _, s := range made {
		lines += s.LineCount
	}
	fmt.Printf("%d statements of %d lines made in %s, peak of the process %d MiB, steal %s\n", len(made), lines, took.Round(time.Millisecond), high>>20, steal.Since())
	if len(made) != b.merchants || lines != b.lines+b.refunds() {
		return 0, errors.New("these are not the statements of the day that was filled")
	}
	off, _, err := db.Value[int](ctx, b.d, `SELECT COUNT(*) FROM settlement s WHERE s.payable_fen <>
		(SELECT SUM(p.credit_fen - p.debit_fen) FROM ledger_posting p WHERE p.bank_id = s.bank_id AND p.account = CONCAT('merchant:', s.merchant_id))`)
	if err == nil && off != 0 {
		err = fmt.Errorf("%d statements are not what the ledger owes", off)
	}
	return took, err
}

// copy inserts the same statements and lines once more, of another bank, and
// times the inserts only.
func (b *bench) copy(ctx context.Context) (took time.Duration, err error) {
	rows := func(columns int, query string, args ...any) ([][]any, error) {
		return db.All(ctx, b.d, func(r db.Row) ([]any, error) {
			v, to := make([]any, columns), make([]any, columns)
			for i := range v {
				to[i] = &v[i]
			}
			err := r.Scan(to...)
			return v, err
		}, query, args...)
	}
	err = b.d.InTx(ctx, func(tx *db.Tx) error {
		insert := func(into string, rows [][]any) error {
			begun := time.Now()
			err := tx.Insert(ctx, into, rows, "")
			took += time.Since(begun)
			return err
		}
		all, err := rows(12, `SELECT CONCAT('x', id), 'bank_copy', merchant_id, merchant_name, business_date, status, sales_fen, refunds_fen, commission_fen,
			discounts_fen, payable_fen, line_count FROM settlement ORDER BY id`)
		if err != nil {
			return err
		}
		for i := range all {
			all[i] = append(all[i], tx.Now)
		}
		if err := insert(`settlement (id, bank_id, merchant_id, merchant_name, business_date, status, sales_fen, refunds_fen, commission_fen,
			discounts_fen, payable_fen, line_count, created_at)`, all); err != nil {
			return err
		}
		for _, s := range all {
			lines, err := rows(10, `SELECT CONCAT('x', settlement_id), line_no, 'bank_copy', kind, order_id, ref, title, amount_fen, commission_fen, net_fen
				FROM settlement_line WHERE settlement_id = SUBSTR(?, 2) ORDER BY line_no`, s[0])
			if err != nil {
				return err
			}
			if err := insert("settlement_line (settlement_id, line_no, bank_id, kind, order_id, ref, title, amount_fen, commission_fen, net_fen)", lines); err != nil {
				return err
			}
		}
		return nil
	})
	return took, err
}
