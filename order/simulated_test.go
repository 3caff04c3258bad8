package order_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"yinbo/internal/bankbox"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/gateway"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/flash"
	"yinbo/order/ledger"
	"yinbo/order/ordertest"
	"yinbo/order/payment"
	"yinbo/order/promo"
	"yinbo/order/settle"
	"yinbo/order/terms"
)

// month is a shop and its real bank over many days.
type month struct {
	trade
	rand      *rand.Rand
	dir       string
	bank      *bankbox.Server
	gate      *atomic.Pointer[gateway.Client]
	desk      *settle.Desk
	book      *ledger.Book
	contracts *terms.Book
	notes     *httptest.Server
	paid      []bought
	merchants [3]string
	goods     [3]string
	batch     string
	days      int
	dates     []string
	seen      map[string]int // what happened, for the log
}

type bought struct {
	viewer, order string
	left          money.Fen
}

// wire is the gateway as it is reached now: it moves when the bank restarts.
type wire struct {
	gate *atomic.Pointer[gateway.Client]
}

func (w wire) CreatePayment(ctx context.Context, no string, amount money.Fen, subject string) (gateway.Payment, error) {
	return w.gate.Load().CreatePayment(ctx, no, amount, subject)
}
func (w wire) QueryPayment(ctx context.Context, no string) (gateway.Payment, error) {
	return w.gate.Load().QueryPayment(ctx, no)
}
func (w wire) CreateRefund(ctx context.Context, no, trade string, amount money.Fen) (gateway.Refund, error) {
	return w.gate.Load().CreateRefund(ctx, no, trade, amount)
}
func (w wire) Statement(ctx context.Context, date string) (io.ReadCloser, error) {
	return w.gate.Load().Statement(ctx, date)
}
func (w wire) CreatePayout(ctx context.Context, no string, amount money.Fen, payee, name string) (gateway.Payout, error) {
	return w.gate.Load().CreatePayout(ctx, no, amount, payee, name)
}
func (w wire) QueryPayout(ctx context.Context, no string) (gateway.Payout, error) {
	return w.gate.Load().QueryPayout(ctx, no)
}

func setting(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	v := os.Getenv(name)
	if v == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(v, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Days of trade at a bank whose callbacks, answers, statements and payouts go
// wrong in every way, with restarts: each day closes, the book balances, and every
// fen of the bank's statements is matched or stands as an exception. The bank
// charges fees at a rate that changes; the merchants are paid the next day, a week
// later and monthly, with reserves, by terms that change on the way; people propose,
// take back and approve.
//
// YINBO_SIMULATED_DAYS (a few here, 30 for the whole) and YINBO_SIMULATED_SEED
// set another run.
func TestSimulatedDaysClose(t *testing.T) {
	days := int(setting(t, "YINBO_SIMULATED_DAYS", 12))
	seed := setting(t, "YINBO_SIMULATED_SEED", uint64(time.Now().UnixNano()))
	t.Logf("YINBO_SIMULATED_DAYS=%d YINBO_SIMULATED_SEED=%d", days, seed)
	clk := clock.NewFake(time.Date(2025, 6, 10, 1, 0, 0, 0, time.UTC)) // 09:00
	m := &month{trade: trade{ordertest.New(t, testkit.SQLite(t, clk), clk, flash.NewMemory()), t},
		rand: rand.New(rand.NewPCG(seed, 1)), dir: filepath.Join(t.TempDir(), "bank"), gate: &atomic.Pointer[gateway.Client]{}, days: days, seen: map[string]int{}}
	m.open()
	for range days {
		m.day()
	}
	m.end()
	t.Logf("%v", m.seen)
}

func (m *month) open() {
	m.notes = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = m.Payments.Callback(m.Ctx, r.Header.Get("X-Bank-Signature"), body)
		}
		if err != nil {
			w.WriteHeader(http.StatusConflict)
		}
	}))
	m.t.Cleanup(m.notes.Close)
	m.start()
	m.t.Cleanup(m.stop)
	banks := tenant.NewDirectory(m.DB, "")
	m.book, m.contracts = ledger.New(m.DB), terms.New(m.DB, m.Keyring)
	m.desk = settle.New(m.DB, m.book, m.Box, banks, wire{m.gate})
	m.desk.Repairs, m.desk.Payer, m.desk.Payees = m.Payments, wire{m.gate}, m.contracts
	m.Payments.Gateways[payment.Bankbox] = wire{m.gate}
	m.Handle(m.desk.Handlers())
	m.contract()
	now, by := m.Clock.Now(), promo.Staff{ID: "operator", Operator: true}
	b, _, err := m.Coupons.Create(m.Ctx, m.Request("operator", "batches"), m.Bank.ID, by, promo.Terms{Kind: order.Coupon, Title: "减 3 元",
		FundedBy: order.ByBank, Stacking: promo.Stackable, Amount: 300, Budget: 9_000_000, PerPerson: 9, GrantedBy: promo.Claimed,
		GrantFrom: now, GrantTo: now.AddDate(0, 3, 0), UseFrom: now, UseTo: now.AddDate(0, 3, 0)})
	if err == nil {
		_, err = m.Coupons.OpenBatch(m.Ctx, m.Bank.ID, by, b.ID)
	}
	if err == nil {
		err = m.DB.InTx(m.Ctx, func(tx *db.Tx) error {
			err := tenant.Change(m.Ctx, tx, m.Bank.ID, func(s *tenant.Settings) {
				s.Reconciliation.RefundSurplusAfterDays, s.Reconciliation.BankboxFeeBps = 2, 60
			})
			if err != nil {
				return err
			}
			return m.desk.ScheduleNightly(m.Ctx, tx, m.Bank)
		})
	}
	if err != nil {
		m.t.Fatal(err)
	}
	m.batch = b.ID
}

