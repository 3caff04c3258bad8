package settle_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/gateway"
	"yinbo/internal/id"
	"yinbo/internal/money"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
	"yinbo/order/ledger"
	"yinbo/order/settle"
)

var (
	// noon of the business date that the tests trade on.
	noon  = time.Date(2025, 6, 10, 4, 0, 0, 0, time.UTC)
	maker = settle.Actor{Kind: "staff", ID: "stf_maker"}
	check = settle.Actor{Kind: "staff", ID: "stf_checker", Checker: true}
)

const today = "2025-06-10"

// shop is a bank with merchants whose orders a test writes as the order domain
// would.
type shop struct {
	t          *testing.T
	ctx        context.Context
	db         *db.DB
	clk        *clock.Fake
	keys       *pii.Keyring
	bank       tenant.Bank
	book       *ledger.Book
	box        *outbox.Box
	desk       *settle.Desk
	files      *files
	tea, honey string // merchants at 5 % and 0.8 %
}

func onEach(t *testing.T, fn func(s *shop)) {
	run := func(open func(testing.TB, clock.Clock) *db.DB) func(*testing.T) {
		return func(t *testing.T) {
			clk := clock.NewFake(noon)
			d := open(t, clk)
			fn(newShop(t, d, clk))
		}
	}
	t.Run("sqlite", run(testkit.SQLite))
	t.Run("mariadb", run(testkit.MariaDB))
}

func newShop(t *testing.T, d *db.DB, clk *clock.Fake) *shop {
	s := &shop{t: t, ctx: testkit.Context(t), db: d, clk: clk, book: ledger.New(d), box: outbox.New(d), files: &files{byDate: map[string]string{}}}
	s.keys = testkit.Keyring(t, d)
	s.bank = testkit.Bank(t, d, s.keys, "demo")
	s.desk = settle.New(d, s.book, s.box, tenant.NewDirectory(d, ""), s.files)
	s.tea, s.honey = id.New(id.Merchant), id.New(id.Merchant)
	s.tx(func(tx *db.Tx) error {
		return tx.Insert(s.ctx, "merchant (id, bank_id, name, commission_bps, created_at)",
			[][]any{{s.tea, s.bank.ID, "茶庄", 500, tx.Now}, {s.honey, s.bank.ID, "蜂场", 80, tx.Now}}, "")
	})
	return s
}

func (s *shop) tx(fn func(tx *db.Tx) error) {
	s.t.Helper()
	if err := s.db.InTx(s.ctx, fn); err != nil {
		s.t.Fatal(err)
	}
}

// line is an order line of a test.
type line struct {
	merchant, title string
	amount          money.Fen
	bps             int64
}

func (s *shop) lineOf(merchant, title string, amount money.Fen) line {
	if merchant == s.tea {
		return line{merchant, title, amount, 500}
	}
	return line{merchant, title, amount, 80}
}

// paid writes a paid order of the bank now and gives its order and payment.
func (s *shop) paid(bank tenant.Bank, lines ...line) (orderID, paymentID string) {
	s.t.Helper()
	orderID, paymentID = id.New(id.Order), id.New(id.Payment)
	var total money.Fen
	var rows [][]any
	posting := []ledger.Line{{Account: ledger.Gateway}}
	for i, l := range lines {
		total += l.amount
		cut, _ := l.amount.Bps(l.bps)
		rows = append(rows, []any{orderID, i + 1, bank.ID, "sku_x", "prd_x", l.merchant, "physical", l.title, "", 1, l.amount, l.amount, l.bps})
		posting = append(posting, ledger.Line{Account: ledger.Merchant(l.merchant), Credit: l.amount - cut}, ledger.Line{Account: ledger.Commission, Credit: cut})
	}
	posting[0].Debit = total
	s.tx(func(tx *db.Tx) error {
		err := tx.Insert(s.ctx, "order_line (order_id, line_no, bank_id, sku_id, product_id, merchant_id, kind, title, spec, quantity, price_fen, amount_fen, commission_bps)", rows, "")
		if err != nil {
			return err
		}
		if err := s.insertPayment(tx, bank, paymentID, orderID, total, "succeeded"); err != nil {
			return err
		}
		_, err = s.book.Post(s.ctx, tx, ledger.Entry{Bank: bank, Event: ledger.OrderPaid, Ref: paymentID, OrderID: orderID, Lines: posting})
		return err
	})
	return orderID, paymentID
}

