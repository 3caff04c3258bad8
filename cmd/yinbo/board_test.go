package main

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"yinbo/card"
	"yinbo/internal/clock"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/money"
	"yinbo/internal/testkit"
	"yinbo/live"
	"yinbo/live/bus"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/flash"
	"yinbo/order/promo"
)

// busyRoom is a room with orders, nine of ten paid, half of those with a coupon,
// over the last hour; its figures come from where they come from in earnest.
type busyRoom struct {
	ctx   context.Context
	d     *db.DB
	clk   *clock.Fake
	rooms *live.Rooms
	bank  string
	room  string
	skus  []string // the eleventh is never paid
	by    live.Staff
}

func newBusyRoom(t testing.TB, d *db.DB, clk *clock.Fake, orders int) *busyRoom {
	t.Helper()
	b := &busyRoom{ctx: testkit.Context(t), d: d, clk: clk, by: live.Staff{ID: id.New(id.Staff), Name: "主播"}}
	b.bank = testkit.Bank(t, d, testkit.Keyring(t, d), "board").ID
	shop := catalog.New(d)
	sales := flash.New(flash.Deps{DB: d})
	figures := &roomFigures{shop: shop, orders: order.New(order.Deps{DB: d}), sales: sales, coupons: promo.New(promo.Deps{DB: d}),
		applications: card.New(&card.Book{DB: d}, nil, nil, nil, nil)}
	b.rooms = live.New(live.Deps{DB: d, Bus: bus.NewMemory(), Goods: &roomGoods{shop, sales}, Figures: figures, Log: slog.New(slog.DiscardHandler)})
	v, err := b.rooms.Create(b.ctx, b.bank, b.by, live.Plan{Title: "大场", StartsAt: clk.Now()})
	if err != nil {
		t.Fatal(err)
	}
	b.room = v.ID
	err = d.InTx(b.ctx, func(tx *db.Tx) error {
		merchant, err := catalog.AddMerchant(b.ctx, tx, b.bank, "农场", 500)
		if err != nil {
			return err
		}
		product, err := catalog.AddProduct(b.ctx, tx, b.bank, catalog.NewProduct{Merchant: merchant, Title: "大米", Category: "rice", Kind: catalog.Voucher})
		for i := range 20 {
			if err != nil {
				return err
			}
			var sku string
			sku, err = catalog.AddSKU(b.ctx, tx, b.bank, catalog.NewSKU{Product: product, Spec: fmt.Sprint(i), Price: 990, List: 990, Stock: 1000})
			b.skus = append(b.skus, sku)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for done := 0; done < orders; done += 1000 {
		b.order(t, done, min(1000, orders-done), orders)
	}
	return b
}

// order writes n orders, the first of which is number from of all.
func (b *busyRoom) order(t testing.TB, from, n, all int) {
	t.Helper()
	var orders, lines, payments [][]any
	for i := from; i < from+n; i++ {
		o, p, at := id.New(id.Order), id.New(id.Payment), b.clk.Now().Add(-time.Hour*time.Duration(all-i)/time.Duration(all))
		viewer, status, paid, discount := fmt.Sprintf("vwr_%d", i%(all/2+1)), "paid", money.Fen(890), money.Fen(100)
		var paidAt, paidBy any = at.Add(time.Second), p
		if i%2 == 0 {
			paid, discount = 990, 0
		}
		if i%10 == 0 {
			status, paidAt, paidBy = "pending_payment", nil, nil
		}
		payable := 990 - discount
		if status != "paid" {
			paid = 0
		}
		orders = append(orders, []any{o, b.bank, viewer, b.room, status, 990, discount, payable, paid, at, at, paidAt, paidBy})
		lines = append(lines, []any{o, 1, b.bank, b.skus[i%len(b.skus)], "prd_1", "mch_1", "voucher", "大米", "", 1, 990, 990, 500})
		if status == "paid" {
			payments = append(payments, []any{p, b.bank, o, viewer, "bound_card", paid, "succeeded", at, at, i%3 == 0})
		}
	}
	err := b.d.InTx(b.ctx, func(tx *db.Tx) error {
		for into, rows := range map[string][][]any{
			"orders (id, bank_id, viewer_id, room_id, status, goods_fen, discount_fen, payable_fen, paid_fen, expires_at, created_at, paid_at, paid_by)":   orders,
			"order_line (order_id, line_no, bank_id, sku_id, product_id, merchant_id, kind, title, spec, quantity, price_fen, amount_fen, commission_bps)": lines,
			"payment (id, bank_id, order_id, viewer_id, method, amount_fen, status, created_at, paid_at, own_card)":                                        payments,
		} {
			if err := tx.Insert(b.ctx, into, rows, ""); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Quiet, the board that sockets get once a second is what the database says, to
// the fen; its windows and its minutes add up to the same.
func TestTheBoardAgreesWithTheDatabaseWhenQuiet(t *testing.T) {
	each := func(t *testing.T, open func(testing.TB, clock.Clock) *db.DB) {
		t.Parallel()
		clk := clock.NewFake(time.Now())
		const n = 1200
		b := newBusyRoom(t, open(t, clk), clk, n)
		if _, err := b.rooms.SetShelf(b.ctx, b.bank, b.room, b.by, []live.Place{{SKU: b.skus[0]}}); err != nil {
			t.Fatal(err)
		}
		for _, seen := range []live.Seen{
			{Node: "a", Viewers: 70, Likes: 5, Watched: 90 * time.Second, Visitors: []live.Visitor{{ID: "1", Source: "share"}, {ID: "2", Source: "share"}, {ID: "3"}}},
			{Node: "b", Viewers: 30, Likes: 7, Visitors: []live.Visitor{{ID: "2", Source: "list"}}},
		} {
			if err := b.rooms.Report(b.ctx, b.bank, b.room, seen); err != nil {
				t.Fatal(err)
			}
		}
		want, err := b.rooms.Board(b.ctx, b.bank, b.room, b.by)
		if err != nil {
			t.Fatal(err)
		}
		got, err := b.rooms.BoardOf(b.ctx, b.bank, b.room)
		if err != nil || fmt.Sprintf("%+v", got.Trade) != fmt.Sprintf("%+v", want.Trade) || fmt.Sprint(got.Items) != fmt.Sprint(want.Items) {
			t.Errorf("%+v, not %+v: %v", got, want, err)
		}
		if want.Orders != n || want.PaidOrders != n*9/10 || want.Unique != 3 || want.Sources["share"] != 2 || want.Sources[""] != 1 ||
			want.StayMS != 30_000 || want.Viewers != 100 || want.Peak != 100 || want.Likes != 12 || want.Pace.Likes != 12 || want.Pace.Viewers != 100 || len(want.Items) != 19 {
			t.Errorf("%+v", want)
		}
		var sold, left int64
		for _, x := range want.Items {
			sold, left = sold+x.Sold, left+x.Left
		}
		if sold != want.PaidOrders || left != 19*1000 {
			t.Errorf("sold %d, left %d", sold, left)
		}
		if want.Pace.Orders != n*5/60 || want.Before.Orders != n*5/60 || want.Pace.GMV == 0 {
			t.Errorf("%+v before that %+v", want.Pace, want.Before)
		}
		r, err := b.rooms.RoomReport(b.ctx, b.bank, b.room, b.by)
		var sum live.Turnover
		for _, m := range r.Minutes {
			sum.Orders, sum.Paid, sum.GMV = sum.Orders+m.Orders, sum.Paid+m.Paid, sum.GMV+m.GMV
		}
		if err != nil || sum.Orders != want.Orders || sum.Paid != want.PaidOrders || sum.GMV != want.GMV || len(r.Minutes) < 60 || len(r.Minutes) > 62 {
			t.Errorf("%+v in %d minutes: %v", sum, len(r.Minutes), err)
		}
		// What comes in is there once the count has stood its time.
		b.order(t, 0, 100, 100)
		for end := time.Now().Add(30 * time.Second); ; <-time.After(20 * time.Millisecond) {
			if got, err = b.rooms.BoardOf(b.ctx, b.bank, b.room); err != nil {
				t.Fatal(err)
			}
			if got.Orders == n+100 {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("still %d orders", got.Orders)
			}
		}
	}
	t.Run("sqlite", func(t *testing.T) { each(t, testkit.SQLite) })
	t.Run("mariadb", func(t *testing.T) { each(t, testkit.MariaDB) })
}

// BenchmarkBoardOf100000 is what a host's board costs once a second in a room of
// 100,000 orders: a tick, and the count behind it.
func BenchmarkBoardOf100000(b *testing.B) {
	clk := clock.NewFake(time.Now())
	r := newBusyRoom(b, testkit.MariaDB(b, clk), clk, 100_000)
	b.Run("count", func(b *testing.B) {
		for b.Loop() {
			if _, err := r.rooms.Board(r.ctx, r.bank, r.room, r.by); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("tick", func(b *testing.B) {
		for b.Loop() {
			if _, err := r.rooms.BoardOf(r.ctx, r.bank, r.room); err != nil {
				b.Fatal(err)
			}
		}
	})
}
