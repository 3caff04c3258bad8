package ordertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/gateway"
	"yinbo/internal/id"
	"yinbo/internal/idem"
	"yinbo/internal/money"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/flash"
	"yinbo/order/ledger"
	"yinbo/order/payment"
	"yinbo/order/promo"
)

// CallbackKey signs callbacks on the stage.
const CallbackKey = "stage-key"

// TTL is the stage's time to pay.
const TTL = 15 * time.Minute

// Stage is one bank with everything that sells.
type Stage struct {
	T        *testing.T
	Ctx      context.Context
	Clock    *clock.Fake
	DB       *db.DB
	Bank     tenant.Bank
	Room     string
	Box      *outbox.Box
	Live     *Live
	Gateway  *Gateway
	Catalog  *catalog.Catalog
	Sales    *flash.Sales
	Orders   *order.Orders
	Coupons  *promo.Coupons
	Payments *payment.Payments
	Keyring  *pii.Keyring
	Keeper   *idem.Keeper

	merchants [2]string
	handlers  map[string]func(context.Context, outbox.Task) error
	serial    atomic.Int64
}

// Each runs fn on SQLite with admission in memory and on MariaDB with admission
// in Redis.
func Each(t *testing.T, fn func(t *testing.T, s *Stage)) {
	t.Run("sqlite+memory", func(t *testing.T) {
		clk := clock.NewFake(time.Now())
		fn(t, New(t, testkit.SQLite(t, clk), clk, flash.NewMemory()))
	})
	t.Run("mariadb+redis", func(t *testing.T) {
		clk := clock.NewFake(time.Now())
		admission, err := flash.NewRedis(testkit.Redis(t))
		if err != nil {
			t.Fatal(err)
		}
		fn(t, New(t, testkit.MariaDB(t, clk), clk, admission))
	})
}

// New sets the stage on a migrated, empty database.
func New(t *testing.T, d *db.DB, clk *clock.Fake, admission flash.Admission) *Stage {
	keyring := testkit.Keyring(t, d)
	s := &Stage{T: t, Ctx: testkit.Context(t), Clock: clk, DB: d, Bank: testkit.Bank(t, d, keyring, "stage"), Room: id.New(id.Room),
		Keyring: keyring, Keeper: idem.NewKeeper(d), Box: outbox.New(d), Catalog: catalog.New(d)}
	s.Live = &Live{room: s.Room, prices: map[string]money.Fen{}, states: map[string]string{}, told: map[string]int{}, banned: map[string]bool{}}
	s.Gateway = &Gateway{payments: map[string]*gateway.Payment{}, refunds: map[string]gateway.Refund{}, paidOut: map[string]money.Fen{}, Charges: "succeeded"}
	s.Sales = s.Node(admission)
	banks := tenant.NewDirectory(d, "")
	s.Coupons = promo.New(promo.Deps{DB: d, Box: s.Box, Keeper: s.Keeper, Rooms: s.Live, Banks: banks, Announcer: announcer{s.Live}})
	s.Orders = order.New(order.Deps{DB: d, Box: s.Box, Keeper: s.Keeper, Keyring: keyring, Units: s.Sales, Vouchers: noCodes{}, Coupons: s.Coupons,
		Rooms: s.Live, Announcer: announcer{s.Live}, TTL: TTL})
	s.Payments = payment.New(payment.Deps{DB: d, Box: s.Box, Keeper: s.Keeper, Orders: s.Orders, Book: ledger.New(d),
		Gateways: map[payment.Channel]payment.Gateway{payment.Bankbox: s.Gateway}, Charger: s.Gateway,
		Cards: s.Gateway, Discounts: s.Coupons, Banks: banks, CallbackKey: CallbackKey})
	s.Orders.Tills = s.Payments
	s.handlers = map[string]func(context.Context, outbox.Task) error{
		order.SweepTask: s.Orders.HandleSweep, order.ExpireTask: s.Orders.HandleExpire, order.CompleteTask: s.Orders.HandleComplete,
		flash.StartTask: s.Sales.HandleStart, flash.EndTask: s.Sales.HandleEnd,
		payment.QueryTask: s.Payments.HandleQuery, payment.SendTask: s.Payments.HandleSend,
		promo.ExpireTask: s.Coupons.HandleExpire, promo.SpentTask: s.Coupons.HandleSpent,
		promo.DropTask: s.Coupons.HandleDrop, promo.PacketTask: s.Coupons.HandlePacket,
	}
	s.tx(func(tx *db.Tx) (err error) {
		if err = s.Orders.ScheduleSweep(s.Ctx, tx); err != nil {
			return err
		}
		for i, bps := range []int64{500, 33} {
			if s.merchants[i], err = catalog.AddMerchant(s.Ctx, tx, s.Bank.ID, fmt.Sprintf("merchant %d", i), bps); err != nil {
				return err
			}
		}
		return nil
	})
	return s
}

