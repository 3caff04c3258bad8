package order_test

import (
	"slices"
	"testing"

	"yinbo/internal/id"
	"yinbo/internal/tenant"
	"yinbo/order"
	"yinbo/order/bulk"
	"yinbo/order/catalog"
	"yinbo/order/ordertest"
)

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
