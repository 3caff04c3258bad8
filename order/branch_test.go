package order_test

import (
	"testing"
	"time"

	"yinbo/internal/db"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/flash"
	"yinbo/order/ordertest"
)

const branch = "brn_westlake"

// ofBranch makes a SKU's product one of a branch.
func ofBranch(s *ordertest.Stage, sku string) string {
	inTx(s, func(tx *db.Tx) error {
		_, err := tx.Exec(s.Ctx, "UPDATE product SET branch_id = ? WHERE id = (SELECT product_id FROM sku WHERE id = ?)", branch, sku)
		return err
	})
	return sku
}

func join(s *ordertest.Stage, viewer, branch string) {
	inTx(s, func(tx *db.Tx) error {
		_, err := tx.Exec(s.Ctx, "UPDATE viewer SET branch_id = ? WHERE id = ?", branch, viewer)
		return err
	})
}

func TestABranchsGoodsAreSoldToItsViewersAndInItsRooms(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		sku := ofBranch(s, s.SKU(catalog.Voucher, 1000, 10))
		stranger, theirs, others := s.Viewer(), s.Viewer(), s.Viewer()
		join(s, theirs, branch)
		join(s, others, "brn_other")
		for _, viewer := range []string{stranger, others} {
			_, err := s.Place(viewer, order.Wanted{SKU: sku, Quantity: 1})
			wantCode(t, err, "order.branch_only")
		}
		if _, err := s.Place(theirs, order.Wanted{SKU: sku, Quantity: 1}); err != nil {
			t.Error(err)
		}
		s.Live.SetBranch(branch)
		if _, err := s.Place(stranger, order.Wanted{SKU: sku, Quantity: 1}); err != nil {
			t.Error(err)
		}
		if s.Stock(sku) != 8 {
			t.Errorf("stock %d", s.Stock(sku))
		}
	})
}

func TestAFlashSaleOfABranchsGoodsIsForItsViewersToo(t *testing.T) {
	ordertest.Each(t, func(t *testing.T, s *ordertest.Stage) {
		sale := s.Schedule(ofBranch(s, s.SKU(catalog.Voucher, 1000, 10)), 5, 2, 0, time.Hour)
		stranger, theirs := s.Viewer(), s.Viewer()
		join(s, theirs, branch)
		_, err := s.Buy(stranger, sale.ID, 1)
		wantCode(t, err, "order.branch_only")
		req := s.Request(theirs, "POST /flash/"+sale.ID+"/orders")
		buy := flash.Purchase{Bank: s.Bank.ID, Viewer: theirs, Flash: sale.ID, Quantity: 1}
		first, _, err := s.Sales.Buy(s.Ctx, req, buy)
		if err != nil {
			t.Fatal(err)
		}
		// The first answer stands, though the viewer has left the branch since.
		join(s, theirs, "brn_other")
		again, replayed, err := s.Sales.Buy(s.Ctx, req, buy)
		if err != nil || !replayed || again.ID != first.ID {
			t.Errorf("%+v %v %v", again, replayed, err)
		}
		s.Live.SetBranch(branch)
		if _, err := s.Buy(stranger, sale.ID, 1); err != nil {
			t.Error(err)
		}
	})
}
