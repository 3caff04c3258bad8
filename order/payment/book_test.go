package payment

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"yinbo/internal/money"
	"yinbo/order"
	"yinbo/order/ledger"
)

// Whatever an order's lines and discounts are and however it is given back, each
// entry balances, the gateway moves what the viewer moves, a discount is within a
// fen a line of its proportion, and all refunds together leave nothing.
func TestRefundsOfDiscountedOrdersGiveBackExactlyEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawOrder(t)
		sums := map[string]money.Fen{}
		lines, err := paidLines(o)
		post(t, sums, lines, err)
		o.Paid = o.Payable
		for o.Refunded < o.Paid {
			amount := money.Fen(rapid.Int64Range(1, int64(o.Paid-o.Refunded)).Draw(t, "refund"))
			if rapid.Bool().Draw(t, "rest") {
				amount = o.Paid - o.Refunded
			}
			lines, back, err := refundLines(o, amount)
			post(t, sums, lines, err)
			o.Refunded += amount
			if sums[ledger.Gateway] != o.Paid-o.Refunded {
				t.Fatalf("the gateway holds %d, the viewer has paid %d", sums[ledger.Gateway], o.Paid-o.Refunded)
			}
			checkBack(t, o, back)
		}
		for account, sum := range sums {
			if sum != 0 {
				t.Fatalf("%s keeps %d", account, sum)
			}
		}
	})
}

func drawOrder(t *rapid.T) (o order.Order) {
	n := rapid.IntRange(1, 5).Draw(t, "lines")
	left := make([]money.Fen, n)
	for i := range n {
		left[i] = money.Fen(rapid.Int64Range(1, 5000).Draw(t, "amount"))
		o.Goods += left[i]
		o.Lines = append(o.Lines, order.Line{Merchant: fmt.Sprint(i % 2), Amount: left[i], CommissionBps: rapid.Int64Range(0, 10_000).Draw(t, "bps")})
	}
	o.Payable = o.Goods
	for range rapid.IntRange(0, 4).Draw(t, "discounts") {
		d := order.Deduction{FundedBy: rapid.SampledFrom([]order.Funder{order.ByBank, order.ByMerchant, order.ByPlatform}).Draw(t, "by"), Shares: make([]money.Fen, n)}
		for i := range n {
			most := min(left[i], o.Payable-1)
			d.Shares[i] = money.Fen(rapid.Int64Range(0, int64(most)).Draw(t, "share"))
			left[i] -= d.Shares[i]
			o.Payable -= d.Shares[i]
		}
		if d.Amount() > 0 {
			o.Deductions = append(o.Deductions, d)
		}
	}
	return o
}

// post adds an entry up: debits less credits.
func post(t *rapid.T, sums map[string]money.Fen, lines []ledger.Line, err error) {
	if err != nil {
		t.Fatal(err)
	}
	var off money.Fen
	for _, l := range lines {
		sums[l.Account] += l.Debit - l.Credit
		off += l.Debit - l.Credit
	}
	if off != 0 {
		t.Fatalf("an entry is off by %d: %+v", off, lines)
	}
}

func checkBack(t *rapid.T, o order.Order, back [][]money.Fen) {
	for k, d := range o.Deductions {
		var sum money.Fen
		for i, b := range back[k] {
			if b < 0 || b > d.Shares[i] {
				t.Fatalf("gives back %d of %d", b, d.Shares[i])
			}
			sum += b
		}
		exact := d.Amount() * o.Refunded / o.Paid
		if off := sum - exact; off < -2 || off > money.Fen(len(o.Deductions))+1 {
			t.Fatalf("gives back %d, in proportion it were %d", sum, exact)
		}
	}
}
