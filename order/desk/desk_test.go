package desk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/desk"
	"yinbo/order/ordertest"
	"yinbo/order/payment"
)

var clerk = order.Staff{ID: "stf_clerk", RequestID: "req"}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if fault.Code(err) != code {
		t.Errorf("got %v, want %q", err, code)
	}
}

type names struct{}

func (names) Name(context.Context, string, string) (string, bool, error) { return "小周", true, nil }

func deskOf(s *ordertest.Stage) *desk.Desk {
	return desk.New(desk.Deps{DB: s.DB, Keyring: s.Keyring, Payments: s.Payments, Vouchers: s.IssueVouchers(), Names: names{}})
}

func kinds(events []desk.Event) (all []string) {
	for _, e := range events {
		all = append(all, e.Kind)
	}
	return all
}

// cancelledThenPaid lets an order expire and its payment come afterwards.
func cancelledThenPaid(t *testing.T, s *ordertest.Stage, viewer string, o order.View, between func() error) (paymentID string) {
	t.Helper()
	paymentID = s.OpenAtCashier(viewer, o.ID)
	s.Clock.Advance(ordertest.TTL)
	s.RunTasks()
	if got := s.Status(o.ID); got != order.Cancelled {
		t.Fatalf("order is %s", got)
	}
	s.Clock.Advance(time.Minute)
	if err := between(); err != nil {
		t.Fatal(err)
	}
	s.Gateway.PayAt(paymentID, s.Clock.Now())
	s.Clock.Advance(10 * time.Minute)
	s.RunTasks()
	return paymentID
}

// RULES 8.7: a payment after the timeout released the stock. Its order takes the
// stock again or the money goes back; either way its people see what happened.
func TestALatePaymentIsToldAsItWas(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		d := deskOf(s)
		sku, f := s.SKU(catalog.Physical, 1000, 2), s.Sale(2, 2)
		for name, c := range map[string]struct {
			buy  func(viewer string) (order.View, error)
			grab func() error // takes what the order gave back
		}{
			"ordinary": {
				func(viewer string) (order.View, error) {
					return s.PlaceGoods(viewer, order.Wanted{SKU: sku, Quantity: 2}), nil
				},
				func() error { s.PlaceGoods(s.Viewer(), order.Wanted{SKU: sku, Quantity: 1}); return nil },
			},
			"flash": {
				func(viewer string) (order.View, error) { return s.Buy(viewer, f.ID, 2) },
				func() error { _, err := s.Buy(s.Viewer(), f.ID, 1); return err },
			},
		} {
			viewer := s.Viewer()
			o, err := c.buy(viewer)
			if err != nil {
				t.Fatal(name, err)
			}
			paymentID := cancelledThenPaid(t, s, viewer, o, c.grab)
			v, err := d.Own(s.Ctx, s.Bank.ID, viewer, o.ID)
			if err != nil || v.Status != order.Cancelled || v.PaidFen != 0 || v.RefundedFen != 0 {
				t.Errorf("%s: %+v %v", name, v, err)
			}
			if len(v.Payments) != 1 || v.Payments[0].Status != payment.Succeeded || v.Payments[0].AmountFen != o.PayableFen ||
				len(v.Refunds) != 1 || v.Refunds[0].Status != payment.Succeeded || v.Refunds[0].AmountFen != o.PayableFen ||
				v.Refunds[0].Cause != "late_payment" || v.Refunds[0].PaymentID != paymentID || v.Refunds[0].DoneAt == nil {
				t.Errorf("%s: payments %+v, refunds %+v", name, v.Payments, v.Refunds)
			}
			full, err := d.Get(s.Ctx, s.Bank.ID, o.ID)
			want := []string{"placed", "cancelled", "paid_in_vain", "refund_asked", "refunded"}
			if err != nil || !slices.Equal(kinds(full.Timeline), want) {
				t.Errorf("%s: %v %v", name, kinds(full.Timeline), err)
			}
			if s.Gateway.PaidOut(paymentID) != o.PayableFen {
				t.Errorf("%s: %d given back", name, s.Gateway.PaidOut(paymentID))
			}
		}
	})
}