// contract agrees on terms with two merchants and opens a third one.
func (m *month) contract() {
	m.merchants = [3]string{m.Merchant(0), m.Merchant(1)}
	m.agree(terms.Wish{Kind: terms.NewTerms, MerchantID: m.merchants[0], Terms: &terms.Asked{CommissionBps: 500, Cycle: terms.T7, ReserveBps: 1_000, ReserveDays: 3}})
	m.agree(terms.Wish{Kind: terms.NewTerms, MerchantID: m.merchants[1], Terms: &terms.Asked{CommissionBps: 33, Cycle: terms.Monthly}})
	m.merchants[2] = m.agree(terms.Wish{Kind: terms.Open, Name: "次日到账商户", Account: &terms.NewNumber{Holder: "次日商行", BankName: "某银行", Number: "6222020200001234"},
		Terms: &terms.Asked{CommissionBps: 120, Cycle: terms.T1, ReserveBps: 250, ReserveDays: 5}})
	for i, price := range []money.Fen{1_001, 333, 777} {
		m.goods[i] = m.SKUBy(m.merchants[i], catalog.Voucher, price, 100_000)
	}
}

// agree has one person propose a change of a merchant and another approve it.
func (m *month) agree(w terms.Wish) (merchantID string) {
	m.t.Helper()
	w.Reason = "合同"
	if w.Terms != nil {
		w.Terms.ValidFrom = m.Bank.BusinessDate(m.Clock.Now())
	}
	c, _, err := m.contracts.Propose(m.Ctx, m.Request("stf_clerk", "POST /merchants/changes"), m.Bank, w, terms.Person{ID: "stf_clerk"})
	if err == nil {
		c, err = m.contracts.Approve(m.Ctx, m.Bank, c.ID, terms.Person{ID: "stf_checker", Checker: true})
	}
	if err != nil {
		m.t.Fatal(err)
	}
	return c.MerchantID
}

// halfway is when terms and the bank's rate change.
func (m *month) halfway() {
	m.agree(terms.Wish{Kind: terms.NewTerms, MerchantID: m.merchants[0], Terms: &terms.Asked{CommissionBps: 450, Cycle: terms.T1}})
	m.agree(terms.Wish{Kind: terms.NewTerms, MerchantID: m.merchants[1], Terms: &terms.Asked{CommissionBps: 33, Cycle: terms.T7, ReserveBps: 5_000, ReserveDays: 1}})
	m.agree(terms.Wish{Kind: terms.NewAccount, MerchantID: m.merchants[1], Account: &terms.NewNumber{Holder: "周结商行", BankName: "某银行", Number: "6222020200005678"}})
	err := m.DB.InTx(m.Ctx, func(tx *db.Tx) error {
		return tenant.Change(m.Ctx, tx, m.Bank.ID, func(s *tenant.Settings) { s.Reconciliation.BankboxFeeBps = 38 })
	})
	if err != nil {
		m.t.Fatal(err)
	}
}

