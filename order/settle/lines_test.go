package settle

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"yinbo/internal/money"
	"yinbo/order/ledger"
)

// Whatever a day's entries are, and however the ledger rounded, a merchant's
// lines net what it was credited, its statement adds up to its lines, and all
// statements together hold what changed hands.
func TestStatementsAddUpToTheLedger(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		orders, credited, entries := map[string][]orderLine{}, map[string]money.Fen{}, []entry{}
		var moved, funded money.Fen
		for i := range rapid.IntRange(1, 6).Draw(t, "entries") {
			e := entry{event: ledger.OrderPaid, ref: fmt.Sprint("ref", i), orderID: fmt.Sprint("ord", i), net: map[string]money.Fen{}}
			lines, goods := drawLines(t)
			orders[e.orderID] = lines
			e.total = goods
			if goods > 0 && rapid.Bool().Draw(t, "refund") {
				e.event = ledger.OrderRefunded
				e.total = money.Fen(rapid.Int64Range(-2, int64(goods)).Draw(t, "part")) // rounding may turn it
			}
			e.discount = money.Fen(rapid.Int64Range(-2, max(0, int64(e.total))).Draw(t, "discount"))
			drawNet(t, &e, lines)
			for m, net := range e.net {
				credited[m] += net
			}
			moved, funded = moved+e.signed(e.total), funded+e.signed(e.discount)
			entries = append(entries, e)
		}
		made := map[string]*statement{}
		for len(entries) > 0 { // in whatever bites
			n := rapid.IntRange(1, len(entries)).Draw(t, "bite")
			if err := (bite{entries[:n], orders}).addTo(made); err != nil {
				t.Fatal(err)
			}
			entries = entries[n:]
		}
		for m, s := range made {
			var net money.Fen
			for _, l := range s.lines {
				if l.Net != l.Amount-l.Commission {
					t.Fatalf("line %+v", l)
				}
				net += l.Net
			}
			if net != credited[m] || s.payable() != net {
				t.Fatalf("%s: lines net %d, statement %d, ledger %d", m, net, s.payable(), credited[m])
			}
			delete(credited, m)
			moved -= s.sales - s.refunds + s.discounts
			funded -= s.discounts
		}
		for m, left := range credited {
			if left != 0 {
				t.Fatalf("%s is owed %d and has no statement", m, left)
			}
		}
		if moved != 0 || funded != 0 {
			t.Fatalf("%d of what changed hands and %d of the discounts stand nowhere", moved, funded)
		}
	})
}

func drawLines(t *rapid.T) (lines []orderLine, goods money.Fen) {
	for no := range rapid.IntRange(1, 5).Draw(t, "lines") {
		l := orderLine{no: no + 1, merchantID: fmt.Sprint("mch", rapid.IntRange(1, 3).Draw(t, "merchant")), title: "茶",
			amount: money.Fen(rapid.Int64Range(1, 1_000_000).Draw(t, "amount")), bps: rapid.Int64Range(0, 10_000).Draw(t, "bps")}
		if rapid.Bool().Draw(t, "discounted") {
			l.own = money.Fen(rapid.Int64Range(0, int64(l.amount)).Draw(t, "own"))
			l.funded = money.Fen(rapid.Int64Range(0, int64(l.worth())).Draw(t, "funded"))
		}
		goods += l.worth()
		lines = append(lines, l)
	}
	return lines, goods
}

// drawNet credits merchants about what their lines earn, a few fen beside it.
func drawNet(t *rapid.T, e *entry, lines []orderLine) {
	parts, err := e.shares(lines)
	if err != nil {
		t.Fatal(err)
	}
	for m, shares := range parts {
		for _, s := range shares {
			e.net[m] += e.signed(s.part / 2)
		}
	}
	for _, l := range lines { // also those that a small refund has nothing for
		e.net[l.merchantID] += 0
	}
	for m := range e.net {
		e.net[m] += money.Fen(rapid.Int64Range(-3, 3).Draw(t, "rounding"))
	}
}