// Node is another node's flash sales on the same database.
func (s *Stage) Node(admission flash.Admission) *flash.Sales {
	return s.node(admission, announcer{s.Live})
}

// NodeWith is a node on which onFact comes before each fact, within its
// transaction.
func (s *Stage) NodeWith(admission flash.Admission, onFact func() error) *flash.Sales {
	return s.node(admission, interrupted{announcer{s.Live}, onFact})
}

func (s *Stage) node(admission flash.Admission, told order.Announcer) *flash.Sales {
	sales := flash.New(flash.Deps{DB: s.DB, Box: s.Box, Keeper: idem.NewKeeper(s.DB), Keyring: s.Keyring, Admission: admission,
		Rooms: s.Live, Announcer: told, TTL: TTL})
	s.T.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := sales.Close(ctx); err != nil {
			s.T.Errorf("committers still run: %v", err)
		}
	})
	return sales
}

func (s *Stage) tx(fn func(tx *db.Tx) error) {
	s.T.Helper()
	if err := s.DB.InTx(s.Ctx, fn); err != nil {
		s.T.Fatal(err)
	}
}

// SKU puts goods of the stage's first merchant into the catalogue.
func (s *Stage) SKU(kind catalog.Kind, price money.Fen, stock int64) string {
	return s.SKUOf(0, kind, price, stock)
}

// SKUOf is SKU for one of the two merchants; their commissions are 5 % and 0.33 %.
func (s *Stage) SKUOf(merchant int, kind catalog.Kind, price money.Fen, stock int64) (sku string) {
	return s.SKUBy(s.merchants[merchant], kind, price, stock)
}

// SKUBy is SKU for any merchant.
func (s *Stage) SKUBy(merchantID string, kind catalog.Kind, price money.Fen, stock int64) (sku string) {
	s.T.Helper()
	s.tx(func(tx *db.Tx) error {
		p, err := catalog.AddProduct(s.Ctx, tx, s.Bank.ID, catalog.NewProduct{Merchant: merchantID, Title: "五常大米", Category: "rice", Kind: kind})
		if err != nil {
			return err
		}
		sku, err = catalog.AddSKU(s.Ctx, tx, s.Bank.ID, catalog.NewSKU{Product: p, Spec: "5kg", Price: price, List: price, Stock: stock})
		return err
	})
	return sku
}

// Sale schedules a sale of a new voucher SKU that is on for an hour; the SKU's
// stock is twice the total.
func (s *Stage) Sale(total, limit int64) flash.View {
	s.T.Helper()
	return s.Schedule(s.SKU(catalog.Voucher, 1000, 2*total), total, limit, 0, time.Hour)
}

// Schedule schedules a sale in the stage's room.
func (s *Stage) Schedule(sku string, total, limit int64, starts, ends time.Duration) flash.View {
	s.T.Helper()
	now := s.Clock.Now()
	v, _, err := s.Sales.Schedule(s.Ctx, s.Request("host", "schedule"), flash.Staff{ID: "host"}, s.Bank.ID, s.Room, flash.Terms{
		SKU: sku, Price: 990, Total: total, PerUserLimit: limit, Starts: now.Add(starts), Ends: now.Add(ends)})
	if err != nil {
		s.T.Fatalf("schedule: %v", err)
	}
	return v
}

// Viewer signs a person up.
func (s *Stage) Viewer() string {
	s.T.Helper()
	return s.Viewers(1)[0]
}

// Viewers signs n people up.
func (s *Stage) Viewers(n int) []string {
	s.T.Helper()
	viewers := make([]string, n)
	s.tx(func(tx *db.Tx) error {
		rows := make([][]any, n)
		for i := range rows {
			viewers[i] = id.New(id.Viewer)
			rows[i] = []any{viewers[i], s.Bank.ID, viewers[i], "", "138****0000", "小王", tx.Now}
		}
		return tx.Insert(s.Ctx, "viewer (id, bank_id, phone_hash, phone_sealed, phone_masked, nickname, created_at)", rows, "")
	})
	return viewers
}

// Request is a request with a new key.
func (s *Stage) Request(person, route string) idem.Request {
	return idem.Request{Bank: s.Bank.ID, Person: person, Route: route, Key: fmt.Sprint("key-", s.serial.Add(1)), BodyHash: "body"}
}

// Buy buys units of a sale.
func (s *Stage) Buy(viewer, flashID string, n int64) (order.View, error) {
	v, _, err := s.Sales.Buy(s.Ctx, s.Request(viewer, "POST /flash/"+flashID+"/orders"),
		flash.Purchase{Bank: s.Bank.ID, Viewer: viewer, Flash: flashID, Quantity: n})
	return v, err
}

