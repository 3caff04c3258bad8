package order

import (
	"context"
	"slices"
	"strings"

	"yinbo/internal/db"
	"yinbo/internal/fault"
)

// Insert writes orders that are just placed, their lines and discounts within tx.
// Their units and coupons must have been taken in the same
// transaction.
func Insert(ctx context.Context, tx *db.Tx, orders ...Order) error {
	heads, lines := make([][]any, 0, len(orders)), make([][]any, 0, len(orders))
	var discounts [][]any
	for _, o := range orders {
		heads = append(heads, []any{o.ID, o.Bank, o.Viewer, orNull(o.Room), orNull(o.Flash), orNull(o.ShareCode),
			string(o.Status), o.Goods, o.Goods - o.Payable, o.Payable, orNull(o.AddressSealed), o.ExpiresAt, o.CreatedAt,
			orNull(o.Key), orNull(o.Body)})
		for i, l := range o.Lines {
			lines = append(lines, []any{o.ID, i + 1, o.Bank, l.SKU, l.Product, l.Merchant, string(l.Kind), l.Title, l.Spec,
				l.Quantity, l.Price, l.Amount, l.CommissionBps})
		}
		discounts = append(discounts, o.discountRows()...)
	}
	if err := tx.Insert(ctx, `orders (id, bank_id, viewer_id, room_id, flash_id, share_code,
		status, goods_fen, discount_fen, payable_fen, address_sealed, expires_at, created_at, request_key, request_body)`, heads, ""); err != nil {
		return err
	}
	if err := tx.Insert(ctx, `order_line (order_id, line_no, bank_id, sku_id, product_id, merchant_id, kind, title, spec,
		quantity, price_fen, amount_fen, commission_bps)`, lines, ""); err != nil {
		return err
	}
	return tx.Insert(ctx, discountColumns, discounts, "")
}

const columns = `SELECT id, bank_id, viewer_id, COALESCE(room_id, ''), COALESCE(flash_id, ''), COALESCE(share_code, ''), status,
	goods_fen, payable_fen, paid_fen, refunded_fen, COALESCE(paid_by, ''), COALESCE(address_sealed, ''), expires_at, created_at,
	fulfilling_at, completed_at, COALESCE(request_key, ''), COALESCE(request_body, '') FROM orders WHERE `

func scan(r db.Row) (o Order, err error) {
	var expires, created, fulfilling, completed db.Time
	err = r.Scan(&o.ID, &o.Bank, &o.Viewer, &o.Room, &o.Flash, &o.ShareCode, &o.Status,
		&o.Goods, &o.Payable, &o.Paid, &o.Refunded, &o.PaidBy, &o.AddressSealed, &expires, &created,
		&fulfilling, &completed, &o.Key, &o.Body)
	o.ExpiresAt, o.CreatedAt = expires.Time, created.Time
	o.FulfillingAt, o.CompletedAt = fulfilling.Time, completed.Time
	return o, err
}

// read gives orders with their lines, by two statements, and a third where some
// have discounts.
func read(ctx context.Context, q db.Querier, where string, args ...any) ([]Order, error) {
	orders, err := db.All(ctx, q, scan, columns+where, args...)
	if err != nil || len(orders) == 0 {
		return orders, err
	}
	at, ids := map[string]int{}, make([]any, len(orders))
	for i, o := range orders {
		at[o.ID], ids[i] = i, o.ID
	}
	type owned struct {
		order string
		line  Line
	}
	lines, err := db.All(ctx, q, func(r db.Row) (o owned, err error) {
		l := &o.line
		return o, r.Scan(&o.order, &l.SKU, &l.Product, &l.Merchant, &l.Kind, &l.Title, &l.Spec, &l.Quantity, &l.Price, &l.Amount, &l.CommissionBps)
	}, `SELECT order_id, sku_id, product_id, merchant_id, kind, title, spec, quantity, price_fen, amount_fen, commission_bps
		FROM order_line WHERE order_id IN `+db.Marks(len(ids))+" ORDER BY order_id, line_no", ids...)
	for _, l := range lines {
		o := &orders[at[l.order]]
		o.Lines = append(o.Lines, l.line)
	}
	if err != nil {
		return nil, err
	}
	return orders, readDeductions(ctx, q, orders)
}

// Read gives the bank's orders among ids with their lines, the newest first.
func Read(ctx context.Context, q db.Querier, bank string, ids []string) ([]Order, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	orders, err := read(ctx, q, "bank_id = ? AND id IN "+db.Marks(len(ids)), append([]any{bank}, db.Args(ids)...)...)
	slices.SortFunc(orders, func(a, b Order) int { return strings.Compare(b.ID, a.ID) })
	return orders, err
}

// Lock holds an order's row until the commit and reads it; 404 not_found when
// the bank has none such.
func Lock(ctx context.Context, tx *db.Tx, bank, orderID string) (Order, error) {
	orders, err := read(ctx, tx, "bank_id = ? AND id = ?"+tx.Dialect().ForUpdate(), bank, orderID)
	if err != nil {
		return Order{}, err
	}
	if len(orders) == 0 {
		return Order{}, fault.New(fault.NotFound, "not_found")
	}
	return orders[0], nil
}

// LockOwn is Lock for a viewer: another's order is 404 not_found.
func LockOwn(ctx context.Context, tx *db.Tx, bank, viewer, orderID string) (Order, error) {
	o, err := Lock(ctx, tx, bank, orderID)
	if err == nil && o.Viewer != viewer {
		err = fault.New(fault.NotFound, "not_found")
	}
	return o, err
}