func (s *shop) insertPayment(tx *db.Tx, bank tenant.Bank, paymentID, orderID string, amount money.Fen, status string) error {
	paid := any(tx.Now)
	if status != "succeeded" {
		paid = nil
	}
	return tx.Insert(s.ctx, "payment (id, bank_id, order_id, viewer_id, method, amount_fen, status, created_at, paid_at)",
		[][]any{{paymentID, bank.ID, orderID, "vwr_x", "cashier", amount, status, tx.Now, paid}}, "")
}

// refunded writes a refund of one merchant's money, commission given back.
func (s *shop) refunded(orderID, paymentID, merchant string, amount, commission money.Fen) (refundID string) {
	s.t.Helper()
	return s.refundEntry(orderID, paymentID, amount, []ledger.Line{{Account: ledger.Merchant(merchant), Debit: amount - commission},
		{Account: ledger.Commission, Debit: commission}, {Account: ledger.Gateway, Credit: amount}})
}

func (s *shop) refundEntry(orderID, paymentID string, amount money.Fen, lines []ledger.Line) (refundID string) {
	s.t.Helper()
	refundID = id.New(id.Refund)
	s.tx(func(tx *db.Tx) error {
		err := tx.Insert(s.ctx, "refund (id, bank_id, order_id, payment_id, amount_fen, reason, cause, status, created_at, done_at)",
			[][]any{{refundID, s.bank.ID, orderID, paymentID, amount, "不想要了", "viewer", "succeeded", tx.Now, tx.Now}}, "")
		if err != nil {
			return err
		}
		_, err = s.book.Post(s.ctx, tx, ledger.Entry{Bank: s.bank, Event: ledger.OrderRefunded, Ref: refundID, OrderID: orderID, Lines: lines})
		return err
	})
	return refundID
}

func (s *shop) run(date string) map[string]settle.Settlement {
	s.t.Helper()
	items, err := s.desk.Run(s.ctx, s.bank, date, maker)
	if err != nil {
		s.t.Fatal(err)
	}
	by := map[string]settle.Settlement{}
	for _, i := range items {
		by[i.Merchant.ID] = i
	}
	return by
}

func (s *shop) wantCode(err error, code string) {
	s.t.Helper()
	if fault.Code(err) != code {
		s.t.Fatalf("got %v, want %s", err, code)
	}
}

// files is the gateway's side: a statement a date.
type files struct {
	mu     sync.Mutex
	byDate map[string]string
	asked  []string
	fail   bool // no answer
	none   bool // not there yet
}

var _ settle.Statements = (*files)(nil)

func (f *files) Statement(_ context.Context, date string) (io.ReadCloser, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, date)
	if f.fail {
		return nil, gateway.ErrUnknown
	}
	if f.none {
		return nil, &gateway.Refusal{Status: 404, Code: "not_found"}
	}
	text, ok := f.byDate[date]
	if !ok {
		text = statement()
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

func (f *files) put(date, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.byDate[date] = strings.ReplaceAll(text, today+" ", date+" ") // rows are of their file's day
}

// raw is put with the text as it is.
func (f *files) raw(date, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.byDate[date] = text
}

// theirs is a row of the gateway's file.
type theirs struct {
	trade, refund string
	amount        money.Fen
	status        string
	fee           int64 // in thousandths of a fen, of a bill
}

func statement(rows ...theirs) string {
	b := "date_time,kind,out_trade_no,out_refund_no,payment_no,amount_yuan,status\n"
	var paid, back money.Fen
	for i, r := range rows {
		kind := "payment"
		if r.refund != "" {
			kind, back = "refund", back+r.amount
		} else {
			paid += r.amount
		}
		if r.status == "" {
			r.status = "succeeded"
		}
		b += fmt.Sprintf("2025-06-10 12:00:00,%s,%s,%s,BP%d,%s,%s\n", kind, r.trade, r.refund, i, r.amount.Yuan(), r.status)
	}
	return b + fmt.Sprintf("#total,%d,%s,%s\n", len(rows), paid.Yuan(), back.Yuan())
}

// banksOf is a list of banks as a test has set them.
type banksOf []tenant.Bank

func (b banksOf) All(context.Context) ([]tenant.Bank, error) { return b, nil }
