package order_test

import (
	"slices"
	"strings"
	"testing"

	"yinbo/internal/fault"
	"yinbo/internal/id"
	"yinbo/internal/tenant"
	"yinbo/order"
	"yinbo/order/bulk"
	"yinbo/order/catalog"
	"yinbo/order/ordertest"
)

// A merchant's own file ships what is all its own, and it sees its own imports.
func TestAMerchantsOwnFileShipsWhatIsItsOwn(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		all := bulk.New(s.DB, s.Box, s.Keeper, s.Orders.ShipmentImport(tenant.NewDirectory(s.DB, "")), s.Orders.CompletionImport())
		own, others := all.Of(s.Merchant(0)), all.Of(s.Merchant(1))
		viewer := s.Viewer()
		_, both := s.Bought()
		mine := s.PlaceGoods(viewer, order.Wanted{SKU: s.SKU(catalog.Physical, 1000, 10), Quantity: 1})
		theirs := s.PlaceGoods(viewer, order.Wanted{SKU: s.SKUOf(1, catalog.Physical, 1000, 10), Quantity: 1})
		s.PayByCard(viewer, mine.ID)
		s.PayByCard(viewer, theirs.ID)
		got := ordertest.Import(s, own, "shipments", "order_id,carrier,tracking_no\n"+mine.ID+",顺丰,SF100001\n"+theirs.ID+",顺丰,SF100002\n"+both.ID+",顺丰,SF100003\n")
		if want := []string{"created", "failed order_id not_found", "failed order_id order.several_merchants"}; !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
		wantStatus(t, s, mine.ID, order.Fulfilling)
		wantStatus(t, s, theirs.ID, order.Paid)
		wantStatus(t, s, both.ID, order.Paid)

		jobs, err := all.List(s.Ctx, s.Bank.ID, "", "", "", 10, fault.English)
		if err != nil || len(jobs) != 1 || jobs[0].MerchantID != s.Merchant(0) {
			t.Fatalf("%+v %v", jobs, err)
		}
		if seen, err := own.Get(s.Ctx, s.Bank.ID, jobs[0].ID, fault.English); err != nil || seen.LinesFailed != 2 {
			t.Errorf("%+v %v", seen, err)
		}
		if none, err := others.List(s.Ctx, s.Bank.ID, "", "", "", 10, fault.English); err != nil || len(none) != 0 {
			t.Errorf("%+v %v", none, err)
		}
		_, err = others.Lines(s.Ctx, s.Bank.ID, jobs[0].ID, "", 0, 10, fault.English)
		wantCode(t, err, "not_found")
		_, err = own.Upload(s.Ctx, s.Bank.ID, bulk.Actor{Kind: "staff", ID: "stf_1"}, "completions", "x.csv", strings.NewReader("order_id\n"+mine.ID+"\n"))
		wantCode(t, err, "validation")
	})
}

// What merchants sent comes as a file; the same file again changes nothing.
func TestMerchantsFilesShipAndComplete(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		imports := bulk.New(s.DB, s.Box, s.Keeper, s.Orders.ShipmentImport(tenant.NewDirectory(s.DB, "")), s.Orders.CompletionImport())
		run := func(kind, file string) (results []string) {
			t.Helper()
			return ordertest.Import(s, imports, kind, file)
		}
		viewer, sku := s.Viewer(), s.SKU(catalog.Physical, 1000, 10)
		paid, unpaid := s.PlaceGoods(viewer, order.Wanted{SKU: sku, Quantity: 1}), s.PlaceGoods(viewer, order.Wanted{SKU: sku, Quantity: 1})
		s.PayByCard(viewer, paid.ID)
		nobody := id.New(id.Order)
		ship := "订单号,快递公司,快递单号\n" + paid.ID + ",顺丰,SF100001\n" + unpaid.ID + ",顺丰,SF100002\n" + nobody + ",顺丰,SF100003\n" + paid.ID + ",,SF100004\n"
		want := []string{"created", "failed order_id conflict", "failed order_id not_found", "failed carrier field.required"}
		if got := run("shipments", ship); !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
		want[0] = "updated"
		if got := run("shipments", ship); !slices.Equal(got, want) {
			t.Errorf("again: %q", got)
		}
		wantStatus(t, s, paid.ID, order.Fulfilling)
		done := "order_id\n" + paid.ID + "\n" + unpaid.ID + "\n" + paid.ID + "\n"
		want = []string{"updated", "failed order_id conflict", "updated"}
		if got := run("completions", done); !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
		wantStatus(t, s, paid.ID, order.Completed)
		if n := s.Number("SELECT COUNT(*) FROM audit WHERE action = 'order.completed'"); n != 1 {
			t.Errorf("%d completions audited", n)
		}
	})
}
