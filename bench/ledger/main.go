// Command ledger measures the trial balance over many entries on a private
// MariaDB: by roll-ups, which must be quick, and by every posting, which must
// give the same; and what making the roll-ups takes. Posting is measured besides,
// an entry a transaction, and what it would cost inside the group commit.
//
//	go run ./bench/ledger                     10,000,000 entries of two postings
//	go run ./bench/ledger -entries 100000     fewer
//	go run ./bench/ledger -batches            only the group commit
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"reflect"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"yinbo/bench/figures"
	"yinbo/bench/private"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/tenant"
	"yinbo/migrations"
	"yinbo/order/ledger"
)

// bank is the one whose book is filled.
const bank = "bank_bench"

// lastDate is the last of the dates that are filled, all of them closed.
const lastDate = "2026-06-30"

type bench struct {
	entries, days, merchants, runs int
	length                         time.Duration
	onlyBatches                    bool
}

func main() {
	var b bench
	flag.IntVar(&b.entries, "entries", 10_000_000, "entries, of two postings each")
	flag.IntVar(&b.days, "days", 180, "business dates that they spread over")
	flag.IntVar(&b.merchants, "merchants", 500, "merchants that they are owed to")
	flag.IntVar(&b.runs, "runs", 5, "how often a balance is taken")
	flag.DurationVar(&b.length, "length", 5*time.Second, "how long is posted")
	flag.BoolVar(&b.onlyBatches, "batches", false, "only what posting would cost inside the group commit")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	figures.Machine()
	if err := b.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "ledger:", err)
		os.Exit(1)
	}
}

func (b bench) run(ctx context.Context) (err error) {
	place, err := private.New(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, place.Stop()) }()
	d, done, err := open(ctx, place)
	if err != nil {
		return err
	}
	defer done()
	if b.onlyBatches {
		return b.batches(ctx, d)
	}
	if err := b.fill(ctx, d); err != nil {
		return err
	}
	book := ledger.New(d)
	begun := time.Now()
	days, err := book.RollUp(ctx, bank)
	if err != nil {
		return err
	}
	fmt.Printf("roll-ups of %d dates made in %s, while people may post\n", days, time.Since(begun).Round(time.Millisecond))
	if err := b.balance(ctx, d, book); err != nil {
		return err
	}
	if err := b.post(ctx, d); err != nil {
		return err
	}
	return b.batches(ctx, d)
}

func open(ctx context.Context, place *private.Place) (d *db.DB, done func(), err error) {
	_, dsn, err := place.MariaDB(ctx)
	if err != nil {
		return nil, nil, err
	}
	root, err := db.Open(ctx, db.Config{DSN: dsn + "mysql"}, clock.System{})
	if err != nil {
		return nil, nil, err
	}
	defer root.Close()
	for _, s := range []string{"CREATE DATABASE yinbo", "SET GLOBAL innodb_buffer_pool_size = 3221225472"} {
		if _, err := root.Handle().ExecContext(ctx, s); err != nil {
			return nil, nil, err
		}
	}
	if d, err = db.Open(ctx, db.Config{DSN: dsn + "yinbo", MaxConns: 16}, clock.System{}); err != nil {
		return nil, nil, err
	}
	if _, err := migrations.Up(ctx, d); err != nil {
		return nil, nil, errors.Join(err, d.Close())
	}
	return d, func() { _ = d.Close() }, nil
}