// hand has a person propose an entry, and take it back or another approve it.
func (m *month) hand() {
	m.t.Helper()
	lines := []ledger.Posting{{Account: ledger.WriteOff, Debit: money.Fen(1 + m.rand.IntN(99))}, {Account: ledger.Cash}}
	lines[1].Credit = lines[0].Debit
	clerk, checker := ledger.Person{ID: "stf_clerk"}, ledger.Person{ID: "stf_checker", Checker: true}
	p, _, err := m.book.ProposeAdjustment(m.Ctx, m.Request("stf_clerk", "POST /ledger/adjustments"), m.Bank, lines, "银行费用", clerk)
	what := "approved by hand"
	switch {
	case err != nil:
	case m.rand.IntN(2) == 0:
		what = "taken back"
		_, err = m.book.Withdraw(m.Ctx, m.Bank, p.ID, clerk)
	default:
		_, err = m.book.Approve(m.Ctx, m.Bank, p.ID, checker)
	}
	if err != nil {
		m.t.Fatal(err)
	}
	m.seen[what]++
}

func (m *month) start() {
	var err error
	m.bank, err = bankbox.Open(m.Ctx, bankbox.Config{Dir: m.dir, Addr: "127.0.0.1:0", CallbackKey: ordertest.CallbackKey, Now: m.Clock.Now})
	if err != nil {
		m.t.Fatal(err)
	}
	m.gate.Store(gateway.New(m.bank.URL(), m.notes.URL))
}

func (m *month) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	m.gate.Load().Close()
	if err := m.bank.Close(ctx); err != nil {
		m.t.Error(err)
	}
}

// restart is the bank's, its book kept, and ours: what was taken up is left, and
// taken up again when its lease has run out.
func (m *month) restart() {
	m.stop()
	m.start()
	due, err := m.Box.Due(m.Ctx, 3)
	for _, w := range due {
		if err == nil {
			_, _, err = m.Box.Take(m.Ctx, w.ID)
		}
	}
	if err != nil {
		m.t.Fatal(err)
	}
	m.seen["restarts"]++
}

// ask sends a request to the bank, as others than we do.
func (m *month) ask(method, path string, body any, into any) {
	m.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		m.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(m.Ctx, method, m.bank.URL()+path, strings.NewReader(string(raw)))
	if err != nil {
		m.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		m.t.Fatal(err)
	}
	defer res.Body.Close()
	if into != nil && res.StatusCode < 300 {
		if err := json.NewDecoder(res.Body).Decode(into); err != nil {
			m.t.Fatal(err)
		}
	}
}

var wrongs = []string{"drop_callback", "duplicate_callback", "reorder", "statement_missing", "statement_extra", "statement_late", "statement_cut",
	"statement_total", "statement_twice", "statement_amount", "payout_pending", "payout_fail"}

func (m *month) faults() {
	f := map[string]any{}
	for _, w := range wrongs {
		if m.rand.IntN(5) == 0 {
			f[w] = true
			m.seen[w]++
		}
	}
	if m.rand.IntN(4) == 0 {
		f["fail_rate"] = 0.3
		m.seen["fail_rate"]++
	}
	m.ask(http.MethodPut, "/faults", f, nil)
}

// day is from 09:00 to 09:00 of the next.
func (m *month) day() {
	date := m.Bank.BusinessDate(m.Clock.Now())
	m.dates = append(m.dates, date)
	if len(m.dates) == m.days/2 {
		m.halfway()
	}
	for range 8 {
		m.faults()
		switch m.rand.IntN(8) {
		case 0:
			m.stranger()
		case 1:
			m.back()
		case 2:
			m.restart()
		default:
			m.sell()
		}
		m.Clock.Advance(time.Duration(20+m.rand.IntN(80)) * time.Minute)
		m.RunTasks()
	}
	next, err := time.ParseInLocation(time.DateOnly, date, m.Bank.Zone)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, hour := range []int{24, 25, 27, 31, 33} {
		if wait := next.Add(time.Duration(hour)*time.Hour + 31*time.Minute).Sub(m.Clock.Now()); wait > 0 {
			m.Clock.Advance(wait)
		}
		m.faults()
		m.RunTasks()
	}
	m.closed(date)
	m.people()
}