func TestALatePaymentThatFindsTheStockPaysTheOrder(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		d := deskOf(s)
		goods, f := s.SKU(catalog.Physical, 1000, 2), s.Sale(2, 2)
		viewer := s.Viewer()
		for _, buy := range []func() (order.View, error){
			func() (order.View, error) {
				return s.PlaceGoods(viewer, order.Wanted{SKU: goods, Quantity: 2}), nil
			},
			func() (order.View, error) { return s.Buy(viewer, f.ID, 2) }, // vouchers
		} {
			o, err := buy()
			if err != nil {
				t.Fatal(err)
			}
			cancelledThenPaid(t, s, viewer, o, func() error { return nil })
			v, err := d.Own(s.Ctx, s.Bank.ID, viewer, o.ID)
			if err != nil || v.Status != order.Paid || v.PaidFen != o.PayableFen || len(v.Payments) != 1 || len(v.Refunds) != 0 {
				t.Errorf("%+v %v", v, err)
			}
		}
		if s.Stock(goods) != 0 || s.Number("SELECT sold FROM flash_sale WHERE id = ?", f.ID) != 2 {
			t.Error("the stock was not taken again")
		}
	})
}

func TestStaffSeeAnOrdersLifeAndNobodysData(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		d := deskOf(s)
		viewer, o := s.Bought()
		s.Clock.Advance(time.Minute)
		if err := s.Orders.Ship(s.Ctx, s.Bank, clerk, order.ShipLine{Order: o.ID, Carrier: "顺丰", TrackingNo: "SF100001"}); err != nil {
			t.Fatal(err)
		}
		s.Clock.Advance(time.Minute)
		_, _, err := s.Payments.RefundByStaff(s.Ctx, s.Request(clerk.ID, "refund"), s.Bank.ID, clerk, o.ID, 500, "破损，联系 13800001234")
		if err != nil {
			t.Fatal(err)
		}
		if kept := s.Text("SELECT reason FROM refund WHERE order_id = ?", o.ID); kept != "破损，联系 ***" {
			t.Errorf("the refund's reason is kept as %s", kept)
		}
		s.RunTasks()
		s.Clock.Advance(time.Minute)
		if err := s.Orders.Confirm(s.Ctx, s.Bank.ID, viewer, o.ID); err != nil {
			t.Fatal(err)
		}
		v, err := d.Get(s.Ctx, s.Bank.ID, o.ID)
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{"placed", "paid", "shipped", "refund_asked", "refunded", "completed"}; !slices.Equal(kinds(v.Timeline), want) {
			t.Errorf("%v", kinds(v.Timeline))
		}
		if by := v.Timeline[2].By; by == nil || by.ID != clerk.ID || by.Name != "小周" || v.Timeline[3].By.ID != clerk.ID || v.Timeline[5].By.ID != viewer || v.Timeline[4].By != nil {
			t.Errorf("%+v", v.Timeline)
		}
		want := order.AddressView{Name: "王*", Phone: "138****1234", Province: "浙江省", City: "杭州市", District: "西湖区", Street: "文***"}
		if v.Address == nil || *v.Address != want || v.Shipment.TrackingNo != "SF100001" || v.RefundedFen != 500 {
			t.Errorf("%+v", v)
		}
		raw, err := json.Marshal(v)
		if err != nil || strings.Contains(string(raw), "13800001234") || strings.Contains(string(raw), "王小明") || strings.Contains(string(raw), "文三路") {
			t.Errorf("personal data is shown: %s %v", raw, err)
		}
		for _, action := range []string{"order.shipped", "order.refund_asked"} {
			if n := s.Number("SELECT COUNT(*) FROM audit WHERE object_id = ? AND action = ? AND actor_id = ?", o.ID, action, clerk.ID); n != 1 {
				t.Errorf("%d entries %s", n, action)
			}
		}
		_, err = d.Get(s.Ctx, "bank_other", o.ID)
		wantCode(t, err, "not_found")
		_, err = d.Own(s.Ctx, s.Bank.ID, s.Viewer(), o.ID)
		wantCode(t, err, "not_found")
	})
}