// fill writes the postings, a date after the other; a balance reads nothing
// else. The index by account is made after them.
func (b bench) fill(ctx context.Context, d *db.DB) error {
	begun := time.Now()
	last, err := time.Parse(time.DateOnly, lastDate)
	if err != nil {
		return err
	}
	c, err := d.Handle().Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	exec := func(query string, args ...any) {
		if err == nil {
			_, err = c.ExecContext(ctx, query, args...)
		}
	}
	exec("SET GLOBAL innodb_flush_log_at_trx_commit = 0")
	exec("DROP INDEX ledger_posting_account ON ledger_posting")
	per := b.entries / b.days
	for day := range b.days {
		date, n := last.AddDate(0, 0, day+1-b.days).Format(time.DateOnly), per
		if day == b.days-1 {
			n = b.entries - per*(b.days-1)
		}
		exec(fmt.Sprintf(`INSERT INTO ledger_posting (entry_id, line_no, bank_id, business_date, account, debit_fen, credit_fen)
			SELECT CONCAT('ent_', LPAD(s.seq + %d, 26, '0')), l.seq, '%s', '%s',
				CASE l.seq WHEN 1 THEN 'gateway:bankbox' ELSE CONCAT('merchant:mch_', s.seq %% %d) END,
				CASE l.seq WHEN 1 THEN s.seq %% 9973 + 1 ELSE 0 END, CASE l.seq WHEN 2 THEN s.seq %% 9973 + 1 ELSE 0 END
			FROM seq_1_to_%d s JOIN seq_1_to_2 l ORDER BY s.seq, l.seq`, day*per, bank, date, b.merchants, n))
	}
	exec("INSERT INTO book (bank_id, closed_through) VALUES (?, ?)", bank, lastDate)
	exec("SET GLOBAL innodb_flush_log_at_trx_commit = 1")
	fmt.Printf("%d entries, %d postings, written in %s\n", b.entries, 2*b.entries, time.Since(begun).Round(time.Second))
	return err
}

func (b bench) balance(ctx context.Context, d *db.DB, book *ledger.Book) error {
	rolled := &figures.Series{Name: "trial balance by roll-ups", Unit: "ms"}
	full := &figures.Series{Name: "by every posting", Unit: "ms"}
	for range b.runs {
		var got [2]ledger.TrialBalance
		for i, take := range []func(context.Context, db.Querier, string, string) (ledger.TrialBalance, error){book.TrialBalance, book.FullSum} {
			begun := time.Now()
			var err error
			if got[i], err = take(ctx, d, bank, ""); err != nil {
				return err
			}
			[]*figures.Series{rolled, full}[i].Add(float64(time.Since(begun).Microseconds()) / 1000)
			if i == 0 && len(full.Runs) > 0 { // the same every time: once is enough
				break
			}
		}
		if len(got[1].Items) > 0 && !reflect.DeepEqual(got[0], got[1]) {
			return errors.New("roll-ups and postings give two balances")
		}
	}
	rolled.PrintWanted(figures.AtMost(2000))
	full.Print()
	fmt.Println("both are equal, account by account")
	return nil
}

// post has eight callers post sales, an entry of three postings a transaction.
func (b bench) post(ctx context.Context, d *db.DB) error {
	book, who := ledger.New(d), tenant.Bank{ID: "bank_post", Zone: time.FixedZone("CST", 8*3600)}
	rate := &figures.Series{Name: "posting, a transaction each, 8 callers", Unit: "entries/s"}
	for range b.runs {
		var n atomic.Int64
		var failed atomic.Value
		var all sync.WaitGroup
		begun := time.Now()
		for range 8 {
			all.Go(func() {
				for time.Since(begun) < b.length/time.Duration(b.runs) && failed.Load() == nil {
					err := d.InTx(ctx, func(tx *db.Tx) error {
						_, err := book.Post(ctx, tx, ledger.Entry{Bank: who, Event: ledger.OrderPaid, Ref: fmt.Sprint(begun.UnixNano(), n.Add(1)), Lines: []ledger.Line{
							{Account: ledger.Gateway, Debit: 100}, {Account: ledger.Commission, Credit: 5}, {Account: ledger.Merchant("mch_1"), Credit: 95}}})
						return err
					})
					if err != nil {
						failed.Store(err)
					}
				}
			})
		}
		all.Wait()
		if e, ok := failed.Load().(error); ok {
			return e
		}
		rate.Add(float64(n.Load()) / time.Since(begun).Seconds())
	}
	rate.Print()
	return nil
}