func (m *month) sell() {
	v := m.Viewer()
	cart := order.Cart{Bank: m.Bank.ID, Viewer: v, Items: []order.Wanted{{SKU: m.goods[m.rand.IntN(3)], Quantity: 2 + int64(m.rand.IntN(3))}}}
	if m.rand.IntN(3) == 0 {
		cart.Items = append(cart.Items, order.Wanted{SKU: m.SKUBy(m.merchants[m.rand.IntN(3)], catalog.Voucher, money.Fen(400+m.rand.IntN(1_000)), 10), Quantity: 1})
		c, _, err := m.Coupons.Claim(m.Ctx, m.Request(v, "POST /coupons/claims"), m.Bank, v, promo.Wish{Batch: m.batch})
		if err != nil {
			m.t.Fatal(err)
		}
		cart.Coupons = []string{c.ID}
		m.seen["discounted"]++
	}
	o, _, err := m.Orders.Place(m.Ctx, m.Request(v, "POST /orders"), cart)
	if err != nil {
		m.t.Fatal(err)
	}
	p, _, err := m.Payments.Pay(m.Ctx, m.Request(v, "POST /pay"), payment.Wish{Bank: m.Bank, Viewer: v, Order: o.ID, Method: payment.Cashier})
	if err != nil || p.CashierURL == "" {
		m.seen["not opened"]++ // the bank did not answer
		return
	}
	_, no, _ := strings.Cut(p.CashierURL, "/pay/cashier/")
	if m.rand.IntN(5) == 0 {
		m.Clock.Advance(ordertest.TTL + time.Minute)
		m.RunTasks() // the order is cancelled by now
		m.seen["late"]++
	}
	m.ask(http.MethodPost, "/pay/cashier/"+no+"/pay", nil, nil)
	m.seen["sold"]++
	m.paid = append(m.paid, bought{v, o.ID, o.PayableFen})
}

// back gives some of an earlier order back.
func (m *month) back() {
	if len(m.paid) == 0 {
		return
	}
	b := &m.paid[m.rand.IntN(len(m.paid))]
	amount := money.Fen(1 + m.rand.Int64N(int64(max(b.left, 1))))
	if _, _, err := m.Payments.Refund(m.Ctx, m.Request(b.viewer, "POST /refunds"), m.Bank.ID, b.viewer, b.order, amount, "不想要了"); err == nil {
		b.left -= amount
		m.seen["refunded"]++
	}
}

// stranger pays the bank for nobody's order.
func (m *month) stranger() {
	var p struct {
		No string `json:"payment_no"`
	}
	m.ask(http.MethodPost, "/pay/v1/payments", map[string]any{"out_trade_no": fmt.Sprintf("stranger-%d", m.rand.Int64()), "amount_fen": 700,
		"notify_url": "http://127.0.0.1:9/", "subject": "x"}, &p)
	if p.No != "" {
		m.ask(http.MethodPost, "/pay/cashier/"+p.No+"/pay", nil, nil)
		m.seen["strangers"]++
	}
}

// closed proves that a day closed and the book balances.
func (m *month) closed(date string) {
	m.t.Helper()
	through := m.Text("SELECT closed_through FROM book")
	b, err := ledger.New(m.DB).Balance(m.Ctx, m.Bank.ID, "")
	if err != nil || through < date || b.Debit != b.Credit {
		m.t.Fatalf("%s: closed through %s, debits %d, credits %d, %v", date, through, b.Debit, b.Credit, err)
	}
	if n := m.Number("SELECT COUNT(*) FROM ledger_entry e WHERE e.business_date = ? AND NOT EXISTS (SELECT 1 FROM settled_day d WHERE d.business_date = e.business_date)", date); n != 0 {
		m.t.Fatalf("%s closed without statements", date)
	}
	testkit.Holds(m.t, m.DB, settle.Invariants()...)
	testkit.Holds(m.t, m.DB, settle.PayoutInvariants()...)
	testkit.Holds(m.t, m.DB, settle.ReserveInvariants()...)
}

var (
	settler       = settle.Actor{Kind: "staff", ID: "stf_clerk"}
	settleChecker = settle.Actor{Kind: "staff", ID: "stf_checker", Checker: true}
)

