package ordertest

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/money"
	"yinbo/order"
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