// Place orders pieces of SKUs: sku, n, sku, n …
func (s *Stage) Place(viewer string, items ...order.Wanted) (order.View, error) {
	v, _, err := s.Orders.Place(s.Ctx, s.Request(viewer, "POST /orders"), order.Cart{Bank: s.Bank.ID, Viewer: viewer, Items: items, Room: s.Room})
	return v, err
}

// Number reads one number from the database.
func (s *Stage) Number(query string, args ...any) int64 {
	s.T.Helper()
	n, _, err := db.Value[int64](s.Ctx, s.DB, query, args...)
	if err != nil {
		s.T.Fatal(err)
	}
	return n
}

// HoldWriter keeps a transaction open: on SQLite nobody else writes until
// release is called.
func (s *Stage) HoldWriter() (release func()) {
	s.T.Helper()
	begun, done, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- s.DB.InTx(s.Ctx, func(*db.Tx) error { close(begun); <-done; return nil })
	}()
	<-begun
	return func() {
		close(done)
		if err := <-ended; err != nil {
			s.T.Error(err)
		}
	}
}

// Text reads one text.
func (s *Stage) Text(query string, args ...any) string {
	s.T.Helper()
	v, _, err := db.Value[string](s.Ctx, s.DB, query, args...)
	if err != nil {
		s.T.Fatal(err)
	}
	return v
}

// Stock is a SKU's.
func (s *Stage) Stock(sku string) int64 {
	s.T.Helper()
	return s.Number("SELECT stock FROM sku WHERE id = ?", sku)
}

// Status is an order's.
func (s *Stage) Status(orderID string) order.Status {
	s.T.Helper()
	v, _, err := db.Value[string](s.Ctx, s.DB, "SELECT status FROM orders WHERE id = ?", orderID)
	if err != nil {
		s.T.Fatal(err)
	}
	return order.Status(v)
}

// RunTasks runs every task that is due, as jobs does.
func (s *Stage) RunTasks() {
	s.T.Helper()
	for {
		due, err := s.Box.Due(s.Ctx, 100)
		if err != nil {
			s.T.Fatal(err)
		}
		if len(due) == 0 {
			return
		}
		for _, w := range due {
			task, ok, err := s.Box.Take(s.Ctx, w.ID)
			if err != nil {
				s.T.Fatal(err)
			}
			if !ok {
				continue
			}
			err = s.handlers[task.Kind](s.Ctx, task)
			var later *outbox.Postponed
			switch {
			case err == nil:
				err = s.Box.Done(s.Ctx, task)
			case errors.As(err, &later):
				err = s.Box.Postpone(s.Ctx, task, later.At)
			default:
				err = s.Box.Fail(s.Ctx, task, err, false)
			}
			if err != nil {
				s.T.Fatal(err)
			}
		}
	}
}

// OnSQLite is the stage for what does not depend on the engine.
func OnSQLite(t *testing.T) *Stage {
	clk := clock.NewFake(time.Now())
	return New(t, testkit.SQLite(t, clk), clk, flash.NewMemory())
}

// Go runs a loop until the function given back is called, or the test ends.
func Go(t *testing.T, run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := run(ctx); err != nil {
			t.Errorf("loop: %v", err)
		}
	}()
	return func() { cancel(); <-ended }
}

// Until holds until cond, for ten seconds at most.
func Until(t *testing.T, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !cond(); <-time.After(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain")
		}
	}
}

// Address is somebody's.
func Address() order.Address {
	return order.Address{Name: pii.Clear("王小明"), Phone: pii.Clear("13800001234"), Province: pii.Clear("浙江省"),
		City: pii.Clear("杭州市"), District: pii.Clear("西湖区"), Street: pii.Clear("文三路 1 号")}
}

// CheckSealed holds that an order's address is stored sealed and opens again.
func CheckSealed(s *Stage, orderID string, want order.Address) {
	s.T.Helper()
	sealed, _, err := db.Value[string](s.Ctx, s.DB, "SELECT address_sealed FROM orders WHERE id = ?", orderID)
	if err != nil {
		s.T.Fatal(err)
	}
	got, err := order.OpenAddress(s.Ctx, s.Keyring, s.Bank.ID, orderID, sealed)
	if err != nil || got != want || strings.Contains(sealed, want.Phone.Reveal()) {
		s.T.Errorf("address does not come back: %v", err)
	}
}

// Handle has the stage work further kinds of tasks.
func (s *Stage) Handle(handlers map[string]func(context.Context, outbox.Task) error) {
	for kind, h := range handlers {
		s.handlers[kind] = h
	}
}
