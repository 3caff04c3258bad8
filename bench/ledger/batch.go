package main

import (
	"context"
	"fmt"
	"time"

	"yinbo/bench/figures"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/tenant"
	"yinbo/order"
	"yinbo/order/catalog"
	"yinbo/order/ledger"
)

// batchSize is how many orders the commit stage of flash sales writes at once.
const batchSize = 256

// batches measures what posting would cost inside the group commit, where nothing
// posts: an order that is not paid owes nobody. The same batches of orders are
// written bare, with the book's entry for each, and with the rows of such entries
// in as few statements as the engine allows, which is the least that posting costs.
func (b bench) batches(ctx context.Context, d *db.DB) error {
	book, bank := ledger.New(d), tenant.Bank{ID: "bank_batch", Zone: time.FixedZone("CST", 8*3600)}
	const perSecond = "orders/s"
	bare := &figures.Series{Name: "batches of 256 orders, nothing posted", Unit: perSecond}
	each := &figures.Series{Name: "with an entry posted for each", Unit: perSecond}
	rows := &figures.Series{Name: "with the entries' rows, statements of many", Unit: perSecond}
	for range b.runs {
		for _, way := range []struct {
			into *figures.Series
			post func(tx *db.Tx, orders []order.Order) error
		}{
			{bare, func(*db.Tx, []order.Order) error { return nil }},
			{each, func(tx *db.Tx, orders []order.Order) error { return postEach(ctx, tx, book, bank, orders) }},
			{rows, func(tx *db.Tx, orders []order.Order) error { return postRows(ctx, tx, bank, orders) }},
		} {
			n, begun := 0, time.Now()
			for time.Since(begun) < b.length/time.Duration(b.runs) {
				err := d.InTx(ctx, func(tx *db.Tx) error {
					orders := placed(tx, bank.ID)
					if err := order.Insert(ctx, tx, orders...); err != nil {
						return err
					}
					return way.post(tx, orders)
				})
				if err != nil {
					return err
				}
				n += batchSize
			}
			way.into.Add(float64(n) / time.Since(begun).Seconds())
		}
	}
	bare.Print()
	each.Print()
	rows.Print()
	figures.Ratio("entries one by one / nothing posted", each, bare, figures.AtLeast(0.85))
	figures.Ratio("entries' rows at once / nothing posted", rows, bare, figures.AtLeast(0.85))
	return nil
}

func placed(tx *db.Tx, bank string) []order.Order {
	orders := make([]order.Order, batchSize)
	for i := range orders {
		line := order.Line{SKU: "sku_x", Product: "prd_x", Merchant: fmt.Sprint("mch_", i%20), Kind: catalog.Physical, Title: "明前龙井 礼盒装",
			Quantity: 1, Price: 990, Amount: 990, CommissionBps: 500}
		orders[i] = order.Order{ID: id.New(id.Order), Bank: bank, Viewer: id.New(id.Viewer), Status: order.PendingPayment, Goods: 990, Payable: 990,
			CreatedAt: tx.Now, ExpiresAt: tx.Now.Add(15 * time.Minute), Lines: []order.Line{line}}
	}
	return orders
}

func lines(o order.Order) []ledger.Line {
	return []ledger.Line{{Account: ledger.Gateway, Debit: 990}, {Account: ledger.Merchant(o.Lines[0].Merchant), Credit: 940}, {Account: ledger.Commission, Credit: 50}}
}

func postEach(ctx context.Context, tx *db.Tx, book *ledger.Book, bank tenant.Bank, orders []order.Order) error {
	for _, o := range orders {
		if _, err := book.Post(ctx, tx, ledger.Entry{Bank: bank, Event: ledger.OrderPaid, Ref: o.ID, OrderID: o.ID, Lines: lines(o)}); err != nil {
			return err
		}
	}
	return nil
}

func postRows(ctx context.Context, tx *db.Tx, bank tenant.Bank, orders []order.Order) error {
	var entries, postings [][]any
	date := bank.BusinessDate(tx.Now)
	for _, o := range orders {
		entryID := id.New(id.Entry)
		entries = append(entries, []any{entryID, bank.ID, ledger.OrderPaid, o.ID, o.ID, date, 990, 990, 990, tx.Now})
		for i, l := range lines(o) {
			postings = append(postings, []any{entryID, i + 1, bank.ID, date, l.Account, l.Debit, l.Credit})
		}
	}
	err := tx.Insert(ctx, "ledger_entry (id, bank_id, event, ref, order_id, business_date, total_fen, debit_fen, credit_fen, posted_at)", entries, "")
	if err != nil {
		return err
	}
	return tx.Insert(ctx, "ledger_posting (entry_id, line_no, bank_id, business_date, account, debit_fen, credit_fen)", postings, "")
}
