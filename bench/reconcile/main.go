// Reconcile measures the reconciliation of a large day: it starts a private
// MariaDB, fills it with a day's payments and refunds, serves a statement of them
// over HTTP in another order, with rows of another bank and some differences, and
// prints how long the desk takes and how large the process becomes.
//
//	go run ./bench/reconcile -n 1000000
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"yinbo/bench/figures"
	"yinbo/bench/private"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/gateway"
	"yinbo/internal/money"
	"yinbo/internal/outbox"
	"yinbo/internal/tenant"
	"yinbo/migrations"
	"yinbo/order/ledger"
	"yinbo/order/settle"
)

const (
	date  = "2025-06-10"
	price = 1_990
	// One row in so many is another bank's, missing in the file, or of another
	// amount.
	foreign, missing, wrong = 50, 100_000, 90_001
)

func main() {
	n := flag.Int("n", 1_000_000, "how many lines")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	figures.Machine()
	if err := run(ctx, *n); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, n int) (err error) {
	place, err := private.New(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, place.Stop()) }()
	dsn, err := place.Database(ctx)
	if err != nil {
		return err
	}
	noon := time.Date(2025, 6, 12, 4, 0, 0, 0, time.UTC) // the next day's file is there
	d, err := db.Open(ctx, db.Config{DSN: dsn, MaxConns: 8}, clock.NewFake(noon))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if _, err := migrations.Up(ctx, d); err != nil {
		return err
	}
	begun := time.Now()
	if err := fill(ctx, d, n); err != nil {
		return err
	}
	fmt.Printf("%d lines, filled in %s\n", n, time.Since(begun).Round(time.Second))
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { statement(w, r, n) }))
	defer web.Close()
	return measure(ctx, d, web.URL, n)
}

func number(i int) string { return fmt.Sprintf("pay_%026d", i) }

func bankOf(i int) string {
	if i%foreign == 7 {
		return "bank_other"
	}
	return "bank_bench"
}

func fill(ctx context.Context, d *db.DB, n int) error {
	at := time.Date(2025, 6, 10, 4, 0, 0, 0, time.UTC)
	const step = 5_000
	for from := 0; from < n; from += step {
		err := d.InTx(ctx, func(tx *db.Tx) error {
			if from == 0 {
				for i, id := range []string{"bank_bench", "bank_other"} {
					b := tenant.Bank{ID: id, Slug: "bench" + strconv.Itoa(i), Name: "Bench", Zone: time.FixedZone("Asia/Shanghai", 8*3600)}
					if err := tenant.Create(ctx, tx, b); err != nil {
						return err
					}
				}
			}
			rows := make([][]any, 0, step)
			for i := from; i < min(from+step, n); i++ {
				rows = append(rows, []any{number(i), bankOf(i), "ord_" + strconv.Itoa(i), "vwr_x", "cashier", price, "succeeded", at, at.Add(time.Duration(i) * time.Millisecond / 100)})
			}
			return tx.Insert(ctx, "payment (id, bank_id, order_id, viewer_id, method, amount_fen, status, created_at, paid_at)", rows, "")
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// statement streams the file of a date; only one date has rows.
func statement(w http.ResponseWriter, r *http.Request, n int) {
	out := bufio.NewWriterSize(w, 64<<10)
	defer out.Flush()
	fmt.Fprintln(out, "date_time,kind,out_trade_no,out_refund_no,payment_no,amount_yuan,status")
	rows, sum := 0, money.Fen(0)
	if strings.Contains(r.URL.Path, date) {
		const stride = 7_919 // the file's order is not ours
		for k := range n {
			i := k * stride % n
			if i%missing == 3 {
				continue
			}
			amount := money.Fen(price)
			if i%wrong == 11 {
				amount++
			}
			rows, sum = rows+1, sum+amount
			fmt.Fprintf(out, "%s 12:00:00,payment,%s,,BP%026d,%s,succeeded\n", date, number(i), i, amount.Yuan())
		}
	}
	fmt.Fprintf(out, "#total,%d,%s,0.00\n", rows, sum.Yuan())
}

func measure(ctx context.Context, d *db.DB, url string, n int) error {
	gate := gateway.New(url, "http://127.0.0.1:9")
	defer gate.Close()
	desk := settle.New(d, ledger.New(d), outbox.New(d), tenant.NewDirectory(d, ""), gate)
	bank, _, err := tenant.Read(ctx, d, "bank_bench")
	if err != nil {
		return err
	}
	runtime.GC()
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // forgets the peak; where it cannot, the peak is that of filling too
	steal, begun := figures.Now(), time.Now()
	r, err := desk.Reconcile(ctx, bank, date)
	if err != nil {
		return err
	}
	took := time.Since(begun)
	fmt.Printf("reconciled in %s, %d matched, %d exceptions, peak of the process %d MiB (wanted: under 60 s, 200 MiB)\n",
		took.Round(time.Millisecond), r.MatchedCount, r.ExceptionCount, private.Peak()>>20)
	fmt.Println("steal", steal.Since())
	if r.MatchedCount < n*9/10 {
		return fmt.Errorf("this is not the day that was filled: %+v", r)
	}
	return nil
}