// people submit and approve what there is, and have paid again what failed.
func (m *month) people() {
	m.t.Helper()
	m.hand()
	drafts, err := m.desk.List(m.Ctx, m.Bank.ID, settle.Filter{Status: "draft"}, "", 0)
	for _, s := range drafts {
		if err == nil {
			_, err = m.desk.Submit(m.Ctx, m.Bank, s.ID, settler)
		}
		if err == nil && m.rand.IntN(8) == 0 { // a second look, and handed in again
			m.seen["statements taken back"]++
			if _, err = m.desk.Withdraw(m.Ctx, m.Bank, s.ID, settler); err == nil {
				_, err = m.desk.Submit(m.Ctx, m.Bank, s.ID, settler)
			}
		}
		if err == nil {
			_, err = m.desk.Approve(m.Ctx, m.Bank, s.ID, settleChecker)
		}
	}
	if err != nil {
		m.t.Fatal(err)
	}
	failed, err := m.desk.PayoutList(m.Ctx, m.Bank.ID, "failed", "", "", 0)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, p := range failed {
		if _, err := m.desk.Retry(m.Ctx, m.Bank, p.ID, settler); err == nil {
			m.seen["paid again"]++
		}
	}
	m.RunTasks()
}

// end is a bank in good health again: what waits comes to its end, each date is
// reconciled with its whole file, and people resolve what is left.
func (m *month) end() {
	m.t.Helper()
	m.ask(http.MethodPut, "/faults", map[string]any{}, nil)
	for range 4 * 24 {
		m.Clock.Advance(time.Hour)
		m.RunTasks()
	}
	m.people()
	for at, last := m.dates[0], m.Bank.BusinessDate(m.Clock.Now().Add(-24*time.Hour)); at <= last; at = next(m.t, at) {
		r, err := m.desk.RunAgain(m.Ctx, m.Bank, settle.Bankbox, at, settler)
		if err != nil || r.Status == "unread" || r.File.State != settle.Whole {
			m.t.Fatalf("%s: %+v, %v", at, r, err)
		}
	}
	all, err := m.desk.WorkList(m.Ctx, m.Bank.ID, settle.Work{Status: "unresolved"}, "", 0)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, e := range all {
		if e.Kind != "callback_amount" && e.Theirs == e.Ours {
			m.t.Errorf("an exception without a reason: %+v", e)
		}
		m.seen["left "+e.Kind]++
		if _, err := m.desk.Resolve(m.Ctx, m.Bank, e.ID, []string{"adjusted", "written_off"}[m.rand.IntN(2)], "x", settler); err != nil {
			m.t.Fatalf("%+v: %v", e, err)
		}
	}
	// Every fen of the files is in the book: as what we sold and gave back, or as
	// what suspense holds, or held until a person wrote it off; less the fees.
	theirs, fees := m.Number("SELECT SUM(theirs_fen - fee_fen) FROM reconciliation"), m.Number("SELECT SUM(fee_fen) FROM reconciliation")
	ours := m.Number("SELECT SUM(debit_fen) - SUM(credit_fen) FROM ledger_posting WHERE account = 'gateway:bankbox'")
	if theirs != ours {
		m.t.Errorf("the bank's files come to %d, our book of it to %d", theirs, ours)
	}
	if posted := m.Number("SELECT SUM(debit_fen) - SUM(credit_fen) FROM ledger_posting WHERE account = 'fee:bankbox'"); posted != fees || fees == 0 {
		m.t.Errorf("fees of %d, posted %d", fees, posted)
	}
	for name, query := range map[string]string{"payouts": "SELECT COUNT(*) FROM payout WHERE status = 'paid'", "fees": "SELECT COUNT(*) FROM ledger_entry WHERE event = 'fee.charged'",
		"reserves": "SELECT COUNT(*) FROM merchant_reserve WHERE released_at IS NOT NULL"} {
		m.seen[name] = int(m.Number(query))
	}
	for _, rules := range [][]string{{"under way", "SELECT COUNT(*) FROM payout WHERE status = 'paying'"}, {"pending", "SELECT COUNT(*) FROM refund WHERE status = 'pending'"},
		{"dead tasks", "SELECT COUNT(*) FROM outbox WHERE state = 'dead'"}} {
		if n := m.Number(rules[1]); n != 0 {
			m.t.Errorf("%d %s", n, rules[0])
		}
	}
	testkit.Holds(m.t, m.DB, invariants()...)
	testkit.Holds(m.t, m.DB, settle.PayoutInvariants()...)
	testkit.Holds(m.t, m.DB, settle.ReserveInvariants()...)
	testkit.Holds(m.t, m.DB, terms.Invariants()...)
}

func next(t *testing.T, date string) string {
	t.Helper()
	d, err := ledger.NextDay(date)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