func TestAnAddressIsShownWithAReasonAndALimit(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		d := deskOf(s)
		_, o := s.Bought()
		codes, err := s.Place(s.Viewer(), order.Wanted{SKU: s.SKU(catalog.Voucher, 100, 1), Quantity: 1})
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = d.Reveal(s.Ctx, s.Bank.ID, clerk, o.ID, "  ")
		wantCode(t, err, "validation")
		_, _, err = d.Reveal(s.Ctx, "bank_other", clerk, o.ID, "x")
		wantCode(t, err, "not_found")
		_, _, err = d.Reveal(s.Ctx, s.Bank.ID, clerk, codes.ID, "x")
		wantCode(t, err, "order.no_address")
		for n := range desk.RevealsPerHour {
			a, left, err := d.Reveal(s.Ctx, s.Bank.ID, clerk, o.ID, "退件，13800001234 来电")
			if err != nil || a != ordertest.Address() || left != desk.RevealsPerHour-n-1 {
				t.Fatalf("%d left: %v", left, err)
			}
		}
		_, _, err = d.Reveal(s.Ctx, s.Bank.ID, clerk, o.ID, "x")
		wantCode(t, err, "rate_limited")
		if _, _, err = d.Reveal(s.Ctx, s.Bank.ID, order.Staff{ID: "stf_other"}, o.ID, "x"); err != nil {
			t.Error(err)
		}
		if n := s.Number("SELECT COUNT(*) FROM audit WHERE action = 'order.revealed' AND detail NOT LIKE '%1380000%'"); n != desk.RevealsPerHour+1 {
			t.Errorf("%d audit entries", n)
		}
		s.Clock.Advance(time.Hour)
		if _, _, err = d.Reveal(s.Ctx, s.Bank.ID, clerk, o.ID, "x"); err != nil {
			t.Error(err)
		}
	})
}

func TestOrdersAreFoundByWhatStaffKnow(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		d := deskOf(s)
		viewer, first := s.Bought() // goods of both merchants
		phone, err := s.Keyring.Hash(s.Ctx, s.Bank.ID, "phone", "13900000001")
		if err != nil {
			t.Fatal(err)
		}
		err = s.DB.InTx(s.Ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(s.Ctx, "UPDATE viewer SET phone_hash = ?, phone_masked = '139****0001' WHERE id = ?", phone, viewer)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Orders.Ship(s.Ctx, s.Bank, clerk, order.ShipLine{Order: first.ID, Carrier: "顺丰", TrackingNo: "SF100001"}); err != nil {
			t.Fatal(err)
		}
		second, err := s.Place(s.Viewer(), order.Wanted{SKU: s.Titled("100% 纯棉毛巾"), Quantity: 1}, order.Wanted{SKU: s.SKU(catalog.Voucher, 100, 9), Quantity: 1})
		if err != nil {
			t.Fatal(err)
		}
		now, other := s.Clock.Now(), s.OtherBank().ID
		for name, c := range map[string]struct {
			f    desk.Filter
			want []string
		}{
			"all":                     {desk.Filter{}, []string{second.ID, first.ID}},
			"status":                  {desk.Filter{Status: order.Fulfilling}, []string{first.ID}},
			"id":                      {desk.Filter{Query: first.ID}, []string{first.ID}},
			"beginning of an id":      {desk.Filter{Query: strings.ToUpper(first.ID[:10])}, []string{second.ID, first.ID}},
			"an id as it is shown":    {desk.Filter{Query: short(first.ID)}, []string{first.ID}},
			"of another status":       {desk.Filter{Query: short(first.ID), Status: order.PendingPayment}, nil},
			"an id that nobody has":   {desk.Filter{Query: "00000-00000"}, nil},
			"phone":                   {desk.Filter{Query: "13900000001"}, []string{first.ID}},
			"a phone of nobody":       {desk.Filter{Query: "13900000002"}, nil},
			"part of a phone":         {desk.Filter{Query: "1390000000"}, nil},
			"tracking number":         {desk.Filter{Query: " sf100001 "}, []string{first.ID}},
			"title":                   {desk.Filter{Query: "纯棉"}, []string{second.ID}},
			"title that many have":    {desk.Filter{Query: "大米"}, []string{second.ID, first.ID}},
			"pinyin":                  {desk.Filter{Query: "cmmj"}, []string{second.ID}},
			"percent is no wildcard":  {desk.Filter{Query: "1%"}, nil},
			"title and status":        {desk.Filter{Query: "大米", Status: order.PendingPayment}, []string{second.ID}},
			"merchant":                {desk.Filter{Merchant: s.Merchant(0)}, []string{second.ID, first.ID}},
			"other merchant":          {desk.Filter{Merchant: s.Merchant(1)}, []string{first.ID}},
			"merchant and title":      {desk.Filter{Merchant: s.Merchant(1), Query: "大米"}, []string{first.ID}},
			"merchant and phone":      {desk.Filter{Merchant: s.Merchant(0), Query: "13900000001"}, []string{first.ID}},
			"merchant and id":         {desk.Filter{Merchant: s.Merchant(1), Query: second.ID}, nil},
			"room":                    {desk.Filter{Room: s.Room}, []string{second.ID, first.ID}},
			"another room":            {desk.Filter{Room: "room_other"}, nil},
			"time":                    {desk.Filter{From: now.Add(-time.Hour), To: now.Add(time.Hour)}, []string{second.ID, first.ID}},
			"later":                   {desk.Filter{From: now.Add(time.Hour)}, nil},
			"earlier":                 {desk.Filter{To: now.Add(-time.Hour)}, nil},
			"an id that cannot be":    {desk.Filter{Query: "ord_zzz"}, nil},
			"what stands for nothing": {desk.Filter{Query: "nothing'; --"}, nil},
		} {
			rows, err := d.Search(s.Ctx, s.Bank.ID, c.f, "", 10)
			if got := ids(rows); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v: %v", name, got, c.want, err)
			}
			if rows, err := d.Search(s.Ctx, other, c.f, "", 10); err != nil || len(rows) != 0 {
				t.Errorf("%s at another bank: %v %v", name, ids(rows), err)
			}
		}
		rows, err := d.Search(s.Ctx, s.Bank.ID, desk.Filter{Query: "SF100001"}, "", 10)
		if err != nil || rows[0].Viewer.PhoneMasked != "139****0001" || rows[0].Shipment == nil || len(rows[0].Items) != 2 {
			t.Errorf("%+v %v", rows, err)
		}
	})
}

