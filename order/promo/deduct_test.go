package promo

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"yinbo/internal/money"
	"yinbo/order"
)

// RULES 8.8: whatever the lines and the coupons are, no line goes below zero, at
// least 1 fen is left to pay, no coupon takes more than its amount or off foreign
// goods, and instant discounts come first.
func TestDeductionsStayWithinTheGoods(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var lines []order.Line
		for i := range rapid.IntRange(1, 6).Draw(t, "lines") {
			lines = append(lines, order.Line{SKU: fmt.Sprint("sku", i), Merchant: fmt.Sprint("mch", i%2), Amount: money.Fen(rapid.Int64Range(1, 2000).Draw(t, "amount"))})
		}
		var picks []pick
		for i := range rapid.IntRange(1, 5).Draw(t, "coupons") {
			p := pick{Coupon: Coupon{ID: fmt.Sprint("cpn", i), Amount: money.Fen(rapid.Int64Range(1, 3000).Draw(t, "off"))}}
			p.batch.Kind, p.batch.Stacking = order.Coupon, Stackable
			p.batch.Merchant = rapid.SampledFrom([]string{"", "mch0"}).Draw(t, "merchant")
			picks = append(picks, p)
		}
		picks[rapid.IntRange(0, len(picks)-1).Draw(t, "instant")].batch.Kind = order.Instant
		out, err := deductions(lines, picks)
		if err != nil {
			return // refused as a whole; TestAPayableIsNeverBelowOneFen says when
		}
		if len(out) != len(picks) || out[0].Kind != order.Instant {
			t.Fatalf("%d deductions of %d coupons, the first is %s", len(out), len(picks), out[0].Kind)
		}
		o := order.Order{Lines: lines, Deductions: out}
		var net money.Fen
		for i := range lines {
			if o.Net(i) < 0 {
				t.Fatalf("line %d nets %d", i, o.Net(i))
			}
			net += o.Net(i)
		}
		if net < 1 {
			t.Fatalf("%d left to pay", net)
		}
		for _, d := range out {
			p := picks[0]
			for _, x := range picks {
				if x.ID == d.Coupon {
					p = x
				}
			}
			if d.Amount() < 1 || d.Amount() > p.Amount {
				t.Fatalf("takes %d of %d", d.Amount(), p.Amount)
			}
			for i, share := range d.Shares {
				if share < 0 || share > 0 && !p.batch.covers(lines[i]) {
					t.Fatalf("takes %d off line %d", share, i)
				}
			}
		}
	})
}
