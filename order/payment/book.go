package payment

import (
	"maps"
	"slices"

	"yinbo/internal/money"
	"yinbo/order"
	"yinbo/order/ledger"
)

// paidLines are the ledger's lines of an order that was paid: the gateway holds
// what the viewer paid, the bank and the platform owe the discounts that they
// fund; each merchant is owed its lines less the discounts that it funds itself
// and less the bank's commission, which is on the whole line.
func paidLines(o order.Order) ([]ledger.Line, error) {
	before, err := moved(o, 0)
	if err != nil {
		return nil, err
	}
	after, err := moved(o, o.Payable)
	if err != nil {
		return nil, err
	}
	return entry(o, before, after), nil
}

// refundLines are the lines of giving back amount of an order: what was posted
// for it, in proportion, the discounts' funders included; and what of each
// discount has gone back by then. Shares are taken of the sum of all refunds and
// the earlier ones subtracted, so that several refunds of all give back all, to
// the fen; the fen that rounding leaves go to the largest part (RULES §7).
func refundLines(o order.Order, amount money.Fen) (lines []ledger.Line, back [][]money.Fen, err error) {
	before, err := moved(o, o.Refunded)
	if err != nil {
		return nil, nil, err
	}
	after, err := moved(o, o.Refunded+amount)
	if err != nil {
		return nil, nil, err
	}
	lines = entry(o, before, after)
	for i := range lines {
		lines[i].Debit, lines[i].Credit = lines[i].Credit, lines[i].Debit
	}
	return lines, after.discounts, nil
}

// shares are what of an order has moved.
type shares struct {
	paid       []money.Fen   // by line
	discounts  [][]money.Fen // by deduction and line
	commission []money.Fen   // by line
}

// moved divides total, of what the order's viewer pays, over its lines; each
// discount moves in the same proportion.
func moved(o order.Order, total money.Fen) (s shares, err error) {
	nets := make([]money.Fen, len(o.Lines))
	for i := range nets {
		nets[i] = o.Net(i)
	}
	if s.paid, err = money.SplitWithin(total, nets); err != nil {
		return s, err
	}
	if s.discounts, err = movedDiscounts(o, total); err != nil {
		return s, err
	}
	s.commission = make([]money.Fen, len(o.Lines))
	for i, l := range o.Lines {
		amount := s.paid[i]
		for _, d := range s.discounts {
			amount += d[i]
		}
		if s.commission[i], err = amount.Bps(l.CommissionBps); err != nil {
			return s, err
		}
	}
	return s, nil
}

// movedDiscounts divides the discounts' part of total first over the discounts,
// then each over its lines.
func movedDiscounts(o order.Order, total money.Fen) ([][]money.Fen, error) {
	if len(o.Deductions) == 0 {
		return nil, nil
	}
	amounts := make([]money.Fen, len(o.Deductions))
	for i, d := range o.Deductions {
		amounts[i] = d.Amount()
	}
	part, err := money.Split(o.Goods-o.Payable, []money.Fen{total, o.Payable - total})
	if err != nil {
		return nil, err
	}
	each, err := money.SplitWithin(part[0], amounts)
	if err != nil {
		return nil, err
	}
	out := make([][]money.Fen, len(each))
	for i, d := range o.Deductions {
		if out[i], err = money.SplitWithin(each[i], d.Shares); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// entry is what moves when an order's shares go from before to after, in the
// direction of a payment.
func entry(o order.Order, before, after shares) []ledger.Line {
	owed, funded := map[string]money.Fen{}, map[order.Funder]money.Fen{}
	var commission, paid money.Fen
	for i, l := range o.Lines {
		pay, fee := after.paid[i]-before.paid[i], after.commission[i]-before.commission[i]
		paid += pay
		commission += fee
		owed[l.Merchant] += pay - fee
		for k, d := range o.Deductions {
			share := after.discounts[k][i] - before.discounts[k][i]
			if d.FundedBy != order.ByMerchant {
				funded[d.FundedBy] += share
				owed[l.Merchant] += share
			}
		}
	}
	lines := []ledger.Line{side(ledger.Gateway, -paid), side(ledger.Discount, -funded[order.ByBank]),
		side(ledger.PlatformDiscount, -funded[order.ByPlatform]), side(ledger.Commission, commission)}
	for _, merchant := range slices.Sorted(maps.Keys(owed)) {
		lines = append(lines, side(ledger.Merchant(merchant), owed[merchant]))
	}
	return lines
}

// side credits an amount, or debits one below zero: rounding may move a fen of
// one merchant against the others.
func side(account string, credit money.Fen) ledger.Line {
	if credit < 0 {
		return ledger.Line{Account: account, Debit: -credit}
	}
	return ledger.Line{Account: account, Credit: credit}
}