// short is an order's number as the apps show it.
func short(id string) string {
	end := strings.ToUpper(id[len(id)-10:])
	return end[:5] + "-" + end[5:]
}

func ids(rows []desk.Row) (all []string) {
	for _, r := range rows {
		all = append(all, r.ID)
	}
	return all
}

func TestSearchesArePagedWhicheverWayTheyWalk(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		d := deskOf(s)
		viewer := s.Viewer()
		var want []string
		skus := []string{s.SKU(catalog.Voucher, 100, 100), s.SKU(catalog.Voucher, 100, 100), s.SKU(catalog.Voucher, 100, 100)}
		for i := range 9 { // each holds two of the merchant's lines, or three
			items := []order.Wanted{{SKU: skus[i%3], Quantity: 1}, {SKU: skus[(i+1)%3], Quantity: 1}}
			o, err := s.Place(viewer, items...)
			if err != nil {
				t.Fatal(err)
			}
			want = append([]string{o.ID}, want...)
		}
		for name, f := range map[string]desk.Filter{"all": {}, "status": {Status: order.PendingPayment}, "merchant": {Merchant: s.Merchant(0)}, "title": {Query: "五常"}} {
			var got []string
			after := ""
			for {
				page, err := d.Search(s.Ctx, s.Bank.ID, f, after, 2)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range page[:min(2, len(page))] {
					got, after = append(got, r.ID), r.ID
				}
				if len(page) <= 2 {
					break
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
	})
}

// A million orders are never walked whole: each search begins with an index.
func TestEverySearchWalksAnIndex(t *testing.T) {
	s := ordertest.OnSQLite(t)
	d := deskOf(s)
	now := time.Now()
	for name, c := range map[string]struct {
		f     desk.Filter
		index string
	}{
		"all":      {desk.Filter{}, "orders_status"},
		"status":   {desk.Filter{Status: order.Paid}, "orders_status"},
		"room":     {desk.Filter{Room: s.Room, Status: order.Paid}, "orders_status"},
		"merchant": {desk.Filter{Merchant: s.Merchant(0)}, "order_line_merchant"},
		"to ship":  {desk.Filter{Merchant: s.Merchant(0), Status: order.Paid}, "orders_status"},
		"id":       {desk.Filter{Query: id.New(id.Order)}, "orders_status"},
		"time":     {desk.Filter{From: now.Add(-time.Hour), To: now}, "orders_status"},
	} {
		queries, args, err := d.Statements(s.Ctx, s.Bank.ID, c.f)
		if err != nil || len(queries) == 0 {
			t.Fatal(name, err)
		}
		for i, query := range queries {
			plan, err := db.All(s.Ctx, s.DB, func(r db.Row) (detail string, err error) {
				var a, b, c int
				return detail, r.Scan(&a, &b, &c, &detail)
			}, "EXPLAIN QUERY PLAN "+query, args[i]...)
			text := fmt.Sprint(plan)
			if err != nil || !strings.Contains(text, c.index) || strings.Contains(text, "SCAN") || strings.Contains(text, "TEMP B-TREE") {
				t.Errorf("%s: %s %v", name, text, err)
			}
		}
	}
}
