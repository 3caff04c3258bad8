package order

import (
	"context"
	"fmt"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/money"
)

// DiscountKind says what sort of coupon a discount comes from.
type DiscountKind string

// The kinds: an instant discount (立减金) is for payments by certain cards only.
const (
	Instant DiscountKind = "instant"
	Coupon  DiscountKind = "coupon"
)

// Funder is who pays a discount.
type Funder string

// The funders. Merchant is the merchant of the line.
const (
	ByBank     Funder = "bank"
	ByMerchant Funder = "merchant"
	ByPlatform Funder = "platform"
)

// Deduction is what one coupon takes off an order.
type Deduction struct {
	Coupon, Batch string
	Kind          DiscountKind
	FundedBy      Funder
	Shares        []money.Fen // of each of the order's lines
}

// Amount is what it takes off in all.
func (d Deduction) Amount() (sum money.Fen) {
	for _, s := range d.Shares {
		sum += s
	}
	return sum
}

// Net is what the viewer pays of a line.
func (o Order) Net(line int) money.Fen {
	net := o.Lines[line].Amount
	for _, d := range o.Deductions {
		net -= d.Shares[line]
	}
	return net
}

// deduct reserves coupons for o, whose goods are summed, and takes them off.
func (s *Orders) deduct(ctx context.Context, tx *db.Tx, o *Order, coupons []string) error {
	o.Deductions, o.Payable = nil, o.Goods
	if len(coupons) == 0 {
		return nil
	}
	var err error
	if o.Deductions, err = s.Coupons.Reserve(ctx, tx, *o, coupons); err != nil {
		return err
	}
	for _, d := range o.Deductions {
		o.Payable -= d.Amount()
	}
	if o.Payable < 1 {
		return fmt.Errorf("order %s: discounts leave %d to pay", o.ID, o.Payable)
	}
	return nil
}

// SetCoupons replaces the coupons of an order that waits to be paid; none takes
// its discounts off. Refusals: 404 not_found, 409 order.not_payable, 409
// order.payment_open, those of coupon_ids[i] (see promo).
func (s *Orders) SetCoupons(ctx context.Context, bank, viewer, orderID string, coupons []string) (View, error) {
	var view View
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		o, err := LockOwn(ctx, tx, bank, viewer, orderID)
		if err != nil {
			return err
		}
		if o.Status != PendingPayment || !tx.Now.Before(o.ExpiresAt) {
			return fault.New(fault.Conflict, "order.not_payable")
		}
		// A payment has the order's amount: until it has ended, that must stay.
		open, err := s.Tills.Open(ctx, tx, bank, orderID)
		if err != nil {
			return err
		}
		if open {
			return fault.New(fault.Conflict, "order.payment_open")
		}
		if len(o.Deductions) > 0 {
			if err := s.Coupons.Return(ctx, tx, o); err != nil {
				return err
			}
		}
		if err := s.deduct(ctx, tx, &o, coupons); err != nil {
			return err
		}
		view = o.View()
		return s.rewriteDiscounts(ctx, tx, o)
	})
	return view, err
}

func (s *Orders) rewriteDiscounts(ctx context.Context, tx *db.Tx, o Order) error {
	_, err := tx.Exec(ctx, "UPDATE orders SET discount_fen = ?, payable_fen = ? WHERE bank_id = ? AND id = ? AND status = ?",
		o.Goods-o.Payable, o.Payable, o.Bank, o.ID, string(PendingPayment))
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM order_discount WHERE bank_id = ? AND order_id = ?", o.Bank, o.ID); err != nil {
		return err
	}
	s.tellUpdated(tx, o)
	return tx.Insert(ctx, discountColumns, o.discountRows(), "")
}

const discountColumns = "order_discount (order_id, discount_no, line_no, bank_id, coupon_id, batch_id, kind, funded_by, amount_fen)"

func (o Order) discountRows() (rows [][]any) {
	for i, d := range o.Deductions {
		for line, share := range d.Shares {
			if share > 0 {
				rows = append(rows, []any{o.ID, i + 1, line + 1, o.Bank, d.Coupon, d.Batch, string(d.Kind), string(d.FundedBy), share})
			}
		}
	}
	return rows
}

// readDeductions fills in the deductions of those orders that have some.
func readDeductions(ctx context.Context, q db.Querier, orders []Order) error {
	at, ids := map[string]int{}, []any{}
	for i, o := range orders {
		if o.Goods != o.Payable {
			at[o.ID], ids = i, append(ids, o.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	type row struct {
		order    string
		no, line int
		Deduction
		share money.Fen
	}
	rows, err := db.All(ctx, q, func(r db.Row) (v row, err error) {
		return v, r.Scan(&v.order, &v.no, &v.line, &v.Coupon, &v.Batch, &v.Kind, &v.FundedBy, &v.share)
	}, `SELECT order_id, discount_no, line_no, coupon_id, batch_id, kind, funded_by, amount_fen
		FROM order_discount WHERE order_id IN `+db.Marks(len(ids))+" ORDER BY order_id, discount_no, line_no", ids...)
	for _, v := range rows {
		o := &orders[at[v.order]]
		if v.no > len(o.Deductions) {
			v.Shares = make([]money.Fen, len(o.Lines))
			o.Deductions = append(o.Deductions, v.Deduction)
		}
		o.Deductions[v.no-1].Shares[v.line-1] = v.share
	}
	return err
}

// Returned notes what refunds have given back of each deduction's shares so far.
func (o Order) Returned(ctx context.Context, tx *db.Tx, back [][]money.Fen) error {
	for i, shares := range back {
		for line, share := range shares {
			if o.Deductions[i].Shares[line] == 0 {
				continue
			}
			_, err := tx.Exec(ctx, "UPDATE order_discount SET returned_fen = ? WHERE bank_id = ? AND order_id = ? AND discount_no = ? AND line_no = ?",
				share, o.Bank, o.ID, i+1, line+1)
			if err != nil {
				return err
			}
		}
	}
	return nil
}
