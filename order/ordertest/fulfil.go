package ordertest

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/money"
	"yinbo/internal/tenant"
	"yinbo/internal/testkit"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/payment"
	"yinbo/order/voucher"
)

// noCodes issues nothing: most tests sell vouchers because those need no
// address, and want their orders to stay paid.
type noCodes struct{}

var _ order.Vouchers = noCodes{}

func (noCodes) Issue(context.Context, *db.Tx, order.Order) (int, error) { return 0, nil }

func (noCodes) Void(context.Context, *db.Tx, order.Order, string, money.Fen) (int64, error) {
	return 0, nil
}

func (noCodes) Revive(context.Context, *db.Tx, order.Order, string) error { return nil }

// IssueVouchers makes the stage issue codes from now on, as the product does.
func (s *Stage) IssueVouchers() *voucher.Vouchers {
	v := voucher.New(voucher.Deps{DB: s.DB, Box: s.Box, Keeper: s.Keeper, Keyring: s.Keyring, Orders: s.Orders})
	s.Orders.Vouchers = v
	s.handlers[voucher.ExpireTask] = v.HandleExpire
	return v
}

// PayByCard pays an order at once and gives the payment's id.
func (s *Stage) PayByCard(viewer, orderID string) string {
	s.T.Helper()
	v, _, err := s.Payments.Pay(s.Ctx, s.Request(viewer, "POST /orders/"+orderID+"/pay"),
		payment.Wish{Bank: s.Bank, Viewer: viewer, Order: orderID, Method: payment.BoundCard, Card: "card"})
	if err != nil || v.Status != payment.Succeeded {
		s.T.Fatalf("paying %s: %+v %v", orderID, v, err)
	}
	return v.ID
}

// Refund asks for money back and gives the refund's id.
func (s *Stage) Refund(viewer, orderID string, amount money.Fen) (string, error) {
	v, _, err := s.Payments.Refund(s.Ctx, s.Request(viewer, "POST /orders/"+orderID+"/refunds"), s.Bank.ID, viewer, orderID, amount, "不想要了")
	return v.ID, err
}

// PlaceGoods orders pieces that are sent somewhere.
func (s *Stage) PlaceGoods(viewer string, items ...order.Wanted) order.View {
	s.T.Helper()
	a := Address()
	v, _, err := s.Orders.Place(s.Ctx, s.Request(viewer, "POST /orders"),
		order.Cart{Bank: s.Bank.ID, Viewer: viewer, Items: items, Room: s.Room, Address: &a})
	if err != nil {
		s.T.Fatal(err)
	}
	return v
}

// Bought is an order of goods for 30 yuan, in two lines, that is paid.
func (s *Stage) Bought() (viewer string, v order.View) {
	s.T.Helper()
	viewer = s.Viewer()
	v = s.PlaceGoods(viewer, order.Wanted{SKU: s.SKU(catalog.Physical, 1000, 10), Quantity: 2}, order.Wanted{SKU: s.SKUOf(1, catalog.Physical, 1000, 10), Quantity: 1})
	s.PayByCard(viewer, v.ID)
	return viewer, v
}

// OpenAtCashier opens a payment and gives its id; Gateway.PayAt pays it.
func (s *Stage) OpenAtCashier(viewer, orderID string) string {
	s.T.Helper()
	v, _, err := s.Payments.Pay(s.Ctx, s.Request(viewer, "POST /orders/"+orderID+"/pay"),
		payment.Wish{Bank: s.Bank, Viewer: viewer, Order: orderID, Method: payment.Cashier})
	if err != nil {
		s.T.Fatal(err)
	}
	return v.ID
}

// OtherBank adds a second bank, with its own keys, to the stage's database.
func (s *Stage) OtherBank() tenant.Bank {
	return testkit.Bank(s.T, s.DB, s.Keyring, "other")
}

// Merchant is the id of one of the two merchants.
func (s *Stage) Merchant(n int) string { return s.merchants[n] }

// Titled is a voucher SKU of the first merchant's whose product is called so.
func (s *Stage) Titled(title string) (sku string) {
	s.T.Helper()
	s.tx(func(tx *db.Tx) error {
		p, err := catalog.AddProduct(s.Ctx, tx, s.Bank.ID, catalog.NewProduct{Merchant: s.merchants[0], Title: title, Category: "home", Kind: catalog.Voucher})
		if err != nil {
			return err
		}
		sku, err = catalog.AddSKU(s.Ctx, tx, s.Bank.ID, catalog.NewSKU{Product: p, Spec: "x", Price: 100, List: 100, Stock: 10})
		return err
	})
	return sku
}
